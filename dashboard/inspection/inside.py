"""The layers of the shown network, with what each computes for the drawing."""

from __future__ import annotations

import panel as pn

from dashboard.inspection.panels import InspectionContext
from dashboard.shell.redraw_scheduler import RedrawScheduler


class InsidePanel:
    """The layers of the shown network.

    Attributes
    ----------
    view
        The panel.
    """

    def __init__(self, context: InspectionContext) -> None:
        self._state = context.controller.state
        self._text = context.theme.text("", css_classes=["ink-inside"])
        self.view: pn.viewable.Viewable = self._text
        self._redraws = RedrawScheduler(context.page, {"layers": self._draw}, rate=context.rate)
        self._redraws.follow(
            self._state,
            {"snapshot": ("layers",), "prediction": ("layers",)},
            at_once=lambda: not self._state.running,
        )
        self._redraws.draw_all()

    def show(self, is_open: bool) -> None:
        """Tell whether the panel can be seen."""
        self._redraws.set_visible(is_open)

    async def run(self) -> None:
        """Redraw what has changed, until cancelled."""
        await self._redraws.run()

    def _draw(self) -> None:
        self._text.object = f"<p>{self._state.shown_network.title}</p>"
