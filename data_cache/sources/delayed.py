"""A source whose blocks take longer, as if they came over a slow network.

It shows what the prefetch queue is for, where all samples are in memory or on the same machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from data_cache.samples import Samples
from data_cache.sources.source import Request, Source


class DelayedSource(Source[Request]):
    """The blocks of another source in the same order, each later by `delay`.

    Parameters
    ----------
    source
        Where the blocks come from.
    delay
        Seconds that each request takes longer, from 0; it may change at any time.
    sleep
        Awaited with the delay.
    """

    def __init__(
        self,
        source: Source[Request],
        delay: float = 0.0,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._sleep = sleep
        self.sample_count = source.sample_count
        self.delay = delay

    @property
    def delay(self) -> float:
        """Seconds that each request takes longer."""
        return self._delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        self._delay = seconds
        self.is_in_memory = self._source.is_in_memory and not seconds

    def plan_epoch(self, generator: np.random.Generator) -> Sequence[Request]:
        """Return the requests of one epoch in the order of the other source."""
        return self._source.plan_epoch(generator)

    def fetch_now(self, request: Request) -> Samples | None:
        """Return the samples if they are in memory and there is no delay, else None."""
        return None if self._delay else self._source.fetch_now(request)

    async def fetch(self, request: Request) -> Samples:
        """Fetch the samples of a request after the delay."""
        if self._delay:
            await self._sleep(self._delay)
        return await self._source.fetch(request)
