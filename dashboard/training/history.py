"""Remembers the curve of a run: every step for export, and a thinned copy for drawing.

The thinned copy never holds more than a fixed number of points, so a chart of a long run
costs no more to draw than that of a short one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Curve:
    """Values per step, averaged in buckets whose width doubles whenever they fill up.

    Parameters
    ----------
    capacity
        The largest number of points that `points` returns; even, at least 2.
    """

    def __init__(self, capacity: int = 1200) -> None:
        if capacity < 2 or capacity % 2:
            raise ValueError(f"capacity must be even and at least 2; found {capacity}")
        self._sums = np.zeros(capacity)
        self._filled = 0
        self._partial_sum = 0.0
        self._partial_count = 0
        self.stride = 1

    def append(self, value: float) -> None:
        """Add the value of the next step."""
        self._partial_sum += value
        self._partial_count += 1
        if self._partial_count == self.stride:
            self._sums[self._filled] = self._partial_sum
            self._filled += 1
            self._partial_sum, self._partial_count = 0.0, 0
            if self._filled == len(self._sums):
                self._halve()

    def points(self) -> tuple[Floats, Floats]:
        """Return the step at each bucket's end and the bucket's mean, both (points,) float64."""
        filled = self._filled
        steps = np.arange(1, filled + 1, dtype=float) * self.stride
        means = self._sums[:filled] / self.stride
        if self._partial_count:
            steps = np.append(steps, filled * self.stride + self._partial_count)
            means = np.append(means, self._partial_sum / self._partial_count)
        return steps, means

    def copy(self) -> Curve:
        """Return a curve that goes on by itself from here."""
        other = Curve(len(self._sums))
        other._sums[:] = self._sums
        other._filled, other.stride = self._filled, self.stride
        other._partial_sum, other._partial_count = self._partial_sum, self._partial_count
        return other

    def _halve(self) -> None:
        half = self._filled // 2
        self._sums[:half] = self._sums[0 : self._filled : 2] + self._sums[1 : self._filled : 2]
        self._filled = half
        self.stride *= 2


def smooth(values: Floats, weight: float, stride: int = 1) -> Floats:
    """Smooth a curve exponentially, free of the bias that a start at zero would give.

    Parameters
    ----------
    values
        (points,) means over `stride` steps each.
    weight
        How much of the past remains after one step, in [0, 1); 0 changes nothing.
    stride
        Steps per point, so that the look of a curve does not depend on its thinning.

    Notes
    -----
    The correction is that of Kingma and Ba (2015), section 3.
    """
    kept = weight**stride
    result = (1 - kept) * values
    # A recursive filter is a product of ones that reach twice as far back each time:
    # 1 / (1 - k z) = (1 + k z) (1 + k² z²) (1 + k⁴ z⁴) …
    reach = 1
    while reach < len(values) and kept**reach > 0:
        result[reach:] += kept**reach * result[:-reach]
        reach *= 2
    return result / (1 - kept ** np.arange(1, len(values) + 1))


@dataclass(frozen=True)
class Score:
    """Loss and accuracy on held-out digits, measured once at one iteration."""

    iteration: int
    loss: float
    accuracy: float
    count: int


@dataclass
class History:
    """What one run has shown so far; steps count from 1."""

    losses: array[float] = field(default_factory=lambda: array("f"))
    accuracies: array[float] = field(default_factory=lambda: array("f"))
    learning_rates: array[float] = field(default_factory=lambda: array("f"))
    validation: list[Score] = field(default_factory=list)
    test: list[Score] = field(default_factory=list)
    loss_curve: Curve = field(default_factory=Curve)
    accuracy_curve: Curve = field(default_factory=Curve)

    def __len__(self) -> int:
        return len(self.losses)

    def append(self, loss: float, accuracy: float, learning_rate: float) -> None:
        """Add one training step: the batch's mean loss and its share of right answers in [0, 1]."""
        self.losses.append(loss)
        self.accuracies.append(accuracy)
        self.learning_rates.append(learning_rate)
        # As it is remembered, so that a curve rebuilt from memory is the same.
        self.loss_curve.append(self.losses[-1])
        self.accuracy_curve.append(self.accuracies[-1])

    def forget_after(self, iteration: int) -> None:
        """Drop every step behind `iteration`, as when a run goes back to earlier weights."""
        self.losses = self.losses[:iteration]
        self.accuracies = self.accuracies[:iteration]
        self.learning_rates = self.learning_rates[:iteration]
        self.validation = [score for score in self.validation if score.iteration <= iteration]
        self.test = [score for score in self.test if score.iteration <= iteration]
        self.loss_curve, self.accuracy_curve = _curve(self.losses), _curve(self.accuracies)

    def copy(self) -> History:
        """Return a history that goes on by itself from here."""
        return History(
            self.losses[:],
            self.accuracies[:],
            self.learning_rates[:],
            list(self.validation),
            list(self.test),
            self.loss_curve.copy(),
            self.accuracy_curve.copy(),
        )

    @classmethod
    def of(
        cls,
        losses: array[float],
        accuracies: array[float],
        learning_rates: array[float],
        validation: list[Score],
        test: list[Score],
    ) -> History:
        """Return the history of these steps and scores, its curves drawn anew."""
        curves = _curve(losses), _curve(accuracies)
        return cls(losses, accuracies, learning_rates, validation, test, *curves)

    def csv_lines(self) -> Iterator[str]:
        """Yield the run as CSV: a line per step, held-out scores beside the step they belong to."""
        yield (
            "iteration,loss,accuracy,learning_rate,"
            "validation_loss,validation_accuracy,test_loss,test_accuracy\n"
        )
        validation = {score.iteration: score for score in self.validation}
        test = {score.iteration: score for score in self.test}
        steps = zip(self.losses, self.accuracies, self.learning_rates, strict=True)
        if 0 in validation or 0 in test:
            yield f"0,,,,{_columns(validation.get(0))},{_columns(test.get(0))}\n"
        for iteration, (loss, accuracy, learning_rate) in enumerate(steps, start=1):
            yield (
                f"{iteration},{loss:.6g},{accuracy:.6g},{learning_rate:.6g},"
                f"{_columns(validation.get(iteration))},{_columns(test.get(iteration))}\n"
            )


def _curve(values: array[float]) -> Curve:
    curve = Curve()
    for value in values:
        curve.append(value)
    return curve


def _columns(score: Score | None) -> str:
    return "," if score is None else f"{score.loss:.6g},{score.accuracy:.6g}"
