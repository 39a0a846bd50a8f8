"""Changes digits by an exact amount, to find out how much of each a net can bear.

The digits lie on a canvas with room on all sides, so nothing of them is lost by the change itself.
"""

from __future__ import annotations

import numpy as np

from data_cache.augmentation import warping as mesh
from data_cache.augmentation.resampling import resample
from data_cache.preprocessing.strokes import widen
from data_cache.samples import SIDE

ROOM = SIDE // 2
"""Pixels of paper that are added on every side of a digit."""
WIDE = SIDE + 2 * ROOM
"""Side of the canvas with room."""

KINDS = ("shift", "rotation", "scale", "thickness", "noise")


def change_exactly(
    images: np.ndarray, kind: str, amount: float, generator: np.random.Generator
) -> np.ndarray:
    """Put digits on canvases with room and change them all by the same amount.

    Parameters
    ----------
    images : (n, 784) float32 in [0, 1]
    kind : str
        One of `KINDS`.
    amount : float
        Pixels of shift, towards another side for every digit; degrees of rotation, every other
        digit to the left; the factor of the size; pixels added to both sides of strokes together;
        standard deviation of the noise, in full inks.
    generator : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    (n, 56, 56) float32 in [0, 1]
    """
    canvases = np.zeros((len(images), WIDE, WIDE), np.float32)
    canvases[:, ROOM:-ROOM, ROOM:-ROOM] = images.reshape(-1, SIDE, SIDE)
    if kind == "thickness":
        canvases = widen(canvases, np.full(len(images), amount / 2, np.float32))
    elif kind == "noise":
        canvases += np.float32(amount) * generator.standard_normal(canvases.shape, dtype=np.float32)
    elif kind in KINDS:
        canvases = _moved(canvases, kind, amount)
    else:
        raise ValueError(f"A change is one of {', '.join(KINDS)}, but got “{kind}”.")
    return np.clip(canvases, 0, 1)


def crop(canvases: np.ndarray) -> np.ndarray:
    """Return the middle of canvases (n, 56, 56) as pictures (n, 784)."""
    return np.ascontiguousarray(canvases[:, ROOM:-ROOM, ROOM:-ROOM]).reshape(len(canvases), -1)


def _moved(canvases: np.ndarray, kind: str, amount: float) -> np.ndarray:
    count = len(canvases)
    still, one = np.zeros(count, np.float32), np.ones(count, np.float32)
    sides = np.arange(count) * (np.pi * (3 - 5**0.5))  # the golden angle spreads them evenly
    matrices = mesh.affine_map(
        angle=np.deg2rad(amount) * np.where(np.arange(count) % 2, one, -one)
        if kind == "rotation"
        else still,
        scale=np.float32(amount) * one if kind == "scale" else one,
        stretch=one,
        shear=still,
    )
    far = amount if kind == "shift" else 0.0
    shift = np.float32(far) * np.stack([np.cos(sides), np.sin(sides)], axis=1).astype(np.float32)
    columns, rows = mesh.source_places(matrices, shift, WIDE)
    moved = np.empty_like(canvases)
    resample(canvases, columns, rows, moved)
    return moved
