"""A hand that writes digits with a pen: every time another style, slant, size, pen and shake.

It stands for the writers, tablets and countries that MNIST has few of. Its digits are made up from
the styles alone; nobody's handwriting is in them.
"""

from __future__ import annotations

import numpy as np

from data_cache.preprocessing import frame_digit
from data_cache.samples import PIXELS, Samples
from data_cache.synthesis.curves import curve, length, resample_line
from data_cache.synthesis.rendering import draw_lines
from data_cache.synthesis.stroke_templates import styles_of

CANVAS = 84
"""Side of the canvas that it writes on, in pixels: that of the laboratory's pad."""

# Standard deviations, in heights of the digit: of a point of the style, of the shaking pen.
_POINT_SHAKE, _PEN_SHAKE = 0.035, 0.006
# How often the edge of the ink is hard, the digit as wide as the square that it fills, and the
# picture coarse, as small scans are.
_HARD_SHARE, _FILLING_SHARE, _COARSE_SHARE = 0.25, 0.15, 0.2
# Cells along the longer side of a coarse digit, and across its strokes, at least.
_FEWEST_CELLS, _THINNEST_CELLS = 11, 1.2
# How often a tablet notes few places only, and leaves out where the pen was lifted: the first is
# the share of those that note few, which save room, the second of all others.
_FEW_SHARE, _LINKED_SHARES = 0.3, (0.4, 0.08)
# Pen width in sizes of the digit: the thinnest and the thickest.
_THIN, _THICK = 0.03, 0.17

Lines = list[np.ndarray]


def draw_digits(labels: np.ndarray, generator: np.random.Generator) -> Samples:
    """Write digits and frame them.

    Parameters
    ----------
    labels : (n,) integers from 0 to 9
    generator : numpy.random.Generator

    Returns
    -------
    Samples with these labels, framed as MNIST's are.
    """
    images = np.zeros((len(labels), PIXELS), np.uint8)
    for image, label in zip(images, labels, strict=True):
        framed = None
        while framed is None:
            framed = frame_digit(write_digit(int(label), generator))
        image[:] = np.round(255 * framed)
    return Samples(images, np.asarray(labels, np.uint8))


def write_digit(digit: int, generator: np.random.Generator) -> np.ndarray:
    """Write one digit somewhere on an empty canvas, (84, 84) float32 in [0, 1]."""
    styles = styles_of(digit)
    style = styles[generator.integers(len(styles))]
    lines = [
        curve(type(stroke)(_shaken(stroke.points, _POINT_SHAKE, generator), stroke.corners))
        for stroke in style
    ]
    return draw_hand(lines, generator, narrow=0.45 if digit == 1 else 0.68)


def draw_hand(lines: Lines, generator: np.random.Generator, *, narrow: float) -> np.ndarray:
    """Draw lines in a box from 0 to 1 as a hand would, (84, 84) float32 in [0, 1].

    `narrow` is the usual width of the box, in heights.
    """
    lines = _as_noted(_bent(lines, generator, narrow), generator)
    everywhere = np.concatenate(lines)
    low, high = everywhere.min(axis=0), everywhere.max(axis=0)
    size = generator.uniform(0.35, 0.92) * CANVAS
    cell = _cell(size, generator)
    width = max(size * _THIN * (_THICK / _THIN) ** generator.random(), _THINNEST_CELLS * cell)
    room = CANVAS - width - (high - low) / (high - low).max() * (size - width)
    corner = width / 2 + generator.random(2) * np.maximum(room, 0)
    scale = (size - width) / (high - low).max()
    drawn = [(line - low) * scale + corner for line in lines]
    segments = np.concatenate([np.concatenate([line[:-1], line[1:]], axis=1) for line in drawn])
    hard = generator.random() < _HARD_SHARE
    side = -(-CANVAS // cell)
    coarse = draw_lines(segments / cell, width / 2 / cell, side, hard=hard)
    return coarse.repeat(cell, axis=0).repeat(cell, axis=1)[:CANVAS, :CANVAS]


def _cell(size: float, generator: np.random.Generator) -> int:
    """Return the side of a cell of the picture, in pixels of the canvas; mostly one."""
    if generator.random() >= _COARSE_SHARE:
        return 1
    return int(generator.integers(1, int(size / _FEWEST_CELLS) + 1))


def _bent(lines: Lines, generator: np.random.Generator, narrow: float) -> Lines:
    """Narrow, slant and turn the lines, and let the hand shake."""
    if generator.random() < _FILLING_SHARE:
        width = generator.uniform(0.75, 1.1)
    else:
        width = narrow * np.exp(0.25 * generator.standard_normal())
    slant = 0.08 + 0.2 * generator.standard_normal()
    angle = np.deg2rad(6) * generator.standard_normal()
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    bend = np.array([[width, 0], [-slant, 1]]) @ turn
    return [_shaken((line - 0.5) @ bend, _PEN_SHAKE, generator) for line in lines]


def _as_noted(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return the lines as a tablet notes them: now and then by few places, or as one line."""
    notes_few = generator.random() < _FEW_SHARE
    if len(lines) > 1 and generator.random() < _LINKED_SHARES[0 if notes_few else 1]:
        lines = [np.concatenate(lines)]
    if notes_few:
        total = sum(map(length, lines))
        count = generator.integers(8, 20)
        lines = [resample_line(line, max(2, round(count * length(line) / total))) for line in lines]
    return lines


def _shaken(points: np.ndarray, deviation: float, generator: np.random.Generator) -> np.ndarray:
    shaken: np.ndarray = points + deviation * generator.standard_normal(points.shape)
    return shaken
