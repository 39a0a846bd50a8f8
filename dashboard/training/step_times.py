"""The seconds that a run has trained as a function of its iterations, for curves over time.

Only training counts, not pauses, waits or validations; the numbers of the run never depend on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

CAPACITY = 512


class StepTimes:
    """Iterations with the seconds trained until they were reached, limited in number.

    Parameters
    ----------
    iteration
        Where the times begin, at 0 seconds; what lies before it is not known.
    capacity
        Most points, at least 4; every second one is dropped when there are more.
    """

    def __init__(self, iteration: int = 0, capacity: int = CAPACITY) -> None:
        self._points = [(iteration, 0.0)]
        self._capacity = capacity
        self.total = 0.0
        """Seconds trained in all, also for steps that were taken back."""

    def add(self, iteration: int, seconds: float) -> None:
        """Add the seconds of a slice that ended at an iteration."""
        self.total += seconds
        points = self._points
        while len(points) > 1 and points[-1][0] >= iteration:
            points.pop()  # the run returned to an earlier iteration
        points.append((iteration, self.total))
        if len(points) > self._capacity:
            self._points = [*points[:-1][::2], points[-1]]

    def at(self, iterations: ArrayLike) -> NDArray[np.float64]:
        """Return the seconds until each iteration was reached.

        Parameters
        ----------
        iterations
            (n,) numbers from 0.

        Returns
        -------
        numpy.ndarray
            (n,) float64; NaN before the first known one.
        """
        wanted = np.asarray(iterations, dtype=float)
        known = np.array(self._points, dtype=float)
        seconds: NDArray[np.float64] = np.interp(wanted, known[:, 0], known[:, 1], left=np.nan)
        return seconds

    def copy(self) -> StepTimes:
        """Return an independent copy."""
        other = StepTimes(capacity=self._capacity)
        other._points, other.total = list(self._points), self.total
        return other
