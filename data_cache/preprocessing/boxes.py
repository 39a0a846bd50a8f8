"""Scales the ink of many canvases into boxes, each by its own factor, with products of matrices.

Smaller: the average over the area that a new pixel covers, so that no stroke is missed.
Larger: linear between the two nearest old pixels, so that no steps appear.
"""

from __future__ import annotations

import numpy as np


def resampling(
    old: np.ndarray, new: np.ndarray, start: np.ndarray, box: int, side: int
) -> np.ndarray:
    """Return weights that turn lines of `old` pixels into lines of `new` pixels.

    Parameters
    ----------
    old, new : (n,) integers
        Pixels before and after.
    start : (n,) integers
        Where the old pixels begin in a line of `side`.
    box : int
        Rows of each table of weights; those from `new` on are zero.
    side : int
        Columns of each table.

    Returns
    -------
    (n, box, side) float64; the rows in use sum to 1.
    """
    pixels = np.arange(side) - start[:, None, None]
    ratio = (old / new)[:, None, None]
    places = np.arange(box)[None, :, None]
    overlap = np.minimum((places + 1) * ratio, pixels + 1) - np.maximum(places * ratio, pixels)
    averaged = np.maximum(overlap, 0) / ratio
    last = old[:, None, None] - 1
    centres = np.clip((places + 0.5) * ratio - 0.5, 0, last)
    between = np.maximum(0, 1 - np.abs(centres - pixels))
    weights = np.where(ratio >= 1, averaged, between)
    inside = (pixels >= 0) & (pixels <= last) & (places < new[:, None, None])
    result: np.ndarray = weights * inside
    return result
