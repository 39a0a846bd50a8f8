"""Slider over the checkpoints of a run, with buttons to return to the newest step or to continue.

The slider ranges from 0, the oldest checkpoint, to 1, the network in training. New checkpoints
leave both ends where they are, so a redraw need not set the handle while the user moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import panel as pn
from bokeh.models import CustomJSTickFormatter

from dashboard.languages.text import gettext
from dashboard.shell.theme import Theme, button

NAME_PLACE = """
const place = Math.round(tick * iterations.length)
return place < iterations.length ? named.replace("{}", format_number(iterations[place])) : latest
"""
"""Names the checkpoint at the handle on the page itself, in place of a share of the slider."""


class TimelineSlider:
    """The slider and its buttons.

    Parameters
    ----------
    theme
        Style sheets.
    hook
        Begins the CSS classes: `hook-time`, `hook-live`, `hook-continue`.
    show
        Called with the index of the checkpoint to show.
    show_newest
        Called when the network in training is to be shown.
    resume
        Called when training is to continue from the shown checkpoint.
    """

    def __init__(
        self,
        theme: Theme,
        hook: str,
        *,
        show: Callable[[int], None],
        show_newest: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        self._show = show
        self._show_newest = show_newest
        self._is_drawing = False
        self._count = 1
        self._names = CustomJSTickFormatter(args=self._arguments(()), code=NAME_PLACE)
        self.slider = pn.widgets.FloatSlider(
            label=gettext("Checkpoints"),
            start=0,
            end=1,
            value=1,
            step=1,
            format=self._names,
            disabled=True,
            css_classes=[f"{hook}-time"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            min_width=190,  # below it the buttons go to a line of their own
            margin=(0, 8, 0, 0),  # the handle extends beyond the end
        )
        self.live = button(gettext("Latest"), theme, f"{hook}-live", show_newest)
        self.resume = button(gettext("Continue from here"), theme, f"{hook}-continue", resume)
        self.view = pn.Row(
            self.slider,
            self.live,
            self.resume,
            stylesheets=[theme.gap, theme.bottom, ":host { flex-wrap: wrap; }"],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.slider.param.watch(lambda _event: self._moved(), "value")
        self.draw((), None)

    def draw(self, checkpoints: Sequence[int], position: int | None) -> None:
        """Show the iterations of the checkpoints and the index of the shown one, None: the latest.

        The handle is not set where it is right already: Panel drops a move that is on its way
        from the browser when the value is set meanwhile.
        """
        self._count = max(1, len(checkpoints))
        changes = {
            "label": gettext("Checkpoints ({count})", count=len(checkpoints)),
            "step": 1 / self._count,
            "disabled": not checkpoints,
        }
        if list(checkpoints) != self._names.args["iterations"]:
            # First: Bokeh formats the value again when the label or the value changes.
            self._names.args = self._arguments(checkpoints)
        if position != self._position():
            changes["value"] = 1.0 if position is None else position / self._count
        self._is_drawing = True
        try:
            self.slider.param.update(changes)
        finally:
            self._is_drawing = False
        self.live.disabled = self.resume.disabled = position is None

    @staticmethod
    def _arguments(checkpoints: Sequence[int]) -> dict[str, Any]:
        named = gettext("iteration {iteration}", iteration="{}")
        return {"iterations": list(checkpoints), "named": named, "latest": gettext("latest")}

    def _position(self) -> int | None:
        """Return the index of the checkpoint at the handle, None at the end."""
        position = round(self.slider.value * self._count)
        return None if position == self._count else position

    def _moved(self) -> None:
        if self._is_drawing:
            return
        position = self._position()
        if position is None:
            self._show_newest()
        else:
            self._show(position)
