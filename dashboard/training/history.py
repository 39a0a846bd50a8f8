"""The curve of a run: every step for export, and a downsampled copy for charts.

The copy has at most a fixed number of points, so charts of long runs cost no more than others.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Curve:
    """Values per step, averaged in buckets whose width doubles whenever all of them are full.

    Parameters
    ----------
    capacity
        Most points that `points` returns; even, at least 2.

    Attributes
    ----------
    stride
        Steps per bucket.
    """

    def __init__(self, capacity: int = 1200) -> None:
        if capacity < 2 or capacity % 2:
            raise ValueError(f"Curve.capacity: expected an even number from 2, found {capacity}.")
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
        """Return the last step of each bucket and the bucket's mean, both (points,) float64."""
        filled = self._filled
        steps = np.arange(1, filled + 1, dtype=float) * self.stride
        means = self._sums[:filled] / self.stride
        if self._partial_count:
            steps = np.append(steps, filled * self.stride + self._partial_count)
            means = np.append(means, self._partial_sum / self._partial_count)
        return steps, means

    def copy(self) -> Curve:
        """Return an independent copy."""
        other = copy(self)
        other._sums = self._sums.copy()
        return other

    def _halve(self) -> None:
        half = self._filled // 2
        self._sums[:half] = self._sums[0 : self._filled : 2] + self._sums[1 : self._filled : 2]
        self._filled = half
        self.stride *= 2


def smooth(values: Floats, weight: float, stride: int = 1) -> Floats:
    """Return the exponential moving average of a curve, with bias correction.

    Parameters
    ----------
    values
        (points,) float64, means over `stride` steps each.
    weight
        Decay rate per step, in [0, 1); 0 changes nothing.
    stride
        Steps per point, so that a downsampled curve is smoothed as the full one.

    Returns
    -------
    numpy.ndarray
        (points,) float64.

    References
    ----------
    Kingma and Ba (2015), section 3, for the correction.
    """
    decay = weight**stride
    result = (1 - decay) * values
    # The recursive filter is a product of filters, each with twice the delay of the one before:
    # 1 / (1 - k z) = (1 + k z) (1 + k² z²) (1 + k⁴ z⁴) …
    delay = 1
    while delay < len(values) and decay**delay > 0:
        result[delay:] += decay**delay * result[:-delay]
        delay *= 2
    return result / (1 - decay ** np.arange(1, len(values) + 1))


@dataclass(frozen=True)
class Score:
    """Mean loss and accuracy in [0, 1] on `count` held-out samples at one iteration."""

    iteration: int
    loss: float
    accuracy: float
    count: int


@dataclass
class History:
    """Loss, accuracy and learning rate of every step of a run, and its scores on held-out samples.

    Steps count from 1.
    """

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
        """Add a training step: mean loss and accuracy in [0, 1] of its batch, and its rate."""
        self.losses.append(loss)
        self.accuracies.append(accuracy)
        self.learning_rates.append(learning_rate)
        # As rounded to float32, so that a curve that is rebuilt later is the same.
        self.loss_curve.append(self.losses[-1])
        self.accuracy_curve.append(self.accuracies[-1])

    def truncate(self, iteration: int) -> None:
        """Drop every step and score after `iteration`."""
        self.losses = self.losses[:iteration]
        self.accuracies = self.accuracies[:iteration]
        self.learning_rates = self.learning_rates[:iteration]
        self.validation = [score for score in self.validation if score.iteration <= iteration]
        self.test = [score for score in self.test if score.iteration <= iteration]
        self.loss_curve, self.accuracy_curve = _curve(self.losses), _curve(self.accuracies)

    def copy(self) -> History:
        """Return an independent copy."""
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
        """Return the history of these steps and scores."""
        curves = _curve(losses), _curve(accuracies)
        return cls(losses, accuracies, learning_rates, validation, test, *curves)

    def csv_lines(self) -> Iterator[str]:
        """Yield CSV: a header, then a line per step with the held-out scores of that step."""
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
