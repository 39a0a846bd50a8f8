"""What a page says about itself is untrusted; what it is told is told once."""

import pytest
from cache_helpers import run

from dashboard.shell.connection import Handshake, PageConnection
from dashboard.shell.page_writer import DirectPageWriter


def models(connection):
    return {pane.object.name: pane.object for pane in connection.view}


def test_only_the_first_handshake_counts():
    connection = PageConnection(DirectPageWriter())
    from_page = models(connection)["inkling-connection"]
    from_page.tags = ["handshake", "key", "tab1", True, False, True]
    assert run(connection.handshake()) == Handshake("key", "tab1", True, False, True)
    from_page.tags = ["handshake", "another", "tab2", False, False, False]
    assert run(connection.handshake()).key == "key"


@pytest.mark.parametrize(
    "values", [[], [1, 2, 3], [None] * 9, ["k", "a/b", "yes", 1, {}], [{}, []]]
)
def test_whatever_a_page_says_becomes_a_harmless_handshake(values):
    handshake = Handshake.read(values)
    assert handshake.key in ("", "k")
    assert handshake.tab.isalnum()
    assert (handshake.is_gone, handshake.resume, handshake.expects) == (False, False, False)


@pytest.mark.parametrize("tags", [[], ["idle"], ["idle", "long"], ["other", 1], [1, 2]])
def test_words_that_nobody_knows_are_ignored(tags):
    connection, idle_seconds = PageConnection(DirectPageWriter()), []
    connection.on_idle = idle_seconds.append
    models(connection)["inkling-connection"].tags = tags
    assert idle_seconds == []


def test_idle_seconds_are_passed_on_and_no_number_counts_as_use():
    connection, idle_seconds = PageConnection(DirectPageWriter()), []
    connection.on_idle = idle_seconds.append
    from_page = models(connection)["inkling-connection"]
    from_page.tags = ["idle", 3.5]
    from_page.tags = ["idle", float("inf")]
    assert idle_seconds == [3.5, 0.0]


def test_the_page_is_told_what_has_changed_alone():
    connection = PageConnection(DirectPageWriter())
    to_page, told = models(connection)["inkling-saved"], []
    to_page.on_change("tags", lambda _name, _old, new: told.append(list(new)))
    for kept in (True, True, False):
        connection.report_saved(kept)
    connection.report_tab("b")
    connection.report_ended()
    assert told == [["yes", "", ""], ["no", "", ""], ["no", "b", ""], ["no", "b", "idle"]]
