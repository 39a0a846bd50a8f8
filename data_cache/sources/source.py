"""The interface of sources of sample blocks, and the source in memory.

A source plans epochs and fetches blocks; ordering, prefetching and retries are the queue's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from data_cache.errors import DataError
from data_cache.samples import Samples

Request = TypeVar("Request")


class Source(Protocol[Request]):
    """What the prefetch queue needs from a source.

    Classes that derive from it inherit the defaults of `is_in_memory` and `fetch_now`.

    Attributes
    ----------
    sample_count : int
        Number of samples in an epoch.
    is_in_memory : bool
        Whether `fetch_now` always has the samples, so that nothing is worth prefetching.
    """

    sample_count: int
    is_in_memory: bool = False

    def plan_epoch(self, generator: np.random.Generator) -> Sequence[Request]:
        """Return the requests of one epoch in order of delivery; each sample is in one of them."""
        ...

    def fetch_now(self, request: Request) -> Samples | None:
        """Return the samples of a request if they are in memory, else None."""
        return None

    async def fetch(self, request: Request) -> Samples:
        """Fetch the samples of a request, at least one.

        Raises
        ------
        TransientError
            For a failure that a retry may mend; no other error is retried.
        """
        ...


@dataclass(frozen=True)
class QueuePosition:
    """A position in the endless sequence of blocks, from which a queue can resume exactly.

    Attributes
    ----------
    epoch, block : int
        Index of the epoch, and of the block within it, both from 0.
    generator_state : dict
        The state (`generator.bit_generator.state`) from which that epoch was planned.
    """

    epoch: int
    block: int
    generator_state: dict


@dataclass(frozen=True, eq=False)
class Block:
    """Samples that are delivered together.

    Attributes
    ----------
    images : (n, 784) uint8
    labels : (n,) uint8
    epoch, index : int
        Index of the epoch, and of the block within it, both from 0.
    is_last : bool
        Whether the epoch ends with this block.
    position : QueuePosition or None
        Where a queue starts to deliver this block again; None for a block from no queue.
    is_labelled : (n,) bool or None
        Which samples belong to a class; None: all of them.
    """

    images: np.ndarray
    labels: np.ndarray
    epoch: int
    index: int
    is_last: bool
    position: QueuePosition | None = None
    is_labelled: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)


class ArraySource(Source[np.ndarray]):
    """Samples in memory, divided into blocks by a new permutation in every epoch.

    Parameters
    ----------
    samples : Samples
        At least one.
    block_size : int
        Samples in a block; the last block of an epoch may have fewer.

    Raises
    ------
    DataError, ValueError
        If there are no samples, or `block_size` is below 1.
    """

    is_in_memory = True

    def __init__(self, samples: Samples, block_size: int = 500) -> None:
        if not len(samples):
            raise DataError("ArraySource: expected at least one sample, found none.")
        if block_size < 1:
            raise ValueError(f"block_size: expected at least 1, found {block_size}.")
        self._samples = samples
        self._block_size = block_size
        self.sample_count = len(samples)

    def plan_epoch(self, generator: np.random.Generator) -> list[np.ndarray]:
        """Return arrays of sample indices, one for each block."""
        order = generator.permutation(self.sample_count)
        size = self._block_size
        return [order[start : start + size] for start in range(0, len(order), size)]

    def fetch_now(self, request: np.ndarray) -> Samples:
        """Return the samples at the given indices."""
        return self._samples.take(request)

    async def fetch(self, request: np.ndarray) -> Samples:
        """Return the samples at the given indices."""
        return self.fetch_now(request)


class ArrayBlockSource(ArraySource):
    """Samples in memory, in the blocks and orders of an `HttpBlockSource` on the same samples.

    Its parameters and errors are those of `ArraySource`. A block has neighbouring samples, as in a
    block file; every epoch has a new order of the blocks, and of the samples within each.
    """

    def plan_epoch(self, generator: np.random.Generator) -> list[np.ndarray]:
        """Return arrays of sample indices, one for each block."""
        size, count = self._block_size, self.sample_count
        counts = [min(size, count - start) for start in range(0, count, size)]
        return [size * block + order for block, order in shuffle_blocks(counts, generator)]


def shuffle_blocks(
    counts: Sequence[int], generator: np.random.Generator
) -> list[tuple[int, np.ndarray]]:
    """Return the indices of all blocks in a random order, each with a permutation of its samples.

    Parameters
    ----------
    counts : sequence of int
        Samples of each block.
    generator : numpy.random.Generator
        Draws the order of the blocks, then the permutations.
    """
    blocks = generator.permutation(len(counts)).tolist()
    return [(block, generator.permutation(counts[block])) for block in blocks]
