"""The diagram of a network: a map of the plane for every unit, and the strongest weights as lines.

`network_diagram.js` finds out which unit, weight or bias is pointed at or clicked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import (
    Bezier,
    ColumnDataSource,
    Image,
    LinearColorMapper,
    Range1d,
    Rect,
    Scatter,
    Text,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext
from dashboard.plane.colors import (
    CLASS_SIGNS,
    SMALLEST_SCALE,
    UNIT_PALETTE,
    ZERO,
    class_levels,
    tile,
    value_levels,
)
from dashboard.plane.probes import Links
from dashboard.plane.views.network_layout import HEIGHT, WIDTH, Block, arrange_blocks
from dashboard.shell.chart_parts import make_picture
from dashboard.shell.colors import CLASS_COLORS, NEGATIVE, POSITIVE
from dashboard.shell.components.client_component import ClientComponent, Command, Signatures
from dashboard.shell.pictures import perforate, signed_scale_html
from dashboard.shell.theme import Theme
from data_cache import INPUT_TITLES
from nn import Network

COMMANDS: Signatures = {
    "unit": (int, int),
    "weight": (int, int, int),
    "leave": (),
    "toggle": (int, int),
    "edit": (int, int, int),
    "seen": (int,),
}
"""The commands of the diagram; `network_diagram.js` says what their arguments are."""

MAX_UNITS = 100
"""Units of a layer that are shown, the first ones."""

MAX_LINKS = 60
"""Weights between two layers that are shown, those of largest magnitude."""

COARSE_FROM = 30
FINE_SIDE, COARSE_SIDE = 24, 16
"""Pixels along the side of a map; coarser when a layer has more than `COARSE_FROM` units."""

NAMED_LAYERS = 4
"""Up to so many hidden layers have their names above them."""

BIAS_CELL = 22.0
"""Squares of at least this side show their bias in a corner."""

THINNEST, THICKEST = 0.5, 4.0
FAINTEST = 0.25
GRAY = "#7f8796"
RED = "#e03131"
CURVE = ("x0", "y0", "cx0", "cy0", "cx1", "cy1", "x1", "y1")

PAPER = ":host { touch-action: pan-y; }"


class NetworkDiagram:
    """The maps, lines and marks, and under them what the colors mean.

    Parameters
    ----------
    theme
        Style sheets.
    commands
        What executes each command of `COMMANDS`.
    """

    def __init__(self, theme: Theme, commands: Mapping[str, Command]) -> None:
        self.maps = ColumnDataSource(
            {"image": [], "x": [], "y": [], "dw": [], "dh": []}, name="unit-maps"
        )
        self.links = ColumnDataSource(
            {
                name: []
                for name in (*CURVE, "layer", "row", "column", "color", "dash", "width", "alpha")
            },
            name="links",
        )
        self.biases = ColumnDataSource(
            {name: [] for name in ("x", "y", "layer", "row", "column", "color", "marker", "alpha")},
            name="biases",
        )
        self.blocks = ColumnDataSource(
            {name: [] for name in ("layer", "units", "columns", "cell", "left", "top")},
            name="blocks",
        )
        self.off = ColumnDataSource({"x": [], "y": []}, name="ablated-units")
        self.dead = ColumnDataSource({"x": [], "y": [], "size": []}, name="dead-units")
        self._squares = ColumnDataSource({"x": [], "y": [], "size": []})
        self._texts = ColumnDataSource(
            {"x": [], "y": [], "text": [], "align": [], "baseline": [], "color": []}
        )
        self._frame = ColumnDataSource({"x": [], "y": [], "size": []})
        self._lit = ColumnDataSource({name: [] for name in CURVE})
        self._architecture: tuple[tuple[int, ...], tuple[str, ...]] = ((), ())
        self._layout: list[Block] = []
        self.figure = self._make_figure()
        self.legend = theme.text("", css_classes=["ink-spiral-legend"])
        self.pointed = theme.text("", css_classes=["ink-spiral-pointed"])
        self.view = pn.Column(
            pn.pane.Bokeh(self.figure, sizing_mode="stretch_width", margin=0),
            self.pointed,
            self.legend,
            css_classes=["ink-spiral-units"],
            sizing_mode="stretch_width",
            stylesheets=[theme.gap],
            margin=0,
        )
        self._component = ClientComponent(
            "network_diagram.js",
            self.figure,
            parts={
                "blocks": self.blocks,
                "links": self.links,
                "biases": self.biases,
                "frame": self._frame,
                "lit": self._lit,
                "width": WIDTH,
                "height": HEIGHT,
            },
            signatures=COMMANDS,
            commands=commands,
        )

    def side_for(self, network: Network) -> int:
        """Return how many pixels the maps of a network have along a side."""
        return COARSE_SIDE if max(network.sizes) > COARSE_FROM else FINE_SIDE

    def draw_architecture(self, network: Network, inputs: Sequence[str]) -> None:
        """Arrange the diagram for a network with inputs of these names."""
        architecture = (network.sizes, tuple(inputs))
        if architecture == self._architecture:
            return
        self._architecture = architecture
        counts = [min(size, MAX_UNITS) for size in network.sizes]
        titles = [INPUT_TITLES[name] for name in inputs]
        margin = 8 + 8 * max(len(title) for title in titles)
        self._layout = blocks = arrange_blocks(counts, left=margin, right=38)
        self.blocks.data = {
            name: [getattr(block, name) for block in blocks] for name in self.blocks.data
        }
        places = [
            (*block.center(unit), block.cell) for block in blocks for unit in range(block.units)
        ]
        self._squares.data = _columns(places, self._squares)
        self._texts.data = _columns(_texts(blocks, titles), self._texts)
        self._frame.data = {"x": [], "y": [], "size": []}
        self._lit.data = {name: [] for name in CURVE}

    def draw_maps(self, maps: Sequence[NDArray[np.floating]]) -> None:
        """Show the outputs of all layers, each (units, side, side); see `network_maps`."""
        *signed, probabilities = maps
        levels = [perforate(value_levels(layer), ZERO) for layer in signed]
        levels.append(class_levels(probabilities))
        self.maps.data = {
            "image": [
                tile(layer, block.columns)
                for layer, block in zip(levels, self._layout, strict=True)
            ],
            "x": [block.left for block in self._layout],
            "y": [block.bottom for block in self._layout],
            "dw": [block.columns * block.cell for block in self._layout],
            "dh": [block.rows * block.cell for block in self._layout],
        }

    def draw_marks(self, off: Iterable[tuple[int, int]], dead: Sequence[NDArray[np.bool_]]) -> None:
        """Mark the ablated hidden units (layer, unit), and the dead ones of every hidden layer."""
        gone = [
            (*block.center(unit), block.cell)
            for block, units in zip(self._layout[1:], dead, strict=False)
            for unit in np.flatnonzero(units[: block.units]).tolist()
        ]
        crosses = [
            self._layout[layer + 1].center(unit)
            for layer, unit in sorted(off)
            if unit < self._layout[layer + 1].units
        ]
        for source, rows in ((self.dead, gone), (self.off, crosses)):
            columns = _columns(rows, source)
            if source.data != columns:
                source.data = columns

    def draw_links(self, links: Sequence[Links], network: Network) -> None:
        """Show weights between layers as lines, and the biases of a network as small squares."""
        rows = [row for found in links for row in self._link_rows(found)]
        # The strongest lines are drawn last, over the others.
        self.links.data = _columns(rows[::-1], self.links)
        self.biases.data = _columns(self._bias_rows(network), self.biases)

    def draw_legend(self, links: Sequence[Links], network: Network, off: int, dead: int) -> None:
        """Say what the colors, lines and marks mean."""
        html = legend_html(links, network.sizes, off, dead)
        if self.legend.object != html:
            self.legend.object = html

    def draw_pointed(self, html: str) -> None:
        """Show what is pointed at."""
        if self.pointed.object != html:
            self.pointed.object = html

    def _link_rows(self, links: Links) -> Iterable[tuple[Any, ...]]:
        begin, end = self._layout[links.layer], self._layout[links.layer + 1]
        middle = (begin.right + end.left) / 2
        scale = max(links.largest, SMALLEST_SCALE)
        for source, target, weight in zip(
            links.sources.tolist(), links.targets.tolist(), links.weights.tolist(), strict=True
        ):
            (_, y0), (_, y1) = begin.center(source), end.center(target)
            curve = (begin.row_end(source), y0, middle, y0, middle, y1, end.left, y1)
            share = abs(weight) / scale
            width = THINNEST + (THICKEST - THINNEST) * share
            alpha = FAINTEST + (0.95 - FAINTEST) * share
            look = (_sign_color(weight), "dashed" if weight < 0 else "solid", width, alpha)
            yield (*curve, links.layer, source, target, *look)

    def _bias_rows(self, network: Network) -> list[tuple[Any, ...]]:
        rows = []
        for block, layer in zip(self._layout[1:], network.layers, strict=True):
            if layer.bias is None or block.columns > 1 or block.cell < BIAS_CELL:
                continue
            biases = np.nan_to_num(layer.bias, nan=0, posinf=0, neginf=0)
            scale = max(float(np.abs(biases).max()), SMALLEST_SCALE)
            inputs = len(layer.weights)
            for unit, bias in enumerate(biases[: block.units].tolist()):
                x, y = block.center(unit)
                corner = (x - block.cell / 2 + 4, y - block.cell / 2 + 4)
                alpha = abs(bias) / scale
                look = (_sign_color(bias), "diamond" if bias < 0 else "square", alpha)
                rows.append((*corner, block.layer, inputs, unit, *look))
        return rows

    def _make_figure(self) -> figure:
        diagram = make_picture(
            x_range=Range1d(0, WIDTH),
            y_range=Range1d(0, HEIGHT),
            width=round(WIDTH),
            height=round(HEIGHT),
            sizing_mode="scale_width",
            stylesheets=[PAPER],
            name="inkling-network",
        )
        mapper = LinearColorMapper(palette=list(UNIT_PALETTE), low=0, high=len(UNIT_PALETTE) - 1)
        square = {"x": "x", "y": "y", "width": "size", "height": "size"}
        curve = {name: name for name in CURVE}
        line = {
            "line_color": "color",
            "line_dash": "dash",
            "line_width": "width",
            "line_alpha": "alpha",
        }
        diagram.add_glyph(self.links, Bezier(**curve, **line))
        diagram.add_glyph(self._lit, Bezier(**curve, line_color=GRAY, line_width=2.5))
        diagram.add_glyph(
            self._squares,
            Rect(**square, fill_color=GRAY, fill_alpha=0.08, line_color=GRAY, line_alpha=0.35),
        )
        place = {"x": "x", "y": "y", "dw": "dw", "dh": "dh"}
        diagram.add_glyph(self.maps, Image(image="image", color_mapper=mapper, **place))
        diagram.add_glyph(
            self.dead, Rect(**square, fill_color=GRAY, fill_alpha=0.85, line_color=None)
        )
        diagram.add_glyph(
            self.biases,
            Scatter(
                marker="marker", size=7, fill_color="color", fill_alpha="alpha", line_color=GRAY
            ),
        )
        diagram.add_glyph(self.off, Scatter(marker="x", size=13, line_color=RED, line_width=2.5))
        diagram.add_glyph(
            self._frame, Rect(**square, fill_alpha=0, line_color=GRAY, line_width=2.5)
        )
        diagram.add_glyph(
            self._texts,
            Text(
                text="text",
                text_align="align",
                text_baseline="baseline",
                text_color="color",
                text_font_size="11px",
            ),
        )
        return diagram


def legend_html(links: Sequence[Links], sizes: Sequence[int], off: int = 0, dead: int = 0) -> str:
    """Return what the colors, lines and marks of the diagram mean.

    Parameters
    ----------
    links
        The weights that are drawn.
    sizes
        Units of every layer, the features first.
    off, dead
        How many units are ablated, and how many output 0 for every training point.
    """
    drawn, total = sum(len(found.weights) for found in links), sum(found.total for found in links)
    sentences = [
        gettext(
            "Each square shows the output of a unit over the plane, scaled to its largest, or the "
            "probability of a class; lines are weights in the same colors, dashed if negative, "
            "wider if larger."
        ),
        gettext(
            "Click a unit to ablate it, a line or a bias (small square, a diamond if negative) to "
            "edit it.",
        ),
    ]
    if drawn != total:
        strongest = gettext(
            "Drawn are the {drawn} strongest of {total} weights.",
            drawn=drawn,
            total=format_number(total),
        )
        sentences.insert(1, strongest)
    if max(sizes) > MAX_UNITS:
        sentences.append(gettext("Of wide layers, the first {count} units.", count=MAX_UNITS))
    if off:
        sentences.append(gettext("<b>{count} ablated</b> (crossed out).", count=off))
    if dead:
        sentences.append(
            gettext("<b>{count} dead</b> (grey): output 0 for every training point.", count=dead)
        )
    colors = gettext("Pink with holes is negative, green positive")
    bar = signed_scale_html(f"linear-gradient(90deg, {NEGATIVE}, transparent, {POSITIVE})")
    scale = f'<span class="scale" role="img" aria-label="{colors}">−{bar}+</span>'
    return f'<p class="quiet small">{scale} {" ".join(sentences)}</p>'


def _texts(blocks: Sequence[Block], titles: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return headings above the blocks, names beside the features and the classes."""
    first, *hidden, last = blocks
    names = [gettext("Layer {number}", number=block.layer + 1) for block in hidden]
    if len(hidden) > NAMED_LAYERS:
        names = [str(block.layer + 1) for block in hidden]
    texts: list[tuple[Any, ...]] = [
        (0.0, HEIGHT, gettext("Features"), "left", "top", GRAY),
        (WIDTH, HEIGHT, gettext("Classes"), "right", "top", GRAY),
    ]
    for block, name in zip(hidden, names, strict=True):
        middle = (block.left + block.right) / 2
        texts.append((middle, HEIGHT, name, "center", "top", GRAY))
    for unit, title in enumerate(titles):
        _, y = first.center(unit)
        texts.append((first.left - 5, y, title, "right", "middle", GRAY))
    for unit in range(last.units):
        _, y = last.center(unit)
        place = last.right + 5
        texts.append((place, y, CLASS_SIGNS[unit], "left", "middle", CLASS_COLORS[unit]))
        texts.append((place + 16, y, str(unit), "left", "middle", GRAY))
    return texts


def _columns(rows: Sequence[tuple[Any, ...]], source: ColumnDataSource) -> dict[str, list[Any]]:
    """Return rows as the columns of a source, which are in the same order."""
    return {name: [row[index] for row in rows] for index, name in enumerate(source.data)}


def _sign_color(value: float) -> str:
    return POSITIVE if value >= 0 else NEGATIVE
