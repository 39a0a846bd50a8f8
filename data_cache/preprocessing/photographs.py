"""Separates the digits of a photograph or scan from the paper, also in uneven light.

Each becomes a canvas like that of the drawing pad, for `frame_digit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data_cache.preprocessing.ink_components import (
    DigitGroup,
    find_components,
    find_digits,
    remove_rules,
)
from data_cache.preprocessing.morphology import dilate
from data_cache.preprocessing.paper_edges import find_paper

CANVAS_SIDE = 168
"""Side of the canvas in pixels."""
WORKING_SIDE = 560
"""Longer side in pixels of the picture in which digits are looked for."""
# A smaller picture is enlarged by a whole factor.
_SMALL_SIDE = 168
# The background at a pixel is estimated from this share of the picture around it.
_NEIGHBOURHOOD = 0.25
# Side of the picture in which the local median is computed, and of its window.
_MEDIAN_SIDE, _MEDIAN_WINDOW = 56, 21
# Strokes are thinner than these shares of the picture; the next one is tried where there is not
# so much thin ink, in pixels of the least contrast, or not so many times more light than dark ink.
_STROKE_WIDTHS, _LEAST_INK, _CLEARLY_MORE = (0.08, 0.25), 0.001, 3.0
# A contrast with the background below so many grey levels of 255 is the texture of paper,
_LEAST_CONTRAST = 22.0
# or below so many standard deviations of the noise, or this share of the strongest.
_NOISE_DEVIATIONS, _LEAST_SHARE = 6.0, 0.22
# Where ink begins and where it is full, in multiples of Otsu's threshold.
_BEGIN, _FULL = 0.6, 1.4
# Around a digit, as a share of its longer side.
_MARGIN = 0.3
# A digit is at most this many times as wide as high; two that touch are wider.
_WIDEST = 1.75


@dataclass(frozen=True, eq=False)
class PictureDigit:
    """A digit in a picture.

    Attributes
    ----------
    canvas : (168, 168) float32 in [0, 1]
        0 is the background, 1 full ink.
    is_cut : bool
        Whether the edge of the picture cuts it.
    is_wide : bool
        Whether it is too wide for one digit.
    """

    canvas: np.ndarray
    is_cut: bool
    is_wide: bool


@dataclass(frozen=True, eq=False)
class PictureDigits:
    """The digits in a picture, line by line, each from left to right.

    Attributes
    ----------
    digits : tuple of PictureDigit
    is_ruled : bool
        Whether rules or a box were removed.
    is_ink_light : bool
        Whether the ink is lighter than the ground.
    """

    digits: tuple[PictureDigit, ...]
    is_ruled: bool
    is_ink_light: bool = False


def find_ink(picture: np.ndarray) -> np.ndarray:
    """Return the ink of a greyscale picture, dark on light or light on dark.

    Parameters
    ----------
    picture : (height, width) floating
        In 0…255, or in [0, 1]; both sides from 1.

    Returns
    -------
    (168, 168) float32 in [0, 1]
        0 is the background, 1 full ink; all 0 if there is no ink. The digits of the picture,
        large in the middle.

    Raises
    ------
    ValueError
        If the picture has another number of dimensions, or no pixels.
    """
    grey = _check_picture(picture)
    groups, is_dark, *_ = _find_groups(grey)
    if not groups:
        return np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    together = DigitGroup(tuple(one for group in groups for one in group.components), False)
    return _draw_group(grey, together, is_dark)


def find_picture_digits(picture: np.ndarray, is_ink_light: bool | None = None) -> PictureDigits:
    """Return the digits in a greyscale picture, each on a canvas of its own.

    Whether ink is dark or light is decided by which is thinner, unless `is_ink_light` says it. The
    background is estimated locally by a morphological closing, so shadows have no effect; ink is
    what exceeds Otsu's threshold. Rules, frames, boxes, what lies along the edges, and specks are
    left out.

    Other parameters and errors are those of `find_ink`.

    References
    ----------
    N. Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979.
    """
    grey = _check_picture(picture)
    groups, is_dark, is_ruled = _find_groups(grey, is_ink_light)
    digits = []
    for group in groups:
        top, bottom, left, right = group.box
        canvas = _draw_group(grey, group, is_dark)
        if not canvas.any():
            continue
        is_wide = right - left > _WIDEST * (bottom - top)
        digits.append(PictureDigit(canvas, group.is_cut, is_wide))
    return PictureDigits(tuple(digits), is_ruled, is_dark)


def _check_picture(picture: np.ndarray) -> np.ndarray:
    grey = np.asarray(picture, np.float64)
    if grey.ndim != 2 or 0 in grey.shape:
        raise ValueError(f"Picture: expected shape (height, width), found {grey.shape}.")
    grey = grey * 255 if grey.max() <= 1 else grey
    grey = _crop_to_paper(grey)
    factor = _SMALL_SIDE // max(grey.shape)
    if factor < 2:
        return grey
    # In a coarse picture, strokes are connected by pixels that are only partly covered.
    return _resize(grey, [factor * size for size in grey.shape])


def _crop_to_paper(grey: np.ndarray) -> np.ndarray:
    """Return a picture without the desk, or the frame of a scanner, around the paper."""
    working = _downscale(grey, WORKING_SIDE)
    paper = find_paper(working, max(_LEAST_CONTRAST, _NOISE_DEVIATIONS * _noise_deviation(working)))
    rows, columns = (
        slice(round(part.start * size / count), round(part.stop * size / count))
        for part, size, count in zip(paper, grey.shape, working.shape, strict=True)
    )
    return grey[rows, columns]


def _find_groups(
    grey: np.ndarray, is_ink_light: bool | None = None
) -> tuple[list[DigitGroup], bool, bool]:
    """Return the digits in the working picture, whether ink is light, and if there are rules."""
    working = _downscale(grey, WORKING_SIDE)
    if np.ptp(working) < _LEAST_CONTRAST:
        return [], False, False
    level = max(_LEAST_CONTRAST, _NOISE_DEVIATIONS * _noise_deviation(working))
    is_dark = _is_ink_light(working, level) if is_ink_light is None else is_ink_light
    light = -working if is_dark else working
    contrast = _estimate_background(light) - light
    level = max(level, _LEAST_SHARE * float(np.quantile(contrast, 0.999)))
    mask = contrast > level
    if not mask.any():
        return [], is_dark, False
    stripped, is_ruled = remove_rules(mask, contrast > 0.5 * level, contrast)
    components = find_components(stripped, contrast)
    groups = find_digits(components, mask.shape, level, is_ruled=is_ruled)
    return groups, is_dark, is_ruled


def _is_ink_light(grey: np.ndarray, floor: float) -> bool:
    """Tell whether what differs from the local median by more than `floor` is lighter than it.

    Ink covers less than half of any neighbourhood, and at a straight edge, as that of the paper on
    a desk, the median is right on both sides.
    """
    coarse = _downscale(grey, _MEDIAN_SIDE)
    reach = _MEDIAN_WINDOW // 2
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(coarse, reach, "symmetric"), (_MEDIAN_WINDOW, _MEDIAN_WINDOW)
    )
    median = np.median(windows.reshape(*coarse.shape, -1), axis=-1)
    difference = grey - _resize(median, grey.shape)
    for share in _STROKE_WIDTHS:
        # Ink is thinner than this, unlike the corners of the paper on a desk.
        reach = max(1, round(share * max(grey.shape) / 2))
        light, dark = (
            float(np.maximum(np.minimum(sign * difference, top_hat) - floor, 0).sum())
            for sign, top_hat in (
                (1, grey + _close(-grey, reach)),
                (-1, _close(grey, reach) - grey),
            )
        )
        if max(light, dark) > _LEAST_INK * grey.size * floor and (
            max(light, dark) > _CLEARLY_MORE * min(light, dark)
        ):
            break
    else:
        light, dark = (float(np.maximum(sign * difference - floor, 0).sum()) for sign in (1, -1))
    return light > dark


def _draw_group(grey: np.ndarray, group: DigitGroup, is_dark: bool) -> np.ndarray:
    """Return the canvas of a digit: the picture around it again, in a finer resolution."""
    rows, columns = _scaled_shape(grey.shape, WORKING_SIDE)
    mask = np.zeros(rows * columns, bool)
    for component in group.components:
        mask[component.pixels] = True
    top, bottom, left, right = group.box
    margin = max(2, round(_MARGIN * max(bottom - top, right - left)))
    top, left = max(0, top - margin), max(0, left - margin)
    bottom, right = min(rows, bottom + margin), min(columns, right + margin)
    inside = mask.reshape(rows, columns)[top:bottom, left:right]
    scale = grey.shape[0] / rows, grey.shape[1] / columns
    part = grey[
        int(top * scale[0]) : max(int(bottom * scale[0]), int(top * scale[0]) + 1),
        int(left * scale[1]) : max(int(right * scale[1]), int(left * scale[1]) + 1),
    ]
    part = _downscale(part, CANVAS_SIDE)
    light = -part if is_dark else part
    contrast = _estimate_background(light) - light
    wide = _resize(inside.astype(float), part.shape) > 0
    for _ in range(2):
        wide = dilate(wide[np.newaxis], diagonals=True)[0]
    strokes = contrast[wide]
    level = max(_otsu_threshold(strokes), 0.5 * _LEAST_CONTRAST) if len(strokes) else 1.0
    ink = np.clip((contrast / level - _BEGIN) / (_FULL - _BEGIN), 0, 1) * wide
    return _pad_to_square(ink).astype(np.float32)


def _scaled_shape(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    share = min(1, side / max(shape))
    rows, columns = (max(1, round(size * share)) for size in shape)
    return rows, columns


def _downscale(picture: np.ndarray, side: int) -> np.ndarray:
    """Downscale a picture by area averages until its longer side is at most `side`."""
    rows, columns = _scaled_shape(picture.shape, side)
    down = _average_rows(picture, rows)
    return _average_rows(down.T, columns).T


def _average_rows(lines: np.ndarray, count: int) -> np.ndarray:
    """Average the rows of a picture into `count` rows of equal height."""
    if count == len(lines):
        return lines
    sums = np.concatenate([np.zeros((1, lines.shape[1])), np.cumsum(lines, axis=0)])
    edges = np.linspace(0, len(lines), count + 1)
    whole = np.minimum(edges.astype(int), len(lines) - 1)
    totals = sums[whole] + (edges - whole)[:, None] * lines[whole]
    averages: np.ndarray = np.diff(totals, axis=0) / (len(lines) / count)
    return averages


def _resize(picture: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Interpolate a picture linearly to another shape."""
    for axis, count in enumerate(shape):
        size = picture.shape[axis]
        places = np.clip((np.arange(count) + 0.5) * size / count - 0.5, 0, size - 1)
        low = np.minimum(places.astype(int), max(size - 2, 0))
        share = (places - low).reshape([-1 if a == axis else 1 for a in (0, 1)])
        high = np.minimum(low + 1, size - 1)
        picture = picture.take(low, axis) * (1 - share) + picture.take(high, axis) * share
    return picture


