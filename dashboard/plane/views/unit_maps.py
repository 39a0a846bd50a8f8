"""Maps of what the units of a hidden layer compute over the plane, all in one picture.

Pointing at one enlarges it in the plane, a click switches the unit off or on; `unit_maps.js`
finds out which one is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, sqrt
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import (
    ColumnDataSource,
    Image,
    LinearColorMapper,
    RadioButtonGroup,
    Range1d,
    Rect,
    Scatter,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.plane.colors import UNIT_PALETTE, tile, unit_levels
from dashboard.shell.components.client_component import ClientComponent, Signatures
from dashboard.shell.theme import Theme

COMMANDS: Signatures = {"look": (int,), "toggle": (int,)}
"""The commands of the maps: the unit that is pointed at, or -1; and the unit to switch."""
HEIGHT = 148
WIDTH = 440
"""The width of the picture on a desktop, in pixels; decides how the maps are arranged."""

PAPER = ":host { touch-action: pan-y; }"


class UnitMaps:
    """The maps of one hidden layer.

    Parameters
    ----------
    theme
        Style sheets.
    point_at
        Called with the index of the unit that is pointed at, or None.
    toggle
        Called with the index of the unit that is clicked.
    choose_layer
        Called with the index of the hidden layer that is chosen.
    """

    def __init__(
        self,
        theme: Theme,
        *,
        point_at: Callable[[int | None], None],
        toggle: Callable[[int], None],
        choose_layer: Callable[[int], None],
    ) -> None:
        self.picture = ColumnDataSource(
            _columns(np.zeros((2, 2), np.uint8), 1, 1, 0), name="unit-maps"
        )
        self._frame = ColumnDataSource({"x": [], "y": []})
        self._off = ColumnDataSource({"x": [], "y": []})
        self.figure = self._make_figure()
        self.layers = RadioButtonGroup(
            labels=["Layer 1"], active=0, margin=0, stylesheets=[theme.widgets], visible=False
        )
        self.layers.on_change("active", lambda _name, _old, new: choose_layer(new or 0))
        self.caption = theme.text(caption_html(0, 0, 0))
        self._empty = theme.text(
            '<p class="quiet">This network has no hidden units: its inputs connect directly to the '
            "classes.</p>"
        )
        self._maps = pn.pane.Bokeh(self.figure, sizing_mode="stretch_width", margin=0)
        self.view = pn.Column(
            pn.Row(
                theme.text("<h2>Hidden units</h2>"),
                pn.pane.Bokeh(self.layers, margin=0),
                sizing_mode="stretch_width",
                margin=0,
            ),
            self._maps,
            self.caption,
            self._empty,
            css_classes=["ink-spiral-units"],
            sizing_mode="stretch_width",
            stylesheets=[":host { gap: 4px; }"],
            margin=0,
        )
        self._component = ClientComponent(
            "unit_maps.js",
            self.figure,
            parts={"maps": self.picture, "frame": self._frame},
            signatures=COMMANDS,
            commands={
                "look": lambda unit: point_at(unit if unit >= 0 else None),
                "toggle": toggle,
            },
        )

    @property
    def layer(self) -> int:
        """The index of the layer that is shown."""
        return int(self.layers.active or 0)

    def draw_layers(self, count: int) -> None:
        """Offer `count` hidden layers to choose from; say so if there is none."""
        labels = [f"Layer {number}" for number in range(1, count + 1)] or ["Layer 1"]
        if self.layers.labels != labels:
            active = min(self.layer, len(labels) - 1)
            self.layers.update(labels=labels, active=active, visible=count > 1)
        for part, shown in ((self._maps, count > 0), (self.caption, count > 0)):
            part.visible = shown
        self._empty.visible = count == 0

    def draw(self, maps: NDArray[np.floating], off: list[int], units: int) -> None:
        """Show maps, (n, side, side), of the first n units of a layer, and which units are off."""
        columns = columns_for(len(maps))
        rows = ceil(len(maps) / columns)
        before = self.picture.data
        self.picture.data = _columns(tile(unit_levels(maps), columns), columns, rows, len(maps))
        if any(before[name] != self.picture.data[name] for name in ("columns", "rows", "units")):
            self.figure.x_range.end, self.figure.y_range.end = columns, rows
            self._frame.data = {"x": [], "y": []}
        self._draw_off([unit for unit in off if unit < len(maps)], columns, rows)
        self._say(len(maps), units, len(off))

    def _draw_off(self, off: list[int], columns: int, rows: int) -> None:
        data = {
            "x": [unit % columns + 0.5 for unit in off],
            "y": [rows - unit // columns - 0.5 for unit in off],
        }
        if self._off.data != data:
            self._off.data = data

    def _say(self, shown: int, units: int, off: int) -> None:
        html = caption_html(shown, units, off)
        if self.caption.object != html:
            self.caption.object = html

    def _make_figure(self) -> figure:
        maps = figure(
            x_range=Range1d(0, 1),
            y_range=Range1d(0, 1),
            height=HEIGHT,
            sizing_mode="stretch_width",
            tools="",
            toolbar_location=None,
            min_border=0,
            outline_line_color=None,
            stylesheets=[PAPER],
            name="inkling-unit-maps",
        )
        maps.axis.visible = False
        maps.grid.visible = False
        mapper = LinearColorMapper(palette=list(UNIT_PALETTE), low=0, high=len(UNIT_PALETTE) - 1)
        maps.add_glyph(
            self.picture,
            Image(image="image", color_mapper=mapper, x=0, y=0, dw="columns", dh="rows"),
        )
        maps.add_glyph(
            self._off, Scatter(marker="x", size=13, line_color="#e03131", line_width=2.5)
        )
        maps.add_glyph(
            self._frame,
            Rect(width=1, height=1, fill_alpha=0, line_color="#7f8796", line_width=2),
        )
        return maps


def _columns(
    picture: NDArray[np.uint8], columns: int, rows: int, units: int
) -> dict[str, list[Any]]:
    return {"image": [picture], "columns": [columns], "rows": [rows], "units": [units]}


def columns_for(units: int) -> int:
    """Return how many maps to put side by side, so that they come out nearly square."""
    return max(1, min(units, ceil(sqrt(units * WIDTH / HEIGHT))))


def caption_html(shown: int, units: int, off: int) -> str:
    """Say what the maps show and how to use them."""
    more = f" The first {shown} of {units:,}." if units > shown else ""
    switched = f" <b>{off} off.</b>" if off else ""
    return (
        f'<p class="quiet small">Blue above zero, orange below. Point at one to enlarge it, click '
        f"to switch it off.{more}{switched}</p>"
    )
