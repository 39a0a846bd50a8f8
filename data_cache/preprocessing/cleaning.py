"""Takes off a canvas what nobody wrote: a veil of noise over the paper, and stray specks.

Strokes that stand apart, as the bar of a five, stay: they are long, or near the rest.
"""

from __future__ import annotations

import numpy as np

from data_cache.preprocessing.components import label_components

# Below MNIST's faintest pixel (1/255): what is fainter is rounding, not the edge of a stroke.
EDGE = 1 / 512
# Ink fainter than this share of the darkest may be noise; it is, where so much paper has it.
_FAINT_SHARE, _NOISY_SHARE = 0.25, 0.25
# Noise above its mean by more standard deviations than this is taken for ink.
_NOISE_DEVIATIONS = 6.0
# Cells along a side of the grid on which marks are told apart.
_GRID = 56
# A mark with this share of the largest one's ink and of its length is a stroke, however far off.
_STROKE_SHARE, _STROKE_LENGTH = 0.07, 0.28
# A smaller one belongs to the digit when it is as near as this share of the digit's longer side.
_NEAR_SHARE = 0.1


def clean(ink: np.ndarray) -> np.ndarray:
    """Return the ink of canvases without noise and specks.

    Parameters
    ----------
    ink : (n, side, side) floating in [0, 1]
        Not blank.

    Returns
    -------
    The same array when there was nothing to take off, else a new one.
    """
    ink = _without_noise(ink)
    labels = label_components(_grid_marks(ink))
    # The components are counted by their last cells, those that kept their own numbers.
    own = np.arange(1, labels[0].size + 1, dtype=np.int32).reshape(labels[0].shape)
    several = np.flatnonzero((labels == own).sum(axis=(1, 2)) > 1)
    if not len(several):
        return ink
    cleaned = ink.copy()
    step = _grid_step(ink.shape[1])
    for index in several.tolist():
        dropped = _specks(cleaned[index], labels[index], step)
        if dropped.any():
            wide = np.repeat(np.repeat(dropped, step, axis=0), step, axis=1)
            cleaned[index][wide[: ink.shape[1], : ink.shape[2]]] = 0
    return cleaned


def _without_noise(ink: np.ndarray) -> np.ndarray:
    """Take off a veil: faint ink that lies over a good part of the canvas."""
    darkest = ink.max(axis=(1, 2), keepdims=True)
    faint = (ink > EDGE) & (ink < _FAINT_SHARE * darkest)
    noisy = np.flatnonzero(faint.mean(axis=(1, 2)) > _NOISY_SHARE)
    if not len(noisy):
        return ink
    ink = ink.copy()
    for index in noisy.tolist():
        canvas, peak = ink[index], float(darkest[index, 0, 0])
        paper = canvas[canvas < _FAINT_SHARE * peak]
        veil = min(paper.mean() + _NOISE_DEVIATIONS * paper.std(), peak / 2)
        ink[index] = np.clip((canvas - veil) * (peak / (peak - veil)), 0, 1)
    return ink


def _grid_step(side: int) -> int:
    return -(-side // _GRID)


def _grid_marks(ink: np.ndarray) -> np.ndarray:
    """Mark the cells of a grid of at most 56 × 56 that hold any ink."""
    marked = ink > EDGE
    step = _grid_step(ink.shape[1])
    if step == 1:
        return marked
    missing = -ink.shape[1] % step
    padded = np.pad(marked, ((0, 0), (0, missing), (0, missing)))
    cells = padded.shape[1] // step
    return np.any(padded.reshape(len(ink), cells, step, cells, step), axis=(2, 4))


def _specks(ink: np.ndarray, labels: np.ndarray, step: int) -> np.ndarray:
    """Return the cells (grid, grid) bool of marks that are neither strokes nor near the digit."""
    places = {
        number: np.argwhere(labels == number) for number in np.unique(labels).tolist() if number
    }
    amounts = np.bincount(labels.reshape(-1), weights=_cell_sums(ink, len(labels), step))
    largest = max(places, key=lambda number: amounts[number])
    length = _longer_side(places[largest])
    kept = {
        number
        for number, marks in places.items()
        if amounts[number] >= _STROKE_SHARE * amounts[largest]
        and _longer_side(marks) >= _STROKE_LENGTH * length
    }
    digit = np.concatenate([places[number] for number in kept])
    near = max(2.0, _NEAR_SHARE * _longer_side(digit))
    is_growing = True
    while is_growing:
        is_growing = False
        for number in places.keys() - kept:
            if _gap(places[number], digit) <= near:
                kept.add(number)
                digit = np.concatenate([digit, places[number]])
                is_growing = True
    return (labels > 0) & ~np.isin(labels, list(kept))


def _cell_sums(ink: np.ndarray, cells: int, step: int) -> np.ndarray:
    """Return the ink in every cell of the grid, (cells²,)."""
    missing = cells * step - len(ink)
    padded = np.pad(ink, ((0, missing), (0, missing)))
    sums: np.ndarray = padded.reshape(cells, step, cells, step).sum(axis=(1, 3)).reshape(-1)
    return sums


def _longer_side(places: np.ndarray) -> int:
    """Return how many cells a mark spans, down or to the right."""
    return int(np.ptp(places, axis=0).max()) + 1


def _gap(places: np.ndarray, others: np.ndarray) -> int:
    """Return the distance in cells between two sets of places, along rows or columns."""
    return int(np.abs(places[:, None] - others[None]).max(axis=2).min())
