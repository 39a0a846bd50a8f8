"""Batches of points in memory, a few hundred as a rule.

A batch of all points is returned without copying, in their own order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from data_cache.batches import Batch
from data_cache.errors import DataError


@dataclass(frozen=True)
class PointPosition:
    """A position between two batches, from which a feed can resume exactly.

    Attributes
    ----------
    epoch, consumed : int
        Epochs completed, and samples delivered of the current one.
    generator_state : dict
        The state of the generator before it shuffled the current epoch.
    """

    epoch: int
    consumed: int
    generator_state: dict[str, Any]


class PointFeed:
    """Delivers all samples once in every epoch, shuffled unless they are one batch.

    Parameters
    ----------
    inputs : (n, inputs) float32
        Not copied if it is contiguous.
    labels : (n,) intp
    generator : numpy.random.Generator
        Shuffles each epoch that has more than one batch.

    Raises
    ------
    DataError
        If there are no samples.
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
            raise DataError("PointFeed: expected at least one point to train on, found none.")
        self.inputs = np.ascontiguousarray(inputs, np.float32)
        self.labels = np.ascontiguousarray(labels, np.intp)
        self._shuffled_inputs = np.empty_like(self.inputs)
        self._shuffled_labels = np.empty_like(self.labels)
        self._consumed = 0
        self._state = self._generator.bit_generator.state

    @property
    def sample_count(self) -> int:
        """Number of samples in an epoch."""
        return len(self.labels)

    @property
    def position(self) -> PointPosition:
        """Position of the next batch."""
        return PointPosition(self._epoch, self._consumed, dict(self._state))

    def seek(self, position: PointPosition) -> None:
        """Resume at a position of a feed with the same samples."""
        self._epoch, self._consumed = position.epoch, 0
        self._generator.bit_generator.state = position.generator_state
        self._state = self._generator.bit_generator.state
        if position.consumed:
            self._shuffle()
            self._consumed = position.consumed

    def replace(self, inputs: np.ndarray, labels: np.ndarray) -> None:
        """Replace the samples and restart the current epoch; errors as the constructor."""
        self._begin(inputs, labels)

    def take(self, batch_size: int, at_most: int = 1) -> Batch:
        """Return the next batch; the last one of an epoch may be smaller.

        Parameters
        ----------
        batch_size : int
            0 means all samples.
        at_most : int
            Ignored: a batch is always one step.
        """
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

    def keep_first(self, batch: Batch, steps: int) -> None:
        """Do nothing: a batch is always one step."""

    def take_ready(self, wanted: int) -> None:
        """Do nothing: all samples are in memory."""

    async def wait(self) -> None:
        """Return at once: all samples are in memory."""

    async def close(self) -> None:
        """Do nothing: there are no fetches."""

    def _shuffle(self) -> None:
        self._state = self._generator.bit_generator.state
        order = self._generator.permutation(len(self.labels))
        np.take(self.inputs, order, axis=0, out=self._shuffled_inputs)
        np.take(self.labels, order, out=self._shuffled_labels)
