"""Batches of samples that lie in memory as numbers, a few hundred points as a rule.

A full batch is the samples where they lie: nothing is copied from step to step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from data_cache.batches import Batch
from data_cache.errors import DataError


@dataclass(frozen=True)
class PointPosition:
    """A place between two batches, enough to go on from there exactly.

    Attributes
    ----------
    epoch, consumed : int
        Epochs completed, and samples of the one under way that were delivered.
    generator_state : dict
        The state of the generator before it shuffled the epoch under way.
    """

    epoch: int
    consumed: int
    generator_state: dict[str, Any]


class PointFeed:
    """Delivers all samples once in every epoch, in a fresh order unless in one full batch.

    Parameters
    ----------
    inputs : (n, inputs) float32
        Kept, not copied.
    labels : (n,) intp
    generator
        Shuffles each epoch that has more than one batch.
    """

    ready = 0
    in_flight = 0
    is_starved = False

    def __init__(
        self, inputs: np.ndarray, labels: np.ndarray, *, generator: np.random.Generator
    ) -> None:
        self._generator = generator
        self._epoch = 0
        self._begin(inputs, labels)

    def _begin(self, inputs: np.ndarray, labels: np.ndarray) -> None:
        if not len(labels):
            raise DataError("There are no points to learn from.")
        self.inputs = np.ascontiguousarray(inputs, np.float32)
        self.labels = np.ascontiguousarray(labels, np.intp)
        self._shuffled_inputs = np.empty_like(self.inputs)
        self._shuffled_labels = np.empty_like(self.labels)
        self._consumed = 0
        self._state = self._generator.bit_generator.state

    @property
    def sample_count(self) -> int:
        """Samples in an epoch."""
        return len(self.labels)

    @property
    def position(self) -> PointPosition:
        """Where the next batch begins."""
        return PointPosition(self._epoch, self._consumed, dict(self._state))

    def go_to(self, position: PointPosition) -> None:
        """Go on from a position of a feed with the same samples."""
        self._epoch, self._consumed = position.epoch, 0
        self._generator.bit_generator.state = position.generator_state
        self._state = self._generator.bit_generator.state
        if position.consumed:
            self._shuffle()
            self._consumed = position.consumed

    def replace(self, inputs: np.ndarray, labels: np.ndarray) -> None:
        """Go on with other samples; the epoch under way begins again."""
        self._begin(inputs, labels)

    def take(self, batch_size: int) -> Batch:
        """Return the next batch; the last one of an epoch may be smaller, 0 means all samples."""
        count = len(self.labels)
        size = batch_size or count
        if not self._consumed and size >= count:
            self._epoch += 1
            return Batch(self.inputs, self.labels, self._epoch - 1, count, True)
        if not self._consumed:
            self._shuffle()
        part = slice(self._consumed, min(self._consumed + size, count))
        is_last = part.stop == count
        batch = Batch(
            self._shuffled_inputs[part],
            self._shuffled_labels[part],
            self._epoch,
            part.stop,
            is_last,
        )
        self._consumed = 0 if is_last else part.stop
        if is_last:
            self._epoch += 1
            self._state = self._generator.bit_generator.state
        return batch

    def take_ready(self, wanted: int) -> None:
        """Do nothing: all samples are at hand."""

    async def wait(self) -> None:
        """Do nothing: nothing need be waited for."""

    async def close(self) -> None:
        """Do nothing: nothing is under way."""

    def _shuffle(self) -> None:
        self._state = self._generator.bit_generator.state
        order = self._generator.permutation(len(self.labels))
        np.take(self.inputs, order, axis=0, out=self._shuffled_inputs)
        np.take(self.labels, order, out=self._shuffled_labels)
