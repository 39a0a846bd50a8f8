"""Finds the ink in a photograph or a scan: dark on light or light on dark, in uneven light.

What comes out is a canvas as the drawing pad gives it, for `frame_digit`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SIDE = 168
"""Side of the canvas that a photograph becomes, in pixels."""
# The paper about a pixel is looked for within this share of the picture.
_NEIGHBOURHOOD = 0.25
# A difference from the paper smaller than this, in full contrasts, is shading and no ink.
_LEAST_CONTRAST = 0.08
# Where ink begins and where it is full, in levels of Otsu's threshold.
_BEGIN, _FULL = 0.6, 1.4


def find_ink(picture: np.ndarray) -> np.ndarray:
    """Turn a grey picture into ink on paper.

    Whether paper is light or dark is told by the border, most of which is paper; what is paper is
    told anew in every place, so a shadow over part of the picture does no harm.

    Parameters
    ----------
    picture : (height, width) floating, any range, both sides from 1

    Returns
    -------
    (168, 168) float32 in [0, 1], ink high; all 0 when there is nothing to be seen
    """
    grey = _small(np.asarray(picture, np.float64))
    # Text is thinner than paper: in the whole picture, the middle of all greys is paper.
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    is_dark = np.median(border) < (grey.min() + grey.max()) / 2
    light = grey if not is_dark else -grey
    contrast = _paper(light) - light
    span = float(grey.max() - grey.min())
    if span <= 0:
        return np.zeros((SIDE, SIDE), np.float32)
    level = max(_otsu(contrast), _LEAST_CONTRAST * span)
    if contrast.max() < level:
        return np.zeros((SIDE, SIDE), np.float32)
    ink = np.clip((contrast / level - _BEGIN) / (_FULL - _BEGIN), 0, 1)
    return _squared(ink).astype(np.float32)


def _small(picture: np.ndarray) -> np.ndarray:
    """Shrink a picture by whole steps, averaging, until its longer side fits."""
    if picture.ndim != 2 or 0 in picture.shape:
        raise ValueError(f"A picture needs the shape (height, width), but got {picture.shape}.")
    height, width = picture.shape
    longer = max(height, width)
    rows, columns = (max(1, round(size * min(1, SIDE / longer))) for size in (height, width))
    down = _averages(picture, rows)
    return _averages(down.T, columns).T


def _averages(lines: np.ndarray, count: int) -> np.ndarray:
    """Average the rows of a picture into `count` rows, each over the same stretch."""
    sums = np.concatenate([np.zeros((1, lines.shape[1])), np.cumsum(lines, axis=0)])
    edges = np.linspace(0, len(lines), count + 1)
    whole = np.minimum(edges.astype(int), len(lines) - 1)
    totals = sums[whole] + (edges - whole)[:, None] * lines[whole]
    averages: np.ndarray = np.diff(totals, axis=0) / (len(lines) / count)
    return averages


def _paper(light: np.ndarray) -> np.ndarray:
    """Estimate the paper under every pixel: a grey-scale closing, which follows slopes of light."""
    reach = max(1, round(_NEIGHBOURHOOD * max(light.shape) / 2))
    # A mean of three first, so that a single bright grain is not taken for the paper.
    smooth = _mean(light, 1)
    closed = -_greatest(-_greatest(smooth, reach), reach)
    return _mean(closed, max(1, reach // 4))


def _greatest(picture: np.ndarray, reach: int) -> np.ndarray:
    """Return the greatest value within `reach` pixels, along both axes."""
    return _within(picture, reach, np.max)


def _mean(picture: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean within `reach` pixels, along both axes."""
    return _within(picture, reach, np.mean)


def _within(picture: np.ndarray, reach: int, reduce: Callable[..., np.ndarray]) -> np.ndarray:
    for axis in (0, 1):
        padded = np.pad(picture, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], "edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=axis)
        picture = reduce(windows, axis=-1)
    return picture


def _otsu(contrast: np.ndarray) -> float:
    """Return the level that best parts two groups of values (Otsu, 1979)."""
    counts, edges = np.histogram(contrast, bins=128)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.nanargmax(np.where((below > 0) & (above > 0), between, -1))])


def _squared(ink: np.ndarray) -> np.ndarray:
    """Put ink in the middle of an empty square canvas."""
    canvas = np.zeros((SIDE, SIDE))
    top, left = ((SIDE - size) // 2 for size in ink.shape)
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas
