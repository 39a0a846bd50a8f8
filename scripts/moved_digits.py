"""Moves test digits to random positions, sizes and angles on a larger canvas and frames them.

The pretrained networks are scored on them beside MNIST's own images.
"""

from __future__ import annotations

import numpy as np

from data_cache import Samples, frame_digits, to_float
from data_cache.augmentation.warping import resample, source_coordinates

CANVAS = 56
SCALES = (0.5, 1.5)
DEGREES = 15
SEED = 56
_CHUNK = 500


def move_digits(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Scale, rotate and shift each digit at random on a canvas, and frame the canvas.

    Returns
    -------
    images : (n, 784) float32 in [0, 1]
        Always the same ones for the same samples.
    labels : (n,) uint8
    """
    generator = np.random.default_rng(SEED)
    framed = []
    for start in range(0, len(samples), _CHUNK):
        squares = to_float(samples.images[start : start + _CHUNK]).reshape(-1, 28, 28)
        maps = [_random_map(square, generator) for square in squares]
        matrices, shifts = (np.stack(values) for values in zip(*maps, strict=True))
        columns, rows = source_coordinates(matrices, shifts, CANVAS)
        canvases = np.empty((len(squares), CANVAS, CANVAS), np.float32)
        resample(squares, columns, rows, canvases)
        framed.append(frame_digits(np.clip(canvases, 0, 1))[0])
    return np.concatenate(framed), samples.labels


def _random_map(square: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return the matrix from canvas to image, and a shift that keeps all ink on the canvas."""
    scale = generator.uniform(*SCALES)
    angle = np.deg2rad(generator.uniform(-DEGREES, DEGREES))
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # The corners of all inked pixels, x and y, from the centre of the image.
    inked = np.argwhere(square)[:, ::-1] - 14
    corners = np.concatenate([np.add(inked, (right, down)) for right in (0, 1) for down in (0, 1)])
    moved = corners @ matrix.T
    low, high = moved.min(axis=0), moved.max(axis=0)
    shift = generator.uniform(-low, np.maximum(CANVAS - high, -low))
    return np.linalg.inv(matrix), shift - CANVAS / 2
