"""Brings strokes that are thicker or thinner than any of MNIST's to a width that its writers have.

Pens differ more than hands do: a brush of 30 pixels on the pad, or a hair line, is no reason to
take a digit for another.
"""

from __future__ import annotations

import numpy as np

# Steps of working pixels are whole; three of them make a pixel of the frame.
FINE = 3


def stroke_width(pictures: np.ndarray) -> np.ndarray:
    """Return the mean width of the strokes in pictures (n, rows, columns), in pixels, (n,).

    Twice the ink over its total variation: a long line of width w has w ink and 2 edges for each
    pixel of its length, however blurred they are. Ends and crossings make it a little smaller.
    """
    # Two pixels of paper: half of every outer edge lies outside the ink.
    padded = np.pad(pictures, ((0, 0), (2, 2), (2, 2)))
    right = np.abs(np.diff(padded, axis=2))[:, 1:-1]
    down = np.abs(np.diff(padded, axis=1))[:, :, 1:-1]
    slopes = np.hypot(right[:, :, 1:] + right[:, :, :-1], down[:, 1:] + down[:, :-1]) / 2
    variation = slopes.sum(axis=(1, 2))
    return 2 * pictures.sum(axis=(1, 2)) / np.maximum(variation, 1e-9)


def widen(pictures: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Add `pixels` (n,) to each side of the strokes, or take them where negative.

    Grey-scale dilation and erosion by an octagon, one pixel at a time, the last one in part.
    """
    result = pictures.copy()
    for step in range(int(np.ceil(np.abs(pixels).max(initial=0)))):
        part = np.clip(np.abs(pixels) - step, 0, 1)
        for sign, extreme in ((1, np.maximum), (-1, np.minimum)):
            chosen = np.flatnonzero((part > 0) & (np.sign(pixels) == sign))
            if len(chosen):
                old = result[chosen]
                new = _extreme(old, extreme, with_corners=step % 2 == 1)
                result[chosen] = old + part[chosen, None, None] * (new - old)
    return result


def _extreme(pictures: np.ndarray, extreme: np.ufunc, *, with_corners: bool) -> np.ndarray:
    """Return the greatest (or least) among each pixel and its four or eight neighbours."""
    result = pictures.copy()
    extreme(result[:, 1:], pictures[:, :-1], out=result[:, 1:])
    extreme(result[:, :-1], pictures[:, 1:], out=result[:, :-1])
    source = result.copy() if with_corners else pictures
    extreme(result[:, :, 1:], source[:, :, :-1], out=result[:, :, 1:])
    extreme(result[:, :, :-1], source[:, :, 1:], out=result[:, :, :-1])
    return result
