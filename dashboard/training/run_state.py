"""All that the next step of a run depends on, taken between two steps.

A run that is made from such a record goes on with the same numbers to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.training.history import History
from data_cache import BatchPosition
from nn import Network

SMOOTHING = 0.95
"""Share of the past that remains in the smoothed loss and accuracy after one step."""


@dataclass
class Smoothed:
    """An exponential average without the bias of its start."""

    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float) -> None:
        """Take in the next value."""
        self.total = SMOOTHING * self.total + (1 - SMOOTHING) * value
        self.weight = SMOOTHING * self.weight + (1 - SMOOTHING)

    @property
    def value(self) -> float | None:
        """The average so far; None before the first value."""
        return self.total / self.weight if self.weight else None

    def copy(self) -> Smoothed:
        """Return an average that goes on by itself from here."""
        return Smoothed(self.total, self.weight)


@dataclass(frozen=True)
class RunState:
    """Where a run stands between two steps.

    Attributes
    ----------
    network
        The weights; a copy.
    optimizer, optimizer_state
        Name and moments of what turns gradients into steps.
    position
        The next sample in the stream of blocks.
    dropout_state, augment_state
        States of the generators (`generator.bit_generator.state`).
    iteration, epoch, consumed
        Steps taken, epochs completed, samples of the epoch under way.
    loss, accuracy
        The smoothed averages.
    starting_loss, best_loss
        What the guard against divergence measures by; None and infinity before the first step.
    validation_due
        Whether the held-out samples are to be scored before the next step.
    history
        The curve so far.
    averaged, averaged_steps
        The mean of the weights and how many it has taken in; None and 0 without one.
    """

    network: Network
    optimizer: str
    optimizer_state: dict[str, np.ndarray]
    position: BatchPosition
    dropout_state: dict[str, Any]
    augment_state: dict[str, Any]
    iteration: int
    epoch: int
    consumed: int
    loss: Smoothed
    accuracy: Smoothed
    starting_loss: float | None
    best_loss: float
    validation_due: bool
    history: History
    averaged: Network | None = None
    averaged_steps: int = 0
