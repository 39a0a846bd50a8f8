"""The picture of a network: input, layers and outputs in one Bokeh figure, with what marks units.

The figure shows pictures and marks that it is given; `layer_pictures.js` finds out which unit is
pointed at and writes the titles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bokeh.models import ColumnDataSource, Image, LinearColorMapper, Range1d, Rect, Scatter
from bokeh.plotting import figure

from dashboard.inspection.layers.arrangement import (
    LABEL,
    SQUARE,
    SQUARES,
    WIDTH,
    Arrangement,
    LayerPlace,
    has_long_names,
)
from dashboard.inspection.layers.palette import PALETTE
from dashboard.inspection.layers.pictures import Levels, Picture
from dashboard.shell import colors
from dashboard.shell.chart_parts import make_picture
from dashboard.shell.components.client_component import ClientComponent, Command, Signatures
from nn.interpretation.ablation import Unit

COMMANDS: Signatures = {
    "look": (int, int, int, int),
    "ablate": (int, int, int),
    "target": (int,),
}
"""`look`: layer, unit, row and column of a pixel of its tile. `ablate`: layer, unit, and 1 to
ablate it or 0 to restore it. `target`: the class whose logit is differentiated."""

SHEET = """
:host { touch-action: pan-y; }
.bk-Canvas { filter: var(--signed-filter); }
.titles { position: absolute; inset: 0; pointer-events: none; color: var(--text-quiet);
  container-type: inline-size;
  font: 11px/1.3 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
.titles span { position: absolute; font-size: clamp(8.5px, 3cqi, 11px); white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.titles .end { right: 0; }
/* A long title is smaller, as a letter is about half as wide as it is high. */
.titles .layer { max-width: calc(100% - 48px); overflow: hidden; text-overflow: ellipsis;
  font-size: clamp(7px, calc((100cqi - 48px) / (0.54 * var(--length))), clamp(8.5px, 3cqi, 11px)); }
.titles .middle { transform: translateX(-50%); }
.titles .slanted { transform-origin: left top; transform: rotate(32deg); }
"""
CHOSEN = colors.SECOND
"""Color of the frames of the chosen unit and of its receptive field."""

Rectangle = tuple[float, float, float, float]
"""Left, top, width and height."""


class LayersView:
    """The picture of a network.

    Parameters
    ----------
    commands
        What executes each of `COMMANDS`.

    Attributes
    ----------
    figure
        The Bokeh figure.
    """

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self._height = 300.0
        self._arrangement: Arrangement | None = None
        images: dict[str, list[Any]] = {
            name: [] for name in ("image", "x", "y", "dw", "dh", "title")
        }
        places = ("scale", "layer", "hidden", "columns", "rows", "units", "side")
        self._layers = ColumnDataSource(
            images | {name: [] for name in places}, name="inside-layers"
        )
        self._squares = ColumnDataSource(dict(images), name="inside-squares")
        self._classes = ColumnDataSource({"x": [], "y": [], "name": [], "slanted": []})
        self._crosses = ColumnDataSource(
            {"x": [], "y": [], "layer": [], "unit": []}, name="inside-ablated"
        )
        self._marks = ColumnDataSource(
            {"x": [], "y": [], "width": [], "height": []}, name="inside-marks"
        )
        self._pointed = ColumnDataSource({"x": [], "y": [], "width": [], "height": []})
        self.figure = self._make_figure()
        self._component = ClientComponent(
            "layer_pictures.js",
            self.figure,
            parts={
                "layers": self._layers,
                "squares": self._squares,
                "classes": self._classes,
                "crosses": self._crosses,
                "pointed": self._pointed,
            },
            signatures=COMMANDS,
            commands=commands,
        )

    def arrange(self, arrangement: Arrangement) -> None:
        """Make room for the layers of a network, and write the names of the classes."""
        if arrangement is self._arrangement:
            return
        self._arrangement, self._height = arrangement, arrangement.height
        self.figure.height = round(arrangement.height)
        self.figure.y_range.end = arrangement.height
        output = arrangement.places[-1]
        names = arrangement.class_names if output.rows == 1 else ()
        centers = [output.center(unit) for unit in range(len(names))]
        self._classes.data = {
            "x": [x for x, _ in centers],
            "y": [y + output.cell / 2 + 2 for _, y in centers],
            "name": list(names),
            "slanted": [int(has_long_names(names))] * len(names),
        }

    def draw_layers(
        self,
        places: Sequence[LayerPlace],
        pictures: Sequence[Picture],
        titles: Sequence[str],
        scales: Sequence[str],
    ) -> None:
        """Show the pictures of the layers, each under its title and the scale of its colors."""
        self._layers.data = {
            "image": [picture.levels for picture in pictures],
            "x": [place.left for place in places],
            "y": [self._height - place.top for place in places],
            "dw": [place.width for place in places],
            "dh": [place.height for place in places],
            "title": list(titles),
            "scale": list(scales),
            "layer": [place.layer for place in places],
            "hidden": [int(not place.is_output) for place in places],
            "columns": [place.columns for place in places],
            "rows": [place.rows for place in places],
            "units": [place.shown for place in places],
            "side": [picture.side for picture in pictures],
        }

    def draw_squares(self, pictures: Sequence[Levels], titles: Sequence[str]) -> None:
        """Show up to three square pictures in the first row: the input, and of the chosen unit."""
        count = len(pictures)
        self._squares.data = {
            "image": list(pictures),
            "x": list(SQUARES[:count]),
            "y": [self._height - LABEL] * count,
            "dw": [SQUARE] * count,
            "dh": [SQUARE] * count,
            "title": list(titles),
        }

    def draw_marks(self, frames: Iterable[Rectangle], fields: Iterable[Rectangle]) -> None:
        """Frame the chosen unit and pixel, and the receptive field on the input."""
        marks = [*frames, *fields]
        columns = {
            "x": [left + width / 2 for left, _, width, _ in marks],
            "y": [self._height - top - height / 2 for _, top, _, height in marks],
            "width": [width for _, _, width, _ in marks],
            "height": [height for _, _, _, height in marks],
        }
        if self._marks.data != columns:
            self._marks.data = columns

    def draw_ablated(self, units: Iterable[Unit], places: Sequence[LayerPlace]) -> None:
        """Put a cross on every ablated unit that is shown."""
        shown = sorted((layer, unit) for layer, unit in units if unit < places[layer].shown)
        centers = [places[layer].center(unit) for layer, unit in shown]
        columns = {
            "x": [x for x, _ in centers],
            "y": [self._height - y for _, y in centers],
            "layer": [layer for layer, _ in shown],
            "unit": [unit for _, unit in shown],
        }
        if self._crosses.data != columns:
            self._crosses.data = columns

    def _make_figure(self) -> figure:
        layers = make_picture(
            x_range=Range1d(0, WIDTH),
            y_range=Range1d(0, self._height),
            width=round(WIDTH),
            height=round(self._height),
            sizing_mode="scale_width",
            stylesheets=[SHEET],
            name="inkling-layers",
        )
        mapper = LinearColorMapper(palette=list(PALETTE), low=0, high=len(PALETTE) - 1)
        for source in (self._squares, self._layers):
            layers.add_glyph(
                source,
                Image(
                    image="image",
                    color_mapper=mapper,
                    x="x",
                    y="y",
                    dw="dw",
                    dh="dh",
                    origin="top_left",
                    anchor="top_left",
                ),
            )
        layers.add_glyph(
            self._crosses, Scatter(marker="x", size=11, line_color=colors.MISTAKE, line_width=2.5)
        )
        frame = {"x": "x", "y": "y", "width": "width", "height": "height", "fill_alpha": 0}
        layers.add_glyph(self._marks, Rect(**frame, line_color=CHOSEN, line_width=2))
        layers.add_glyph(self._pointed, Rect(**frame, line_color=colors.PLAIN, line_width=2))
        return layers


def cell_rectangle(place: LayerPlace, unit: int) -> Rectangle:
    """Return the cell of a unit."""
    x, y = place.center(unit)
    return x - place.cell / 2, y - place.cell / 2, place.cell, place.cell


def pixel_rectangle(place: LayerPlace, unit: int, pixel: tuple[int, int], side: int) -> Rectangle:
    """Return a pixel of the tile of a unit, whose side is `side` pixels and a line."""
    left, top, _, _ = cell_rectangle(place, unit)
    step = place.cell / (side + 1)
    row, column = pixel
    return left + column * step, top + row * step, step, step


def input_rectangle(field: tuple[int, int, int, int], side: int) -> Rectangle:
    """Return where pixels (top, left, bottom, right) lie in the framed picture of the input."""
    step = SQUARE / (side + 2)
    top, left, bottom, right = field
    return (
        SQUARES[0] + (1 + left) * step,
        LABEL + (1 + top) * step,
        (right - left) * step,
        (bottom - top) * step,
    )
