"""Removes background noise and specks from a canvas.

Separate strokes, such as the bar of a five, are kept: they are long, or near the others.
"""

from __future__ import annotations

import numpy as np

from data_cache.preprocessing.morphology import label_components

# Below MNIST's faintest pixel (1/255): anything fainter is a rounding error.
EDGE = 1 / 512
# Ink fainter than this share of the maximum is noise if it covers this share of the canvas.
_FAINT_SHARE, _NOISY_SHARE = 0.25, 0.25
# What exceeds the mean of the noise by more standard deviations than this is ink.
_NOISE_DEVIATIONS = 6.0
# Cells along a side of the grid on which connected components are found.
_GRID = 56
# A component with these shares of the largest one's ink and length is a stroke.
_STROKE_SHARE, _STROKE_LENGTH = 0.07, 0.28
# A smaller one is kept within this distance of a stroke, as a share of the digit's longer side.
_NEAR_SHARE = 0.1


def clean(ink: np.ndarray) -> np.ndarray:
    """Return canvases without background noise and specks.

    Parameters
    ----------
    ink : (n, side, side) floating in [0, 1]
        Not blank.

    Returns
    -------
    (n, side, side)
        The same array if there was nothing to remove.
    """
    ink = _remove_noise(ink)
    labels = label_components(_mark_cells(ink))
    # Count the components by their last cells, whose labels are their own numbers.
    own = np.arange(1, labels[0].size + 1, dtype=np.int32).reshape(labels[0].shape)
    several = np.flatnonzero((labels == own).sum(axis=(1, 2)) > 1)
    if not len(several):
        return ink
    cleaned = ink.copy()
    step = _grid_step(ink.shape[1])
    for index in several.tolist():
        dropped = _find_specks(cleaned[index], labels[index], step)
        if dropped.any():
            wide = np.repeat(np.repeat(dropped, step, axis=0), step, axis=1)
            cleaned[index][wide[: ink.shape[1], : ink.shape[2]]] = 0
    return cleaned


def _remove_noise(ink: np.ndarray) -> np.ndarray:
    """Remove faint ink that covers a large part of the canvas."""
    darkest = ink.max(axis=(1, 2), keepdims=True)
    faint = (ink > EDGE) & (ink < _FAINT_SHARE * darkest)
    noisy = np.flatnonzero(faint.mean(axis=(1, 2)) > _NOISY_SHARE)
    if not len(noisy):
        return ink
    ink = ink.copy()
    for index in noisy.tolist():
        canvas, peak = ink[index], float(darkest[index, 0, 0])
        noise = canvas[canvas < _FAINT_SHARE * peak]
        level = min(noise.mean() + _NOISE_DEVIATIONS * noise.std(), peak / 2)
        ink[index] = np.clip((canvas - level) * (peak / (peak - level)), 0, 1)
    return ink


def _grid_step(side: int) -> int:
    return -(-side // _GRID)


def _mark_cells(ink: np.ndarray) -> np.ndarray:
    """Mark the cells of a grid of at most 56 × 56 that contain ink."""
    marked = ink > EDGE
    step = _grid_step(ink.shape[1])
    if step == 1:
        return marked
    missing = -ink.shape[1] % step
    padded = np.pad(marked, ((0, 0), (0, missing), (0, missing))) if missing else marked
    cells = padded.shape[1] // step
    return np.any(padded.reshape(len(ink), cells, step, cells, step), axis=(2, 4))


def _find_specks(ink: np.ndarray, labels: np.ndarray, step: int) -> np.ndarray:
    """Return the cells (grid, grid) bool of components that are neither strokes nor near one."""
    components = {
        number: np.argwhere(labels == number) for number in np.unique(labels).tolist() if number
    }
    amounts = np.bincount(labels.reshape(-1), weights=_sum_cells(ink, len(labels), step))
    largest = max(components, key=lambda number: amounts[number])
    length = _longer_side(components[largest])
    kept = {
        number
        for number, cells in components.items()
        if amounts[number] >= _STROKE_SHARE * amounts[largest]
        and _longer_side(cells) >= _STROKE_LENGTH * length
    }
    digit = np.concatenate([components[number] for number in kept])
    near = max(2.0, _NEAR_SHARE * _longer_side(digit))
    is_growing = True
    while is_growing:
        is_growing = False
        for number in components.keys() - kept:
            if _distance(components[number], digit) <= near:
                kept.add(number)
                digit = np.concatenate([digit, components[number]])
                is_growing = True
    return (labels > 0) & ~np.isin(labels, list(kept))


def _sum_cells(ink: np.ndarray, cells: int, step: int) -> np.ndarray:
    """Return the sum of the ink in every cell of the grid, (cells²,)."""
    missing = cells * step - len(ink)
    padded = np.pad(ink, ((0, missing), (0, missing)))
    sums: np.ndarray = padded.reshape(cells, step, cells, step).sum(axis=(1, 3)).reshape(-1)
    return sums


def _longer_side(cells: np.ndarray) -> int:
    """Return the longer side of the bounding box of cells (m, 2)."""
    return int(np.ptp(cells, axis=0).max()) + 1


def _distance(cells: np.ndarray, others: np.ndarray) -> int:
    """Return the Chebyshev distance between two sets of cells."""
    return int(np.abs(cells[:, None] - others[None]).max(axis=2).min())
