"""The few threads that compute for all visitors, shared by time rather than by the number of calls.

Without it a visitor whose steps take a second would get a hundred times the share of one whose
slices take some milliseconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary


class FairThreads:
    """Threads that take the call of the visitor who has used the least time so far.

    Parameters
    ----------
    pool
        Its threads.
    count
        How many calls may run at the same time.
    clock
        A monotonic clock, in seconds.

    Attributes
    ----------
    observe
        Called with the seconds that each call took.
    """

    def __init__(
        self, pool: ThreadPoolExecutor, count: int, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.observe: Callable[[float], None] = lambda _seconds: None
        self._pool = pool
        self._free = count
        self._clock = clock
        self._used: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        self._virtual_time = 0.0
        """What the owner of the newest call had used when it began (start-time fair queueing)."""
        self._waiting: list[tuple[Any, asyncio.Future[None]]] = []

    async def run(self, owner: Any, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in a thread when one is the owner's; return its result."""
        # Somebody who comes, or comes back, has no claim to the time before.
        self._used[owner] = max(self._used.get(owner, 0.0), self._virtual_time)
        await self._acquire(owner)
        self._virtual_time = self._used[owner]
        began = self._clock()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, function, *arguments)
        finally:
            seconds = self._clock() - began
            self._used[owner] += seconds
            self.observe(seconds)
            self._release()

    async def _acquire(self, owner: Any) -> None:
        if self._free:
            self._free -= 1
            return
        acquired = asyncio.get_running_loop().create_future()
        entry = (owner, acquired)
        self._waiting.append(entry)
        try:
            await acquired
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            else:
                self._release()  # it was acquired at the same moment
            raise

    def _release(self) -> None:
        """Give a thread to the waiting owner who has used the least time, or keep it free."""
        if not self._waiting:
            self._free += 1
            return
        entry = min(self._waiting, key=lambda waiting: self._used[waiting[0]])
        self._waiting.remove(entry)
        entry[1].set_result(None)
