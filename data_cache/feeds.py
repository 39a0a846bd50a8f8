"""The interface by which a training run gets its batches, and the feed of batches from blocks.

A run does not know whether its samples come over a network, from a file, or are in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from data_cache.batches import Batch, Batcher, BatchPosition
from data_cache.pixels import ScaleBytes, scale_bytes
from data_cache.prefetch_queue import PrefetchQueue
from data_cache.sources.source import Block, Source


class Feed(Protocol):
    """An endless sequence of batches, epoch after epoch."""

    @property
    def sample_count(self) -> int:
        """Number of samples in an epoch."""
        ...

    @property
    def is_starved(self) -> bool:
        """Whether `take` returns None until `take_ready` or `wait` has brought more samples."""
        ...

    @property
    def ready(self) -> int:
        """Number of blocks that were fetched and wait to be taken."""
        ...

    @property
    def in_flight(self) -> int:
        """Number of blocks that are being fetched."""
        ...

    @property
    def position(self) -> Any:
        """Position of the next batch, from which a feed of the same kind resumes exactly."""
        ...

    def take(self, batch_size: int, at_most: int = 1) -> Batch | None:
        """Return the next batch, or up to `at_most` consecutive ones as one array.

        None means that more samples are needed first.
        """
        ...

    def keep_first(self, batch: Batch, steps: int) -> None:
        """Take back all but the first `steps` steps of the batch that was returned last."""
        ...

    def take_ready(self, wanted: int) -> None:
        """Bring in ready samples, without waiting, until `wanted` are buffered."""
        ...

    async def wait(self) -> None:
        """Wait for more samples; StopAsyncIteration once the feed is closed."""
        ...

    async def close(self) -> None:
        """Cancel all fetches."""
        ...


class BlockFeed:
    """Batches from the blocks of a prefetch queue.

    Parameters
    ----------
    source : Source
        Where the blocks come from.
    cache_size, concurrency : int
        Settings of the queue.
    generator : numpy.random.Generator
        Plans the epochs.
    augment, binarize, scale_bytes
        Settings of the batcher.
    start : BatchPosition, optional
        Resume there; the `position` of another feed.

    Attributes
    ----------
    queue : PrefetchQueue
    batcher : Batcher
    sample_count : int
        Number of samples in an epoch.
    is_starved : bool
        Whether another block is needed.
    """

    def __init__(
        self,
        source: Source[Any],
        cache_size: int,
        concurrency: int,
        *,
        generator: np.random.Generator,
        augment: Callable[[np.ndarray], np.ndarray] | None = None,
        binarize: int | None = None,
        start: BatchPosition | None = None,
        scale_bytes: ScaleBytes = scale_bytes,
    ) -> None:
        self.source = source
        # An attribute, because it is read at every step.
        self.sample_count = source.sample_count
        self._generator = generator
        self._scale_bytes = scale_bytes
        self.queue = PrefetchQueue(
            source,
            cache_size,
            concurrency,
            generator=generator,
            retries_silence=False,  # training tells that it waits, and tries again
            start=start.queue if start else None,
        )
        self.batcher = Batcher(
            augment=augment, binarize=binarize, start=start, scale_bytes=scale_bytes
        )
        self.is_starved = True

    @property
    def ready(self) -> int:
        """Number of blocks that are ready in the queue."""
        return self.queue.data_len

    @property
    def in_flight(self) -> int:
        """Number of blocks that are being fetched."""
        return self.queue.data_futures_len

    @property
    def position(self) -> BatchPosition:
        """Position of the next batch."""
        position = self.batcher.position(self.queue.position)
        if position is None:
            raise RuntimeError("BlockFeed: expected blocks from its queue, found another block.")
        return position

    def seek(self, position: BatchPosition) -> None:
        """Resume at a position of a feed from the same source; fetches in flight are cancelled.

        Queue and batcher are replaced by new ones with the same settings.

        Raises
        ------
        ValueError
            If the position is from another source; nothing has changed then but the state of the
            generator.
        """
        old, batcher = self.queue, self.batcher
        queue = PrefetchQueue(
            self.source,
            old.cache_size,
            old.concurrency,
            generator=self._generator,
            start=position.queue,
        )
        old.cancel()
        self.queue = queue
        self.batcher = Batcher(
            augment=batcher.augment,
            binarize=batcher.binarize,
            start=position,
            scale_bytes=self._scale_bytes,
        )
        self.is_starved = True

    def take(self, batch_size: int, at_most: int = 1) -> Batch | None:
        """Return the next batch or batches; see `Batcher.take`."""
        batch = self.batcher.take(batch_size, at_most)
        if batch is None:
            self.is_starved = True
        return batch

    def keep_first(self, batch: Batch, steps: int) -> None:
        """Take back all but the first `steps` steps of the batch that was returned last."""
        self.batcher.keep_first(batch, steps)

    def take_ready(self, wanted: int) -> None:
        """Move ready blocks to the batcher until `wanted` samples are buffered.

        Raises
        ------
        PrefetchError
            If the next block could not be fetched; the next call tries again.
        """
        while self.is_starved or self.batcher.buffered < wanted:
            block = self.queue.take_ready()
            if block is None:
                return
            self._add(block)

    async def wait(self) -> None:
        """Wait for the next block and buffer it; errors as `take_ready`."""
        self._add(await anext(self.queue))

    async def close(self) -> None:
        """Cancel all fetches."""
        await self.queue.close()

    def _add(self, block: Block) -> None:
        self.batcher.add(block)
        self.is_starved = False
