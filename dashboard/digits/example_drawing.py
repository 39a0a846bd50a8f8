"""The example on the pad of the first view: a digit drawn with straight strokes.

It is drawn by this project, so that the first view depends on no data set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIGIT = 4
STROKES = (
    ((0.37, 0.17), (0.33, 0.34), (0.27, 0.54), (0.47, 0.55), (0.74, 0.52)),
    ((0.62, 0.33), (0.59, 0.58), (0.57, 0.85)),
)
"""Points of each stroke as shares of width and height, from the top left."""
RADIUS = 0.045
"""Half the width of the strokes, as a share of the width."""


def draw_example(side: int) -> NDArray[np.float32]:
    """Return the example as a picture, (side, side) float32 in [0, 1], 1 being full ink."""
    picture = np.zeros((side, side), np.float32)
    y, x = np.mgrid[:side, :side] + 0.5
    for stroke in STROKES:
        points = side * np.array(stroke)
        for (x0, y0), (dx, dy) in zip(points[:-1], np.diff(points, axis=0), strict=True):
            along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)
            nearest = np.clip(along, 0, 1)
            distance = np.hypot(x - x0 - nearest * dx, y - y0 - nearest * dy)
            # Full ink within the radius, fading over one pixel at its edge, as the pad paints.
            ink = np.clip(RADIUS * side + 0.5 - distance, 0, 1)
            np.maximum(picture, ink, out=picture, casting="same_kind")
    return picture
