"""Image corruptions: contrast, blur, noise and erased patches.

Each function takes images (n, 28, 28) float32 in [0, 1] and strengths (n,), and changes the images
in place. Values may leave [0, 1]; the caller clips them once, at the end.
"""

from __future__ import annotations

import functools

import numpy as np

from data_cache.samples import SIDE

_CELLS = np.arange(SIDE, dtype=np.float32)
# Size of the table of normal numbers; which part of it an image gets is random.
_NOISE_COUNT = 1 << 15


def change_contrast(images: np.ndarray, factor: np.ndarray, grey: np.ndarray) -> None:
    """Raise the contrast by a factor about a grey level.

    The background stays 0, and the maximum becomes 1, so that faint images do not vanish.

    Parameters
    ----------
    images : (n, 28, 28) float32
    factor : (n,) float32
        Images with a factor of 1 or less do not change.
    grey : (n,) float32
        The level, as a share of the image's maximum; it becomes about 0.5.
    """
    chosen = factor > 1
    if chosen.any():
        part = images[chosen]
        darkest = np.maximum(part.max(axis=(1, 2)), 1 / 255)
        steep, level = factor[chosen] / darkest, grey[chosen] * darkest
        part -= level[:, None, None]
        part *= steep[:, None, None]
        part += 0.5
        np.clip(part, 0, 1, out=part)
        # With a small factor about a middle grey the background would not be 0.
        low = np.clip(0.5 - steep * level, 0, 1)[:, None, None]
        high = np.clip(0.5 + steep * (darkest - level), 0, 1)[:, None, None]
        part -= low
        part /= high - low
        images[chosen] = part


def blur(images: np.ndarray, share: np.ndarray) -> None:
    """Mix every pixel with the mean of its 3 × 3 neighbourhood, with weight `share` (n,)."""
    chosen = share > 0
    if chosen.any():
        old = images[chosen]
        mean = _smooth(old)
        mean -= old
        mean *= share[chosen][:, None, None]
        images[chosen] = old + mean


def add_noise(images: np.ndarray, deviation: np.ndarray, seed: np.ndarray) -> None:
    """Add normal noise of standard deviation `deviation` (n,), chosen by `seed` (n,) in [0, 1)."""
    chosen = deviation > 0
    if chosen.any():
        starts = (seed[chosen] * (_NOISE_COUNT - SIDE * SIDE)).astype(np.intp)
        noise = np.lib.stride_tricks.sliding_window_view(_noise(), SIDE * SIDE)[starts]
        noise = noise.reshape(-1, SIDE, SIDE) * deviation[chosen][:, None, None]
        images[chosen] += noise


def erase_patch(images: np.ndarray, side: np.ndarray, centre: np.ndarray) -> None:
    """Set a square of `side` (n,) pixels to 0 around `centre` (n, 2), column and row in pixels."""
    chosen = side > 0
    if chosen.any():
        half = side[chosen][:, None] / 2
        kept = [
            (np.abs(_CELLS - centre[chosen][:, axis, None]) > half).astype(np.float32)
            for axis in (0, 1)
        ]
        images[chosen] *= np.maximum(kept[0][:, None, :], kept[1][:, :, None])


def _smooth(images: np.ndarray) -> np.ndarray:
    """Convolve with the binomial kernel 1 2 1 along both axes, with zero padding."""
    down: np.ndarray = images * np.float32(0.5)
    down[:, 1:] += images[:, :-1] * np.float32(0.25)
    down[:, :-1] += images[:, 1:] * np.float32(0.25)
    both: np.ndarray = down * np.float32(0.5)
    both[:, :, 1:] += down[:, :, :-1] * np.float32(0.25)
    both[:, :, :-1] += down[:, :, 1:] * np.float32(0.25)
    return both


@functools.cache
def _noise() -> np.ndarray:
    """Return the table of normal numbers."""
    return np.random.default_rng(0).standard_normal(_NOISE_COUNT, dtype=np.float32)
