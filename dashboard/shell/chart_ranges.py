"""Ranges of chart axes that follow the data, and how much of the data they show."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

import numpy as np
from bokeh.models import Range1d
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Bounds = tuple[float, float]

OUTLIER_PER_CENT = 1.0
"""The share of the values at either end that count as outliers."""

FEWEST = 20
"""Of fewer values none is an outlier."""

REMEMBERED = 50
"""Ranges that a page may still be told about when it resets its own."""


class FollowingRange:
    """A range that follows the data until somebody zooms or pans, and again after a reset.

    Parameters
    ----------
    start, end
        Its first bounds.

    Attributes
    ----------
    range
        The range, which several charts may share.
    """

    def __init__(self, start: float, end: float) -> None:
        self.range = Range1d(start, end, reset_start=start, reset_end=end)
        self._followed: deque[Bounds] = deque([(start, end)], maxlen=REMEMBERED)

    def follow(self, start: float, end: float) -> None:
        """Show these bounds, at once or, if somebody looks at others, after a reset."""
        shown = (self.range.start, self.range.end)
        is_followed = shown in self._followed
        if (start, end) != self._followed[-1]:
            self.range.update(reset_start=start, reset_end=end)
            self._followed.append((start, end))
        if is_followed and shown != (start, end):
            self.range.update(start=start, end=end)


def bounds_of(columns: Iterable[Floats], *, ignore_outliers: bool) -> Bounds | None:
    """Return the least and the greatest value of all columns; None when there is none.

    Parameters
    ----------
    columns
        Values, each (n,); those that are not finite are left out.
    ignore_outliers
        Whether to leave out the extreme values of each column that has at least `FEWEST`.
    """
    lows, highs = [], []
    for column in columns:
        finite = column[np.isfinite(column)]
        if not len(finite):
            continue
        share = OUTLIER_PER_CENT if ignore_outliers and len(finite) >= FEWEST else 0.0
        low, high = np.percentile(finite, (share, 100 - share))
        lows.append(float(low))
        highs.append(float(high))
    return (min(lows), max(highs)) if lows else None


def linear_bounds(bounds: Bounds | None) -> Bounds:
    """Return the range of a linear axis from 0, with some room above the values."""
    return (0.0, round_up(1.05 * bounds[1])) if bounds and bounds[1] > 0 else (0.0, 1.0)


def logarithmic_bounds(bounds: Bounds | None) -> Bounds:
    """Return the range of a logarithmic axis for positive values."""
    if not bounds or bounds[0] <= 0:
        return (0.01, 10.0)
    return 1 / round_up(1.25 / bounds[0]), round_up(1.25 * bounds[1])


def share_bounds(bounds: Bounds | None) -> Bounds:
    """Return the range of an axis of shares in [0, 1], in steps of 5 %."""
    if not bounds:
        return (0.0, 1.02)
    low, high = math.floor(20 * bounds[0]) / 20, math.ceil(20 * bounds[1]) / 20
    if low == high:
        low, high = low - 0.05, high + 0.05
    return max(low, 0.0), min(high, 1.0) + 0.02


def round_up(value: float) -> float:
    """Return the next number from a positive value on with two digits, the second one even.

    An axis that follows in such steps is seldom drawn anew.
    """
    unit = 2 * 10.0 ** (math.floor(math.log10(value)) - 1)
    return unit * math.ceil(round(value / unit, 9))
