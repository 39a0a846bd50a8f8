"""Finds which marks on a canvas hang together: the connected components of ink.

Labels are spread by whole sweeps along rows and columns, many canvases at once, so that a long
winding stroke takes a few rounds and not one for each of its cells.
"""

from __future__ import annotations

import numpy as np


def label_components(marked: np.ndarray) -> np.ndarray:
    """Give all cells of a component the same number.

    Parameters
    ----------
    marked : (n, side, side) bool
        Cells that touch by a side or a corner hang together.

    Returns
    -------
    (n, side, side) int32: 0 where nothing is marked, else a number from 1 to side², the same for
    all cells of a component and different for different components of a canvas.
    """
    cells = marked.shape[1] * marked.shape[2]
    labels = np.arange(1, cells + 1, dtype=np.int32).reshape(1, *marked.shape[1:]) * marked
    # Which stretch of marks along a row or column a cell is in: they are parted by paper.
    stretches = [np.cumsum(~marked, axis=axis, dtype=np.int32) * (cells + 1) for axis in (1, 2)]
    while True:
        before = labels
        labels = _from_neighbours(labels) * marked
        for axis, stretch in zip((1, 2), stretches, strict=True):
            labels = _sweep(labels, stretch, axis) * marked
        if np.array_equal(labels, before):
            return labels


def _sweep(labels: np.ndarray, stretch: np.ndarray, axis: int) -> np.ndarray:
    """Bring the greatest label of every stretch of marks to all of its cells."""
    forth = np.maximum.accumulate(labels + stretch, axis=axis) - stretch
    falling = stretch.max() - stretch
    back = np.flip(np.maximum.accumulate(np.flip(forth + falling, axis=axis), axis=axis), axis=axis)
    swept: np.ndarray = back - falling
    return swept


def _from_neighbours(labels: np.ndarray) -> np.ndarray:
    """Take the greatest label of the nine cells around and at each cell."""
    down = labels.copy()
    np.maximum(down[:, 1:], labels[:, :-1], out=down[:, 1:])
    np.maximum(down[:, :-1], labels[:, 1:], out=down[:, :-1])
    both = down.copy()
    np.maximum(both[:, :, 1:], down[:, :, :-1], out=both[:, :, 1:])
    np.maximum(both[:, :, :-1], down[:, :, 1:], out=both[:, :, :-1])
    return both
