"""Finds the edges of the paper in a photograph or scan, beyond which there is a desk or a frame.

What lies around the paper would otherwise be mistaken for ink, and its edges for printed rules.
"""

from __future__ import annotations

import numpy as np

# Pixels over which the brightness changes at an edge.
_EDGE_WIDTH = 3
# The edge is at most so far from the side of the picture, as a share of the picture, and found in
# so many of the lines across it, at most so many pixels apart.
_FARTHEST, _LEAST_LINES, _DEVIATION = 0.17, 0.7, 2.0


def find_paper(grey: np.ndarray, level: float) -> tuple[slice, slice]:
    """Return the rows and columns of the paper, in a picture whose sides are parallel to its own.

    The whole picture, unless there are edges at two neighbouring sides: a stroke may look like one.

    Parameters
    ----------
    grey : (rows, columns) floating in 0…255
    level : float
        The least change of brightness of an edge.
    """
    top, bottom = (_edge_depth(lines, level) for lines in (grey, grey[::-1]))
    left, right = (_edge_depth(lines, level) for lines in (grey.T, grey.T[::-1]))
    if not max(top, bottom) or not max(left, right):
        top = bottom = left = right = 0
    rows, columns = grey.shape
    return slice(top, rows - bottom), slice(left, columns - right)


def _edge_depth(lines: np.ndarray, level: float) -> int:
    """Return how many of the first rows are beyond an edge of the paper; 0 if there is none."""
    near = lines[: round(_FARTHEST * len(lines)) + _EDGE_WIDTH]
    steps = np.abs(near[_EDGE_WIDTH:] - near[:-_EDGE_WIDTH]) > level
    if not len(steps):
        return 0
    has_edge = steps.any(axis=0)
    depth = steps.argmax(axis=0)
    usual = float(np.median(depth[has_edge])) if has_edge.any() else 0.0
    is_near = has_edge & (np.abs(depth - usual) <= _DEVIATION)
    if is_near.mean() < _LEAST_LINES:
        return 0
    return round(usual) + _EDGE_WIDTH + 1
