"""Drawings for the tests of preprocessing."""

from __future__ import annotations

import numpy as np


def ring(side, radius, width, at=None) -> np.ndarray:
    """A circle of a stroke width, in pixels, on a square canvas."""
    row, column = at or (side / 2, side / 2)
    rows, columns = np.mgrid[:side, :side] + 0.5
    distance = np.abs(np.hypot(rows - row, columns - column) - radius)
    return np.clip(width / 2 - distance + 0.5, 0, 1)
