"""Where the maps of all units lie in the diagram of a network: a block of squares for each layer.

Everything is in units of the diagram, whose width and height are in a fixed proportion, so squares
stay square at every size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

WIDTH, HEIGHT = 400.0, 330.0
TOP = 18.0
"""Height of the headings above the blocks."""

LARGEST_CELL = 56.0
SMALLEST_CELL = 2.0
ONE_COLUMN = 10
"""Up to so many units stand in one column."""

GAP_SHARE = 0.3
"""Share of the width that gaps between the blocks get at least, as far as cells stay visible."""

SMALLEST_GAP, LARGEST_GAP = 12.0, 48.0


@dataclass(frozen=True)
class Block:
    """The squares of one layer, row by row from the upper left.

    Attributes
    ----------
    layer
        −1 for the features, from 0 for the hidden layers, then the classes.
    units
        How many are shown.
    columns, rows
        Of the grid of squares; the last row may be shorter.
    cell
        Side of a square.
    left, top
        The upper left corner; y grows upwards.
    """

    layer: int
    units: int
    columns: int
    rows: int
    cell: float
    left: float
    top: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.columns * self.cell

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top - self.rows * self.cell

    def row_end(self, unit: int) -> float:
        """Return the right edge of the row of a unit; the last row may be shorter."""
        row = unit // self.columns
        return self.left + min(self.columns, self.units - row * self.columns) * self.cell

    def center(self, unit: int) -> tuple[float, float]:
        """Return the center of the square of a unit."""
        row, column = divmod(unit, self.columns)
        return self.left + (column + 0.5) * self.cell, self.top - (row + 0.5) * self.cell


def arrange_blocks(counts: Sequence[int], *, left: float = 0.0, right: float = 0.0) -> list[Block]:
    """Return the blocks of layers with these numbers of shown units, from left to right.

    Parameters
    ----------
    counts
        Of the features, every hidden layer and the classes; each at least 1.
    left, right
        Margins that stay free.
    """
    width, height = WIDTH - left - right, HEIGHT - TOP
    gaps = len(counts) - 1
    gap = min(max(GAP_SHARE * width / gaps, SMALLEST_GAP), LARGEST_GAP)
    cells, grids = _choose_cells(counts, width - gaps * gap, height)
    used = sum(cell * columns for cell, (columns, _) in zip(cells, grids, strict=True))
    gap = (width - used) / gaps
    blocks = []
    for index, (count, cell, grid) in enumerate(zip(counts, cells, grids, strict=True)):
        columns, rows = grid
        top = (height + rows * cell) / 2
        blocks.append(Block(index - 1, count, columns, rows, cell, left, top))
        left += columns * cell + gap
    return blocks


def _choose_cells(
    counts: Sequence[int], width: float, height: float
) -> tuple[list[float], list[tuple[int, int]]]:
    """Return the side of the squares and the columns and rows of every block.

    Layers of few units get larger squares than the others, though not more than twice as large.
    """
    large = LARGEST_CELL
    while True:
        small = large
        while small >= max(large / 2, SMALLEST_CELL):
            cells = [_cell(count, small, large, height) for count in counts]
            grids = [_grid(count, cell, height) for count, cell in zip(counts, cells, strict=True)]
            used = sum(cell * columns for cell, (columns, _) in zip(cells, grids, strict=True))
            if used <= width or large <= SMALLEST_CELL:
                return cells, grids
            small -= 1.0
        large -= 1.0


def _cell(count: int, small: float, large: float, height: float) -> float:
    return min(large, height / count) if count <= ONE_COLUMN else small


def _grid(count: int, cell: float, height: float) -> tuple[int, int]:
    """Return the columns and rows of a block that is not higher than `height`."""
    fewest = ceil(count / int(height / cell + 1e-9))
    if fewest == 1:
        return 1, count
    # One more column may leave fewer places of the last row empty.
    columns = min((fewest, fewest + 1), key=lambda columns: -count % columns)
    return columns, ceil(count / columns)
