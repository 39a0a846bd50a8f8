"""The palette of all pictures of a network: signed values, ink, frames, and what is not a number.

Most colors are transparent, so the same pixels suit a light and a dark page; a picture is an array
of indices into the palette, one byte for each pixel. Signed values have levels twice: transparent
at zero, where holes tell negative ones apart, and as tones, which do so by their lightness.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.shell.colors import DIVERGED, channels
from dashboard.shell.pictures import NEGATIVE, POSITIVE, opacity

ZERO = 60
"""The level of zero; 0 to 59 are negative values, 61 to 120 positive ones."""
INK_FIRST, INK_LAST = 121, 172
"""The levels of a blank pixel of a drawing and of full ink."""
TONE_FIRST, TONE_ZERO = 173, 213
"""The tones of the lowest value and of zero; 214 to 253 are positive values."""
GAP = 254
"""The level of the lines between tiles."""
INVALID = 255
"""The level of NaN and infinity."""

INK = (110, 118, 136)

TONES = {"negative": (240, 172, 212), "zero": (130, 133, 142), "positive": (0, 76, 32)}
"""Colors of the lowest value, which is light, of zero, and of the highest value, which is dark."""


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
        for level in range(INK_FIRST, TONE_FIRST)
    ]
    tones = [_color(tone, 1) for tone in _tones(GAP - TONE_FIRST)]
    return (*signed, *ink, *tones, _color(INK, 0.2), _color(channels(DIVERGED), 0.9))


def _tones(count: int) -> list[tuple[int, int, int]]:
    shares = np.linspace(-1, 1, count)[:, np.newaxis]
    end = np.where(shares < 0, TONES["negative"], TONES["positive"])
    mixed = end + (1 - opacity(np.abs(shares))) * (np.array(TONES["zero"]) - end)
    return [(red, green, blue) for red, green, blue in np.round(mixed).astype(int).tolist()]


PALETTE = _palette()
"""Colors "#rrggbbaa" by level, as in the other pictures of signed values; zero is transparent."""


def _tone_of_levels() -> NDArray[np.uint8]:
    tones = np.arange(len(PALETTE), dtype=np.uint8)
    signed = np.arange(INK_FIRST) / ZERO
    tones[:INK_FIRST] = np.round(TONE_FIRST + signed * (TONE_ZERO - TONE_FIRST))
    return tones


TONE_OF_LEVEL = _tone_of_levels()
"""The tone of every level of a signed value; other levels are unchanged. (256,) uint8."""


def tone_gradient() -> str:
    """Return the tones from the lowest to the highest value, as CSS."""
    return f"linear-gradient(to right, {', '.join(PALETTE[TONE_FIRST:GAP:8])})"


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
