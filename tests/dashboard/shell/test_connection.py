"""What a page says about itself is untrusted; what it is told is told once."""

import pytest
from cache_helpers import run

from dashboard.shell.connection import Greeting, PageConnection
from dashboard.shell.page_writer import DirectPageWriter


def models(connection):
    return {pane.object.name: pane.object for pane in connection.view}


def test_a_greeting_is_heard_once():
    connection = PageConnection(DirectPageWriter())
    ear = models(connection)["inkling-connection"]
    ear.tags = ["greeting", "key", "tab1", True, False, True]
    assert run(connection.greeting()) == Greeting("key", "tab1", True, False, True)
    ear.tags = ["greeting", "another", "tab2", False, False, False]
    assert run(connection.greeting()).key == "key"


@pytest.mark.parametrize(
    "values", [[], [1, 2, 3], [None] * 9, ["k", "a/b", "yes", 1, {}], [{}, []]]
)
def test_whatever_a_page_says_becomes_a_harmless_greeting(values):
    greeting = Greeting.read(values)
    assert greeting.key in ("", "k")
    assert greeting.tab.isalnum()
    assert (greeting.is_gone, greeting.resume, greeting.expects) == (False, False, False)


@pytest.mark.parametrize("tags", [[], ["idle"], ["idle", "long"], ["other", 1], [1, 2]])
def test_words_that_nobody_knows_are_ignored(tags):
    connection, heard = PageConnection(DirectPageWriter()), []
    connection.heard_idle = heard.append
    models(connection)["inkling-connection"].tags = tags
    assert heard == []


def test_idle_seconds_are_passed_on_and_no_number_counts_as_use():
    connection, heard = PageConnection(DirectPageWriter()), []
    connection.heard_idle = heard.append
    ear = models(connection)["inkling-connection"]
    ear.tags = ["idle", 3.5]
    ear.tags = ["idle", float("inf")]
    assert heard == [3.5, 0.0]


def test_the_page_is_told_what_has_changed_alone():
    connection = PageConnection(DirectPageWriter())
    mouth, told = models(connection)["inkling-kept"], []
    mouth.on_change("tags", lambda _name, _old, new: told.append(list(new)))
    for kept in (True, True, False):
        connection.tell_kept(kept)
    connection.tell_tab("b")
    connection.tell_ended()
    assert told == [["yes", "", ""], ["no", "", ""], ["no", "b", ""], ["no", "b", "idle"]]
