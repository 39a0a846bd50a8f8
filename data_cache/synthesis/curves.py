"""Makes the line that a hand really draws from the points of a stroke: curved, shaky, sampled.

A stroke is a smooth curve between its corners; a tablet samples it at some places only, and the
pen goes straight between those.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from data_cache.synthesis.stroke_templates import Stroke

STEPS = 5
"""Places on the curve between two points of a stroke."""


def curve(stroke: Stroke) -> np.ndarray:
    """Return the places (m, 2) of the curve through all points, broken at the corners."""
    ends = [0, *np.flatnonzero(stroke.corners[1:-1]) + 1, len(stroke.points) - 1]
    pieces = [_catmull_rom(stroke.points[first : last + 1]) for first, last in pairwise(ends)]
    return np.concatenate(pieces)


def _catmull_rom(points: np.ndarray) -> np.ndarray:
    """Return the curve of Catmull and Rom ("A class of local interpolating splines", 1974)."""
    if len(points) == 2:
        return points
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, STEPS, endpoint=False)[None, :, None]
    before, start, end, after = (part[:, None, :] for part in (before, start, end, after))
    places = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    return np.concatenate([places.reshape(-1, 2), points[-1:]])


def resample_line(places: np.ndarray, count: int) -> np.ndarray:
    """Return `count` places (count, 2) at equal distances along a line, both ends included."""
    steps = np.hypot(*np.diff(places, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0, along[-1], count)
    return np.stack([np.interp(wanted, along, places[:, axis]) for axis in (0, 1)], axis=1)


def length(places: np.ndarray) -> float:
    """Return how long a line is."""
    return float(np.hypot(*np.diff(places, axis=0).T).sum())
