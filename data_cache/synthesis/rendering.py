"""Renders strokes: curves through points, polylines of equal steps, and their image.

Drawn lines have the shape of those on the drawing pad, full ink within the radius of a round pen.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from data_cache.synthesis.stroke_templates import Stroke

STEPS = 5
"""Points of a curve for each point of its stroke."""


def curve(stroke: Stroke) -> np.ndarray:
    """Return a smooth curve through the points of a stroke, with its corners kept.

    Returns
    -------
    (m, 2) float64
    """
    ends = [0, *np.flatnonzero(stroke.corners[1:-1]) + 1, len(stroke.points) - 1]
    pieces = [_catmull_rom(stroke.points[first : last + 1]) for first, last in pairwise(ends)]
    return np.concatenate(pieces)


def _catmull_rom(points: np.ndarray) -> np.ndarray:
    """Return the spline of Catmull and Rom ("A class of local interpolating splines", 1974)."""
    if len(points) == 2:
        return points
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, STEPS, endpoint=False)[None, :, None]
    before, start, end, after = (part[:, None, :] for part in (before, start, end, after))
    curve_points = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    return np.concatenate([curve_points.reshape(-1, 2), points[-1:]])


def resample_line(points: np.ndarray, count: int) -> np.ndarray:
    """Return `count` points (count, 2) at equal distances along a line, including both ends."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0, along[-1], count)
    return np.stack([np.interp(wanted, along, points[:, axis]) for axis in (0, 1)], axis=1)


def length(points: np.ndarray) -> float:
    """Return the length of a line through points (m, 2)."""
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def draw_lines(
    segments: np.ndarray, radius: float | np.ndarray, side: int, *, antialias: bool = True
) -> np.ndarray:
    """Draw line segments with a round pen on an empty canvas.

    Parameters
    ----------
    segments : (m, 4) float
        x and y of the start and of the end of each, in pixels.
    radius : float or (m,) float
        Half the width of the lines, or of each segment, in pixels.
    side : int
        Side of the canvas.
    antialias : bool
        Whether edges fade over one pixel; without it every pixel is 0 or 1.

    Returns
    -------
    (side, side) float32 in [0, 1]
        0 is the background, 1 full ink.
    """
    canvas = np.zeros((side, side), np.float32)
    radii = np.broadcast_to(radius, len(segments)).tolist()
    for (x0, y0, x1, y1), pen in zip(segments.tolist(), radii, strict=True):
        reach = pen + 1
        left, right = max(0, int(min(x0, x1) - reach)), min(side, int(max(x0, x1) + reach) + 1)
        top, bottom = max(0, int(min(y0, y1) - reach)), min(side, int(max(y0, y1) + reach) + 1)
        if left >= right or top >= bottom:
            continue
        px = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - x0)
        py = (np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - y0))[:, None]
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        along = np.clip((px * dx + py * dy) / square, 0, 1) if square else np.float32(0)
        distance = np.hypot(px - along * np.float32(dx), py - along * np.float32(dy))
        part = canvas[top:bottom, left:right]
        np.maximum(part, np.clip(np.float32(pen + 0.5) - distance, 0, 1), out=part)
    return canvas if antialias else (canvas > 0.5).astype(np.float32)
