"""Tells from the losses alone whether training goes well, has gone wrong, or something between.

It measures by the run's own beginning and by its best, so it needs no tuning to a problem.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

EXPLOSION_FACTOR = 10.0
"""A smoothed loss this many times the starting loss counts as exploded."""


@dataclass
class DivergenceDetector:
    """What the losses of a run are compared with.

    Attributes
    ----------
    starting
        The loss of the first batch, but at least that of guessing; None before it.
    best
        The lowest smoothed loss at which weights were judged; infinity before that.
    """

    starting: float | None = None
    best: float = math.inf

    def find_fault(self, loss: float, smoothed: float | None, classes: int) -> str | None:
        """Say in words what is wrong with a batch's loss; None when training may go on.

        The smoothed loss decides, because a single hard sample may cost any amount.
        """
        if not math.isfinite(loss) or smoothed is None:
            return "became infinite or not a number"
        if self.starting is None:
            self.starting = max(loss, math.log(classes))
        if smoothed > EXPLOSION_FACTOR * self.starting:
            return f"exploded to {loss:,.0f}"
        return None

    def is_good(self, loss: float, smoothed: float) -> bool:
        """Judge the weights that gave this loss: whether they are worth going back to."""
        self.best = min(self.best, smoothed)
        return smoothed <= 1.5 * self.best + 0.1 and loss <= 2 * smoothed + 0.5
