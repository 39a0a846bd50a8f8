"""What other pens, papers and scanners do to a digit: thickness, edges, blur, noise, lost patches.

Each function takes (n, 28, 28) float32 in [0, 1] and (n,) strengths, and changes the pictures in
place; the ends of [0, 1] may be overstepped, which whoever calls them mends once, at the end.
"""

from __future__ import annotations

import functools

import numpy as np

from data_cache.samples import SIDE

_CELLS = np.arange(SIDE, dtype=np.float32)
# The same numbers for everyone: which of them a digit gets is what is random.
_NOISE_COUNT = 1 << 15


def change_thickness(pictures: np.ndarray, pixels: np.ndarray) -> None:
    """Widen strokes (`pixels` > 0) or thin them (< 0) on each side, by less than one pixel.

    A fraction of a pixel is that share of the way to the grey-scale dilation or erosion by a
    cross of five pixels, so thin strokes become fainter but are never lost.
    """
    for chosen, extreme in ((pixels > 0, np.maximum), (pixels < 0, np.minimum)):
        if chosen.any():
            old = pictures[chosen]
            changed = _of_cross(old, extreme)
            changed -= old
            changed *= np.abs(pixels[chosen])[:, None, None]
            pictures[chosen] = old + changed


def change_contrast(pictures: np.ndarray, slope: np.ndarray, grey: np.ndarray) -> None:
    """Make edges steeper: `slope` (n,) from 1 up, about the level `grey` (n,), which becomes 0.5.

    The level is a share of the darkest ink in the picture. Paper stays paper, and the darkest ink
    becomes full ink, so that a faint digit is not lost.
    """
    chosen = slope > 1
    if chosen.any():
        part = pictures[chosen]
        darkest = np.maximum(part.max(axis=(1, 2)), 1 / 255)
        steep, level = slope[chosen] / darkest, grey[chosen] * darkest
        part -= level[:, None, None]
        part *= steep[:, None, None]
        part += 0.5
        np.clip(part, 0, 1, out=part)
        # A gentle slope about a middling grey would leave a veil over the paper.
        low = np.clip(0.5 - steep * level, 0, 1)[:, None, None]
        high = np.clip(0.5 + steep * (darkest - level), 0, 1)[:, None, None]
        part -= low
        part /= high - low
        pictures[chosen] = part


def blur(pictures: np.ndarray, share: np.ndarray) -> None:
    """Mix every pixel with the smooth mean of its 3 × 3 neighbours, as low resolution does."""
    chosen = share > 0
    if chosen.any():
        old = pictures[chosen]
        mean = _smooth(old)
        mean -= old
        mean *= share[chosen][:, None, None]
        pictures[chosen] = old + mean


def add_noise(pictures: np.ndarray, deviation: np.ndarray, place: np.ndarray) -> None:
    """Add normal noise of a standard deviation; `place` (n,) in [0, 1) says which."""
    chosen = deviation > 0
    if chosen.any():
        starts = (place[chosen] * (_NOISE_COUNT - SIDE * SIDE)).astype(np.intp)
        noise = np.lib.stride_tricks.sliding_window_view(_noise(), SIDE * SIDE)[starts]
        noise = noise.reshape(-1, SIDE, SIDE) * deviation[chosen][:, None, None]
        pictures[chosen] += noise


def erase_patch(pictures: np.ndarray, side: np.ndarray, centre: np.ndarray) -> None:
    """Erase a square of `side` (n,) pixels about `centre` (n, 2), column and row in pixels."""
    chosen = side > 0
    if chosen.any():
        half = side[chosen][:, None] / 2
        kept = [
            (np.abs(_CELLS - centre[chosen][:, axis, None]) > half).astype(np.float32)
            for axis in (0, 1)
        ]
        pictures[chosen] *= np.maximum(kept[0][:, None, :], kept[1][:, :, None])


def _of_cross(pictures: np.ndarray, extreme: np.ufunc) -> np.ndarray:
    """Return the greatest (or least) of each pixel and its four neighbours."""
    result: np.ndarray = pictures.copy()
    extreme(result[:, 1:], pictures[:, :-1], out=result[:, 1:])
    extreme(result[:, :-1], pictures[:, 1:], out=result[:, :-1])
    extreme(result[:, :, 1:], pictures[:, :, :-1], out=result[:, :, 1:])
    extreme(result[:, :, :-1], pictures[:, :, 1:], out=result[:, :, :-1])
    return result


def _smooth(pictures: np.ndarray) -> np.ndarray:
    """Weigh each pixel with its eight neighbours, 1 2 1 along both axes; paper lies around."""
    down: np.ndarray = pictures * np.float32(0.5)
    down[:, 1:] += pictures[:, :-1] * np.float32(0.25)
    down[:, :-1] += pictures[:, 1:] * np.float32(0.25)
    both: np.ndarray = down * np.float32(0.5)
    both[:, :, 1:] += down[:, :, :-1] * np.float32(0.25)
    both[:, :, :-1] += down[:, :, 1:] * np.float32(0.25)
    return both


@functools.cache
def _noise() -> np.ndarray:
    """Return the pool of normal numbers, drawn at its first use."""
    return np.random.default_rng(0).standard_normal(_NOISE_COUNT, dtype=np.float32)
