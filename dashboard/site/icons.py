"""Draws the app's icon as PNG files, which devices need when the site is installed as an app.

The shapes are those of dashboard/shell/assets/icon.svg, on a square of 32 units.
"""

import numpy as np

from dashboard.shell.pictures import encode_png

BLUE, WHITE = (0x3B, 0x5B, 0xDB), (255, 255, 255)
CORNER_RADIUS = 8.0
STROKE_WIDTH = 3.2
DOT_CENTRE, DOT_RADIUS = (10.0, 24.0), 2.1
# Three cubic Bézier curves, each with start, two control points and end.
CURVES = (
    ((9, 20), (12, 11), (16, 8), (18, 9)),
    ((18, 9), (20, 10), (16, 17), (18, 18)),
    ((18, 18), (20, 19), (22, 15), (24, 12)),
)
POINTS_PER_CURVE = 40


def icon_png(size: int) -> bytes:
    """Return the icon as the bytes of a PNG file of `size` × `size` pixels."""
    scale = size / 32
    centres = (np.arange(size) + 0.5) / scale
    x, y = np.meshgrid(centres, centres)
    square = np.hypot(*(np.maximum(np.abs(v - 16) - (16 - CORNER_RADIUS), 0) for v in (x, y)))
    ink = np.minimum(
        _distance_to_curves(x, y) - STROKE_WIDTH / 2,
        np.hypot(x - DOT_CENTRE[0], y - DOT_CENTRE[1]) - DOT_RADIUS,
    )
    share = _coverage(ink, scale)[..., None]
    colours = np.asarray(BLUE) * (1 - share) + np.asarray(WHITE) * share
    alpha = 255 * _coverage(square - CORNER_RADIUS, scale)[..., None]
    return encode_png(np.concatenate([colours, alpha], axis=2).round().astype(np.uint8), level=9)


def _coverage(distance: np.ndarray, scale: float) -> np.ndarray:
    """Return the share of each pixel inside a shape, from its centre's distance to the edge."""
    return np.clip(0.5 - distance * scale, 0, 1)


def _distance_to_curves(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    t = np.linspace(0, 1, POINTS_PER_CURVE)
    weights = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    nearest = np.full(x.shape, np.inf)
    for curve in CURVES:
        for point in weights.T @ np.asarray(curve, dtype=float):
            nearest = np.minimum(nearest, np.hypot(x - point[0], y - point[1]))
    return nearest
