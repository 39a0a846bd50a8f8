"""Where blocks of samples come from: the shape that every source has, and the one in memory.

A source plans an epoch and fetches what a plan asks for; waiting and ordering are the queue's work.
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
    """What the prefetch queue asks of a source.

    A source whose answers need no waiting may also have ``fetch_now(request) -> Samples``; the
    queue then calls that and needs no task per block. One that remembers some of its answers may
    have ``recall(request) -> Samples | None``, which is asked first.
    """

    @property
    def sample_count(self) -> int:
        """How many samples an epoch has."""
        ...

    def plan_epoch(self, generator: np.random.Generator) -> Sequence[Request]:
        """Return the requests of one epoch in order of delivery; every sample is in one."""
        ...

    async def fetch(self, request: Request) -> Samples:
        """Get the samples of one request, which is at least one."""
        ...


@dataclass(frozen=True)
class QueuePosition:
    """A place in the endless sequence of blocks, enough to go on from there exactly.

    Attributes
    ----------
    epoch, block : int
        The number of the epoch and of the block within it, both from 0.
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
        The epoch and the block's place in it, both from 0.
    is_last : bool
        Whether the epoch ends with this block.
    position : QueuePosition or None
        Where a queue starts to deliver this block again; None when it is not from a queue.
    """

    images: np.ndarray
    labels: np.ndarray
    epoch: int
    index: int
    is_last: bool
    position: QueuePosition | None = None

    def __len__(self) -> int:
        return len(self.labels)


class ArraySource:
    """Samples in memory, cut into blocks by a fresh permutation of all of them in every epoch.

    Parameters
    ----------
    samples : Samples
        At least one.
    block_size : int
        Samples per block; the last block of an epoch may have fewer.
    """

    def __init__(self, samples: Samples, block_size: int = 500) -> None:
        if not len(samples):
            raise DataError("A source needs at least one sample, but got none.")
        if block_size < 1:
            raise ValueError(f"A block needs at least one sample, but block_size is {block_size}.")
        self._samples = samples
        self._block_size = block_size

    @property
    def sample_count(self) -> int:
        """How many samples an epoch has."""
        return len(self._samples)

    def plan_epoch(self, generator: np.random.Generator) -> list[np.ndarray]:
        """Return arrays of sample indices, one per block."""
        order = generator.permutation(len(self._samples))
        size = self._block_size
        return [order[start : start + size] for start in range(0, len(order), size)]

    def fetch_now(self, request: np.ndarray) -> Samples:
        """Get the samples of the given indices, at once."""
        return self._samples.take(request)

    async def fetch(self, request: np.ndarray) -> Samples:
        """Do the same for callers that expect to wait."""
        return self.fetch_now(request)
