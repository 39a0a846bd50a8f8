"""Computes what an inspection panel shows from the newest state, however often it is requested.

Requests that come during a computation are answered by one more computation after it, so a quick
series of strokes or of slider values never queues up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import aclosing
from typing import Any

from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.training.trainer import Clock

Steps = Callable[[], AsyncIterator[Any]]
"""Begins a computation from the present state: an asynchronous generator of results."""


class LatestComputation:
    """Computes in steps, and delivers the result of each.

    Parameters
    ----------
    steps
        Begins a computation.
    subject
        What the present state is about, such as the model and whether anything is drawn. Results
        are dropped if it has changed since their computation began.
    deliver
        Called with each result.
    rate
        How often a computation may begin because of training.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(
        self,
        steps: Steps,
        *,
        subject: Callable[[], Hashable],
        deliver: Callable[[Any], None],
        rate: RedrawRate,
        clock: Clock = time.perf_counter,
    ) -> None:
        self._steps = steps
        self._subject = subject
        self._deliver = deliver
        self._rate = rate
        self._clock = clock
        self._seconds = 0.0
        self._requested = asyncio.Event()
        self._requested_in_training = asyncio.Event()
        self._answered = asyncio.Event()

    def request(self) -> None:
        """Compute soon, because of what a person has done."""
        self._answered.clear()
        self._requested.set()

    def request_in_training(self) -> None:
        """Compute when the rate allows it, because training has changed the network."""
        self._requested_in_training.set()

    async def run(self) -> None:
        """Compute what is requested, until cancelled."""
        await asyncio.gather(self._answer(), self._limit())

    async def _answer(self) -> None:
        while True:
            await self._requested.wait()
            self._requested.clear()
            began, subject = self._clock(), self._subject()
            async with aclosing(self._steps()) as results:  # type: ignore[type-var]
                async for result in results:
                    if self._subject() != subject:
                        break
                    # Delivered although there may be a newer request, so that a slow computation
                    # shows something while a person keeps drawing.
                    self._deliver(result)
                    if self._requested.is_set():
                        break
            self._seconds = self._clock() - began
            if not self._requested.is_set():
                self._answered.set()
            await asyncio.sleep(0)

    async def _limit(self) -> None:
        rate = self._rate
        while True:
            await self._requested_in_training.wait()
            self._requested_in_training.clear()
            self.request()
            await self._answered.wait()
            rest = self._seconds / rate.max_share - self._seconds
            await rate.sleep(max(rate.interval_seconds, rest))
