"""Colors of the plane: of classes, of the regions that a network assigns to them, of hidden units.

Regions and unit maps are transparent, so the same pixels suit a light and a dark page.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.shell.pictures import NEGATIVE, POSITIVE

CLASS_COLORS = (
    "#3f90da",
    "#ffa90e",
    "#92dadd",
    "#bd1f01",
    "#717581",
    "#b9ac70",
    "#a96b59",
    "#e76300",
    "#832db6",
    "#94a4a2",
)
"""Colors of the points of ten classes, "#rrggbb", distinguishable with color vision deficiency.

They are the ten of M. A. Petroff, "Accessible Color Sequences for Data Visualization"
(arXiv:2107.02270, 2021), reordered so that the first few are as far apart as possible.
"""

REGION_OPACITY = 0.6

LEVELS = 129
"""Size of the palette of unit maps; it is odd, so that the middle level stands for zero."""


def pack_pixels(channels: np.ndarray) -> np.ndarray:
    """Return (..., 4) uint8 of red, green, blue, alpha as (...) uint32, the format of Bokeh."""
    return np.ascontiguousarray(channels).view(np.uint32)[..., 0]


def _region_channels() -> NDArray[np.float32]:
    alpha = f"{round(255 * REGION_OPACITY):02x}"
    return np.array([[*bytes.fromhex(color[1:] + alpha)] for color in CLASS_COLORS], np.float32)


REGION_CHANNELS = _region_channels()
"""Red, green, blue and alpha of the region of each class, (10, 4) float32 in [0, 255]."""

REGION_PIXELS = pack_pixels(REGION_CHANNELS.astype(np.uint8))
"""The same as pixels, (10,) uint32."""


def _unit_palette() -> tuple[str, ...]:
    middle = LEVELS // 2
    colors = []
    for level in range(LEVELS):
        share = (level - middle) / middle
        red, green, blue = POSITIVE if share > 0 else NEGATIVE
        colors.append(f"#{red:02x}{green:02x}{blue:02x}{round(235 * abs(share)):02x}")
    return tuple(colors)


UNIT_PALETTE = _unit_palette()
"""Colors "#rrggbbaa" of activations: orange below zero, blue above, transparent at zero."""


def unit_levels(activations: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return indices into `UNIT_PALETTE` for the activations of units.

    Parameters
    ----------
    activations : (units, height, width)
        Each unit is scaled by its largest magnitude; NaN and infinity count as zero.

    Returns
    -------
    (units, height, width) uint8
    """
    finite = np.nan_to_num(activations, nan=0, posinf=0, neginf=0)
    largest = np.abs(finite).max(axis=(1, 2), keepdims=True)
    middle = LEVELS // 2
    return np.round(middle + middle * finite / np.where(largest > 0, largest, 1)).astype(np.uint8)


def tile(maps: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Return maps (units, side, side) in one picture, row by row from the top left.

    Returns
    -------
    (rows * (side + 2), columns * (side + 2)) uint8
        The lowest row comes first; every map has a margin of one pixel, and unused cells are at
        the level of zero.
    """
    units, side, _ = maps.shape
    rows = -(-units // columns)
    grid = np.full((rows * columns, side + 2, side + 2), LEVELS // 2, np.uint8)
    grid[:units, 1:-1, 1:-1] = maps
    # Maps begin with their lowest row, so the rows of maps are reversed too.
    placed = grid.reshape(rows, columns, side + 2, side + 2)[::-1]
    return np.ascontiguousarray(
        placed.transpose(0, 2, 1, 3).reshape(rows * (side + 2), columns * (side + 2))
    )
