"""Colours of the regions of the plane as clear ones, through which the page shines.

So the same pixels suit a light page and a dark one, and a change of the theme needs no new picture.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from dashboard.plane.palette import CLASS_COLOURS, Palette, pack_pixels

STRENGTH = 0.6
"""How much of a class's colour its region has, so that points stand out."""


@cache
def clear_palette() -> Palette:
    """Return the classes' colours, each as transparent as the others."""
    channels = [tuple(bytes.fromhex(colour.removeprefix("#"))) for colour in CLASS_COLOURS]
    alpha = np.full(len(channels), 255 * STRENGTH)
    regions = np.column_stack([np.array(channels, np.float32), alpha]).astype(np.float32)
    return Palette(CLASS_COLOURS, regions, pack_pixels(np.rint(regions).astype(np.uint8)))
