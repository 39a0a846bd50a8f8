"""The slider through the checkpoints of a run: back to any of them, on from there, or to now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import panel as pn

from ...views.look import Look, button


class TimeTravel:
    """A slider over checkpoints with the way back to the present at its right end.

    Parameters
    ----------
    look
        Style sheets.
    show
        Called with the number of the checkpoint that somebody wants to see.
    back_to_live
        Called when somebody wants to see the net in training again.
    go_on
        Called when somebody wants training to go on from the checkpoint that is shown.
    """

    def __init__(
        self,
        look: Look,
        *,
        show: Callable[[int], None],
        back_to_live: Callable[[], None],
        go_on: Callable[[], None],
    ) -> None:
        self._show = show
        self._back_to_live = back_to_live
        self._is_drawing = False
        self.slider = pn.widgets.IntSlider(
            label="Time travel",
            start=0,
            end=1,
            value=1,
            show_value=False,
            disabled=True,
            css_classes=["ink-spiral-time"],
            stylesheets=[look.widgets],
            sizing_mode="stretch_width",
            margin=(0, 8, 0, 0),  # the handle reaches over the end
        )
        self.live = button("Live", look, "ink-spiral-live", back_to_live)
        self.go_on = button("Continue from here", look, "ink-spiral-continue", go_on)
        self.view = pn.Row(
            self.slider,
            self.live,
            self.go_on,
            stylesheets=[look.gap, look.bottom],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.slider.param.watch(lambda event: self._moved(event.new), "value")
        self.draw((), None)

    def draw(self, checkpoints: Sequence[int], position: int | None) -> None:
        """Show where on the timeline one is; the slider's right end, behind all, is the present."""
        now = max(1, len(checkpoints))
        self._is_drawing = True
        try:
            self.slider.param.update(
                label=words(checkpoints, position),
                end=now,
                value=now if position is None else position,
                disabled=not checkpoints,
            )
        finally:
            self._is_drawing = False
        self.live.disabled = self.go_on.disabled = position is None

    def _moved(self, value: int) -> None:
        if self._is_drawing:
            return
        if value >= self.slider.end:
            self._back_to_live()
        else:
            self._show(value)


def words(checkpoints: Sequence[int], position: int | None) -> str:
    """Say which moment is shown."""
    if not checkpoints:
        return "Time travel · train first"
    if position is None:
        return f"Time travel · live, {len(checkpoints)} stages"
    return f"Time travel · step {checkpoints[position]:,}"
