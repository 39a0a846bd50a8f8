"""The order in which blocks leave the queue: an endless sequence of planned epochs.

Only this module draws from the queue's generator, so that random numbers depend on the order of
blocks alone and never on timing.
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
from data_cache.texts import gettext


@dataclass(eq=False)
class Slot(Generic[Request]):
    """A request in the queue with its state: pending, ready (`block`) or failed (`error`)."""

    request: Request
    position: QueuePosition
    is_last: bool
    block: Block | None = None
    error: BaseException | None = None
    error_was_raised: bool = False

    @property
    def order(self) -> tuple[int, int]:
        """Sort key: earlier blocks first."""
        return self.position.epoch, self.position.block

    def make_block(self, samples: Samples) -> Block:
        """Return the samples as the block of this slot; a DataError if there are none."""
        if not len(samples):
            raise DataError("the source: expected at least one sample in a block, found none")
        position = self.position
        return Block(
            samples.images,
            samples.labels,
            position.epoch,
            position.block,
            self.is_last,
            position,
            samples.is_labelled,
        )

    def raise_error(self) -> None:
        """Raise a PrefetchError if the slot failed, and remember that it was raised."""
        if self.error is None:
            return
        self.error_was_raised = True
        cancelled = isinstance(self.error, asyncio.CancelledError)
        reason = gettext("the fetch was cancelled") if cancelled else str(self.error)
        raise PrefetchError(
            gettext(
                "Block {block} of epoch {epoch} could not be fetched ({reason}); the next "
                "request tries again.",
                block=self.position.block,
                epoch=self.position.epoch,
                reason=reason or type(self.error).__name__,
            )
        ) from self.error

    def clear_error(self) -> None:
        """Make the slot pending again."""
        self.error, self.error_was_raised = None, False


class EpochPlan(Generic[Request]):
    """An endless sequence of slots; an epoch is planned when the previous one is used up.

    Parameters
    ----------
    source : Source
        Plans the epochs.
    generator : numpy.random.Generator
        Passed to `source.plan_epoch`; its state is restored if planning fails.
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
            self._seek(start)

    @property
    def position(self) -> QueuePosition:
        """Position of the next slot."""
        if self._next < len(self._requests):
            return QueuePosition(self._epoch, self._next, self._state)
        return QueuePosition(self._epoch + 1, 0, dict(self._generator.bit_generator.state))

    def next_slot(self) -> Slot[Request]:
        """Return the next slot; if `plan_epoch` raises, nothing changes and the error passes."""
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
                raise DataError("the source: expected at least one block in an epoch, found none")
        except Exception:
            self._generator.bit_generator.state = state
            raise
        self._requests, self._state = requests, state
        self._epoch, self._next = self._epoch + 1, 0

    def _seek(self, start: QueuePosition) -> None:
        self._generator.bit_generator.state = start.generator_state
        self._epoch = start.epoch - 1
        self._plan_next_epoch()
        if not 0 <= start.block < len(self._requests):
            raise ValueError(
                f"start: expected a block below {len(self._requests)}, the number of blocks in "
                f"an epoch of this source, found block {start.block} of epoch {start.epoch}; "
                "the position is from another source."
            )
        self._next = start.block
