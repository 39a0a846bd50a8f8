"""The panes of the page and the tabs that switch between them.

Only the first pane is made with the page; the others are made when they are first opened, so that
they cost nothing before. The script of the page does the switching.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Protocol

import panel as pn

from dashboard.languages.text import gettext
from dashboard.shell.messages import invisible, make_sender, make_text_receiver
from dashboard.shell.theme import Theme

logger = logging.getLogger("inkling.page")

SLOTS = ("run", "quick", "controls", "draw", "more", "inside", "watch", "notice", "status")
"""Slots of a pane: training buttons, the few settings beside them, all other settings, what is
drawn and answered, more tools for it, the network from inside, charts, notice and status line."""

MARK_RUNNING = """
for (const tab of document.querySelectorAll(".panes [role=tab]")) {
  tab.querySelector(".running").hidden = !carrier.tags.includes(tab.dataset.pane)
}
"""


class PaneView(Protocol):
    """The view of a pane, as the tabs use it."""

    @property
    def parts(self) -> Mapping[str, pn.viewable.Viewable]:
        """The contents of the slots; the first pane fills all of them."""

    def show(self, is_open: bool) -> None:
        """Tell whether the pane can be seen; while it cannot, it should draw nothing."""

    def open_settings(self) -> None:
        """Make all settings, if they are not made yet: their drawer is opened."""


@dataclass(frozen=True)
class Pane:
    """One pane.

    Attributes
    ----------
    name, title
        In addresses, and on the tab.
    middle
        The accessible name of its middle part.
    make
        Called once, when the pane is first opened, with a function that shows on the tab whether
        the pane trains.
    inside, inside_title
        The accessible name of the part between the middle and the charts, and its title on a
        narrow page, where it is one of several sheets.
    panels
        Names and titles of the panels of that part, of which one is open.
    has_settings
        Whether the slot `controls` is filled; it opens as a drawer.
    has_model
        Whether the pane fills the slot `model`, which the header shows; the others speak of the
        model of the first pane.
    """

    name: str
    title: str
    middle: str
    make: Callable[[Callable[[bool], None]], PaneView]
    inside: str = "Inside the network"
    inside_title: str = "Inside"
    panels: tuple[tuple[str, str], ...] = ()
    has_settings: bool = True
    has_model: bool = False


class Panes:
    """All panes of one page; the first one is made and open from the beginning."""

    def __init__(self, panes: Sequence[Pane], theme: Theme) -> None:
        first, *later = panes
        self.panes = tuple(panes)
        self.open_name = first.name
        self._theme = theme
        self._running: set[str] = set()
        self._views = {first.name: self._make(first)}
        self._slots = {pane.name: self._make_slots(pane) for pane in later}
        # The page sends the name of the open pane, and of that whose drawer of settings is open.
        self._opened = make_text_receiver("inkling-pane", self.open, [first.name])
        self._settings = make_text_receiver("inkling-settings", self._open_settings)
        self._marks = make_sender(MARK_RUNNING, "inkling-running")
        self._views[first.name].show(True)

    def roots(self) -> dict[str, pn.viewable.Viewable]:
        """Return the roots of the page by name: a slot of a pane is `pane_slot`."""
        first = self.panes[0].name
        slots: dict[str, Mapping[str, pn.viewable.Viewable]] = {
            first: self._views[first].parts,
            **self._slots,
        }
        roots = {
            f"{name}_{slot}": part for name, parts in slots.items() for slot, part in parts.items()
        }
        carriers = {"pane": self._opened, "running": self._marks, "settings": self._settings}
        return roots | {name: invisible(carrier) for name, carrier in carriers.items()}

    def open(self, name: str) -> None:
        """Open a pane, and make it if it is opened first; unknown names are ignored."""
        pane = next((pane for pane in self.panes if pane.name == name), None)
        if pane is None or name == self.open_name:
            return
        if self.open_name in self._views:
            self._views[self.open_name].show(False)
        self.open_name = name
        if name in self._views or self._made(pane):
            self._views[name].show(True)

    def mark(self, name: str, running: bool) -> None:
        """Show on a pane's tab whether it trains."""
        self._running = self._running | {name} if running else self._running - {name}
        self._marks.tags = sorted(self._running)

    def _made(self, pane: Pane) -> bool:
        """Make a pane; if that fails, say so in its place, and return False."""
        try:
            self._views[pane.name] = self._make(pane)
            self._fill(pane.name)
        except Exception as error:
            logger.exception("the pane %s could not be made", pane.name)
            self._views.pop(pane.name, None)
            self._slots[pane.name]["draw"][:] = [
                self._theme.text(
                    f'<p class="opening" role="alert">{escape(opening_fault(pane, error))}</p>'
                )
            ]
            return False
        return True

    def _make(self, pane: Pane) -> PaneView:
        return pane.make(partial(self.mark, pane.name))

    def _make_slots(self, pane: Pane) -> dict[str, pn.Column]:
        """Return empty slots for a pane that is not made yet."""
        column = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [self._theme.gap]}
        names = (*SLOTS, "model") if pane.has_model else SLOTS
        slots = {slot: pn.Column(**column) for slot in names}
        for name in ("inside", "watch"):
            slots[name].sizing_mode = "stretch_both"
        opening = escape(gettext("Opening {pane} …", pane=pane.title))
        slots["draw"].append(self._theme.text(f'<p class="opening">{opening}</p>'))
        return slots

    def _fill(self, name: str) -> None:
        parts = self._views[name].parts
        for slot, column in self._slots[name].items():
            column[:] = [parts[slot]] if slot in parts else []

    def _open_settings(self, name: str) -> None:
        if name in self._views:
            self._views[name].open_settings()


def opening_fault(pane: Pane, error: Exception) -> str:
    """Return the sentence on a pane that could not be made."""
    return gettext(
        "{pane} could not be opened: {error}. Open another pane, then this one again.",
        pane=pane.title,
        error=repr(error)[:200],
    )
