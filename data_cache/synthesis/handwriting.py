"""Generates handwritten digits in random styles, slants, sizes and stroke widths.

They cover writers, input devices and countries that MNIST has few of. They are made from the stroke
templates alone and contain nobody's handwriting.
"""

from __future__ import annotations

import numpy as np

from data_cache.preprocessing import frame_digit
from data_cache.samples import PIXELS, Samples
from data_cache.synthesis.rendering import curve, draw_lines, length, resample_line
from data_cache.synthesis.stroke_templates import styles_of

CANVAS = 84
"""Side of the canvas in pixels: that of the drawing pad."""

# Standard deviations in units of the digit's height, of template points and of curve points.
_POINT_NOISE, _CURVE_NOISE = 0.035, 0.006
# Shares of digits without antialiasing, as wide as high, and in low resolution as small scans are.
_HARD_SHARE, _FILLING_SHARE, _COARSE_SHARE = 0.25, 0.15, 0.2
# Minimum of cells along the longer side of a digit in low resolution, and across its strokes.
_FEWEST_CELLS, _THINNEST_CELLS = 11, 1.2
# Share of digits recorded at few points, as by some tablets; and shares of digits whose strokes are
# joined because the lifting of the pen is not recorded, with few points and with many.
_FEW_SHARE, _LINKED_SHARES = 0.3, (0.4, 0.08)
# Minimum and maximum stroke width in units of the digit's size.
_THIN, _THICK = 0.03, 0.17

Lines = list[np.ndarray]


def draw_digits(labels: np.ndarray, generator: np.random.Generator) -> Samples:
    """Generate handwritten digits in MNIST's frame.

    Parameters
    ----------
    labels : (n,) integers from 0 to 9
    generator : numpy.random.Generator

    Returns
    -------
    Samples
        With these labels.
    """
    images = np.zeros((len(labels), PIXELS), np.uint8)
    for image, label in zip(images, labels, strict=True):
        framed = None
        while framed is None:
            framed = frame_digit(write_digit(int(label), generator))
        image[:] = np.round(255 * framed)
    return Samples(images, np.asarray(labels, np.uint8))


def write_digit(digit: int, generator: np.random.Generator) -> np.ndarray:
    """Generate a digit, 0 to 9, somewhere on a canvas, (84, 84) float32 in [0, 1]."""
    styles = styles_of(digit)
    style = styles[generator.integers(len(styles))]
    lines = [
        curve(type(stroke)(_with_noise(stroke.points, _POINT_NOISE, generator), stroke.corners))
        for stroke in style
    ]
    return draw_hand(lines, generator, narrow=0.45 if digit == 1 else 0.68)


def draw_hand(lines: Lines, generator: np.random.Generator, *, narrow: float) -> np.ndarray:
    """Draw lines as handwriting, randomly deformed and placed.

    Parameters
    ----------
    lines : list of (m, 2) float
        x and y in a box of [0, 1].
    generator : numpy.random.Generator
    narrow : float
        The usual ratio of width to height.

    Returns
    -------
    (84, 84) float32 in [0, 1]
    """
    lines = _as_recorded(_deformed(lines, generator, narrow), generator)
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    size = generator.uniform(0.35, 0.92) * CANVAS
    cell = _cell(size, generator)
    width = max(size * _THIN * (_THICK / _THIN) ** generator.random(), _THINNEST_CELLS * cell)
    free = CANVAS - width - (high - low) / (high - low).max() * (size - width)
    corner = width / 2 + generator.random(2) * np.maximum(free, 0)
    scale = (size - width) / (high - low).max()
    drawn = [(line - low) * scale + corner for line in lines]
    segments = np.concatenate([np.concatenate([line[:-1], line[1:]], axis=1) for line in drawn])
    hard = generator.random() < _HARD_SHARE
    side = -(-CANVAS // cell)
    coarse = draw_lines(segments / cell, width / 2 / cell, side, hard=hard)
    return coarse.repeat(cell, axis=0).repeat(cell, axis=1)[:CANVAS, :CANVAS]


def _cell(size: float, generator: np.random.Generator) -> int:
    """Return the side of a cell of the drawing in pixels of the canvas; mostly 1."""
    if generator.random() >= _COARSE_SHARE:
        return 1
    return int(generator.integers(1, int(size / _FEWEST_CELLS) + 1))


def _deformed(lines: Lines, generator: np.random.Generator, narrow: float) -> Lines:
    """Narrow, slant and rotate lines, and add noise to their points."""
    if generator.random() < _FILLING_SHARE:
        width = generator.uniform(0.75, 1.1)
    else:
        width = narrow * np.exp(0.25 * generator.standard_normal())
    slant = 0.08 + 0.2 * generator.standard_normal()
    angle = np.deg2rad(6) * generator.standard_normal()
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = np.array([[width, 0], [-slant, 1]]) @ rotation
    return [_with_noise((line - 0.5) @ matrix, _CURVE_NOISE, generator) for line in lines]


def _as_recorded(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return the lines as a tablet records them: sometimes at few points, or as one line."""
    has_few_points = generator.random() < _FEW_SHARE
    if len(lines) > 1 and generator.random() < _LINKED_SHARES[0 if has_few_points else 1]:
        lines = [np.concatenate(lines)]
    if has_few_points:
        total = sum(map(length, lines))
        count = generator.integers(8, 20)
        lines = [resample_line(line, max(2, round(count * length(line) / total))) for line in lines]
    return lines


def _with_noise(points: np.ndarray, deviation: float, generator: np.random.Generator) -> np.ndarray:
    noisy: np.ndarray = points + deviation * generator.standard_normal(points.shape)
    return noisy
