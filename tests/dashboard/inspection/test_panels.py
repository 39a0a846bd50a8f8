"""The inspection panels: which one is made, seen and redrawn."""

from __future__ import annotations

import panel as pn
import pytest

from dashboard.inspection.panels import InspectionTabs, PanelEntry


class RecordingPanel:
    """A panel that records what it is told."""

    def __init__(self, name: str) -> None:
        self.view = pn.pane.HTML(name)
        self.shown: list[bool] = []

    def show(self, is_open: bool) -> None:
        self.shown.append(is_open)

    async def run(self) -> None:
        pass


@pytest.fixture
def made() -> dict[str, RecordingPanel]:
    return {}


@pytest.fixture
def tabs(made, inspection_context) -> InspectionTabs:
    def entry(name: str) -> PanelEntry:
        def make(_context) -> RecordingPanel:
            made[name] = RecordingPanel(name)
            return made[name]

        return PanelEntry(name, name.title(), make)

    return InspectionTabs([entry("inside"), entry("why")], inspection_context)


def test_only_the_first_panel_is_made_and_shown_at_the_start(tabs, made) -> None:
    assert list(made) == ["inside"]
    assert made["inside"].shown == [True]


def test_opening_a_panel_hides_the_other_one(tabs, made) -> None:
    tabs.open("why")
    assert tabs.open_name == "why"
    assert made["inside"].shown == [True, False]
    assert made["why"].shown == [True]


def test_a_panel_is_made_once(tabs, made) -> None:
    tabs.open("why")
    first = made["why"]
    tabs.open("inside")
    tabs.open("why")
    assert made["why"] is first


def test_a_panel_that_is_opened_while_the_pane_is_hidden_stays_hidden(tabs, made) -> None:
    tabs.show(False)
    tabs.open("why")
    assert made["why"].shown == [False]
    tabs.show(True)
    assert made["why"].shown == [False, True]
    assert made["inside"].shown[-1] is False


def test_an_unknown_panel_is_ignored(tabs) -> None:
    tabs.open("other")
    assert tabs.open_name == "inside"
