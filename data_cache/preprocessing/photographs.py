"""Separates handwriting from the background of a photograph or scan, also in uneven light.

The result is a canvas like that of the drawing pad, for `frame_digit`.
"""

from __future__ import annotations

import numpy as np

from data_cache.preprocessing.morphology import dilate, erode

CANVAS_SIDE = 168
"""Side of the canvas in pixels."""
# The background at a pixel is estimated from this share of the picture around it.
_NEIGHBOURHOOD = 0.25
# A contrast with the background below this share of the full range is shading, not ink.
_LEAST_CONTRAST = 0.08
# Where ink begins and where it is full, in multiples of Otsu's threshold.
_BEGIN, _FULL = 0.6, 1.4


def find_ink(picture: np.ndarray) -> np.ndarray:
    """Return the ink of a greyscale picture, dark on light or light on dark.

    The border, most of which is background, tells which. The background is estimated locally by a
    morphological closing, so shadows have no effect; ink is what exceeds Otsu's threshold.

    Parameters
    ----------
    picture : (height, width) floating
        Any range; both sides from 1.

    Returns
    -------
    (168, 168) float32 in [0, 1]
        0 is the background, 1 full ink; all 0 if there is no ink.

    Raises
    ------
    ValueError
        If the picture has another number of dimensions, or no pixels.

    References
    ----------
    N. Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979.
    """
    grey = _small(np.asarray(picture, np.float64))
    # Strokes cover less of the border than the background does.
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    is_dark = np.median(border) < (grey.min() + grey.max()) / 2
    light = grey if not is_dark else -grey
    contrast = _background(light) - light
    span = float(grey.max() - grey.min())
    if span <= 0:
        return np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    level = max(_otsu(contrast), _LEAST_CONTRAST * span)
    if contrast.max() < level:
        return np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    ink = np.clip((contrast / level - _BEGIN) / (_FULL - _BEGIN), 0, 1)
    return _pad_to_square(ink).astype(np.float32)


def _small(picture: np.ndarray) -> np.ndarray:
    """Downscale a picture by area averages until its longer side fits the canvas."""
    if picture.ndim != 2 or 0 in picture.shape:
        raise ValueError(f"Picture: expected shape (height, width), found {picture.shape}.")
    height, width = picture.shape
    longer = max(height, width)
    rows, columns = (max(1, round(size * min(1, CANVAS_SIDE / longer))) for size in (height, width))
    down = _averages(picture, rows)
    return _averages(down.T, columns).T


def _averages(lines: np.ndarray, count: int) -> np.ndarray:
    """Average the rows of a picture into `count` rows of equal height."""
    sums = np.concatenate([np.zeros((1, lines.shape[1])), np.cumsum(lines, axis=0)])
    edges = np.linspace(0, len(lines), count + 1)
    whole = np.minimum(edges.astype(int), len(lines) - 1)
    totals = sums[whole] + (edges - whole)[:, None] * lines[whole]
    averages: np.ndarray = np.diff(totals, axis=0) / (len(lines) / count)
    return averages


def _background(light: np.ndarray) -> np.ndarray:
    """Estimate the background at every pixel by a greyscale closing, which follows gradients."""
    reach = max(1, round(_NEIGHBOURHOOD * max(light.shape) / 2))
    # A mean filter first, so that a single bright grain is not taken for the background.
    closed = _mean(light, 1)[np.newaxis]
    for extend in (dilate, erode):
        for _ in range(reach):
            closed = extend(closed, diagonals=True)
    # The layout of the picture, because it determines the order of summation.
    return _mean(np.asfortranarray(closed[0]), max(1, reach // 4))


def _mean(picture: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean within `reach` pixels along both axes."""
    for axis in (0, 1):
        padded = np.pad(picture, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], "edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=axis)
        picture = np.mean(windows, axis=-1)
    return picture


def _otsu(contrast: np.ndarray) -> float:
    """Return the threshold with the greatest variance between the two classes (Otsu, 1979)."""
    counts, edges = np.histogram(contrast, bins=128)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.nanargmax(np.where((below > 0) & (above > 0), between, -1))])


def _pad_to_square(ink: np.ndarray) -> np.ndarray:
    """Put ink in the middle of an empty canvas."""
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE))
    top, left = ((CANVAS_SIDE - size) // 2 for size in ink.shape)
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas
