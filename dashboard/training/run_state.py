"""The record of where a training run stands between two steps.

Checkpoint files, the autosave and the timeline all hold `RunState`; a run that loads one continues
with the same numbers, to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.training.history import History
from dashboard.training.step_times import StepTimes
from data_cache import BatchPosition, PointPosition
from nn import Network

SMOOTHING = 0.95
"""Decay rate per step of the moving averages of loss and accuracy."""


@dataclass
class MovingAverage:
    """An exponential moving average with bias correction."""

    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float) -> None:
        """Add the next value."""
        self.total = SMOOTHING * self.total + (1 - SMOOTHING) * value
        self.weight = SMOOTHING * self.weight + (1 - SMOOTHING)

    @property
    def value(self) -> float | None:
        """The average so far; None before the first value."""
        return self.total / self.weight if self.weight else None

    def copy(self) -> MovingAverage:
        """Return an independent copy."""
        return MovingAverage(self.total, self.weight)


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelState:
    """A network at one iteration, with its optimiser's state; all of it copies.

    A run falls back to such a record when training diverges.

    Attributes
    ----------
    iteration
        Steps taken.
    network
        The weights.
    optimizer_state
        Arrays of the optimiser by name, as `Optimizer.state` returns them.
    loss, accuracy
        Moving averages over the training batches.
    """

    iteration: int
    network: Network
    optimizer_state: dict[str, np.ndarray]
    loss: MovingAverage
    accuracy: MovingAverage

    @property
    def nbytes(self) -> int:
        """Memory of the weights and the optimiser's state, in bytes."""
        arrays = [*self.network.parameters(), *self.optimizer_state.values()]
        return sum(array.nbytes for array in arrays)


@dataclass(frozen=True, eq=False, kw_only=True)
class RunState(ModelState):
    """Everything that the next step of a run depends on.

    Attributes
    ----------
    optimizer
        Name of the optimiser.
    position
        Where the next batch begins: `BatchPosition` of blocks, `PointPosition` of points.
    dropout_state, augment_state
        States of the generators (`generator.bit_generator.state`).
    epoch, consumed
        Complete epochs, and samples of the current one that were trained on.
    starting_loss, best_loss
        Reference values of the divergence detector; None and infinity before the first step.
    validation_due
        Whether the held-out samples are to be scored before the next step.
    history
        The curve so far; None in the timeline's records, which share the run's history.
    fallback
        The record to fall back to on divergence; None: this one.
    averaged, averaged_steps
        Running mean of the weights and its number of steps; None and 0 without averaging.
    times
        How long the steps took; None where that is not known, as in checkpoint files.
    """

    optimizer: str
    position: BatchPosition | PointPosition
    dropout_state: dict[str, Any]
    augment_state: dict[str, Any]
    epoch: int
    consumed: int
    starting_loss: float | None
    best_loss: float
    validation_due: bool
    history: History | None = None
    fallback: ModelState | None = None
    averaged: Network | None = None
    averaged_steps: int = 0
    times: StepTimes | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the weights, their running mean and the optimiser's state, in bytes."""
        averaged = self.averaged.parameters() if self.averaged else []
        return super().nbytes + sum(array.nbytes for array in averaged)
