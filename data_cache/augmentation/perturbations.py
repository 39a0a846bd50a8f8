"""Perturbations of images by a given amount, to measure how robust a network is.

Images are put on a larger canvas first, so that the perturbation itself cuts nothing off.
"""

from __future__ import annotations

import numpy as np

from data_cache.augmentation.warping import affine_matrices, resample, source_coordinates
from data_cache.preprocessing.morphology import change_stroke_width
from data_cache.samples import SIDE

MARGIN = SIDE // 2
"""Pixels of background that are added on each side of an image."""
CANVAS_SIDE = SIDE + 2 * MARGIN

PERTURBATIONS = ("shift", "rotation", "scale", "thickness", "noise")
"""Kinds of perturbation."""


def perturb(
    images: np.ndarray, kind: str, amount: float, generator: np.random.Generator
) -> np.ndarray:
    """Put images on larger canvases and perturb all of them by the same amount.

    Parameters
    ----------
    images : (n, 784) float32 in [0, 1]
    kind : str
        One of `PERTURBATIONS`.
    amount : float
        shift: pixels, in another direction for each image; rotation: degrees, alternately to the
        left and right; scale: factor of the size; thickness: pixels added to the stroke width;
        noise: standard deviation in units of full ink.
    generator : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    (n, 56, 56) float32 in [0, 1]

    Raises
    ------
    ValueError
        If `kind` is unknown.
    """
    canvases = np.zeros((len(images), CANVAS_SIDE, CANVAS_SIDE), np.float32)
    canvases[:, MARGIN:-MARGIN, MARGIN:-MARGIN] = images.reshape(-1, SIDE, SIDE)
    if kind == "thickness":
        pixels = np.full(len(images), amount / 2, np.float32)
        canvases = change_stroke_width(canvases, pixels)
    elif kind == "noise":
        canvases += np.float32(amount) * generator.standard_normal(canvases.shape, dtype=np.float32)
    elif kind in PERTURBATIONS:
        canvases = _warped(canvases, kind, amount)
    else:
        raise ValueError(
            f"Perturbation: expected one of {', '.join(PERTURBATIONS)}, found “{kind}”."
        )
    return np.clip(canvases, 0, 1)


def crop(canvases: np.ndarray) -> np.ndarray:
    """Return the centre of canvases (n, 56, 56) as images (n, 784)."""
    return np.ascontiguousarray(canvases[:, MARGIN:-MARGIN, MARGIN:-MARGIN]).reshape(
        len(canvases), -1
    )


def _warped(canvases: np.ndarray, kind: str, amount: float) -> np.ndarray:
    count = len(canvases)
    zero, one = np.zeros(count, np.float32), np.ones(count, np.float32)
    directions = np.arange(count) * (np.pi * (3 - 5**0.5))  # the golden angle: evenly spread
    matrices = affine_matrices(
        angle=np.deg2rad(amount) * np.where(np.arange(count) % 2, one, -one)
        if kind == "rotation"
        else zero,
        scale=np.float32(amount) * one if kind == "scale" else one,
        stretch=one,
        shear=zero,
    )
    distance = np.float32(amount if kind == "shift" else 0.0)
    unit = np.stack([np.cos(directions), np.sin(directions)], axis=1).astype(np.float32)
    columns, rows = source_coordinates(matrices, distance * unit, CANVAS_SIDE)
    warped = np.empty_like(canvases)
    resample(canvases, columns, rows, warped)
    return warped
