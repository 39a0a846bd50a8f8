"""Greyscale dilation and erosion, stroke width, and connected components.

Framing, augmentation and the separation of photographs share them; many images at a time, so that
NumPy's cost per call is small.
"""

from __future__ import annotations

import numpy as np


def dilate(images: np.ndarray, *, diagonals: bool = False) -> np.ndarray:
    """Return the maximum of each pixel and its neighbours.

    Parameters
    ----------
    images : (n, rows, columns)
        Of any dtype.
    diagonals : bool
        Whether the neighbours are eight (a square) instead of four (a cross).

    Returns
    -------
    (n, rows, columns)
        New images of the same dtype.
    """
    return _extreme(images, np.maximum, diagonals)


def erode(images: np.ndarray, *, diagonals: bool = False) -> np.ndarray:
    """Return the minimum of each pixel and its neighbours; parameters as in `dilate`."""
    return _extreme(images, np.minimum, diagonals)


def _extreme(images: np.ndarray, extreme: np.ufunc, diagonals: bool) -> np.ndarray:
    result: np.ndarray = images.copy()
    extreme(result[:, 1:], images[:, :-1], out=result[:, 1:])
    extreme(result[:, :-1], images[:, 1:], out=result[:, :-1])
    source = result.copy() if diagonals else images
    extreme(result[:, :, 1:], source[:, :, :-1], out=result[:, :, 1:])
    extreme(result[:, :, :-1], source[:, :, 1:], out=result[:, :, :-1])
    return result


def stroke_width(images: np.ndarray) -> np.ndarray:
    """Return the mean width of the strokes in images.

    Parameters
    ----------
    images : (n, rows, columns) floating
        0 is the background.

    Returns
    -------
    (n,) floating
        In pixels.

    Notes
    -----
    Twice the ink over its total variation: a long line of width w has w ink and 2 edges for each
    pixel of its length, however blurred they are. Ends and crossings make it a little smaller.
    """
    # Two pixels of background, because half of every outer edge is outside the ink.
    count, rows, columns = images.shape
    padded = np.zeros((count, rows + 4, columns + 4), images.dtype)
    padded[:, 2:-2, 2:-2] = images
    right = np.abs(np.diff(padded, axis=2))[:, 1:-1]
    down = np.abs(np.diff(padded, axis=1))[:, :, 1:-1]
    gradients = np.hypot(right[:, :, 1:] + right[:, :, :-1], down[:, 1:] + down[:, :-1]) / 2
    variation = gradients.sum(axis=(1, 2))
    return 2 * images.sum(axis=(1, 2)) / np.maximum(variation, 1e-9)


def change_stroke_width(images: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return images with their strokes widened or thinned on each side.

    Dilation or erosion by an octagon, one pixel at a time: a cross and a square alternate. A
    fraction of a pixel is that fraction of the way to the next dilation or erosion, so that thin
    strokes become fainter but do not vanish.

    Parameters
    ----------
    images : (n, rows, columns) floating
    pixels : (n,) floating
        Added to each side of the strokes; taken from it if negative.

    Returns
    -------
    (n, rows, columns) floating
        New images of the same dtype.
    """
    result = images.copy()
    for step in range(int(np.ceil(np.abs(pixels).max(initial=0)))):
        part = np.clip(np.abs(pixels) - step, 0, 1)
        for sign, extend in ((1, dilate), (-1, erode)):
            chosen = np.flatnonzero((part > 0) & (np.sign(pixels) == sign))
            if len(chosen):
                old = result[chosen]
                new = extend(old, diagonals=step % 2 == 1)
                result[chosen] = old + part[chosen, None, None] * (new - old)
    return result


def label_components(marked: np.ndarray) -> np.ndarray:
    """Label the connected components of marked cells.

    Labels are spread by whole sweeps along rows and columns, so that a long winding stroke takes
    a few rounds and not one for each of its cells.

    Parameters
    ----------
    marked : (n, side, side) bool
        Cells that touch by a side or a corner are connected.

    Returns
    -------
    (n, side, side) int32
        0 where nothing is marked, else a number from 1 to side²: the index + 1 of the last cell
        of the component.
    """
    cells = marked.shape[1] * marked.shape[2]
    labels = np.arange(1, cells + 1, dtype=np.int32).reshape(1, *marked.shape[1:]) * marked
    # Which run of marked cells of a row or column a cell is in.
    runs = [np.cumsum(~marked, axis=axis, dtype=np.int32) * (cells + 1) for axis in (1, 2)]
    while True:
        before = labels
        labels = dilate(labels, diagonals=True) * marked
        for axis, run in zip((1, 2), runs, strict=True):
            labels = _sweep(labels, run, axis) * marked
        if np.array_equal(labels, before):
            return labels


def _sweep(labels: np.ndarray, run: np.ndarray, axis: int) -> np.ndarray:
    """Spread the greatest label of every run of marked cells to all of its cells."""
    forward = np.maximum.accumulate(labels + run, axis=axis) - run
    falling = run.max() - run
    backward = np.flip(
        np.maximum.accumulate(np.flip(forward + falling, axis=axis), axis=axis), axis=axis
    )
    swept: np.ndarray = backward - falling
    return swept
