"""Admits a limited number of API requests per iteration of the event loop.

However many clients send requests at once, a visitor of the app waits for a few of them only.
"""

from __future__ import annotations

import asyncio
from collections import deque

REQUESTS_PER_ITERATION = 4


class AdmissionQueue:
    """A first-in, first-out queue that admits `per_iteration` requests per event-loop iteration."""

    def __init__(self, per_iteration: int = REQUESTS_PER_ITERATION) -> None:
        self._per_iteration = per_iteration
        self._admitted = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Return when the request is admitted: at once while few are waiting."""
        if self._admitted < self._per_iteration and not self._waiting:
            self._count()
            return
        admitted = asyncio.get_running_loop().create_future()
        self._waiting.append(admitted)
        await admitted

    def _count(self) -> None:
        if not self._admitted:
            asyncio.get_running_loop().call_soon(self._begin_iteration)
        self._admitted += 1

    def _begin_iteration(self) -> None:
        self._admitted = 0
        while self._waiting and self._admitted < self._per_iteration:
            admitted = self._waiting.popleft()
            if not admitted.done():
                self._count()
                admitted.set_result(None)
