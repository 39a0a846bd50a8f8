"""Puts a drawing into MNIST's own frame, so that a net trained on MNIST can read it anywhere.

The frame (LeCun, Cortes, Burges, "The MNIST database"): the ink fits a 20 × 20 box with its
proportions kept, and its centre of mass lies at the middle of the 28 × 28 picture.
"""

from __future__ import annotations

import numpy as np

from data_cache.samples import PIXELS, SIDE

BOX = 20
# MNIST's own pictures have their centre of mass between the indices 13.5 and 14.5, on average 14.
MIDDLE = 14
# Below MNIST's faintest pixel (1/255): what is fainter is rounding, not the edge of a stroke.
EDGE = 1 / 512
# A canvas whose darkest place is fainter than this is blank,
FAINT = 0.05
# and so is one with less ink in all than a quarter of one pixel of the 28 × 28 frame.
SPECK = 0.25


def frame_digit(canvas: np.ndarray) -> np.ndarray | None:
    """Frame a drawing as MNIST would.

    Parameters
    ----------
    canvas : (side, side) numbers in [0, 1], side ≥ 28
        Ink high: 0 is paper, 1 is full ink.

    Returns
    -------
    (784,) float32 in [0, 1], or None when the canvas is blank (nothing but faint
    traces, or no more than a speck)

    Raises
    ------
    ValueError
        If the canvas is not square, too small, not of numbers, or has values outside [0, 1].
    """
    ink = _checked(canvas)
    if _is_blank(ink):
        return None
    marked = ink > EDGE
    rows, columns = _extent(marked, axis=1), _extent(marked, axis=0)
    small = _fit_box(ink[rows, columns])
    return _place(small).reshape(PIXELS)


def shrink_canvas(canvas: np.ndarray) -> np.ndarray | None:
    """Bring a whole picture to 28 × 28 pixels as it stands, for data that have no such frame.

    Parameters, returns and errors are those of `frame_digit`.
    """
    ink = _checked(canvas)
    if _is_blank(ink):
        return None
    weights = _resampling(ink.shape[0], SIDE)
    return (weights @ ink @ weights.T).clip(0, 1).astype(np.float32).reshape(PIXELS)


def _is_blank(ink: np.ndarray) -> bool:
    cell = ink.shape[0] / SIDE
    return bool(ink.max() < FAINT or ink.sum() < SPECK * cell * cell)


def _checked(canvas: np.ndarray) -> np.ndarray:
    try:
        ink = np.asarray(canvas, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"A canvas needs numbers in [0, 1], but got {type(canvas)}.") from error
    if ink.ndim != 2 or ink.shape[0] != ink.shape[1] or ink.shape[0] < SIDE:
        raise ValueError(
            f"A canvas needs a square shape of at least {SIDE} × {SIDE}, but got {ink.shape}."
        )
    low, high = ink.min(), ink.max()
    if not (low >= 0 and high <= 1):  # also true for NaN
        row, column = np.argwhere(~((ink >= 0) & (ink <= 1)))[0]
        raise ValueError(
            "A canvas needs values in [0, 1] (0 is paper, 1 is ink), but the value in row "
            f"{row}, column {column} is {ink[row, column]}."
        )
    return ink


def _extent(marked: np.ndarray, axis: int) -> slice:
    places = np.flatnonzero(marked.any(axis=axis))
    return slice(int(places[0]), int(places[-1]) + 1)


def _fit_box(ink: np.ndarray) -> np.ndarray:
    """Scale the ink so that its longer side has 20 pixels and the other keeps in proportion."""
    height, width = ink.shape
    longer = max(height, width)
    new_height = max(1, round(height * BOX / longer))
    new_width = max(1, round(width * BOX / longer))
    return _resampling(height, new_height) @ ink @ _resampling(width, new_width).T


def _resampling(old: int, new: int) -> np.ndarray:
    """Weights (new, old) that turn `old` pixels in a line into `new`; each row sums to 1.

    Smaller: the average over the area that a new pixel covers, so that no stroke is missed.
    Larger: linear between the two nearest old pixels, so that no steps appear.
    """
    if new <= old:
        edges = np.arange(new + 1) * (old / new)
        pixels = np.arange(old)
        overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
        return np.maximum(overlap, 0) * (new / old)
    centres = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
    return np.maximum(0, 1 - np.abs(centres[:, None] - np.arange(old)))


def _place(small: np.ndarray) -> np.ndarray:
    """Put the scaled ink in an empty frame, centre of mass within half a pixel of the middle."""
    total = small.sum()
    top = _start(small.sum(axis=1), total)
    left = _start(small.sum(axis=0), total)
    # The frame has a margin as wide as the box, so that ink far off its centre of mass is cut
    # at the edge, as in MNIST itself, rather than moved.
    wide = np.zeros((SIDE + 2 * BOX, SIDE + 2 * BOX), np.float32)
    wide[top + BOX : top + BOX + small.shape[0], left + BOX : left + BOX + small.shape[1]] = small
    return np.clip(wide[BOX : BOX + SIDE, BOX : BOX + SIDE], 0, 1)


def _start(profile: np.ndarray, total: float) -> int:
    centre = float(profile @ np.arange(len(profile))) / total
    return int(np.floor(MIDDLE - centre + 0.5))
