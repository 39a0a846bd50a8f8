"""Reads pictures at places between their pixels, linearly between four neighbours.

What lies outside a picture is paper.
"""

from __future__ import annotations

import numpy as np

from data_cache.samples import SIDE

# A border of paper, so that the neighbours of every place exist.
_BORDER = 2
_WIDE = SIDE + 2 * _BORDER
_MIDDLE = (SIDE - 1) / 2


def resample(images: np.ndarray, columns: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
    """Read every pixel of new pictures from a place in the old ones.

    Parameters
    ----------
    images : (n, 28, 28) float32
    columns, rows : (n, 28, 28) float32
        The places, in pixels from the middle of the picture; overwritten.
    out : (n, 28, 28) float32
        Where the new pictures go.
    """
    n = len(images)
    wide = np.zeros((n, _WIDE, _WIDE), np.float32)
    wide[:, _BORDER:-_BORDER, _BORDER:-_BORDER] = images
    corner, columns = _split(columns)
    row, rows = _split(rows)
    row *= _WIDE
    corner += row
    corner += (np.arange(n, dtype=np.int32) * (_WIDE * _WIDE))[:, None, None]
    # Once, not at each of the four reads.
    index = corner.astype(np.intp)
    flat = wide.reshape(-1)
    upper = _between(flat, index, columns)
    lower = _between(flat[_WIDE:], index, columns)
    lower -= upper
    lower *= rows
    np.add(upper, lower, out=out)


def _split(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split places into whole indices of the bordered picture and fractions."""
    places += np.float32(_MIDDLE + _BORDER)
    np.clip(places, 0, _WIDE - 1.001, out=places)
    whole = places.astype(np.int32)
    places -= whole
    return whole, places


def _between(flat: np.ndarray, index: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Read linearly between a pixel and its right neighbour."""
    # The indices are inside by construction; "wrap" spares NumPy looking for one that is not.
    left = flat.take(index, mode="wrap")
    right = flat[1:].take(index, mode="wrap")
    right -= left
    right *= part
    right += left
    return right
