"""The inspection panels of the digits pane, of which one is open; tabs of the page switch them.

A panel is made when it is first opened, and draws only while it can be seen, so that what is hidden
costs neither start-up time nor training speed.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import panel as pn

from dashboard.digits.controller import DigitsController
from dashboard.shell.messages import invisible, make_text_receiver, run_script
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.shell.theme import Theme
from dashboard.training.trainer import Execute

NATURAL = """
:host { flex: 1 0 auto !important; height: auto !important; min-height: 100% !important; }
:host, :host > * { max-height: none !important; }
:host > * { flex-shrink: 0; }
"""
"""A panel fills its place; one that is higher is scrolled, there or with a narrow page."""

SHOW_OPEN = """
dispatchEvent(new CustomEvent("inkling-panel", {detail: carrier.tags[0]}))
"""


@dataclass(frozen=True)
class InspectionContext:
    """What every panel is made with.

    Attributes
    ----------
    controller
        Of the digits pane. Panels inspect `controller.state.shown_network`, never the network in
        training itself.
    page
        How the page is changed.
    theme
        The style sheets.
    rate
        How often the pane is redrawn while its network trains; a panel may redraw less often.
    execute
        Awaited with a function and its arguments: computes outside the event loop, where the
        runtime has threads.
    begin_lesson
        Opens the lesson of that name.
    """

    controller: DigitsController
    page: PageWriter
    theme: Theme
    rate: RedrawRate
    execute: Execute
    begin_lesson: Callable[[str], None] = lambda _name: None


class InspectionPanel(Protocol):
    """One panel, as the tabs use it."""

    @property
    def view(self) -> pn.viewable.Viewable:
        """What is shown while the panel is open."""

    def show(self, is_open: bool) -> None:
        """Tell whether the panel can be seen; while it cannot, it computes and draws nothing."""

    def run(self) -> Coroutine[Any, Any, None]:
        """Return the task that redraws the panel, until cancelled; started when it is made."""


@dataclass(frozen=True)
class PanelEntry:
    """A panel that can be opened.

    Attributes
    ----------
    name, title
        In hooks (`.ink-inside`), and on the tab.
    make
        Called once, when the panel is first opened.
    """

    name: str
    title: str
    make: Callable[[InspectionContext], InspectionPanel]


class InspectionTabs:
    """The panels, of which one is open; at first that of the first entry.

    Parameters
    ----------
    entries
        In the order of their tabs; at least one.
    context
        What the panels are made with.

    Attributes
    ----------
    view
        The open panel.
    carrier
        Invisible; the page writes the name of the open panel into its `tags`, and reads it there.
    open_name
        Name of the open panel.
    """

    def __init__(self, entries: Sequence[PanelEntry], context: InspectionContext) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._context = context
        self._panels: dict[str, InspectionPanel] = {}
        self._is_visible = True
        self._started = False
        self.open_name = entries[0].name
        self.carrier = make_text_receiver("inkling-panel", self.open, [self.open_name])
        run_script(self.carrier, SHOW_OPEN)
        layout = {
            "sizing_mode": "stretch_both", "margin": 0, "stylesheets": [context.theme.gap, NATURAL]
        }  # fmt: skip
        self._place = pn.Column(self._panel(self.open_name).view, **layout)
        self.view = pn.Column(self._place, invisible(self.carrier), **layout)
        self._panel(self.open_name).show(True)

    def start(self) -> None:
        """Start the redraws of the panels; needs a running event loop."""
        self._started = True
        for panel in self._panels.values():
            self._context.controller.spawn(panel.run())

    def open(self, name: str) -> None:
        """Open a panel, and make it if it is opened first; unknown names are ignored."""
        if name not in self._entries or name == self.open_name:
            return
        self._panel(self.open_name).show(False)
        self.open_name = name
        if self.carrier.tags != [name]:
            self.carrier.tags = [name]
        panel = self._panel(name)
        self._place[:] = [panel.view]
        panel.show(self._is_visible)

    def show(self, is_visible: bool) -> None:
        """Tell whether the open panel can be seen."""
        self._is_visible = is_visible
        self._panel(self.open_name).show(is_visible)

    def _panel(self, name: str) -> InspectionPanel:
        if name not in self._panels:
            self._panels[name] = self._entries[name].make(self._context)
            if self._started:
                self._context.controller.spawn(self._panels[name].run())
        return self._panels[name]
