"""Digits at random positions, scales and angles on a larger canvas, framed again.

The pretrained models are evaluated on them as well as on MNIST's own images, since people do not
draw in MNIST's frame.
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
    """Place each digit at random on a canvas, scaled and rotated, and frame it.

    Parameters
    ----------
    samples
        n digits.

    Returns
    -------
    (n, 784) float32 images in [0, 1] and their (n,) labels; equal samples give equal images.
    """
    generator = np.random.default_rng(SEED)
    framed = []
    for start in range(0, len(samples), _CHUNK):
        pictures = to_float(samples.images[start : start + _CHUNK]).reshape(-1, 28, 28)
        canvases = np.stack([_move(picture, generator) for picture in pictures])
        framed.append(frame_digits(canvases)[0])
    return np.concatenate(framed), samples.labels


def _move(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw a (28, 28) digit on an empty canvas, with all of its ink inside."""
    scale = generator.uniform(*SCALES)
    turn = np.deg2rad(generator.uniform(-DEGREES, DEGREES))
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    # The corners of all inked pixels, x and y, relative to the centre of the image.
    inked = np.argwhere(picture)[:, ::-1] - 14
    corners = np.concatenate([np.add(inked, (right, down)) for right in (0, 1) for down in (0, 1)])
    moved = corners @ matrix.T
    low, high = moved.min(axis=0), moved.max(axis=0)
    shift = generator.uniform(-low, np.maximum(CANVAS - high, -low))
    centres = np.arange(CANVAS) + 0.5
    x, y = np.meshgrid(centres - shift[0], centres - shift[1])
    inverse = np.linalg.inv(matrix)
    return _interpolate(
        picture, inverse[0, 0] * x + inverse[0, 1] * y, inverse[1, 0] * x + inverse[1, 1] * y
    )


def _interpolate(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return an image's values at coordinates relative to its centre, bilinearly; 0 outside."""
    wide = np.pad(picture, 2)
    columns, rows = (np.clip(centre + 15.5, 0, 30.999) for centre in (x, y))
    left, top = columns.astype(int), rows.astype(int)
    columns, rows = columns - left, rows - top
    upper = wide[top, left] * (1 - columns) + wide[top, left + 1] * columns
    lower = wide[top + 1, left] * (1 - columns) + wide[top + 1, left + 1] * columns
    return upper * (1 - rows) + lower * rows
