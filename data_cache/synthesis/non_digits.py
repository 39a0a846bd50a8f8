"""Generates images that are not digits, as outliers to train and to evaluate on.

A network trained on digits alone is confident about any image. Trained on outliers with a uniform
target as well, it is less confident about other outliers too (Hendrycks, Mazeika, Dietterich, "Deep
anomaly detection with outlier exposure", 2019).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data_cache.preprocessing import frame_digits
from data_cache.samples import PIXELS, SIDE
from data_cache.synthesis.handwriting import CANVAS, draw_hand
from data_cache.synthesis.rendering import curve
from data_cache.synthesis.stroke_templates import Stroke, letter_styles


def draw_non_digits(count: int, generator: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    """Generate images that are not digits.

    Parameters
    ----------
    count : int
    generator : numpy.random.Generator
    digits : (m, 784) uint8
        Digits to cut up, to superimpose and to invert.

    Returns
    -------
    (count, 784) uint8
        Nine kinds in rotation: scribbles, letters, cut digits, superimposed digits, inverted
        digits, shapes, smooth fields, rectangles and noise.
    """
    images = np.empty((count, PIXELS), np.uint8)
    for first, make in enumerate(_KINDS):
        indices = np.arange(first, count, len(_KINDS))
        pictures = make(len(indices), generator, digits.reshape(-1, SIDE, SIDE))
        images[indices] = np.round(255 * np.clip(pictures, 0, 1)).reshape(-1, PIXELS)
    return images


def scribbles(count: int, generator: np.random.Generator, _digits: np.ndarray) -> np.ndarray:
    """Draw one to three strokes through random points."""
    return _drawn([_scribble(generator) for _ in range(count)])


def letters(count: int, generator: np.random.Generator, _digits: np.ndarray) -> np.ndarray:
    """Draw letters and symbols that do not look like digits."""
    styles = letter_styles()
    chosen = (styles[index] for index in generator.integers(len(styles), size=count))
    return _drawn(
        [
            draw_hand(
                [
                    curve(
                        Stroke(
                            s.points + 0.03 * generator.standard_normal(s.points.shape), s.corners
                        )
                    )
                    for s in style
                ],
                generator,
                narrow=0.8,
            )
            for style in chosen
        ]
    )


def torn(count: int, generator: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    """Permute the quarters of a digit, or combine quarters of different digits."""
    pieces = digits[generator.integers(len(digits), size=(count, 4))] / 255
    same = generator.random(count) < 0.5
    pieces[same] = pieces[same, :1]
    half = SIDE // 2
    corners = [(row, column) for row in (0, half) for column in (0, half)]
    result = np.empty((count, SIDE, SIDE))
    # No quarter stays where it was, or the result may still be a digit.
    orders = (np.arange(4) + generator.integers(1, 4, (count, 1))) % 4
    for picture, four, order in zip(result, pieces, orders.tolist(), strict=True):
        for (row, column), piece, source in zip(corners, four, order, strict=True):
            top, left = corners[source]
            picture[row : row + half, column : column + half] = piece[
                top : top + half, left : left + half
            ]
    return result


def overwritten(count: int, generator: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    """Superimpose two or three digits."""
    result = np.zeros((count, SIDE, SIDE))
    for layer in range(3):
        pictures = digits[generator.integers(len(digits), size=count)] / 255
        shift = generator.integers(-5, 6, (count, 2)).tolist()
        moved = [np.roll(p, s, axis=(0, 1)) for p, s in zip(pictures, shift, strict=True)]
        used = (layer < 2) | (generator.random(count) < 0.5)
        np.maximum(
            result, np.array(moved).reshape(-1, SIDE, SIDE) * used[:, None, None], out=result
        )
    return result


def negatives(count: int, generator: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    """Invert digits, in the whole image or within a border."""
    pictures = 1 - digits[generator.integers(len(digits), size=count)] / 255
    border = generator.integers(0, 5, count)
    for picture, width in zip(pictures, border.tolist(), strict=True):
        if width:
            picture[:width] = picture[-width:] = picture[:, :width] = picture[:, -width:] = 0
    return pictures * generator.uniform(0.4, 1, (count, 1, 1))


def shapes(count: int, generator: np.random.Generator, _digits: np.ndarray) -> np.ndarray:
    """Fill random outlines, many of them symmetric, with greys and patterns."""
    result = np.empty((count, SIDE, SIDE))
    steps = (np.arange(SIDE) - 13.5) / 14
    y, x = np.meshgrid(steps, steps, indexing="ij")
    angle, radius = np.arctan2(y, x), np.hypot(x, y)
    for picture in result:
        waves = np.zeros_like(angle)
        is_mirrored = generator.random() < 0.6
        for order in range(1, 7):
            phase = np.pi / 2 * order if is_mirrored else generator.uniform(0, 2 * np.pi)
            waves += generator.normal(0, 0.35 / order) * np.cos(order * (angle) + phase)
        inside = radius * generator.uniform(0.8, 1.25) < generator.uniform(0.45, 0.9) * np.exp(
            waves
        )
        picture[:] = inside * _pattern(generator, x, y)
    return result


def fields(count: int, generator: np.random.Generator, _digits: np.ndarray) -> np.ndarray:
    """Generate smooth random fields, some of them thresholded."""
    result = np.empty((count, SIDE, SIDE))
    for picture in result:
        coarse = generator.integers(2, 14)
        positions = np.linspace(0, coarse - 1, SIDE)
        table = generator.random((coarse, coarse))
        rows = np.stack([np.interp(positions, np.arange(coarse), line) for line in table])
        smooth = np.stack([np.interp(positions, np.arange(coarse), line) for line in rows.T])
        if generator.random() < 0.5:
            smooth = np.clip((smooth - generator.uniform(0.35, 0.65)) * 8 + 0.5, 0, 1)
        picture[:] = smooth * generator.uniform(0.3, 1)
    return result


def boxes(count: int, generator: np.random.Generator, _digits: np.ndarray) -> np.ndarray:
    """Superimpose rectangles, ellipses and triangles of different greys."""
    result = np.zeros((count, SIDE, SIDE))
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    for picture in result:
        for _ in range(generator.integers(1, 5)):
            cx, cy = generator.uniform(5, 23, 2)
            a, b = generator.uniform(2.5, 13, 2)
            u, v = np.abs(x - cx) / a, (y - cy) / b
            form = generator.integers(4)
            inside = (
                (np.maximum(u, np.abs(v)) < 1),
                (u * u + v * v < 1),
                ((u < (v + 1) / 2) & (v < 1)),
                ((u < 1 - 0.5 * (v + 1) * generator.random()) & (np.abs(v) < 1)),
            )[form]
            picture[inside] = (generator.uniform(0.1, 1) * _pattern(generator, x / 14, y / 14))[
                inside
            ]
    return result


def noises(count: int, generator: np.random.Generator, _digits: np.ndarray) -> np.ndarray:
    """Generate noise of random density and strength."""
    pictures = generator.random((count, SIDE, SIDE))
    density = generator.uniform(0.02, 1, (count, 1, 1))
    return pictures * (generator.random((count, SIDE, SIDE)) < density)


def _scribble(generator: np.random.Generator) -> np.ndarray:
    lines = []
    # One short stroke may look like a one or a seven.
    for _ in range(generator.integers(1, 4)):
        points = generator.random((generator.integers(5, 12), 2))
        lines.append(curve(Stroke(points, generator.random(len(points)) < 0.3)))
    return draw_hand(lines, generator, narrow=1.0)


def _drawn(canvases: list[np.ndarray]) -> np.ndarray:
    if not canvases:
        return np.zeros((0, SIDE, SIDE))
    framed, _ = frame_digits(np.stack(canvases).reshape(-1, CANVAS, CANVAS))
    return framed.reshape(-1, SIDE, SIDE)


def _pattern(generator: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return a constant grey, stripes, a gradient or grain, in [0, 1]."""
    kind = generator.integers(4)
    level = generator.uniform(0.3, 1)
    if kind == 0:
        return np.full_like(x, level)
    if kind == 1:
        turn, pitch = generator.uniform(0, np.pi), generator.uniform(4, 22)
        wave = 0.5 + 0.5 * np.cos(pitch * (x * np.cos(turn) + y * np.sin(turn)))
        return level * (generator.uniform(0, 0.7) * (wave - 1) + 1)
    if kind == 2:
        turn = generator.uniform(0, 2 * np.pi)
        return np.clip(level + 0.4 * (x * np.cos(turn) + y * np.sin(turn)), 0.1, 1)
    return np.clip(level + 0.2 * generator.standard_normal(x.shape), 0.05, 1)


_KINDS: tuple[Callable[[int, np.random.Generator, np.ndarray], np.ndarray], ...] = (
    scribbles,
    letters,
    torn,
    overwritten,
    negatives,
    shapes,
    fields,
    boxes,
    noises,
)
