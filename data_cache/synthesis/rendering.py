"""Draws lines with a round pen of any width, as the laboratory's pad does.

Ink is full within the pen's radius and fades over one pixel at its edge.
"""

from __future__ import annotations

import numpy as np


def draw_lines(segments: np.ndarray, radius: float, side: int, *, hard: bool = False) -> np.ndarray:
    """Draw straight segments on an empty canvas.

    Parameters
    ----------
    segments : (m, 4) float
        x and y, in pixels, of the start and the end of each.
    radius : float
        Half the pen's width, in pixels.
    side : int
        Of the canvas.
    hard : bool
        Whether pixels are either ink or paper, without an edge that fades.

    Returns
    -------
    (side, side) float32 in [0, 1]
    """
    canvas = np.zeros((side, side), np.float32)
    reach = radius + 1
    for x0, y0, x1, y1 in segments.tolist():
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
        np.maximum(part, np.clip(np.float32(radius + 0.5) - distance, 0, 1), out=part)
    if hard:
        return (canvas > 0.5).astype(np.float32)
    return canvas
