"""Scales and centres a drawing as the images of MNIST are, whatever its position and size.

MNIST (LeCun, Cortes, Burges, "The MNIST database"): the ink fits a 20 × 20 box with its aspect
ratio kept, and its centre of mass is at the centre of the 28 × 28 image.
"""

from __future__ import annotations

import numpy as np

from data_cache.preprocessing.cleaning import EDGE, clean
from data_cache.preprocessing.morphology import change_stroke_width, stroke_width
from data_cache.samples import PIXELS, SIDE
from data_cache.texts import gettext

BOX = 20
# MNIST's images have their centre of mass between the indices 13.5 and 14.5, on average 14.
CENTRE = 14
# A canvas is blank if its maximum is below this,
FAINT = 0.05
# or its total ink is below this many pixels of the 28 × 28 image.
SPECK = 0.25
# Mean stroke widths in pixels of the image; of MNIST's digits, 3 % are thinner, 3 % thicker.
THINNEST, THICKEST = 1.6, 4.0
# Above the first width strokes are thinned less, and above the second, as for blots, not at all.
BLOTTED, BLOT = 6.0, 7.5
# Stroke widths are changed at three times the resolution of the image.
_FINE = 3
# Canvases at a time, to limit memory.
_CHUNK = 64


def frame_digit(canvas: np.ndarray) -> np.ndarray | None:
    """Scale and centre a drawing as the images of MNIST are.

    Specks and background noise are removed; strokes thinner or thicker than MNIST's are brought to
    the nearest of its widths.

    Parameters
    ----------
    canvas : (side, side) numbers in [0, 1]
        Side from 28; 0 is the background, 1 full ink.

    Returns
    -------
    (784,) float32 in [0, 1] or None
        None if the canvas is blank: nothing but faint traces or a speck.

    Raises
    ------
    ValueError
        If the canvas is not square, is too small, or has values that are not in [0, 1].
    """
    ink = _check_canvas(canvas)[np.newaxis]
    return None if _is_blank(ink)[0] else _frame(ink)[0]


