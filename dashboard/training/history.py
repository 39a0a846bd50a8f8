"""The curve of a run: every step for export, and a downsampled copy for charts.

The copy has at most a fixed number of points, so charts of long runs cost no more than others.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.training.epoch_scale import EpochScale
from dashboard.training.marks import Divergence, SettingChange

Floats = NDArray[np.float64]

MAX_DIVERGENCES = 20
"""Divergences of a run that are kept, the newest."""


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
    """Loss, accuracy and learning rate of every step of a run, its scores and its marks.

    Steps count from 1.

    Attributes
    ----------
    losses, accuracies, learning_rates
        A value per step.
    validation, test
        Scores on held-out samples, in the order of their iterations.
    loss_curve, accuracy_curve
        The same values, thinned for charts.
    changes
        Settings that changed during the run, in the order of their iterations.
    divergences
        Steps that diverged and were taken back; the newest `MAX_DIVERGENCES`.
    epochs
        The epochs done after each iteration.
    interventions
        What changed the run besides its settings, in words: the same settings do not repeat it.
    """

    losses: array[float] = field(default_factory=lambda: array("f"))
    accuracies: array[float] = field(default_factory=lambda: array("f"))
    learning_rates: array[float] = field(default_factory=lambda: array("f"))
    validation: list[Score] = field(default_factory=list)
    test: list[Score] = field(default_factory=list)
    loss_curve: Curve = field(default_factory=Curve)
    accuracy_curve: Curve = field(default_factory=Curve)
    changes: list[SettingChange] = field(default_factory=list)
    divergences: list[Divergence] = field(default_factory=list)
    epochs: EpochScale = field(default_factory=EpochScale)
    interventions: list[str] = field(default_factory=list)

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

    def add_change(self, change: SettingChange) -> None:
        """Mark a changed setting; of several changes at one iteration one from first to last."""
        for index, other in enumerate(self.changes):
            if (other.iteration, other.name) == (change.iteration, change.name):
                del self.changes[index]
                change = SettingChange(change.iteration, change.name, other.old, change.new)
                break
        if change.old != change.new:
            self.changes.append(change)

    def note_intervention(self, text: str) -> None:
        """Remember what changed the run besides its settings."""
        if text not in self.interventions:
            self.interventions.append(text)

    def add_divergence(self, divergence: Divergence) -> None:
        """Keep the steps that a divergence took back."""
        self.divergences = [*self.divergences, divergence][-MAX_DIVERGENCES:]

    def best_validation(self, key: str) -> Score | None:
        """Return the first of the best validation scores by "loss" or "accuracy", if any."""
        if key == "loss":
            return min(self.validation, key=lambda score: score.loss, default=None)
        return max(self.validation, key=lambda score: score.accuracy, default=None)

    def marks(self) -> list[tuple[int, str]]:
        """Return the iterations of the changed settings and divergences, with what happened."""
        found: list[SettingChange | Divergence] = [*self.changes, *self.divergences]
        return sorted((mark.iteration, mark.text()) for mark in found)

    def truncate(self, iteration: int) -> list[SettingChange]:
        """Drop every step, score and mark after `iteration`; return the changes dropped."""
        dropped = [change for change in self.changes if change.iteration > iteration]
        self.changes = [change for change in self.changes if change.iteration <= iteration]
        self.divergences = [it for it in self.divergences if it.fallback <= iteration]
        self.losses = self.losses[:iteration]
        self.accuracies = self.accuracies[:iteration]
        self.learning_rates = self.learning_rates[:iteration]
        self.validation = [score for score in self.validation if score.iteration <= iteration]
        self.test = [score for score in self.test if score.iteration <= iteration]
        self.loss_curve, self.accuracy_curve = _curve(self.losses), _curve(self.accuracies)
        self.epochs.truncate(iteration)
        return dropped

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
            list(self.changes),
            list(self.divergences),
            self.epochs.copy(),
            list(self.interventions),
        )

    @classmethod
    def of(
        cls,
        losses: array[float],
        accuracies: array[float],
        learning_rates: array[float],
        validation: list[Score],
        test: list[Score],
        **marks: Any,
    ) -> History:
        """Return the history of these steps and scores; `marks` are fields of the same names."""
        curves = _curve(losses), _curve(accuracies)
        return cls(losses, accuracies, learning_rates, validation, test, *curves, **marks)

    def csv_lines(self) -> Iterator[str]:
        """Yield CSV: a header, then a line per step with the held-out scores of that step.

        If the run has marks, a last column holds them, each in the line of its iteration; that of
        a divergence, whose steps were taken back, is the iteration that the run returned to.
        """
        events: dict[int, list[str]] = {}
        for change in self.changes:
            events.setdefault(change.iteration, []).append(change.text())
        for divergence in self.divergences:
            events.setdefault(divergence.fallback, []).append(divergence.text())
        yield (
            "iteration,loss,accuracy,learning_rate,"
            "validation_loss,validation_accuracy,test_loss,test_accuracy"
            f"{',event' if events else ''}\n"
        )
        validation = {score.iteration: score for score in self.validation}
        test = {score.iteration: score for score in self.test}
        steps = zip(self.losses, self.accuracies, self.learning_rates, strict=True)

        def rest(iteration: int) -> str:
            scores = f"{_columns(validation.get(iteration))},{_columns(test.get(iteration))}"
            if not events:
                return f"{scores}\n"
            text = "; ".join(events.get(iteration, ()))
            return f'{scores},"{text}"\n' if text else f"{scores},\n"

        if 0 in validation or 0 in test or 0 in events:
            yield f"0,,,,{rest(0)}"
        for iteration, (loss, accuracy, learning_rate) in enumerate(steps, start=1):
            yield f"{iteration},{loss:.6g},{accuracy:.6g},{learning_rate:.6g},{rest(iteration)}"


def _curve(values: array[float]) -> Curve:
    curve = Curve()
    for value in values:
        curve.append(value)
    return curve


def _columns(score: Score | None) -> str:
    return "," if score is None else f"{score.loss:.6g},{score.accuracy:.6g}"
