"""The order in which blocks leave the queue: an endless walk through one plan after another.

It alone draws from the queue's generator, so what is drawn depends on order only, never on time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np

from data_cache.errors import DataError, PrefetchError
from data_cache.samples import Samples
from data_cache.sources.source import Block, QueuePosition, Request, Source


@dataclass(eq=False)
class Slot(Generic[Request]):
    """One place in the queue: a request and what has become of it so far."""

    request: Request
    position: QueuePosition
    is_last: bool
    block: Block | None = None
    error: BaseException | None = None
    error_was_told: bool = False

    @property
    def order(self) -> tuple[int, int]:
        """What to sort by: earlier blocks first."""
        return self.position.epoch, self.position.block

    def make_block(self, samples: Samples) -> Block:
        """Return the answer as the block of this place; one without samples raises a DataError."""
        if not len(samples):
            raise DataError("the source answered with no samples, but at least one was expected")
        place = self.position
        return Block(samples.images, samples.labels, place.epoch, place.block, self.is_last, place)

    def raise_failure(self) -> None:
        """Raise the error, if there is one, and remember that somebody was told."""
        if self.error is None:
            return
        self.error_was_told = True
        cancelled = isinstance(self.error, asyncio.CancelledError)
        reason = "its fetch was cancelled" if cancelled else str(self.error)
        raise PrefetchError(
            f"Block {self.position.block} of epoch {self.position.epoch} could not be fetched "
            f"({reason or type(self.error).__name__}); asking again tries again."
        ) from self.error

    def clear_failure(self) -> None:
        """Make the slot ready for another try."""
        self.error, self.error_was_told = None, False


class Plan(Generic[Request]):
    """Gives the slots one after another, and plans an epoch when the one before is used up.

    Parameters
    ----------
    source : Source
        Whose `plan_epoch` is asked.
    generator : numpy.random.Generator
        Handed to it; after a failed plan it is put back to where it was.
    start : QueuePosition, optional
        Where to begin instead of at block 0 of epoch 0.
    """

    def __init__(
        self,
        source: Source[Request],
        generator: np.random.Generator,
        start: QueuePosition | None,
    ) -> None:
        self._source, self._generator = source, generator
        self._epoch, self._next = -1, 0
        self._requests: Sequence[Request] = ()
        self._state: dict = {}
        if start is not None:
            self._go_to(start)

    @property
    def position(self) -> QueuePosition:
        """Where the next slot will stand."""
        if self._next < len(self._requests):
            return QueuePosition(self._epoch, self._next, self._state)
        return QueuePosition(self._epoch + 1, 0, dict(self._generator.bit_generator.state))

    def next_slot(self) -> Slot[Request]:
        """Return the next slot; errors of `plan_epoch` pass through and leave all as it was."""
        if self._next == len(self._requests):
            self._plan_next_epoch()
        position = self.position
        self._next += 1
        return Slot(
            self._requests[position.block], position, is_last=self._next == len(self._requests)
        )

    def _plan_next_epoch(self) -> None:
        state = dict(self._generator.bit_generator.state)
        try:
            requests = self._source.plan_epoch(self._generator)
            if not len(requests):
                raise DataError("the source planned an epoch of no blocks; at least one is needed")
        except Exception:
            self._generator.bit_generator.state = state
            raise
        self._requests, self._state = requests, state
        self._epoch, self._next = self._epoch + 1, 0

    def _go_to(self, start: QueuePosition) -> None:
        self._generator.bit_generator.state = start.generator_state
        self._epoch = start.epoch - 1
        self._plan_next_epoch()
        if not 0 <= start.block < len(self._requests):
            raise ValueError(
                f"The queue cannot start at block {start.block} of epoch {start.epoch}: this "
                f"source has {len(self._requests)} blocks per epoch, so it is another one than "
                "the position was taken from."
            )
        self._next = start.block