def frame_digits(canvases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale and centre several drawings, each as `frame_digit` does.

    Parameters
    ----------
    canvases : (n, side, side) numbers in [0, 1], or uint8 in 0…255
        Side from 28.

    Returns
    -------
    images : (n, 784) float32 in [0, 1]
        All 0 for blank canvases.
    is_drawn : (n,) bool
        Which canvases are not blank.

    Raises
    ------
    ValueError
        As `frame_digit`.
    """
    framed = np.zeros((len(canvases), PIXELS), np.float32)
    is_drawn = np.zeros(len(canvases), bool)
    for start in range(0, len(canvases), _CHUNK):
        part = slice(start, start + _CHUNK)
        pieces = canvases[part]
        if pieces.dtype == np.uint8:
            pieces = pieces / 255
        ink = np.stack([_check_canvas(canvas) for canvas in pieces])
        is_drawn[part] = ~_is_blank(ink)
        framed[part][is_drawn[part]] = _frame(ink[is_drawn[part]])
    return framed, is_drawn


def shrink_canvas(canvas: np.ndarray) -> np.ndarray | None:
    """Downscale a whole canvas to 28 × 28 pixels, for data sets that are not centred like MNIST.

    Parameters, returns and errors are those of `frame_digit`.
    """
    ink = _check_canvas(canvas)
    if _is_blank(ink[np.newaxis])[0]:
        return None
    side = len(ink)
    old, new, start = np.array([[side], [SIDE], [0]])
    weights = _resampling_weights(old, new, start, SIDE, side)[0]
    return (weights @ ink @ weights.T).clip(0, 1).astype(np.float32).reshape(PIXELS)


def _is_blank(ink: np.ndarray) -> np.ndarray:
    cell = ink.shape[1] / SIDE
    return (ink.max(axis=(1, 2)) < FAINT) | (ink.sum(axis=(1, 2)) < SPECK * cell * cell)


def _check_canvas(canvas: np.ndarray) -> np.ndarray:
    try:
        ink = np.asarray(canvas, dtype=np.float64)
    except (TypeError, ValueError) as error:
        found = np.asarray(canvas).dtype
        raise ValueError(
            gettext("Canvas: expected numbers in [0, 1], found {found}.", found=found)
        ) from error
    if ink.ndim != 2 or ink.shape[0] != ink.shape[1] or ink.shape[0] < SIDE:
        raise ValueError(
            gettext(
                "Canvas: expected a square shape from {side} × {side}, found {shape}.",
                side=SIDE,
                shape=ink.shape,
            )
        )
    low, high = ink.min(), ink.max()
    if not (low >= 0 and high <= 1):  # also true for NaN
        row, column = np.argwhere(~((ink >= 0) & (ink <= 1)))[0]
        raise ValueError(
            gettext(
                "Canvas: expected values in [0, 1] (0 is the background, 1 full ink), "
                "found {ink} in row {row}, column {column}.",
                ink=ink[row, column],
                row=row,
                column=column,
            )
        )
    return ink


def _frame(ink: np.ndarray) -> np.ndarray:
    """Scale and centre canvases (n, side, side) that are not blank; (n, 784) float32."""
    if not len(ink):
        return np.zeros((0, PIXELS), np.float32)
    ink = clean(ink)
    boxes = _fit_box(ink, BOX)
    width = stroke_width(boxes)
    missing = np.clip(width, THINNEST, THICKEST) - width
    missing *= np.clip((BLOT - width) / (BLOT - BLOTTED), 0, 1)
    unusual = np.flatnonzero(missing)
    if len(unusual):
        boxes[unusual] = _normalize_strokes(ink[unusual], missing[unusual])
    return _centre_boxes(boxes)


def _normalize_strokes(ink: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Make strokes wider by `missing` (n,) pixels of the image and fit the box again."""
    margin = 2 * _FINE  # more than any stroke grows
    fine = np.pad(_fit_box(ink, _FINE * BOX), ((0, 0), (margin, margin), (margin, margin)))
    widened = change_stroke_width(fine, _FINE * missing / 2)
    # Strokes that are thick only in part may vanish elsewhere.
    lost = widened.max(axis=(1, 2)) < 0.5 * fine.max(axis=(1, 2))
    widened[lost] = fine[lost]
    return _fit_box(widened, BOX)


def _fit_box(ink: np.ndarray, box: int) -> np.ndarray:
    """Scale the ink of each canvas so that its longer side has `box` pixels, at the top left.

    Returns (n, box, box).
    """
    marked = ink > EDGE
    top, height = _extent(np.any(marked, axis=2))
    left, width = _extent(np.any(marked, axis=1))
    longer = np.maximum(height, width)
    new_height = np.maximum(1, np.rint(height * box / longer).astype(int))
    new_width = np.maximum(1, np.rint(width * box / longer).astype(int))
    side = ink.shape[1]
    rows = _resampling_weights(height, new_height, top, box, side)
    columns = _resampling_weights(width, new_width, left, box, side)
    fitted: np.ndarray = rows @ ink @ columns.transpose(0, 2, 1)
    return fitted


def _extent(marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the index of the first mark in lines (n, side), and the span of all marks."""
    first = marked.argmax(axis=1)
    last = marked.shape[1] - marked[:, ::-1].argmax(axis=1)
    return first, last - first


def _centre_boxes(boxes: np.ndarray) -> np.ndarray:
    """Put boxes into empty images with the centre of mass within half a pixel of the centre."""
    total = boxes.sum(axis=(1, 2))
    top = _start_position(boxes.sum(axis=2), total)
    left = _start_position(boxes.sum(axis=1), total)
    # With a margin as wide as the box, ink far from its centre of mass is cut off at the edge, as
    # in MNIST, instead of moved.
    wide = np.zeros((len(boxes), SIDE + 2 * BOX, SIDE + 2 * BOX), np.float32)
    for picture, box, row, column in zip(wide, boxes, top.tolist(), left.tolist(), strict=True):
        picture[row + BOX : row + 2 * BOX, column + BOX : column + 2 * BOX] = box
    return np.clip(wide[:, BOX : BOX + SIDE, BOX : BOX + SIDE], 0, 1).reshape(-1, PIXELS)


def _start_position(profile: np.ndarray, total: np.ndarray) -> np.ndarray:
    centre = profile @ np.arange(profile.shape[1]) / total
    return np.floor(CENTRE - centre + 0.5).astype(int)


def _resampling_weights(
    old: np.ndarray, new: np.ndarray, start: np.ndarray, box: int, side: int
) -> np.ndarray:
    """Return matrices (n, box, side) that resample lines of `old` pixels to lines of `new` pixels.

    The old pixels begin at `start` (n,) in a line of `side`. A smaller line is averaged over areas,
    so that no stroke is lost, a larger one linearly interpolated. Rows from `new` on are 0; the
    others sum to 1.
    """
    pixels = np.arange(side) - start[:, None, None]
    ratio = (old / new)[:, None, None]
    positions = np.arange(box)[None, :, None]
    overlap = np.minimum((positions + 1) * ratio, pixels + 1) - np.maximum(
        positions * ratio, pixels
    )
    averaged = np.maximum(overlap, 0) / ratio
    last = old[:, None, None] - 1
    centres = np.clip((positions + 0.5) * ratio - 0.5, 0, last)
    between = np.maximum(0, 1 - np.abs(centres - pixels))
    weights = np.where(ratio >= 1, averaged, between)
    inside = (pixels >= 0) & (pixels <= last) & (positions < new[:, None, None])
    result: np.ndarray = weights * inside
    return result
