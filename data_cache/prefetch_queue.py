"""Keeps blocks ready ahead of whoever trains, and hands them out in order.

It is the one owner of all fetches: it opens, bounds, retries, orders and ends them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic

import numpy as np

from data_cache.change import Change
from data_cache.epoch_plan import Plan, Slot
from data_cache.errors import PrefetchError
from data_cache.samples import Samples
from data_cache.sources.source import Block, QueuePosition, Request, Source


def exponential_pause(attempt: int) -> float:
    """Seconds to wait before retry number `attempt` (from 1): 0.5, 1, 2, 4 … at most 30."""
    return min(0.5 * 2.0 ** (attempt - 1), 30.0)


class PrefetchQueue(Generic[Request]):
    """An endless asynchronous iterator of blocks, epoch after epoch, in the order of the plan.

    Blocks that are ready or in flight never number more than `cache_size`, and at most
    `concurrency` are in flight; places that fall free are refilled at once, whether anybody takes
    blocks or not (fetches to start = cache size − ready − in flight). With
    `cache_size` 0 a block is fetched only when somebody waits for it. Answers may arrive in any
    order; blocks leave in the order of the plan, so timing never changes what is trained on.

    All methods are to be called in the thread of one event loop. A block that stays failed after
    its retries stops the refilling; the blocks before it are still delivered, then whoever asks
    next gets a PrefetchError, and whoever asks after that has it tried again.

    Parameters
    ----------
    source : Source
    cache_size : int
        Blocks ready or in flight, 0 or more.
    concurrency : int
        Fetches in flight, 1 or more.
    generator : numpy.random.Generator
        Draws the plan of every epoch as the epoch starts. It should belong to this queue alone.
    retries : int
        How often a failed fetch is tried again.
    pause : callable
        Seconds to wait before retry number 1, 2, ….
    sleep : callable
        How to wait; tests put in their own.
    start : QueuePosition, optional
        Go on from there; `generator` is then set to the state recorded in it.
    """

    def __init__(
        self,
        source: Source[Request],
        cache_size: int = 5,
        concurrency: int = 5,
        *,
        generator: np.random.Generator,
        retries: int = 4,
        pause: Callable[[int], float] = exponential_pause,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        start: QueuePosition | None = None,
    ) -> None:
        self._cache_size = _checked("cache_size", cache_size, least=0)
        self._concurrency = _checked("concurrency", concurrency, least=1)
        self._retries = _checked("retries", retries, least=0)
        self._source = source
        self._fetch_now: Callable[[Request], Samples] | None = getattr(source, "fetch_now", None)
        self._recall: Callable[[Request], Samples | None] | None = getattr(source, "recall", None)
        self._pause, self._sleep = pause, sleep
        self._plan = Plan(source, generator, start)
        self._slots: deque[Slot[Request]] = deque()
        self._idle: deque[Slot[Request]] = deque()
        self._broken: list[Slot[Request]] = []
        self._plan_error: Exception | None = None
        self._tasks: set[asyncio.Task[Block]] = set()
        self._ready = 0
        self._change = Change()
        self._waiters = 0
        self._started = False
        self._closed = False
        self._end: QueuePosition | None = None
        self.peak = 0
        self.retried = 0
        self.failed = 0

    # What the interface shows

    @property
    def data_len(self) -> int:
        """Blocks that are ready."""
        return self._ready

    @property
    def data_futures_len(self) -> int:
        """Fetches in flight, those that pause before a retry included."""
        return len(self._tasks)

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for a block."""
        return self._waiters > 0

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._closed

    @property
    def position(self) -> QueuePosition:
        """Where the next block to be delivered stands; after close(), where it would have stood."""
        if self._end is not None:
            return self._end
        return self._slots[0].position if self._slots else self._plan.position

    # Settings that may change while it runs

    @property
    def cache_size(self) -> int:
        """Blocks ready or in flight; fewer take effect as blocks are taken."""
        return self._cache_size

    @cache_size.setter
    def cache_size(self, value: int) -> None:
        self._cache_size = _checked("cache_size", value, least=0)
        self._refill_if_started()

    @property
    def concurrency(self) -> int:
        """Fetches in flight; fewer take effect as answers arrive."""
        return self._concurrency

    @concurrency.setter
    def concurrency(self, value: int) -> None:
        self._concurrency = _checked("concurrency", value, least=1)
        self._refill_if_started()

    # Taking blocks

    def start(self) -> None:
        """Begin to prefetch; taking a block does so too."""
        self._started = True
        self._refill()

    def take_ready(self) -> Block | None:
        """Return the next block if it is there without waiting, else None.

        A source in memory answers at once, so there is always a next block. With another source
        and `cache_size` 0, None does not start a fetch: only waiting does.

        Raises
        ------
        PrefetchError
            If the next block could not be fetched; the next call tries it again.
        """
        block = self._pop()
        self._refill()
        return block

    def _pop(self) -> Block | None:
        if self._closed:
            return None
        self._started = True
        if self._slots and self._slots[0].error_was_told:
            self.resume()
        self._refill(demand=1 if self._fetch_now else 0)
        self._raise_failure()
        if not self._slots or self._slots[0].block is None:
            return None
        self._ready -= 1
        return self._slots.popleft().block

    def __aiter__(self) -> PrefetchQueue[Request]:
        return self

    async def __anext__(self) -> Block:
        self._waiters += 1
        try:
            # A loop over a queue that is always ready must still let others run.
            await asyncio.sleep(0)
            while (block := self._pop()) is None:
                if self._closed:
                    raise StopAsyncIteration
                await self._change.wait()
        finally:
            self._waiters -= 1
        # Not before: with a cache size of 0, whoever waited would count as waiting for another.
        self._refill()
        return block

    def resume(self) -> None:
        """Try again whatever has failed, without waiting for somebody to ask."""
        # Failures come in any order, but what is needed first is tried first.
        for slot in sorted(self._broken, key=lambda slot: slot.order):
            slot.clear_failure()
            self._idle.append(slot)
        self._broken.clear()
        self._plan_error = None
        self._refill_if_started()

    # Ending

    async def close(self) -> None:
        """End everything: fetches are cancelled, blocks dropped, whoever waits is let go."""
        self._end = self.position
        self._closed = True
        self._slots.clear()
        self._ready = 0
        self._change.announce()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def __aenter__(self) -> PrefetchQueue[Request]:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # The machinery

    def _refill_if_started(self) -> None:
        if self._started:
            self._refill()

    def _refill(self, demand: int = 0) -> None:
        """Launch fetches until a bound is reached; not while something stays failed."""
        while not (self._closed or self._broken or self._plan_error):
            if self._fetch_now is None and len(self._tasks) >= self._concurrency:
                return
            if not self._idle:
                if len(self._slots) >= max(self._cache_size, self._waiters, demand):
                    return
                if not self._open_slot():
                    return
            self._launch(self._idle.popleft())

    def _open_slot(self) -> bool:
        try:
            slot = self._plan.next_slot()
        except Exception as error:
            self._plan_error = error
            self._change.announce()
            return False
        self._slots.append(slot)
        self._idle.append(slot)
        return True

    def _launch(self, slot: Slot[Request]) -> None:
        try:
            samples = self._answer_at_once(slot.request)
            if samples is not None:
                slot.block = slot.make_block(samples)
        except Exception as error:
            slot.error = error
        if slot.block is not None or slot.error is not None:
            self._settle(slot)
            return
        task = asyncio.get_running_loop().create_task(self._fetch(slot))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._end_fetch(slot, task))

    def _answer_at_once(self, request: Request) -> Samples | None:
        if self._fetch_now is not None:
            return self._fetch_now(request)
        return None if self._recall is None else self._recall(request)

    async def _fetch(self, slot: Slot[Request]) -> Block:
        for attempt in range(1, self._retries + 1):
            try:
                return slot.make_block(await self._source.fetch(slot.request))
            except Exception:
                self.retried += 1
                await self._sleep(self._pause(attempt))
        return slot.make_block(await self._source.fetch(slot.request))

    def _end_fetch(self, slot: Slot[Request], task: asyncio.Task[Block]) -> None:
        self._tasks.discard(task)
        # Asking for the exception also tells asyncio that it is not lost.
        slot.error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if slot.error is None:
            # Here and not in the task, so that a block is there exactly when it is counted.
            slot.block = task.result()
        if not self._closed:
            self._settle(slot)
            self._refill()
            self._change.announce()

    def _settle(self, slot: Slot[Request]) -> None:
        if slot.error is None:
            self._ready += 1
            self.peak = max(self.peak, self._ready)
        else:
            self.failed += 1
            self._broken.append(slot)

    def _raise_failure(self) -> None:
        """Raise what keeps the next block from coming, once; the next call may try again."""
        if self._slots:
            self._slots[0].raise_failure()
        elif self._plan_error is not None:
            error, self._plan_error = self._plan_error, None
            raise PrefetchError(
                f"The next epoch could not be planned ({error}); asking again tries again."
            ) from error


def _checked(name: str, value: int, least: int) -> int:
    if value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, but got {value}.")
    return int(value)
