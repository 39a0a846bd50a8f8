"""The switch between panes, without a browser: what is made when, and who may draw."""

import panel as pn
import pytest

from dashboard.shell.tabs import SLOTS, Pane, Panes
from dashboard.shell.theme import Theme


class FakeView:
    """A pane's view that records its calls."""

    def __init__(self, name):
        self.parts = {slot: pn.pane.HTML(f"{name} {slot}") for slot in SLOTS}
        self.calls = []

    def show(self, is_open):
        self.calls.append(is_open)

    def open_settings(self):
        self.calls.append("settings")


class Maker:
    """Three panes that remember when they were made."""

    def __init__(self):
        self.made = {}
        names = ("first", "second", "third")
        theme = Theme()
        self.panes = Panes(
            [
                Pane(name, name.title(), "Middle", lambda mark, name=name: self.make(name))
                for name in names
            ],
            theme,
        )

    def make(self, name):
        assert name not in self.made
        self.made[name] = FakeView(name)
        return self.made[name]

    def switch(self, name):
        """Write a name as the page does."""
        self.panes.roots()["pane"].object.tags = [name]


def test_only_the_first_pane_is_made_with_the_page():
    maker = Maker()
    assert list(maker.made) == ["first"]
    assert maker.made["first"].calls == [True]
    assert maker.panes.roots()["first_watch"] is maker.made["first"].parts["watch"]


def test_a_pane_says_that_it_opens_until_it_is_made_at_its_first_opening():
    maker = Maker()
    place = maker.panes.roots()["second_draw"]
    assert "Opening Second …" in place[0].object
    maker.switch("second")
    assert list(maker.made) == ["first", "second"]
    assert list(place) == [maker.made["second"].parts["draw"]]
    for slot in SLOTS:
        assert list(maker.panes.roots()[f"second_{slot}"]) == [maker.made["second"].parts[slot]]


def test_a_pane_hears_when_it_is_hidden_and_is_not_made_twice():
    maker = Maker()
    for name in ("second", "first", "second", "second"):
        maker.switch(name)
    assert maker.made["first"].calls == [True, False, True, False]
    assert maker.made["second"].calls == [True, False, True]
    assert maker.panes.open_name == "second"


def test_a_pane_hears_when_its_settings_are_opened_unless_it_is_not_made_yet():
    maker = Maker()
    settings = maker.panes.roots()["settings"].object
    for tags in (["second"], ["first"], []):
        settings.tags = tags
    assert maker.made["first"].calls == [True, "settings"]
    assert list(maker.made) == ["first"]


@pytest.mark.parametrize("tags", [[], ["unknown"], [7], [None, "second"]])
def test_a_name_that_is_none_changes_nothing(tags):
    maker = Maker()
    maker.panes.roots()["pane"].object.tags = tags
    assert maker.panes.open_name == "first"
    assert list(maker.made) == ["first"]


def test_the_panes_that_train_are_marked():
    maker = Maker()
    marks = maker.panes.roots()["running"].object
    maker.panes.mark("second", True)
    maker.panes.mark("first", True)
    assert marks.tags == ["first", "second"]
    maker.panes.mark("second", False)
    assert marks.tags == ["first"]


def test_a_pane_may_leave_places_empty():
    maker = Maker()
    view = FakeView("second")
    del view.parts["controls"]
    maker.make = lambda _name: view
    maker.switch("second")
    assert not list(maker.panes.roots()["second_controls"])


def test_a_pane_that_cannot_be_made_says_so_and_is_made_at_the_next_opening(caplog):
    maker, broken = Maker(), True
    make = maker.make

    def make_or_fail(name):
        if name == "second" and broken:
            raise OSError("the disk is gone")
        return make(name)

    maker.make = make_or_fail
    place = maker.panes.roots()["second_draw"]
    maker.switch("second")
    assert "the disk is gone" in place[0].object
    assert maker.made["first"].calls == [True, False]
    maker.switch("first")
    maker.switch("third")
    broken = False
    maker.switch("second")
    assert list(place) == [maker.made["second"].parts["draw"]]
    assert maker.made["second"].calls == [True]
    assert [record.exc_info[0] for record in caplog.records] == [OSError]
