"""Moves digits about on a larger canvas, as people draw them, and frames them again.

This is how the ready-trained nets are scored beside MNIST's own frame.
"""

from __future__ import annotations

import numpy as np

from data_cache import Samples, frame_digits, to_float

CANVAS = 56
SCALES = (0.5, 1.5)
DEGREES = 15
SEED = 56
_CHUNK = 500


def move_digits(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Put each digit anywhere on a canvas, scaled and turned at random, and frame it.

    Returns
    -------
    (n, 784) float32 pictures and their (n,) labels; always the same ones for the same samples.
    """
    generator = np.random.default_rng(SEED)
    framed = []
    for start in range(0, len(samples), _CHUNK):
        pictures = to_float(samples.images[start : start + _CHUNK]).reshape(-1, 28, 28)
        canvases = np.stack([_move(picture, generator) for picture in pictures])
        framed.append(frame_digits(canvases)[0])
    return np.concatenate(framed), samples.labels


def _move(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw the digit on an empty canvas, all of its ink inside."""
    scale = generator.uniform(*SCALES)
    turn = np.deg2rad(generator.uniform(-DEGREES, DEGREES))
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    # The corners of all inked pixels, x and y, from the middle of the picture.
    inked = np.argwhere(picture)[:, ::-1] - 14
    corners = np.concatenate([np.add(inked, (right, down)) for right in (0, 1) for down in (0, 1)])
    moved = corners @ matrix.T
    low, high = moved.min(axis=0), moved.max(axis=0)
    shift = generator.uniform(-low, np.maximum(CANVAS - high, -low))
    places = np.arange(CANVAS) + 0.5
    x, y = np.meshgrid(places - shift[0], places - shift[1])
    back = np.linalg.inv(matrix)
    return _read(picture, back[0, 0] * x + back[0, 1] * y, back[1, 0] * x + back[1, 1] * y)


def _read(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Read a picture at places from its middle, linearly between pixels; paper lies around it."""
    wide = np.pad(picture, 2)
    columns, rows = (np.clip(place + 15.5, 0, 30.999) for place in (x, y))
    left, top = columns.astype(int), rows.astype(int)
    columns, rows = columns - left, rows - top
    upper = wide[top, left] * (1 - columns) + wide[top, left + 1] * columns
    lower = wide[top + 1, left] * (1 - columns) + wide[top + 1, left + 1] * columns
    return upper * (1 - rows) + lower * rows
