"""The palette of all pictures of a network: signed values, ink, frames, and what is not a number.

The colors are transparent, so the same pixels suit a light and a dark page; a picture is an array
of indices into the palette, one byte for each pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.shell.colors import DIVERGED, channels
from dashboard.shell.pictures import NEGATIVE, POSITIVE, opacity

ZERO = 90
"""The level of zero; 0 to 89 are negative values, 91 to 180 positive ones."""
INK_FIRST, INK_LAST = 181, 253
"""The levels of a blank pixel of a drawing and of full ink."""
GAP = 254
"""The level of the lines between tiles."""
INVALID = 255
"""The level of NaN and infinity."""

INK = (110, 118, 136)


def _color(color: tuple[int, int, int], alpha: float) -> str:
    return "#" + bytes([*color, round(255 * alpha)]).hex()


def _palette() -> tuple[str, ...]:
    strengths = opacity(np.abs(np.arange(INK_FIRST) - ZERO) / ZERO).tolist()
    signed = [
        _color(POSITIVE if level > ZERO else NEGATIVE, strength)
        for level, strength in enumerate(strengths)
    ]
    ink = [
        _color(INK, 0.95 * (level - INK_FIRST) / (INK_LAST - INK_FIRST))
        for level in range(INK_FIRST, GAP)
    ]
    return (*signed, *ink, _color(INK, 0.2), _color(channels(DIVERGED), 0.9))


PALETTE = _palette()
"""Colors "#rrggbbaa" by level, as in the other pictures of signed values; zero is transparent."""


def signed_levels(values: NDArray[np.floating], scale: float) -> NDArray[np.uint8]:
    """Return the levels of signed values, of the same shape.

    Parameters
    ----------
    values
        NaN and infinity get a level of their own.
    scale
        The magnitude, above 0, from which a value has the full color.
    """
    with np.errstate(all="ignore"):
        shares = values * (ZERO / scale)
        np.clip(shares, -ZERO, ZERO, out=shares)
        shares += ZERO + 0.5
        levels = shares.astype(np.uint8)
    is_valid = np.isfinite(values)
    if not is_valid.all():
        levels[~is_valid] = INVALID
    return levels


def ink_levels(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the levels of the pixels of a drawing, which are in [0, 1]."""
    return (INK_FIRST + (INK_LAST - INK_FIRST) * image + 0.5).astype(np.uint8)


def largest_magnitude(values: NDArray[np.floating]) -> float:
    """Return the largest magnitude of the finite values; 1 if there is none above 0."""
    if not values.size:
        return 1.0
    largest = max(float(values.max()), -float(values.min()))
    if not np.isfinite(largest):
        finite = values[np.isfinite(values)]
        largest = float(np.abs(finite).max()) if finite.size else 0.0
    return largest if largest > 0 else 1.0


def usual_magnitude(values: NDArray[np.floating]) -> float:
    """Return three times the root mean square of the finite values, at most their largest.

    A few large weights would make all others pale.
    """
    largest = largest_magnitude(values)
    flat = values.reshape(-1).astype(np.float64)
    if not np.isfinite(flat).all():
        flat = flat[np.isfinite(flat)]
    usual = 3 * float(np.sqrt(np.dot(flat, flat) / max(flat.size, 1)))
    return min(largest, usual) if 0 < usual < np.inf else largest
