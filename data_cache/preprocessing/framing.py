"""Puts a drawing into MNIST's own frame, so that a net trained on MNIST can read it anywhere.

The frame (LeCun, Cortes, Burges, "The MNIST database"): the ink fits a 20 × 20 box with its
proportions kept, and its centre of mass lies at the middle of the 28 × 28 picture.
"""

from __future__ import annotations

import numpy as np

from data_cache.preprocessing.boxes import resampling
from data_cache.preprocessing.cleaning import EDGE, clean
from data_cache.preprocessing.strokes import FINE, stroke_width, widen
from data_cache.samples import PIXELS, SIDE

BOX = 20
# MNIST's own pictures have their centre of mass between the indices 13.5 and 14.5, on average 14.
MIDDLE = 14
# A canvas whose darkest place is fainter than this is blank,
FAINT = 0.05
# and so is one with less ink in all than a quarter of one pixel of the 28 × 28 frame.
SPECK = 0.25
# Mean widths of strokes in pixels of the frame; of MNIST's digits, 3 % are thinner, 3 % thicker.
THINNEST, THICKEST = 1.6, 4.0
# From the first width on a stroke is thinned less, and from the second not at all: it is a blot.
BLOTTED, BLOT = 6.0, 7.5
# Canvases at a time, so that the work needs little memory.
_CHUNK = 64


def frame_digit(canvas: np.ndarray) -> np.ndarray | None:
    """Frame a drawing as MNIST would.

    Stray specks and a light veil of noise are left out; strokes thinner or thicker than MNIST's
    are brought to the nearest width that its writers have.

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
    ink = _checked(canvas)[np.newaxis]
    return None if _is_blank(ink)[0] else _framed(ink)[0]


def frame_digits(canvases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frame many drawings of one size, each as `frame_digit` does.

    Parameters
    ----------
    canvases : (n, side, side) numbers in [0, 1], or uint8 from 0 to 255; side ≥ 28

    Returns
    -------
    (n, 784) float32 in [0, 1], empty for blank canvases, and (n,) bool: which are not blank.
    """
    framed = np.zeros((len(canvases), PIXELS), np.float32)
    drawn = np.zeros(len(canvases), bool)
    for start in range(0, len(canvases), _CHUNK):
        part = slice(start, start + _CHUNK)
        pieces = canvases[part]
        if pieces.dtype == np.uint8:
            pieces = pieces / 255
        ink = np.stack([_checked(canvas) for canvas in pieces])
        drawn[part] = ~_is_blank(ink)
        framed[part][drawn[part]] = _framed(ink[drawn[part]])
    return framed, drawn


def shrink_canvas(canvas: np.ndarray) -> np.ndarray | None:
    """Bring a whole picture to 28 × 28 pixels as it stands, for data that have no such frame.

    Parameters, returns and errors are those of `frame_digit`.
    """
    ink = _checked(canvas)
    if _is_blank(ink[np.newaxis])[0]:
        return None
    side = len(ink)
    old, new, start = np.array([[side], [SIDE], [0]])
    weights = resampling(old, new, start, SIDE, side)[0]
    return (weights @ ink @ weights.T).clip(0, 1).astype(np.float32).reshape(PIXELS)


def _is_blank(ink: np.ndarray) -> np.ndarray:
    cell = ink.shape[1] / SIDE
    return (ink.max(axis=(1, 2)) < FAINT) | (ink.sum(axis=(1, 2)) < SPECK * cell * cell)


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


def _framed(ink: np.ndarray) -> np.ndarray:
    """Frame canvases (n, side, side) that are not blank; (n, 784) float32."""
    if not len(ink):
        return np.zeros((0, PIXELS), np.float32)
    ink = clean(ink)
    boxes = _fit_box(ink, BOX)
    width = stroke_width(boxes)
    missing = np.clip(width, THINNEST, THICKEST) - width
    missing *= np.clip((BLOT - width) / (BLOT - BLOTTED), 0, 1)
    odd = np.flatnonzero(missing)
    if len(odd):
        boxes[odd] = _with_usual_strokes(ink[odd], missing[odd])
    return _place(boxes)


def _with_usual_strokes(ink: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Make strokes wider by `missing` (n,) pixels of the frame and fit the box again."""
    margin = 2 * FINE  # more than any stroke grows
    fine = np.pad(_fit_box(ink, FINE * BOX), ((0, 0), (margin, margin), (margin, margin)))
    widened = widen(fine, FINE * missing / 2)
    # Strokes that are thick in some places only might vanish in others.
    lost = widened.max(axis=(1, 2)) < 0.5 * fine.max(axis=(1, 2))
    widened[lost] = fine[lost]
    return _fit_box(widened, BOX)


def _fit_box(ink: np.ndarray, box: int) -> np.ndarray:
    """Scale each ink so that its longer side has `box` pixels and the other keeps in proportion.

    Returns
    -------
    (n, box, box); what is narrower begins at the left, what is lower at the top.
    """
    marked = ink > EDGE
    top, height = _extent(np.any(marked, axis=2))
    left, width = _extent(np.any(marked, axis=1))
    longer = np.maximum(height, width)
    new_height = np.maximum(1, np.rint(height * box / longer).astype(int))
    new_width = np.maximum(1, np.rint(width * box / longer).astype(int))
    side = ink.shape[1]
    rows = resampling(height, new_height, top, box, side)
    columns = resampling(width, new_width, left, box, side)
    fitted: np.ndarray = rows @ ink @ columns.transpose(0, 2, 1)
    return fitted


def _extent(marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where the marks in lines (n, side) begin, and how many pixels they span."""
    first = marked.argmax(axis=1)
    last = marked.shape[1] - marked[:, ::-1].argmax(axis=1)
    return first, last - first


def _place(boxes: np.ndarray) -> np.ndarray:
    """Put boxes in empty frames, centre of mass within half a pixel of the middle."""
    total = boxes.sum(axis=(1, 2))
    top = _start(boxes.sum(axis=2), total)
    left = _start(boxes.sum(axis=1), total)
    # The frame has a margin as wide as the box, so that ink far off its centre of mass is cut
    # at the edge, as in MNIST itself, rather than moved.
    wide = np.zeros((len(boxes), SIDE + 2 * BOX, SIDE + 2 * BOX), np.float32)
    for picture, box, row, column in zip(wide, boxes, top.tolist(), left.tolist(), strict=True):
        picture[row + BOX : row + 2 * BOX, column + BOX : column + 2 * BOX] = box
    return np.clip(wide[:, BOX : BOX + SIDE, BOX : BOX + SIDE], 0, 1).reshape(-1, PIXELS)


def _start(profile: np.ndarray, total: np.ndarray) -> np.ndarray:
    centre = profile @ np.arange(profile.shape[1]) / total
    return np.floor(MIDDLE - centre + 0.5).astype(int)
