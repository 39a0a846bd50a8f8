"""The drawing pad: a Bokeh figure on which people draw, painted on the client by `page/pad.js`.

Python gets finished pictures from it and can put a picture on it; the strokes, the brush, the
eraser and undo never leave the page.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
from bokeh.layouts import column, row
from bokeh.models import (
    Button,
    ColumnDataSource,
    CustomJS,
    FixedTicker,
    LinearColorMapper,
    RadioButtonGroup,
    Slider,
    Toggle,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.shell.asset_files import read_asset

SIDE = 168
SENT = 84
CELLS = 28
INK_PALETTE = [f"#{255 - level:02x}{255 - level:02x}{255 - level:02x}" for level in range(256)]

PAPER = """
:host { touch-action: none; }
:host::after {
  content: "";
  position: absolute;
  inset: 0;
  border: 1px solid var(--paper-line);
  border-radius: 4px;
  pointer-events: none;
}
.bk-Canvas { filter: var(--ink-filter); }
"""

Canvas = NDArray[np.float32]


class DrawingPad:
    """A square to draw on.

    Parameters
    ----------
    on_drawing
        Called with every finished picture, (84, 84) float32 in [0, 1], ink high.
    stylesheet
        How the buttons and the slider look.
    """

    def __init__(self, on_drawing: Callable[[Canvas], None], stylesheet: str) -> None:
        self._on_drawing = on_drawing
        self._ink = ColumnDataSource(name="ink", data={"image": [np.zeros((SIDE, SIDE), np.uint8)]})
        self._cursor = ColumnDataSource({"x": [], "y": []})
        self.figure = self._make_figure()
        sheets = [stylesheet]
        tool = RadioButtonGroup(labels=["Pen", "Eraser"], active=0, margin=0, stylesheets=sheets)
        grid_mode = Toggle(label="Grid", margin=0, stylesheets=sheets, css_classes=["ink-grid"])
        undo = Button(label="Undo", margin=0, stylesheets=sheets, css_classes=["ink-undo"])
        clear = Button(label="Clear", margin=0, stylesheets=sheets, css_classes=["ink-clear"])
        brush = Slider(
            start=6,
            end=30,
            value=15,
            step=1,
            title="Brush",
            margin=0,
            stylesheets=sheets,
            sizing_mode="stretch_width",
            css_classes=["ink-brush"],
        )
        script = CustomJS(
            args={
                "figure": self.figure,
                "ink": self._ink,
                "cursor": self._cursor,
                "tool": tool,
                "grid_mode": grid_mode,
                "brush": brush,
                "undo": undo,
                "clear": clear,
            },
            code=read_asset("pad.js"),
        )
        self.figure.js_on_change("inner_width", script)
        self._ink.js_on_change("data", script)
        grid_mode.js_on_change("active", script)
        undo.js_on_event("button_click", script)
        clear.js_on_event("button_click", script)
        self.figure.on_change("tags", self._receive)
        self.layout = column(
            self.figure,
            row(tool, grid_mode, undo, clear, spacing=8, sizing_mode="stretch_width"),
            brush,
            spacing=8,
            sizing_mode="stretch_width",
        )

    def show(self, canvas: NDArray[np.floating]) -> None:
        """Put a square picture in [0, 1] on the pad, enlarged without smoothing; report it too."""
        side = canvas.shape[0]
        steps = (np.arange(SIDE) * side) // SIDE
        picture = np.round(255 * canvas[np.ix_(steps, steps)]).astype(np.uint8)
        self._ink.data = {"image": [picture]}
        halved = picture.reshape(SENT, SIDE // SENT, SENT, SIDE // SENT).mean(axis=(1, 3))
        self._on_drawing((halved / 255).astype(np.float32))

    def _receive(self, _attribute: str, _old: list[object], tags: list[object]) -> None:
        self._on_drawing(decode_picture(tags))

    def _make_figure(self) -> figure:
        pad = figure(
            x_range=(0, CELLS),
            y_range=(0, CELLS),
            tools="",
            toolbar_location=None,
            min_border=0,
            outline_line_color=None,
            width=310,
            height=310,
            sizing_mode="scale_width",
            css_classes=["ink-pad"],
            stylesheets=[PAPER],
        )
        pad.axis.visible = False
        pad.image(
            "image",
            x=0,
            y=CELLS,
            dw=CELLS,
            dh=CELLS,
            origin="top_left",
            anchor="top_left",
            source=self._ink,
            color_mapper=LinearColorMapper(palette=INK_PALETTE, low=0, high=255),
        )
        pad.rect(
            "x",
            "y",
            width=1,
            height=1,
            source=self._cursor,
            fill_alpha=0,
            line_color="#d9480f",
            line_width=2,
        )
        pad.grid.ticker = FixedTicker(ticks=list(range(CELLS + 1)))
        pad.grid.grid_line_color = "#b9bfca"
        pad.grid.grid_line_alpha = 0.6
        pad.grid.level = "overlay"
        pad.grid.visible = False
        return pad


def decode_picture(tags: list[object]) -> Canvas:
    """Turn the pad's message into a (84, 84) float32 picture in [0, 1].

    Raises
    ------
    ValueError
        When the message is not [number, base64 of 84 × 84 bytes].
    """
    expected = f"the pad sends [number, base64 of {SENT * SENT} bytes]"
    if len(tags) != 2 or not isinstance(tags[1], str):
        raise ValueError(f"{expected}; found {len(tags)} entries")
    try:
        content = base64.b64decode(tags[1], validate=True)
    except ValueError as error:
        raise ValueError(f"{expected}; found text that is not base64") from error
    if len(content) != SENT * SENT:
        raise ValueError(f"{expected}; found {len(content)} bytes")
    levels = np.frombuffer(content, np.uint8).reshape(SENT, SENT)
    return levels.astype(np.float32) / np.float32(255)
