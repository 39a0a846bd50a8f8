"""The slider through the checkpoints of a run: back to any of them, on from there, or to now.

It goes from 0, the oldest checkpoint, to 1, the present: both stay where they are while checkpoints
come, so that a redraw need not set the handle just when somebody moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import panel as pn

from dashboard.shell.theme import Theme, button


class TimeTravel:
    """A slider over checkpoints with the way back to the present, 1, at its right end.

    Parameters
    ----------
    theme
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
        theme: Theme,
        *,
        show: Callable[[int], None],
        back_to_live: Callable[[], None],
        go_on: Callable[[], None],
    ) -> None:
        self._show = show
        self._back_to_live = back_to_live
        self._is_drawing = False
        self._count = 1
        self.slider = pn.widgets.FloatSlider(
            label="Time travel",
            start=0,
            end=1,
            value=1,
            step=1,
            show_value=False,
            format="0 %",
            disabled=True,
            css_classes=["ink-spiral-time"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=(0, 8, 0, 0),  # the handle reaches over the end
        )
        self.live = button("Live", theme, "ink-spiral-live", back_to_live)
        self.go_on = button("Continue from here", theme, "ink-spiral-continue", go_on)
        self.view = pn.Row(
            self.slider,
            self.live,
            self.go_on,
            stylesheets=[theme.gap, theme.bottom],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.slider.param.watch(lambda _event: self._moved(), "value")
        self.draw((), None)

    def draw(self, checkpoints: Sequence[int], position: int | None) -> None:
        """Show where on the timeline one is.

        The handle is left alone where it stands right: Panel drops a move that is on its way from
        the browser when the value is set meanwhile.
        """
        self._count = max(1, len(checkpoints))
        changes = {
            "label": words(checkpoints, position),
            "step": 1 / self._count,
            "disabled": not checkpoints,
        }
        if position != self._position():
            changes["value"] = 1.0 if position is None else position / self._count
        self._is_drawing = True
        try:
            self.slider.param.update(changes)
        finally:
            self._is_drawing = False
        self.live.disabled = self.go_on.disabled = position is None

    def _position(self) -> int | None:
        """Return the number of the checkpoint where the handle stands, or None at the present."""
        position = round(self.slider.value * self._count)
        return None if position == self._count else position

    def _moved(self) -> None:
        if self._is_drawing:
            return
        position = self._position()
        if position is None:
            self._back_to_live()
        else:
            self._show(position)


def words(checkpoints: Sequence[int], position: int | None) -> str:
    """Say which moment is shown."""
    if not checkpoints:
        return "Time travel · train first"
    if position is None:
        stages = "1 stage" if len(checkpoints) == 1 else f"{len(checkpoints)} stages"
        return f"Time travel · live, {stages}"
    return f"Time travel · step {checkpoints[position]:,}"
