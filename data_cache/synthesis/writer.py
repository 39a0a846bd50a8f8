"""A writer: turns a style of handwriting into the lines that one person's pen leaves.

What all styles share varies here: slant, proportions, curvature, speed, tremor, and whether strokes
are joined or broken.
"""

from __future__ import annotations

import numpy as np

from data_cache.synthesis.handwriting_style import HandwritingStyle
from data_cache.synthesis.rendering import curve, length, resample_line

Lines = list[np.ndarray]

# Distance of points on a line in units of the digit's box, before it is written at some speed.
_STEP = 0.025
# Standard deviations: of control points, of the slant (horizontal shift for a unit of height), of
# the logarithm of the ratio of width to height, of the rotation in degrees, and of the bow.
_POINT_NOISE, _SLANT, _ASPECT, _ROTATION, _BOW = 0.022, 0.18, 0.2, 5.0, 0.04
_MEAN_SLANT = 0.08
# Share of digits as wide as high, as of forms that are filled in and of scans cut to their box.
_FILLING_SHARE = 0.15
# Largest standard deviations of the smoothing of a line, and of its tremor, in units of the box.
_FASTEST, _SHAKIEST = 0.05, 0.014
# Shares of digits whose strokes are joined, whose ends are longer or shorter than meant, that are
# broken at one place, and that are recorded at few points as by some tablets.
_JOINED_SHARE, _END_SHARE, _BROKEN_SHARE, _FEW_SHARE = 0.15, 0.35, 0.08, 0.25
# Share of joined strokes among digits recorded at few points, because such tablets ignore that the
# pen is lifted; otherwise only strokes that begin near the end of the one before are joined.
_FEW_JOINED_SHARE, _NEAR = 0.4, 0.6


def write_lines(style: HandwritingStyle, generator: np.random.Generator) -> Lines:
    """Return the lines of one digit as a random writer of a style leaves them.

    Parameters
    ----------
    style : HandwritingStyle
    generator : numpy.random.Generator

    Returns
    -------
    list of (m, 2) float64
        x to the right and y down, the height of the digit about 1.
    """
    lines = []
    for stroke in style.vary(generator):
        noisy = stroke.points + _POINT_NOISE * generator.standard_normal(stroke.points.shape)
        lines.append(curve(type(stroke)(noisy, stroke.corners)))
    has_few_points = generator.random() < _FEW_SHARE
    joined_share = _FEW_JOINED_SHARE if has_few_points else _JOINED_SHARE
    if len(lines) > 1 and generator.random() < joined_share:
        lines = _join(lines, np.inf if has_few_points else _NEAR)
    if generator.random() < _END_SHARE:
        lines = [_change_ends(line, generator) for line in lines]
    speed = abs(generator.standard_normal()) / 2
    lines = [_write_at_speed(line, min(speed, 1), generator) for line in lines]
    if has_few_points:
        lines = _record_few_points(lines, generator)
    elif generator.random() < _BROKEN_SHARE:
        lines = _break(lines, generator)
    return _proportion(lines, generator, style.narrow)


def _join(lines: Lines, near: float) -> Lines:
    """Join each line to the one before if it begins within `near` of that one's end."""
    joined = lines[:1]
    for line in lines[1:]:
        if np.hypot(*(line[0] - joined[-1][-1])) < near:
            joined[-1] = np.concatenate([joined[-1], line])
        else:
            joined.append(line)
    return joined


def _change_ends(line: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Lengthen or shorten both ends of a line by up to 8 % of the box."""
    line = line.copy()
    for end, inner in ((0, 1), (-1, -2)):
        along = line[end] - line[inner]
        size = np.hypot(*along)
        if size > 0:
            line[end] += along / size * max(generator.uniform(-0.06, 0.08), -0.8 * size)
    return line


def _write_at_speed(line: np.ndarray, speed: float, generator: np.random.Generator) -> np.ndarray:
    """Return a line at equal steps, its curves cut as by a fast pen, and with tremor."""
    count = max(4, round(length(line) / _STEP))
    even = resample_line(line, count)
    smooth = _smooth(even, speed * _FASTEST / _STEP)
    smooth[[0, -1]] = even[[0, -1]]
    tremor = _smooth(generator.standard_normal(even.shape), 2.0)
    return smooth + _SHAKIEST * generator.random() ** 2 * 2.5 * tremor


def _smooth(points: np.ndarray, deviation: float) -> np.ndarray:
    """Return points smoothed along the line by a Gaussian kernel; the ends stay nearly in place."""
    reach = min(int(3 * deviation) + 1, len(points) - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(deviation, 0.1)) ** 2)
    kernel /= kernel.sum()
    before = 2 * points[:1] - points[reach:0:-1]
    after = 2 * points[-1:] - points[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, points, after])
    return np.stack([np.convolve(column, kernel, "valid") for column in padded.T], axis=1)


def _record_few_points(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return lines at 8 to 20 points in all."""
    total = sum(map(length, lines))
    count = generator.integers(8, 21)
    return [resample_line(line, max(2, round(count * length(line) / total))) for line in lines]


def _break(lines: Lines, generator: np.random.Generator) -> Lines:
    """Take a few points from the longest line, as where a pen leaves no ink."""
    longest = max(range(len(lines)), key=lambda index: len(lines[index]))
    line = lines[longest]
    if len(line) < 16:
        return lines
    start = int(generator.integers(6, len(line) - 8))
    gap = int(generator.integers(2, 5))
    return [*lines[:longest], line[:start], line[start + gap :], *lines[longest + 1 :]]


def _proportion(lines: Lines, generator: np.random.Generator, narrow: float) -> Lines:
    """Narrow, bow, slant and rotate lines about the middle of the box."""
    if generator.random() < _FILLING_SHARE:
        width = generator.uniform(0.75, 1.1)
    else:
        width = narrow * np.exp(_ASPECT * generator.standard_normal())
    slant = _MEAN_SLANT + _SLANT * generator.standard_normal()
    bow = _BOW * generator.standard_normal()
    angle = np.deg2rad(_ROTATION) * generator.standard_normal()
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = np.array([[width, 0], [-slant, 1]]) @ rotation
    written = []
    for line in lines:
        centred = line - 0.5
        bent = centred + np.stack([bow * (1 - 4 * centred[:, 1] ** 2), 0 * centred[:, 1]], axis=1)
        written.append(bent @ matrix)
    return written
