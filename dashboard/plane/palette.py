"""Colours for ten classes that colour-blind people can tell apart, on light and on dark pages.

They are the ten of M. A. Petroff, "Accessible Color Sequences for Data Visualization"
(arXiv:2107.02270, 2021), reordered so that the first few are as far apart as can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

CLASS_COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#92dadd",
    "#bd1f01",
    "#717581",
    "#b9ac70",
    "#a96b59",
    "#e76300",
    "#832db6",
    "#94a4a2",
)
"""Of the points, on any page."""

_GROUND = {"light": (255, 255, 255), "dark": (16, 20, 28)}
_STRENGTH = {"light": 0.6, "dark": 0.65}
"""How much of a class's colour its region has; the rest is ground, so that points stand out."""


@dataclass(frozen=True, eq=False)
class Palette:
    """Colours of a theme.

    Attributes
    ----------
    points : tuple of str
        "#rrggbb" of the points of each class.
    regions : (10, 4) float32
        Red, green, blue and alpha, 0 to 255, of the region of each class.
    packed : (10,) uint32
        The same as pixels.
    """

    points: tuple[str, ...]
    regions: np.ndarray
    packed: np.ndarray


@cache
def palette(theme: str) -> Palette:
    """Return the colours of the theme "light" or "dark"."""
    colours = np.array([_channels(colour) for colour in CLASS_COLOURS], np.float32)
    strength = np.float32(_STRENGTH[theme])
    blended = strength * colours + (1 - strength) * np.array(_GROUND[theme], np.float32)
    regions = np.column_stack([blended, np.full(len(blended), 255)]).astype(np.float32)
    return Palette(CLASS_COLOURS, regions, pack_pixels(np.rint(regions).astype(np.uint8)))


def pack_pixels(channels: np.ndarray) -> np.ndarray:
    """Turn (..., 4) uint8 of red, green, blue and alpha into (...) uint32, as Bokeh takes them."""
    return np.ascontiguousarray(channels).view(np.uint32)[..., 0]


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))
