"""What a training run asks of whatever brings it batches, and the feed that is cut from blocks.

The run never knows whether its samples come over a network, from a disk, or lie in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from data_cache.batches import Batch, BatchCutter, BatchPosition
from data_cache.pixels import ScaleBytes, scale_bytes
from data_cache.prefetch_queue import PrefetchQueue
from data_cache.sources.source import Block, Source


class Feed(Protocol):
    """An endless sequence of batches, epoch after epoch."""

    @property
    def sample_count(self) -> int:
        """Samples in an epoch."""
        ...

    @property
    def is_starved(self) -> bool:
        """Whether `take` has nothing to cut from until `take_ready` or `wait` brings more."""
        ...

    @property
    def ready(self) -> int:
        """Blocks that are fetched and wait to be taken."""
        ...

    @property
    def in_flight(self) -> int:
        """Blocks that are being fetched."""
        ...

    def take(self, batch_size: int) -> Batch | None:
        """Return the next batch, or None when more samples are needed first."""
        ...

    def take_ready(self, wanted: int) -> None:
        """Bring in what needs no waiting, until `wanted` samples are at hand."""
        ...

    async def wait(self) -> None:
        """Bring in more samples, waiting for them; StopAsyncIteration once the feed is closed."""
        ...

    async def close(self) -> None:
        """End every fetch that is still under way."""
        ...


class BlockFeed:
    """Batches that are cut from the blocks of a prefetch queue.

    Parameters
    ----------
    source
        Where the blocks come from.
    cache_size, concurrency
        Of the queue.
    generator
        Plans the epochs.
    augment, binarize
        Passed on to the cutter.
    start
        Where to go on, as `position` of another feed gave it.
    scale_bytes
        Passed on to the cutter.
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
        self.sample_count = source.sample_count
        """Samples in an epoch; asked for at every step."""
        self.queue = PrefetchQueue(
            source,
            cache_size,
            concurrency,
            generator=generator,
            start=start.queue if start else None,
        )
        self.cutter = BatchCutter(
            augment=augment, binarize=binarize, start=start, scale_bytes=scale_bytes
        )
        self.is_starved = True

    @property
    def ready(self) -> int:
        """Blocks that are fetched and wait in the queue."""
        return self.queue.data_len

    @property
    def in_flight(self) -> int:
        """Blocks that are being fetched."""
        return self.queue.data_futures_len

    @property
    def position(self) -> BatchPosition:
        """Where in the stream of samples the next batch begins."""
        position = self.cutter.position(self.queue.position)
        if position is None:
            raise RuntimeError("the cutter holds a block that did not come from the queue")
        return position

    def take(self, batch_size: int, at_most: int = 1) -> Batch | None:
        """Cut the next batch, or up to so many in one piece; None: another block is needed first.

        Only a batch of its own is ever smaller than `batch_size`.
        """
        batch = self.cutter.take(batch_size, at_most)
        if batch is None:
            self.is_starved = True
        return batch

    def keep_first(self, batch: Batch, steps: int) -> None:
        """Take back what lies behind the first `steps` parts of the batch that was taken last."""
        self.cutter.keep_first(batch, steps)

    def take_ready(self, wanted: int) -> None:
        """Move blocks that are ready to the cutter until it holds `wanted` samples."""
        while self.is_starved or self.cutter.buffered < wanted:
            block = self.queue.take_ready()
            if block is None:
                return
            self._add(block)

    async def wait(self) -> None:
        """Take in the next block as soon as it is there; PrefetchError when it cannot be had."""
        self._add(await anext(self.queue))

    async def close(self) -> None:
        """End every fetch that is still under way."""
        await self.queue.close()

    def _add(self, block: Block) -> None:
        self.cutter.add(block)
        self.is_starved = False
