"""Conversion of pixels from bytes to floats, and binarization of both.

Training, evaluation and prediction share it, so that they cannot differ by a rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

PIXEL_SCALE = 1 / 255
"""Factor from a byte to a float in [0, 1]."""

ScaleBytes = Callable[[np.ndarray, float, np.ndarray], None]
"""(bytes, scale, out): writes scale · bytes, uint8, into `out`, float32 of the same shape."""


def scale_bytes(values: np.ndarray, scale: float, out: np.ndarray) -> None:
    """Write scale · values, uint8, into `out`, float32 of the same shape."""
    # Two plain passes are faster than one that mixes dtypes.
    np.copyto(out, values)
    np.multiply(out, np.float32(scale), out=out)


def to_float(
    images: np.ndarray,
    binarize: int | None = None,
    out: np.ndarray | None = None,
    *,
    scale: ScaleBytes = scale_bytes,
) -> np.ndarray:
    """Convert pixels from 0…255 to [0, 1].

    Parameters
    ----------
    images : (n, 784) uint8
    binarize : int, optional
        A threshold from 0 to 255: brighter pixels become 1, all others 0.
    out : (n, 784) float32, optional
        Where to write the result.
    scale : callable, optional
        An implementation of `scale_bytes` that gives the same bits.

    Returns
    -------
    (n, 784) float32 in [0, 1]

    Raises
    ------
    ValueError
        If `binarize` is outside 0 to 255.
    """
    if out is None:
        out = np.empty(images.shape, np.float32)
    if binarize is None:
        scale(images, PIXEL_SCALE, out)
        return out
    np.copyto(out, images > check_threshold(binarize))
    return out


def binarize_floats(images: np.ndarray, threshold: int) -> np.ndarray:
    """Return 1 for pixels in [0, 1] that exceed threshold / 255, else 0, as float32."""
    return (images > np.float32(threshold) * np.float32(PIXEL_SCALE)).astype(np.float32)


def binarize_bytes(images: np.ndarray, threshold: int) -> np.ndarray:
    """Return 255 for pixels in 0…255 that exceed the threshold, else 0, as uint8."""
    return np.where(images > threshold, np.uint8(255), np.uint8(0))


def check_threshold(binarize: int) -> int:
    """Return the threshold; raise a ValueError if it is outside 0 to 255."""
    if not 0 <= binarize <= 255:
        raise ValueError(f"binarize: expected a threshold from 0 to 255, found {binarize}.")
    return binarize
