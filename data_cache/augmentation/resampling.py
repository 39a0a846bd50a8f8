"""Reads pictures at places between their pixels, linearly between four neighbours.

What lies outside a picture is paper.
"""

from __future__ import annotations

import numpy as np

# A border of paper, so that the neighbours of every place exist.
_BORDER = 2


def resample(images: np.ndarray, columns: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
    """Read every pixel of new pictures from a place in the old ones.

    Parameters
    ----------
    images : (n, side, side) float32
    columns, rows : (n, side, side) float32
        The places, in pixels from the middle of the picture; overwritten.
    out : (n, side, side) float32
        Where the new pictures go.
    """
    n, side = images.shape[:2]
    width = side + 2 * _BORDER
    wide = np.zeros((n, width, width), np.float32)
    wide[:, _BORDER:-_BORDER, _BORDER:-_BORDER] = images
    corner, columns = _split(columns, width)
    row, rows = _split(rows, width)
    row *= width
    corner += row
    corner += (np.arange(n, dtype=np.int32) * (width * width))[:, None, None]
    # Once, not at each of the four reads.
    index = corner.astype(np.intp)
    flat = wide.reshape(-1)
    upper = _between(flat, index, columns)
    lower = _between(flat[width:], index, columns)
    lower -= upper
    lower *= rows
    np.add(upper, lower, out=out)


def _split(places: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Split places into whole indices of the bordered picture and fractions."""
    places += np.float32((width - 1) / 2)
    np.clip(places, 0, width - 1.001, out=places)
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