def _noise_deviation(picture: np.ndarray) -> float:
    """Return the standard deviation of the noise, from the differences of neighbours."""
    if min(picture.shape) < 3:
        return 0.0
    bend = picture[:, 2:] - 2 * picture[:, 1:-1] + picture[:, :-2]
    return float(np.median(np.abs(bend)) / 0.6745 / np.sqrt(6))


def _close(light: np.ndarray, reach: int) -> np.ndarray:
    """Return the greyscale closing with a square of 2 · reach + 1 pixels.

    The picture goes on beyond its edges as at its edges.
    """
    wide = np.pad(light, 2 * reach + 1, "edge")
    closed = -_window_maximum(-_window_maximum(wide, reach), reach)
    return closed[1:-1, 1:-1]


def _window_maximum(picture: np.ndarray, reach: int) -> np.ndarray:
    """Return the maximum of every window of 2 · reach + 1 pixels in both directions."""
    window = 2 * reach + 1
    for axis in (0, 1):
        lines = np.moveaxis(picture, axis, 0)
        size = 1
        while 2 * size <= window:
            lines = np.maximum(lines[:-size], lines[size:])
            size *= 2
        if size < window:
            rest = window - size
            lines = np.maximum(lines[:-rest], lines[rest:])
        picture = np.moveaxis(lines, 0, axis)
    return picture


def _close_locally(light: np.ndarray) -> np.ndarray:
    """Return a greyscale closing wider than strokes, for which no single bright pixel counts.

    An opening first, because it keeps the edge of the paper where it is, unlike a mean (alternating
    filter; Sternberg, "Grayscale morphology", 1986).
    """
    opened = -_close(-light, 1)
    return _close(opened, max(1, round(_NEIGHBOURHOOD * max(light.shape) / 2)))


def _estimate_background(light: np.ndarray) -> np.ndarray:
    """Estimate the background at every pixel by a greyscale closing, which follows gradients."""
    closed = _close_locally(light)
    reach = max(1, round(_NEIGHBOURHOOD * max(light.shape) / 2))
    # The layout of the picture, because it determines the order of summation.
    smooth = _mean_filter(np.asfortranarray(closed), max(1, reach // 4))
    # Across the edge of the paper the mean would be too light for the desk.
    return np.minimum(smooth, closed)


def _mean_filter(picture: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean within `reach` pixels along both axes."""
    for axis in (0, 1):
        padded = np.pad(picture, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], "edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=axis)
        picture = np.mean(windows, axis=-1)
    return picture


def _otsu_threshold(contrast: np.ndarray) -> float:
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
