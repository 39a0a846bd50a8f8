"""The drawing pad: a Bokeh figure that is painted on the client by `drawing_pad.js`.

Python receives whole pictures and can show one; strokes, brush, eraser and undo stay on the page.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
from bokeh.layouts import row
from bokeh.models import (
    Button,
    ColumnDataSource,
    FixedTicker,
    LinearColorMapper,
    RadioButtonGroup,
    Slider,
    Toggle,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.languages.text import gettext
from dashboard.shell.chart_parts import make_picture
from dashboard.shell.components.client_component import ClientComponent, Signatures

SIDE = 168
"""Pixels along a side of the picture that is painted."""
SENT = 84
"""Pixels along a side of the picture that Python receives."""
CELLS = 28
"""Cells along a side of the grid, which is that of MNIST."""
COMMANDS: Signatures = {"draw": (str,), "picture": (str, int, int, str)}
"""`draw`: base64 of the bytes of the whole picture, SENT × SENT, 0 blank to 255 full ink.

`picture`: name, width, height and base64 of the grey values of a picture that was dropped, pasted
or chosen; 0 × 0 and its first bytes if the browser cannot decode it."""
EXAMPLE = "example"
"""The tag of a picture whose place the first stroke takes."""
INK_PALETTE = [f"#{255 - level:02x}{255 - level:02x}{255 - level:02x}" for level in range(256)]
INK_ON_CARD = [f"#000000{level:02x}" for level in range(256)]
"""Ink without paper, for pictures that have no frame."""

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

TOOLS = """
:host { flex-wrap: wrap; align-items: center; }
.ink-brush, .ink-grid { display: var(--brush, block); }
.ink-brush { flex: 1 1 140px !important; min-width: 140px; }
"""

Canvas = NDArray[np.float32]


class DrawingPad:
    """The drawing pad with its tools.

    Parameters
    ----------
    on_drawing
        Called with every new picture, (84, 84) float32 in [0, 1], 1 being full ink.
    stylesheet
        CSS of the buttons and the slider.
    on_picture
        Called with the arguments of the command `picture`.
    example
        The first picture, (168, 168) in [0, 1], whose place the first stroke takes; None: blank.

    Attributes
    ----------
    figure, tools
        The pad, and what is shown below it.
    """

    def __init__(
        self,
        on_drawing: Callable[[Canvas], None],
        stylesheet: str,
        *,
        on_picture: Callable[[str, int, int, str], None] = lambda *_arguments: None,
        example: NDArray[np.float32] | None = None,
    ) -> None:
        self._on_drawing = on_drawing
        blank = np.zeros((SIDE, SIDE), np.float32)
        first = np.rint(255 * (blank if example is None else example)).astype(np.uint8)
        tags = [] if example is None else [EXAMPLE]
        self._ink = ColumnDataSource(name="ink", data={"image": [first]}, tags=tags)
        self._cursor = ColumnDataSource({"x": [], "y": []})
        self.figure = self._make_figure()
        sheets = [stylesheet]
        tool = RadioButtonGroup(
            labels=[gettext("Pen"), gettext("Eraser")], active=0, margin=0, stylesheets=sheets
        )
        grid = Toggle(label=gettext("Grid"), margin=0, stylesheets=sheets, css_classes=["ink-grid"])
        undo = Button(label=gettext("Undo"), margin=0, stylesheets=sheets, css_classes=["ink-undo"])
        clear = Button(
            label=gettext("Clear"), margin=0, stylesheets=sheets, css_classes=["ink-clear"]
        )
        picture = Button(
            label=gettext("Picture"), margin=0, stylesheets=sheets, css_classes=["ink-picture"]
        )
        brush = Slider(
            start=6,
            end=30,
            value=15,
            step=1,
            title=gettext("Brush"),
            margin=0,
            stylesheets=sheets,
            sizing_mode="stretch_width",
            css_classes=["ink-brush"],
        )
        component = ClientComponent(
            "drawing_pad.js",
            self.figure,
            parts={
                "ink": self._ink,
                "cursor": self._cursor,
                "tool": tool,
                "grid": grid,
                "brush": brush,
                "undo": undo,
                "clear": clear,
                "picture": picture,
            },
            signatures=COMMANDS,
            commands={
                "draw": lambda content: on_drawing(decode_picture(content)),
                "picture": on_picture,
            },
        )
        picture.js_on_event("button_click", component.callback)
        undo.js_on_event("button_click", component.callback)
        clear.js_on_event("button_click", component.callback)
        self.tools = row(
            tool, undo, clear, grid, picture, brush,
            spacing=8, sizing_mode="stretch_width", stylesheets=[TOOLS], css_classes=["ink-tools"],
        )  # fmt: skip

    def show(self, canvas: NDArray[np.floating]) -> None:
        """Show a square picture in [0, 1] on the pad, and report it as a drawing.

        Its side is a divisor of 168; every value becomes a square of pixels.
        """
        side = canvas.shape[0]
        steps = (np.arange(SIDE) * side) // SIDE
        picture = np.round(255 * canvas[np.ix_(steps, steps)]).astype(np.uint8)
        self._ink.data = {"image": [picture]}
        halved = picture.reshape(SENT, SIDE // SENT, SENT, SIDE // SENT).mean(axis=(1, 3))
        self._on_drawing((halved / 255).astype(np.float32))

    def _make_figure(self) -> figure:
        pad = make_picture(
            x_range=(0, CELLS),
            y_range=(0, CELLS),
            width=310,
            height=310,
            sizing_mode="scale_width",
            css_classes=["ink-pad"],
            stylesheets=[PAPER, ":host { max-width: var(--pad-side, 100%); }"],
        )
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
        return pad


def decode_picture(content: str) -> Canvas:
    """Return the picture that the pad sent, (84, 84) float32 in [0, 1].

    Raises
    ------
    ValueError
        If the content is not base64 of 84 × 84 bytes.
    """
    expected = f"the pad sends base64 of {SENT * SENT} bytes"
    try:
        levels = base64.b64decode(content, validate=True)
    except ValueError as error:
        raise ValueError(f"{expected}; found text that is not base64") from error
    if len(levels) != SENT * SENT:
        raise ValueError(f"{expected}; found {len(levels)} bytes")
    picture = np.frombuffer(levels, np.uint8).reshape(SENT, SENT)
    return picture.astype(np.float32) / np.float32(255)
