"""Where the layers of a network lie in their picture: one below the other, units in a grid.

It depends on the architecture alone, so nothing moves while it trains or while one draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isqrt

from nn import Conv2D, Network

WIDTH = 440.0
"""Width of the picture; all lengths are in its units, which are pixels where it is not scaled."""
MAX_UNITS = 256
"""Units of a dense layer that are shown, the first ones."""
MAX_PIXELS = 65_536
"""Pixels of the feature maps of one layer that are shown."""
MIN_MAPS = 16

LABEL = 17.0
"""Height of the line of text above a row."""
SQUARE = 96.0
"""Side of the pictures of the input and of the chosen unit."""
SQUARES = (0.0, (WIDTH - SQUARE) / 2, WIDTH - SQUARE)
"""Left edges of these three pictures."""
HIDDEN_HEIGHT = 320.0
"""Height of all hidden layers together, with their lines of text."""
MIN_HEIGHT, MAX_HEIGHT = 26.0, 160.0
"""Height of the grid of one layer."""
MAX_CELL = 40.0
OUTPUT_CELL = 34.0
"""Sides of a cell, at most."""
CLASS_LABEL = 16.0
LONG_CLASS_LABEL = 48.0
MAX_LABELLED = 20
"""Classes that have labels; more would overlap."""
GAP = 6.0


@dataclass(frozen=True)
class LayerPlace:
    """The grid of the units of one layer, filled row by row from the upper left.

    Attributes
    ----------
    layer
        Index of the layer, from 0.
    units, shown
        All its units or filters, and how many of them, the first ones, have a cell.
    columns, rows
        Of the grid.
    cell
        Side of a cell.
    left, top
        The upper left corner of the grid.
    is_output
        Whether it is the output layer, whose units are the classes.
    """

    layer: int
    units: int
    shown: int
    columns: int
    rows: int
    cell: float
    left: float
    top: float
    is_output: bool

    @property
    def width(self) -> float:
        """Of the grid."""
        return self.columns * self.cell

    @property
    def height(self) -> float:
        """Of the grid."""
        return self.rows * self.cell

    def center(self, unit: int) -> tuple[float, float]:
        """Return the middle of a unit's cell, from the upper left of the picture."""
        row, column = divmod(unit, self.columns)
        return self.left + (column + 0.5) * self.cell, self.top + (row + 0.5) * self.cell


@dataclass(frozen=True)
class Arrangement:
    """The places of all layers, the height of the whole picture, and the names of the classes."""

    places: tuple[LayerPlace, ...]
    height: float
    class_names: tuple[str, ...]


def arrange(network: Network, class_names: tuple[str, ...]) -> Arrangement:
    """Return the places of the layers of a network; `class_names` decide the height of labels."""
    hidden = len(network.layers) - 1
    budget = HIDDEN_HEIGHT / hidden - LABEL - GAP if hidden else 0.0
    height = min(max(budget, MIN_HEIGHT), MAX_HEIGHT)
    top = LABEL + SQUARE + GAP
    places = []
    for index, layer in enumerate(network.layers):
        is_output = index == hidden
        units = int(layer.weights.shape[1])
        shown = units if is_output else min(units, shown_units(network, index))
        columns, cell = _grid(shown, WIDTH, OUTPUT_CELL if is_output else height)
        rows = ceil(shown / columns)
        top += LABEL
        places.append(LayerPlace(index, units, shown, columns, rows, cell, 0.0, top, is_output))
        top += rows * cell + GAP
    return Arrangement(tuple(places), top + class_label_height(class_names), class_names)


def shown_units(network: Network, layer: int) -> int:
    """Return how many units of a layer fit at most."""
    chosen = network.layers[layer]
    if not isinstance(chosen, Conv2D):
        return MAX_UNITS
    side = chosen.convolved_shape.height + 1
    return min(MAX_UNITS, max(MIN_MAPS, MAX_PIXELS // side**2))


def class_label_height(class_names: tuple[str, ...]) -> float:
    """Return the height of the line with the names of the classes, 0 without any."""
    if len(class_names) > MAX_LABELLED:
        return 0.0
    return LONG_CLASS_LABEL if has_long_names(class_names) else CLASS_LABEL


def has_long_names(class_names: tuple[str, ...]) -> bool:
    """Return whether the names of the classes are slanted, because they would overlap."""
    return any(len(name) > 3 for name in class_names)


def square_side(count: int) -> int:
    """Return the side of the smallest square that holds `count` pixels."""
    return isqrt(max(count, 1) - 1) + 1


def _grid(count: int, width: float, height: float) -> tuple[int, float]:
    """Return the number of columns and the side of the largest square cells that fit."""
    best = (count, min(width / count, MAX_CELL, height))
    for rows in range(1, count + 1):
        columns = ceil(count / rows)
        cell = min(width / columns, MAX_CELL, height / rows)
        if cell > best[1]:
            best = (columns, cell)
        if height / rows < best[1]:
            break
    return best
