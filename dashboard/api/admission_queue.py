"""Lets only a few requests into each round of the event loop, so that pages are answered between.

However many clients ask at once, whoever draws in the app waits for a handful of them, not for all.
"""

from __future__ import annotations

import asyncio
from collections import deque

REQUESTS_PER_ROUND = 4


class AdmissionQueue:
    """Hands out turns, in the order in which they are asked for."""

    def __init__(self, per_round: int = REQUESTS_PER_ROUND) -> None:
        self._per_round = per_round
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Return when it is one's turn: at once while few ask."""
        if self._taken < self._per_round and not self._waiting:
            self._count()
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _count(self) -> None:
        if not self._taken:
            asyncio.get_running_loop().call_soon(self._begin_round)
        self._taken += 1

    def _begin_round(self) -> None:
        self._taken = 0
        while self._waiting and self._taken < self._per_round:
            turn = self._waiting.popleft()
            if not turn.done():
                self._count()
                turn.set_result(None)
