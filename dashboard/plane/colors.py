"""Colors of the plane: of classes, of the regions that a network assigns to them, of hidden units.

Regions and unit maps are transparent, so the same pixels suit a light and a dark page.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.shell.colors import CLASS_COLORS, NEGATIVE, POSITIVE

CLASS_MARKERS = (
    *("circle", "square", "triangle", "diamond", "inverted_triangle"),
    *("star", "plus", "hex", "circle_x", "square_x"),
)
"""Bokeh's markers of the points of ten classes, which differ without their colors, too."""

CLASS_SIGNS = ("●", "■", "▲", "◆", "▼", "★", "✚", "⬢", "⊗", "⊠")
"""The same shapes as characters, for texts and buttons."""

CLASS_DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot")
"""Line patterns of the classes' curves; the second five classes have them again."""

REGION_OPACITY = 0.6

LEVELS = 129
"""Colors of signed values in the palette; it is odd, so that the middle level stands for zero."""

ZERO = LEVELS // 2
"""The level of zero, which is transparent."""

STEPS = 12
"""Colors of the probability of each class in the palette, after the signed values."""

SMALLEST_SCALE = 1e-3
"""Magnitude that is shown in full color at least, so that rounding errors are not magnified."""


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
    colors = []
    for level in range(LEVELS):
        share = (level - ZERO) / ZERO
        opacity = round(235 * abs(share))
        colors.append(f"{POSITIVE if share > 0 else NEGATIVE}{opacity:02x}")
    for color in CLASS_COLORS:
        colors += [f"{color}{round(235 * step / (STEPS - 1)):02x}" for step in range(STEPS)]
    return tuple(colors)


UNIT_PALETTE = _unit_palette()
"""Colors "#rrggbbaa": values below zero, zero (transparent) and above, then the probabilities of
the classes, each in its own color."""


def value_levels(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return indices into `UNIT_PALETTE` for signed values of units.

    Parameters
    ----------
    values : (units, height, width)
        Each unit is scaled by its largest magnitude, at least `SMALLEST_SCALE`; NaN and infinity
        count as zero.

    Returns
    -------
    (units, height, width) uint8
    """
    finite = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    largest = np.abs(finite).max(axis=(1, 2), keepdims=True)
    shares = finite / np.maximum(largest, SMALLEST_SCALE)
    return np.round(ZERO + ZERO * shares).astype(np.uint8)


def class_levels(probabilities: NDArray[np.floating], first: int = 0) -> NDArray[np.uint8]:
    """Return indices into `UNIT_PALETTE` for the probabilities of classes.

    Parameters
    ----------
    probabilities : (classes, height, width)
        In [0, 1]; NaN counts as zero.
    first
        The class of the first map.

    Returns
    -------
    (classes, height, width) uint8
    """
    steps = np.round(np.nan_to_num(probabilities, nan=0) * (STEPS - 1)).astype(np.uint8)
    begins = LEVELS + STEPS * (first + np.arange(len(probabilities)))
    return steps + begins.astype(np.uint8)[:, np.newaxis, np.newaxis]


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
    grid = np.full((rows * columns, side + 2, side + 2), ZERO, np.uint8)
    grid[:units, 1:-1, 1:-1] = maps
    # Maps begin with their lowest row, so the rows of maps are reversed too.
    placed = grid.reshape(rows, columns, side + 2, side + 2)[::-1]
    return np.ascontiguousarray(
        placed.transpose(0, 2, 1, 3).reshape(rows * (side + 2), columns * (side + 2))
    )
