"""Warps images: the coordinates that a new pixel is read from, and bilinear interpolation there.

Coordinates are those of an affine map, optionally displaced by an elastic field.
"""

from __future__ import annotations

import numpy as np

from data_cache.samples import SIDE

KNOTS = 7
"""Knots of the elastic field along each axis."""
_SPACING = SIDE / (KNOTS - 3)
# A border of background, so that the neighbours of every coordinate exist.
_BORDER = 2


def _spline_weights() -> np.ndarray:
    """Weights (28, knots) of the knots in each pixel of a line: the uniform cubic B-spline."""
    positions = (np.arange(SIDE) + 0.5) / _SPACING + 1
    distance = np.abs(positions[:, None] - np.arange(KNOTS))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.maximum(2 - distance, 0) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)


_WEIGHTS = _spline_weights()
# The mean share of a knot's variance that is left in a pixel, along one axis.
_SHARE = float((_WEIGHTS**2).sum(axis=1).mean())
# A uniform number in [-1, 1] times this, smoothed along both axes, has mean variance 1.
_UNIT = np.float32(np.sqrt(3) / _SHARE)


def affine_matrices(
    angle: np.ndarray, scale: np.ndarray, stretch: np.ndarray, shear: np.ndarray
) -> np.ndarray:
    """Return the matrices that map coordinates of the new image to those of the old one.

    Parameters
    ----------
    angle : (n,) float32
        Rotation of the image, clockwise, in radians.
    scale, stretch : (n,) float32
        Factors of the size, and of the width against the height.
    shear : (n,) float32
        Pixels to the side for each pixel down, in the old image.

    Returns
    -------
    (n, 2, 2) float32
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    across, down = 1 / (scale * np.sqrt(stretch)), np.sqrt(stretch) / scale
    matrices = np.empty((len(angle), 2, 2), np.float32)
    matrices[:, 0, 0] = across * cosine - shear * down * sine
    matrices[:, 0, 1] = across * sine + shear * down * cosine
    matrices[:, 1, 0] = -down * sine
    matrices[:, 1, 1] = down * cosine
    return matrices


def source_coordinates(
    matrices: np.ndarray, shift: np.ndarray, side: int = SIDE
) -> tuple[np.ndarray, np.ndarray]:
    """Return where each pixel of the new image is read from in the old one.

    Parameters
    ----------
    matrices : (n, 2, 2) floating
        From new to old coordinates, x (to the right) and y (down) from the centre.
    shift : (n, 2) float32
        Shift of the image, pixels to the right and down.
    side : int
        Side of the new image.

    Returns
    -------
    columns, rows : (n, side, side) floating
        In pixels from the centre of the old image.
    """
    steps = np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)
    x, y = steps - shift[:, :1], steps - shift[:, 1:]
    coordinates = []
    for row in (0, 1):
        from_x = matrices[:, row, :1] * x
        from_y = matrices[:, row, 1:] * y
        coordinates.append(from_x[:, None, :] + from_y[:, :, None])
    return coordinates[0], coordinates[1]


def elastic_field(knots: np.ndarray) -> np.ndarray:
    """Smooth random displacements at the knots of a coarse grid into a field over all pixels.

    Parameters
    ----------
    knots : (n, 7, 7) float32
        Uniform in [-1, 1] times the wanted root mean square, in pixels.

    Returns
    -------
    (n, 28, 28) float32

    Notes
    -----
    Cubic B-splines approximate, at a hundredth of the cost, the Gaussian smoothing of P. Simard,
    D. Steinkraus, J. Platt, "Best Practices for Convolutional Neural Networks", 2003, section 2.
    """
    along = (knots.reshape(-1, KNOTS) @ _WEIGHTS.T).reshape(-1, KNOTS, SIDE)
    field: np.ndarray = np.matmul(_WEIGHTS * _UNIT, along)
    return field


def resample(images: np.ndarray, columns: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
    """Read images at coordinates by bilinear interpolation; outside they are 0.

    Parameters
    ----------
    images : (n, side, side) float32
    columns, rows : (n, new side, new side) floating
        In pixels from the centre of the image; overwritten.
    out : (n, new side, new side) float32
        Where to write the new images.
    """
    n, side = images.shape[:2]
    width = side + 2 * _BORDER
    wide = np.zeros((n, width, width), np.float32)
    wide[:, _BORDER:-_BORDER, _BORDER:-_BORDER] = images
    corner, columns = _split(columns, width)
    row, rows = _split(rows, width)
    row *= width
    corner += row
    corner += (np.arange(n, dtype=np.int32) * (width * width))[:, None, None]
    # Converted once, not by each of the four reads.
    index = corner.astype(np.intp)
    flat = wide.reshape(-1)
    upper = _interpolate(flat, index, columns)
    lower = _interpolate(flat[width:], index, columns)
    lower -= upper
    lower *= rows
    np.add(upper, lower, out=out)


def _split(coordinates: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Split coordinates into integer indices of the bordered image and fractions."""
    coordinates += np.float32((width - 1) / 2)
    np.clip(coordinates, 0, width - 1.001, out=coordinates)
    whole = coordinates.astype(np.int32)
    coordinates -= whole
    return whole, coordinates


def _interpolate(flat: np.ndarray, index: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    """Interpolate linearly between a pixel and its right neighbour."""
    # All indices are in range; with "wrap" NumPy does not check them.
    left = flat.take(index, mode="wrap")
    right = flat[1:].take(index, mode="wrap")
    right -= left
    right *= fraction
    right += left
    return right
