"""The learning rate range test: train with a rate that grows with every step, and watch the loss.

A rate that is too small changes nothing, one that is too large makes the loss grow; in between lies
what to train with.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.runs.trials import Trials
from dashboard.training.history import History, smooth
from dashboard.training.run import DivergenceError

SMOOTHING = 0.9
"""Decay rate per step of the moving average of the loss."""

STOP_FACTOR = 4.0
"""The test ends when the smoothed loss exceeds so many times its lowest value."""

SAFETY = 10.0
"""The suggested rate is the one of the lowest smoothed loss divided by this."""

STEPS_AT_A_TIME = 10


@dataclass(frozen=True, eq=False)
class RateTest:
    """The result of a learning rate range test.

    Attributes
    ----------
    rates, losses
        Of every step, (steps,) float64.
    smoothed
        The losses as a moving average.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]

    @property
    def smoothed(self) -> NDArray[np.float64]:
        """The exponential moving average of the losses, with bias correction."""
        return smooth(self.losses, SMOOTHING)

    @property
    def suggestion(self) -> float | None:
        """The suggested rate, rounded to one digit; None if the loss never fell."""
        smoothed = self.smoothed
        if len(smoothed) < 2:
            return None
        lowest = int(np.argmin(smoothed))
        return round_to_digit(self.rates[lowest] / SAFETY) if lowest else None


def round_to_digit(value: float) -> float:
    """Return a positive number rounded to one significant digit."""
    return float(f"{value:.0e}")


def rate_at(step: int, low: float, high: float, steps: int) -> float:
    """Return the rate of a step from 0: it grows by the same factor with each, from low to high."""
    return low * (high / low) ** (step / max(steps - 1, 1))


async def find_rate(
    trials: Trials,
    low: float,
    high: float,
    steps: int,
    progress: Callable[[RateTest], None] = lambda _result: None,
) -> RateTest:
    """Train a run of its own with growing rates; the run of the pane is not touched.

    It ends early when the loss explodes.

    Parameters
    ----------
    trials
        Makes the run, from where Train would begin one.
    low, high
        The first and the last rate, low below high.
    steps
        Steps at most, at least 2.
    progress
        Called with the result so far after every few steps.

    References
    ----------
    Smith, "Cyclical Learning Rates for Training Neural Networks" (WACV 2017), section 3.3.
    """
    if not (0 < low < high and steps >= 2):
        raise ValueError(
            f"find_rate: expected 0 < low < high and two steps; found {low:g}, {high:g}, {steps}."
        )
    run = trials.make_present(trials.settings())
    trainer = trials.trainer(
        run, None, learning_rate=lambda iteration: rate_at(iteration, low, high, steps)
    )
    result = RateTest(np.zeros(0), np.zeros(0))
    try:
        while run.iteration < steps:
            try:
                await trainer.train(steps=min(STEPS_AT_A_TIME, steps - run.iteration))
            except DivergenceError:
                # The run has taken the last steps back; their losses are kept with its marks.
                result = _with_divergence(run.history, low, high, steps)
                break
            history = run.history
            result = RateTest(
                np.array(history.learning_rates, float), np.array(history.losses, float)
            )
            progress(result)
            smoothed = result.smoothed
            if smoothed[-1] > STOP_FACTOR * smoothed.min() or not math.isfinite(smoothed[-1]):
                break
    finally:
        await run.close()
    return result


def _with_divergence(history: History, low: float, high: float, steps: int) -> RateTest:
    """Return the result of a history whose last steps were taken back."""
    losses = [*history.losses]
    if history.divergences:
        divergence = history.divergences[-1]
        losses = [*losses[: divergence.fallback], *divergence.losses]
    rates = [rate_at(step, low, high, steps) for step in range(len(losses))]
    return RateTest(np.array(rates, float), np.array(losses, float))
