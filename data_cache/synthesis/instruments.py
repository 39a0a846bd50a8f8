"""Instruments that handwriting is made with: tablet, ballpoint, marker, pen and chalk, and scans.

Each has its widths, its edges and its grain; a scan has few pixels, which are black or white.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_cache.synthesis.handwriting import CANVAS
from data_cache.synthesis.rendering import draw_lines

# Smallest and largest size of a digit, in units of the canvas.
_SMALLEST, _LARGEST = 0.35, 0.92
# Share of digits scanned in few pixels, and the smallest and largest number of these along the
# longer side of a digit; pixels across the thinnest stroke; threshold of black and white.
_SCANNED_SHARE, _FEWEST_CELLS, _MOST_CELLS = 0.3, 8, 26
_THINNEST_CELLS, _THRESHOLDS = 1.15, (0.3, 0.5)


@dataclass(frozen=True)
class Instrument:
    """How an instrument leaves ink.

    Attributes
    ----------
    name : str
    share : float
        Of the digits that are written with it.
    widths : (float, float)
        Smallest and largest width of strokes, in units of the digit's size.
    pressure : float
        Largest share by which the width changes with the direction of the stroke.
    grain : float
        Largest share of the ink that is missing in grains.
    aliased : float
        Share of digits whose pixels are 0 or 1.
    """

    name: str
    share: float
    widths: tuple[float, float]
    pressure: float = 0.0
    grain: float = 0.0
    aliased: float = 0.0


INSTRUMENTS = (
    Instrument("tablet", 0.3, (0.03, 0.14), aliased=0.5),
    Instrument("ballpoint", 0.25, (0.03, 0.07), pressure=0.15),
    Instrument("marker", 0.2, (0.09, 0.19), pressure=0.1),
    Instrument("pen", 0.15, (0.05, 0.12), pressure=0.45),
    Instrument("chalk", 0.1, (0.06, 0.14), pressure=0.2, grain=0.5),
)
"""All instruments; their shares sum to 1."""


def draw_with_instrument(lines: list[np.ndarray], generator: np.random.Generator) -> np.ndarray:
    """Draw lines somewhere on a canvas with a random instrument, some of them as scanned.

    Parameters
    ----------
    lines : list of (m, 2) float
        x to the right and y down in any unit; the digit is scaled to a random size.
    generator : numpy.random.Generator

    Returns
    -------
    (84, 84) float32 in [0, 1]
    """
    shares = [instrument.share for instrument in INSTRUMENTS]
    instrument = INSTRUMENTS[generator.choice(len(INSTRUMENTS), p=shares)]
    size = generator.uniform(_SMALLEST, _LARGEST) * CANVAS
    thin, thick = instrument.widths
    width = size * thin * (thick / thin) ** generator.random()
    cell = 1
    if generator.random() < _SCANNED_SHARE:
        cells = _FEWEST_CELLS * (_MOST_CELLS / _FEWEST_CELLS) ** generator.random()
        cell = max(1, int(size / cells))
        width = max(width, _THINNEST_CELLS * cell)
    segments = _place(lines, size, width, generator)
    radii = _radii(segments, width / 2, instrument.pressure, generator)
    is_scan = cell > 1
    is_aliased = not is_scan and generator.random() < instrument.aliased
    side = -(-CANVAS // cell)
    ink = draw_lines(segments / cell, radii / cell, side, antialias=not is_aliased)
    if instrument.grain and not is_scan:
        return _remove_grains(ink, instrument.grain * generator.random(), generator)
    return _scan(ink, cell, generator) if is_scan else ink


def _place(
    lines: list[np.ndarray], size: float, width: float, generator: np.random.Generator
) -> np.ndarray:
    """Return the lines' segments (n, 4) on the canvas, with the longer side of the ink `size`."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (size - width) / (high - low).max()
    free = CANVAS - width - (high - low) * scale
    corner = width / 2 + generator.random(2) * np.maximum(free, 0)
    drawn = [(line - low) * scale + corner for line in lines]
    return np.concatenate([np.concatenate([line[:-1], line[1:]], axis=1) for line in drawn])


def _radii(
    segments: np.ndarray, radius: float, pressure: float, generator: np.random.Generator
) -> np.ndarray:
    """Return the radius of every segment: the pen's, changed with its direction."""
    amount = pressure * generator.random()
    directions = np.arctan2(segments[:, 3] - segments[:, 1], segments[:, 2] - segments[:, 0])
    widest = generator.uniform(0, np.pi)
    radii: np.ndarray = radius * (1 + amount * np.cos(2 * (directions - widest)))
    return radii


def _remove_grains(ink: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """Return ink of uneven strength, as of chalk on a board."""
    grains = generator.random((CANVAS // 2, CANVAS // 2)).repeat(2, axis=0).repeat(2, axis=1)
    fine = (grains + generator.random(ink.shape)) / 2
    level = np.clip((fine - share / 2) * 4 + 0.3, 0, 1)
    return (ink * level).astype(np.float32)


def _scan(ink: np.ndarray, cell: int, generator: np.random.Generator) -> np.ndarray:
    """Return ink in black and white cells, enlarged to the canvas with hard or soft edges."""
    bilevel = (ink > generator.uniform(*_THRESHOLDS)).astype(np.float32)
    large = bilevel.repeat(cell, axis=0).repeat(cell, axis=1)[:CANVAS, :CANVAS]
    return _blur(large, cell) if generator.random() < 0.5 else large


def _blur(image: np.ndarray, width: int) -> np.ndarray:
    """Return the mean over squares of `width` pixels; linear interpolation of enlarged cells."""
    kernel = np.ones(width, np.float32) / width
    for _ in range(2):
        image = np.stack([np.convolve(row, kernel, "same") for row in image]).T
    return np.clip(image, 0, 1).astype(np.float32)
