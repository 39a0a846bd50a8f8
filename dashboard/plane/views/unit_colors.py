"""Colours for what a hidden unit computes: orange below zero, blue above, clear at zero.

They are transparent towards zero, so the page shines through, be it light or dark.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 129
"""An odd number: the middle level is zero."""

BELOW = (224, 122, 16)
ABOVE = (59, 105, 219)


def _palette() -> tuple[str, ...]:
    middle = LEVELS // 2
    colors = []
    for level in range(LEVELS):
        share = (level - middle) / middle
        red, green, blue = ABOVE if share > 0 else BELOW
        colors.append(f"#{red:02x}{green:02x}{blue:02x}{round(235 * abs(share)):02x}")
    return tuple(colors)


UNIT_PALETTE = _palette()


def unit_levels(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Turn the values of units into levels of the palette.

    Parameters
    ----------
    values
        (units, height, width), finite or not; each unit is scaled by its own largest size.

    Returns
    -------
    The same shape in uint8; what is not finite counts as zero.
    """
    known = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    largest = np.abs(known).max(axis=(1, 2), keepdims=True)
    shares = known / np.where(largest > 0, largest, 1)
    middle = LEVELS // 2
    return np.round(middle + middle * shares).astype(np.uint8)


def tile(maps: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Put maps (units, side, side) into one picture, row by row from the top left.

    Returns
    -------
    The picture with its lowest row first; each map keeps a margin of one pixel, and room that no
    unit needs is at zero.
    """
    units, side, _ = maps.shape
    rows = -(-units // columns)
    margin = LEVELS // 2
    grid = np.full((rows * columns, side + 2, side + 2), margin, np.uint8)
    grid[:units, 1:-1, 1:-1] = maps
    # Maps begin with their lowest row, so the rows of maps are put upside down too.
    placed = grid.reshape(rows, columns, side + 2, side + 2)[::-1]
    return np.ascontiguousarray(
        placed.transpose(0, 2, 1, 3).reshape(rows * (side + 2), columns * (side + 2))
    )
