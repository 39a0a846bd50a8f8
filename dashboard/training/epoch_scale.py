"""The epochs of a run as a function of its iterations, for curves over epochs.

Batches of one size give equal steps, so only the iterations where that changes are stored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Point = tuple[int, float]


class EpochScale:
    """Iterations with the epochs that were done after them, and straight lines between them.

    An epoch's last batch may be smaller than the others, so the lines are exact at the ends of
    epochs, and elsewhere to a fraction of a batch.

    Parameters
    ----------
    points
        Pairs of an iteration and the epochs done, in ascending order of the iterations, which are
        from 1; the scale begins at iteration 0 with no epoch done.

    Attributes
    ----------
    points
        As given, and those added since.
    end
        The newest iteration and the epochs done after it; it follows the points.
    """

    def __init__(self, points: Iterable[Point] = ()) -> None:
        self.points: list[Point] = []
        for iteration, epochs in points:
            if type(iteration) is not int or iteration <= self._last[0]:
                raise ValueError(
                    f"expected iterations in ascending order, found {iteration!r} after "
                    f"{self._last[0]}"
                )
            if not (math.isfinite(epochs) and epochs >= 0):
                raise ValueError(f"expected a number of epochs from 0, found {epochs!r}")
            self.points.append((iteration, epochs))
        self.end: Point = self._last

    @property
    def _last(self) -> Point:
        return self.points[-1] if self.points else (0, 0.0)

    def add(self, iteration: int, epochs: float) -> None:
        """Add a point after the others; one on a straight line replaces the point before it."""
        if iteration <= self._last[0]:
            return
        if self.points:
            (start, first), (end, last) = ([(0, 0.0), *self.points[-2:]])[-2:]
            if (end - start) * (epochs - last) == (iteration - end) * (last - first):
                self.points.pop()
        self.points.append((iteration, epochs))

    def at(self, iterations: ArrayLike) -> NDArray[np.float64]:
        """Return the epochs done after each iteration; after the last point, at the last pace.

        Parameters
        ----------
        iterations
            (n,) numbers from 0.

        Returns
        -------
        numpy.ndarray
            (n,) float64.
        """
        wanted = np.asarray(iterations, dtype=float)
        known = np.array([(0, 0.0), *self.points], dtype=float)
        if self.end[0] > known[-1, 0]:
            known = np.vstack((known, self.end))
        epochs: NDArray[np.float64] = np.interp(wanted, known[:, 0], known[:, 1])
        if len(known) > 1:
            (start, first), (end, last) = known[-2:]
            after = last + (wanted - end) * (last - first) / (end - start)
            epochs = np.where(wanted > end, after, epochs)
        return epochs

    def truncate(self, iteration: int) -> None:
        """Drop every point after an iteration, and end the scale there."""
        (epochs,) = self.at([iteration])
        self.points = [point for point in self.points if point[0] <= iteration]
        self.end = (iteration, float(epochs))

    def copy(self) -> EpochScale:
        """Return an independent copy."""
        other = EpochScale()
        other.points, other.end = list(self.points), self.end
        return other
