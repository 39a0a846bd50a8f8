"""The figure of the map: a mark for every sample, rings around the mistakes, and the drawing."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np
from bokeh.models import ColumnDataSource, DataRange1d, LinearColorMapper
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.inspection.projection import Projection
from dashboard.languages.text import gettext
from dashboard.shell.chart_parts import make_picture
from dashboard.shell.colors import CLASS_COLORS
from dashboard.shell.components.client_component import ClientComponent, Signatures

COMMANDS: Signatures = {"look": (int,), "choose": (int,)}
"""The commands of the map: the sample that is pointed at, or -1; and the one to put on the pad."""

SIGNS = ("●", "■", "▲", "▼", "◆", "□", "△", "▽", "◇", "×")
"""Marks of ten classes whose names are longer than one character."""

MISTAKE = "#e03131"
DRAWING = "#fab005"
OUTLINE = "#1b1e25"

CORNERS = {"x": [-1, 1], "y": [-1, 1]}

PAPER = ":host { flex: 0 0 max(300px, 50vh) !important; touch-action: pan-y; }"


class MapFigure:
    """The figure, without axes: only distances between samples have a meaning.

    Parameters
    ----------
    point_at
        Called with the index of the sample that is pointed at, or None.
    choose
        Called with the index of the sample that is clicked.

    Attributes
    ----------
    samples, mistakes, drawing
        What is shown; the columns `x` and `y` are places, `label` is the index of the class, and
        `mark` the character that stands for it.
    """

    def __init__(
        self, *, point_at: Callable[[int | None], None], choose: Callable[[int], None]
    ) -> None:
        self.samples = ColumnDataSource(
            {"x": [], "y": [], "label": [], "mark": []}, name="map-samples"
        )
        self.mistakes = ColumnDataSource({"x": [], "y": []}, name="map-mistakes")
        self.drawing = ColumnDataSource({"x": [], "y": []}, name="map-drawing")
        self._frame = ColumnDataSource({"x": [], "y": []})
        # Without any data, Bokeh cannot set the ranges.
        self._corners = ColumnDataSource(CORNERS)
        self.figure = self._make_figure()
        self._component = ClientComponent(
            "sample_map.js",
            self.figure,
            parts={"points": self.samples, "frame": self._frame},
            signatures=COMMANDS,
            commands={
                "look": lambda index: point_at(index if index >= 0 else None),
                "choose": choose,
            },
        )

    def draw(self, projection: Projection, class_names: tuple[str, ...]) -> None:
        """Show the samples of a projection."""
        marks = marks_of(class_names)
        x, y = projection.positions.T.astype(np.float32)
        labels = projection.labels
        self.samples.data = {
            "x": x,
            "y": y,
            "label": labels.astype(np.uint8),
            "mark": [marks[label] for label in labels.tolist()],
        }
        if self._corners.data["x"]:
            self._corners.data = {"x": [], "y": []}
        wrong = projection.mistakes
        self.mistakes.data = {"x": x[wrong], "y": y[wrong]}

    def draw_drawing(self, position: NDArray[np.float64] | None) -> None:
        """Show where the drawing is, (2,); None: nowhere."""
        x, y = ([], []) if position is None else np.float32(position).reshape(2, 1).tolist()
        if self.drawing.data["x"] != x or self.drawing.data["y"] != y:
            self.drawing.data = {"x": x, "y": y}

    def clear(self) -> None:
        """Show nothing."""
        self._corners.data = CORNERS
        self.samples.data = {"x": [], "y": [], "label": [], "mark": []}
        self.mistakes.data = {"x": [], "y": []}
        self.draw_drawing(None)

    def _make_figure(self) -> figure:
        plot = make_picture(
            sizing_mode="stretch_width",
            height=400,
            x_range=DataRange1d(range_padding=0.1),
            y_range=DataRange1d(range_padding=0.1),
            match_aspect=True,
            x_axis_type=None,
            y_axis_type=None,
            css_classes=["ink-map-figure"],
            stylesheets=[PAPER],
        )
        plot.scatter("x", "y", source=self._corners, alpha=0)
        colors = LinearColorMapper(
            palette=list(CLASS_COLORS), low=-0.5, high=len(CLASS_COLORS) - 0.5
        )
        plot.text(
            "x",
            "y",
            "mark",
            source=self.samples,
            text_color={"field": "label", "transform": colors},
            text_font_size="13px",
            text_font_style="bold",
            text_align="center",
            text_baseline="middle",
        )
        ring = {"fill_alpha": 0, "line_width": 1.5}
        plot.scatter("x", "y", source=self.mistakes, size=17, line_color=MISTAKE, **ring)
        plot.scatter(
            "x",
            "y",
            source=self.drawing,
            marker="star",
            size=24,
            fill_color=DRAWING,
            line_color=OUTLINE,
            line_width=1.5,
        )
        for color, width in (("#ffffff", 4.0), (OUTLINE, 1.5)):
            plot.scatter(
                "x", "y", source=self._frame, size=22, fill_alpha=0, line_color=color,
                line_width=width,
            )  # fmt: skip
        return plot


def marks_of(class_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the characters that stand for the classes: their names where these are so short."""
    if all(len(name) == 1 for name in class_names):
        return class_names
    return tuple(SIGNS[index % len(SIGNS)] for index in range(len(class_names)))


def legend_html(class_names: tuple[str, ...]) -> str:
    """Return what the marks of the map stand for."""
    entries = [
        (mark, CLASS_COLORS[index % len(CLASS_COLORS)], "" if mark == name else name)
        for index, (mark, name) in enumerate(zip(marks_of(class_names), class_names, strict=True))
    ]
    entries += [("○", MISTAKE, gettext("mistake")), ("★", DRAWING, gettext("your drawing"))]
    items = "".join(
        f'<li><span style="color: {color}" aria-hidden="{str(bool(name)).lower()}">{mark}</span>'
        f"{escape(name)}</li>"
        for mark, color, name in entries
    )
    return f'<ul class="map-legend" aria-label="{gettext("Marks of the map")}">{items}</ul>'
