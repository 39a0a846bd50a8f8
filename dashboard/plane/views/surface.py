"""The plane on the page: the decision surface as one image, the points over it, and the tools.

Gestures are handled on the client by `plane_editor.js`, which sends commands to Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from bokeh.layouts import column, row
from bokeh.models import (
    ColumnDataSource,
    Image,
    ImageRGBA,
    Line,
    LinearColorMapper,
    RadioButtonGroup,
    Scatter,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.languages.text import gettext, gettext_noop
from dashboard.plane.colors import CLASS_MARKERS, CLASS_SIGNS, UNIT_PALETTE
from dashboard.plane.dataset import PlaneData
from dashboard.shell.chart_parts import make_picture
from dashboard.shell.colors import CLASS_COLORS
from dashboard.shell.components.client_component import ClientComponent, Command, Signatures
from data_cache import PLANE_LIMIT, PlanePoints

COMMANDS: Signatures = {
    "look": (float, float),
    "leave": (),
    "line": (float, float, float, float),
    "no-line": (),
    "paint": (str, int, list),
    "move": (str, int, float, float),
    "delete": (str, int),
}
"""The commands of the editor; `plane_editor.js` says what their arguments are."""
TOOLS = (
    *(gettext_noop("Inspect"), gettext_noop("Cross-section"), gettext_noop("Paint")),
    *(gettext_noop("Move"), gettext_noop("Delete")),
)
HALO = "#ffffff"
RING = "#1b1e25"

PAPER = """
:host { touch-action: pan-y; }
:host::after {
  content: "";
  position: absolute;
  inset: 0;
  border: 1px solid var(--paper-line);
  border-radius: 4px;
  pointer-events: none;
}
"""

COMPACT = """
.bk-btn-group { flex-wrap: wrap; }
.bk-btn-group .bk-btn { padding: 4px 7px; }
"""

SWATCHES = "".join(
    f'.bk-btn:nth-child({place})::before {{ content: "{sign}"; color: {color}; }}\n'
    for place, (sign, color) in enumerate(zip(CLASS_SIGNS, CLASS_COLORS, strict=True), start=1)
) + (".bk-btn::before { margin-right: 5px; }\n" + COMPACT)


class SurfaceView:
    """The decision surface with its points and its tools; `layout` holds all of them.

    Parameters
    ----------
    commands
        What executes each command of `COMMANDS`.
    stylesheet
        CSS of the buttons.
    """

    def __init__(self, commands: Mapping[str, Command], stylesheet: str) -> None:
        self.picture = ColumnDataSource({"image": [np.zeros((2, 2), np.uint32)]}, name="surface")
        self.unit = ColumnDataSource({"image": [np.zeros((2, 2), np.uint8)]})
        self.train = ColumnDataSource(_no_points(), name="train-points")
        self.test = ColumnDataSource(_no_points(), name="test-points")
        self.wrong = ColumnDataSource({"x": [], "y": []}, name="wrong-points")
        self.line = ColumnDataSource({"x": [], "y": []})
        self._cursor = ColumnDataSource({"x": [], "y": []})
        self._painted = ColumnDataSource(_no_points())
        self._shown_train: PlanePoints | None = None
        self._shown_test: PlanePoints | None = None
        self.figure = self._make_figure()
        self.tool = RadioButtonGroup(
            labels=[gettext(tool) for tool in TOOLS],
            active=0,
            margin=0,
            stylesheets=[stylesheet, COMPACT],
            css_classes=["ink-spiral-tools"],
        )
        self.classes = RadioButtonGroup(
            labels=["0", "1"],
            active=0,
            margin=0,
            stylesheets=[stylesheet, SWATCHES],
            css_classes=["ink-spiral-classes"],
        )
        self._component = ClientComponent(
            "plane_editor.js",
            self.figure,
            parts={
                "train": self.train,
                "test": self.test,
                "painted": self._painted,
                "line": self.line,
                "cursor": self._cursor,
                "tool": self.tool,
                "classes": self.classes,
                "colors": list(CLASS_COLORS),
                "markers": list(CLASS_MARKERS),
            },
            signatures=COMMANDS,
            commands=commands,
        )
        self.layout = column(
            self.figure,
            row(self.tool, sizing_mode="stretch_width"),
            row(self.classes, sizing_mode="stretch_width"),
            spacing=8,
            sizing_mode="stretch_width",
        )

    def draw_picture(self, picture: NDArray[np.uint32]) -> None:
        """Show the surface, (side, side) uint32 of RGBA; the first row has the smallest y."""
        self.picture.data = {"image": [picture]}

    def draw_unit(self, values: NDArray[np.uint8] | None) -> None:
        """Show one unit, (side, side) uint8, instead of the surface; None shows the surface."""
        if values is not None:
            self.unit.data = {"image": [values]}
        for renderer, shown in ((self._unit, values is not None), (self._surface, values is None)):
            if renderer.visible != shown:
                renderer.visible = shown

    def draw_points(self, points: PlaneData, show_test: bool) -> None:
        """Show the training points, and the test points if `show_test`."""
        if points.train is not self._shown_train:
            self._shown_train = points.train
            self.train.data = columns_of(points.train)
        shown = points.test if show_test else None
        if shown is not self._shown_test:
            self._shown_test = shown
            self.test.data = columns_of(points.test if show_test else points.test[:0])
        labels = [str(label) for label in range(points.classes)]
        if self.classes.labels != labels:
            active = min(self.classes.active or 0, points.classes - 1)
            self.classes.update(labels=labels, active=active)

    def draw_wrong(self, points: NDArray[np.float32]) -> None:
        """Ring the misclassified points, (n, 2)."""
        drawn = self.wrong.data
        x, y = points[:, 0], points[:, 1]
        if not (np.array_equal(drawn["x"], x) and np.array_equal(drawn["y"], y)):
            self.wrong.data = {"x": x.copy(), "y": y.copy()}

    def _make_figure(self) -> figure:
        plane = make_picture(
            x_range=(-PLANE_LIMIT, PLANE_LIMIT),
            y_range=(-PLANE_LIMIT, PLANE_LIMIT),
            width=416,
            height=416,
            sizing_mode="scale_width",
            css_classes=["ink-spiral"],
            stylesheets=[PAPER, ":host { max-width: var(--plane-side, 100%); }"],
            name="inkling-plane",
        )
        whole = {"x": -PLANE_LIMIT, "y": -PLANE_LIMIT, "dw": 2 * PLANE_LIMIT, "dh": 2 * PLANE_LIMIT}
        self._surface = plane.add_glyph(self.picture, ImageRGBA(image="image", **whole))
        mapper = LinearColorMapper(palette=list(UNIT_PALETTE), low=0, high=len(UNIT_PALETTE) - 1)
        self._unit = plane.add_glyph(self.unit, Image(image="image", color_mapper=mapper, **whole))
        self._unit.visible = False
        style = {"marker": "marker", "size": 7}
        # A dark line under the coloured one separates it from regions of the same colour.
        for color, width in ((RING, 3.0), ("color", 1.6)):
            outline = {"line_color": color, "line_width": width, "fill_alpha": 0}
            plane.add_glyph(self.test, Scatter(**style, **outline))
        for source in (self.train, self._painted):
            filled = {"fill_color": "color", "line_color": HALO, "line_width": 0.8}
            plane.add_glyph(source, Scatter(**style, **filled))
        for color, more in ((HALO, 1.7), (RING, 0)):
            outline = {"line_color": color, "fill_alpha": 0}
            plane.add_glyph(self.wrong, Scatter(size=10, line_width=1.3 + more, **outline))
            plane.add_glyph(self.line, Line(line_color=color, line_width=2 + more))
            plane.add_glyph(
                self._cursor, Scatter(marker="cross", size=20, line_width=2 + more, **outline)
            )
        return plane


def columns_of(points: PlanePoints) -> dict[str, Any]:
    """Return the columns that draw points."""
    labels = points.labels.tolist()
    return {
        "x": points.points[:, 0].copy(),
        "y": points.points[:, 1].copy(),
        "color": [CLASS_COLORS[label] for label in labels],
        "marker": [CLASS_MARKERS[label] for label in labels],
    }


def _no_points() -> dict[str, list[Any]]:
    return {"x": [], "y": [], "color": [], "marker": []}
