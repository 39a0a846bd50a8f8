"""Where every pixel of a bent digit is read from: an affine map, and an elastic field over it.

The field is random displacements at the knots of a coarse mesh, smoothed by cubic B-splines: the
random field smoothed by a Gaussian of Simard, Steinkraus and Platt ("Best Practices for
Convolutional Neural Networks", 2003, section 2), at a hundredth of its cost.
"""

from __future__ import annotations

import numpy as np

from data_cache.samples import SIDE

KNOTS = 7
"""Knots of the mesh along each axis."""
_SPACING = SIDE / (KNOTS - 3)


def _spline_weights() -> np.ndarray:
    """Weights (28, knots) of the knots in each pixel of a line: the uniform cubic B-spline."""
    places = (np.arange(SIDE) + 0.5) / _SPACING + 1
    distance = np.abs(places[:, None] - np.arange(KNOTS))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.maximum(2 - distance, 0) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)


_WEIGHTS = _spline_weights()
# The mean share of a knot's variance that is left in a pixel, along one axis.
_SHARE = float((_WEIGHTS**2).sum(axis=1).mean())
# A uniform number in [-1, 1] times this, splined over both axes, has a variance of 1 on average.
_UNIT = np.float32(np.sqrt(3) / _SHARE)


def affine_map(
    angle: np.ndarray, scale: np.ndarray, stretch: np.ndarray, shear: np.ndarray
) -> np.ndarray:
    """Return the matrices (n, 2, 2) from places in the new picture to those in the old one.

    Parameters
    ----------
    angle : (n,) float32
        Clockwise on the page, in radians.
    scale, stretch : (n,) float32
        Factors: of the size, and of the width against the height.
    shear : (n,) float32
        Pixels to the side for every pixel down, in the old picture.
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    across, down = 1 / (scale * np.sqrt(stretch)), np.sqrt(stretch) / scale
    matrices = np.empty((len(angle), 2, 2), np.float32)
    matrices[:, 0, 0] = across * cosine - shear * down * sine
    matrices[:, 0, 1] = across * sine + shear * down * cosine
    matrices[:, 1, 0] = -down * sine
    matrices[:, 1, 1] = down * cosine
    return matrices


def source_places(
    matrices: np.ndarray, shift: np.ndarray, side: int = SIDE
) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and rows, (n, side, side) float32 each, that an affine map reads from.

    Both count pixels from the middle of the picture.

    Parameters
    ----------
    matrices : (n, 2, 2) float32
        As `affine_map` gives them.
    shift : (n, 2) float32
        Pixels to the right and down.
    """
    steps = np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)
    x, y = steps - shift[:, :1], steps - shift[:, 1:]
    places = []
    for row in (0, 1):
        from_x = matrices[:, row, :1] * x
        from_y = matrices[:, row, 1:] * y
        places.append(from_x[:, None, :] + from_y[:, :, None])
    return places[0], places[1]


def elastic_field(knots: np.ndarray) -> np.ndarray:
    """Smooth displacements at the knots into a field over all pixels.

    Parameters
    ----------
    knots : (n, 7, 7) float32
        Uniform in [-1, 1] times the root mean square wanted.

    Returns
    -------
    (n, 28, 28) float32
    """
    along = (knots.reshape(-1, KNOTS) @ _WEIGHTS.T).reshape(-1, KNOTS, SIDE)
    field: np.ndarray = np.matmul(_WEIGHTS * _UNIT, along)
    return field
