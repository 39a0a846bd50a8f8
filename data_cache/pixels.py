"""Turns stored pixels (bytes) into the numbers that a net is fed with.

It stands alone so that training, evaluation and prediction cannot differ by a rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

PIXEL_SCALE = 1 / 255
"""What turns a stored pixel into a number from 0 to 1, in float32."""

ScaleBytes = Callable[[np.ndarray, float, np.ndarray], None]


def scale_bytes(given: np.ndarray, scale: float, out: np.ndarray) -> None:
    """Write scale · given, uint8, into `out`, float32 of the same shape."""
    # Two plain passes are faster than one that mixes dtypes.
    np.copyto(out, given)
    np.multiply(out, np.float32(scale), out=out)


def to_float(
    images: np.ndarray,
    binarize: int | None = None,
    out: np.ndarray | None = None,
    *,
    scale: ScaleBytes = scale_bytes,
) -> np.ndarray:
    """Turn pixels from 0…255 into [0, 1].

    Parameters
    ----------
    images : (n, 784) uint8
    binarize : int, optional
        A threshold from 0 to 255: brighter pixels become 1, all others 0.
    out : (n, 784) float32, optional
        Where to put the result, so that nothing is allocated.
    scale : callable, optional
        What does the scaling; another one must give the same bits.

    Returns
    -------
    (n, 784) float32 in [0, 1]
    """
    if out is None:
        out = np.empty(images.shape, np.float32)
    if binarize is None:
        scale(images, PIXEL_SCALE, out)
        return out
    np.copyto(out, images > check_threshold(binarize))
    return out


def binarize_floats(images: np.ndarray, threshold: int) -> np.ndarray:
    """Turn pixels in [0, 1] into 0 or 1 by the same threshold (0 to 255) that `to_float` takes."""
    return (images > np.float32(threshold) * np.float32(PIXEL_SCALE)).astype(np.float32)


def binarize_bytes(images: np.ndarray, threshold: int) -> np.ndarray:
    """Turn pixels from 0…255 into 0 or 255 by the same threshold."""
    return np.where(images > threshold, np.uint8(255), np.uint8(0))


def check_threshold(binarize: int) -> int:
    """Return the threshold itself if it is one; raise a ValueError otherwise."""
    if not 0 <= binarize <= 255:
        raise ValueError(f"binarize is a threshold from 0 to 255, but got {binarize}.")
    return binarize
