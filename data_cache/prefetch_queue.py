"""Prefetches blocks of samples concurrently and delivers them in order.

It is the only owner of all fetches: it starts, bounds, retries, orders and cancels them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic

import numpy as np

from data_cache.epoch_plan import EpochPlan, Slot
from data_cache.errors import PrefetchError, TransientError
from data_cache.retries import RETRIES, Backoff, exponential_backoff, retry
from data_cache.sources.source import Block, QueuePosition, Request, Source
from data_cache.texts import gettext


class PrefetchQueue(Generic[Request]):
    """An endless asynchronous iterator of blocks, epoch after epoch, in the planned order.

    Blocks that are ready or in flight never number more than `cache_size`, and at most
    `concurrency` are in flight. Free slots are refilled immediately, also while no blocks are
    taken (fetches to start = cache size − ready − in flight). With `cache_size` 0 a block is
    fetched only while a consumer waits for it. Responses may arrive in any order; blocks are
    delivered in the planned order, so timing never changes the training.

    All methods must be called in the thread of one event loop. A fetch is retried after a
    `TransientError` only. A block that stays failed stops the refilling; the blocks before it are
    still delivered, then the next request raises a PrefetchError, and the one after that tries
    again.

    Parameters
    ----------
    source : Source
    cache_size : int
        Blocks ready or in flight, 0 or more.
    concurrency : int
        Fetches in flight, 1 or more.
    generator : numpy.random.Generator
        Plans each epoch when it starts. It should not be used elsewhere.
    retries : int
        Retries of a fetch after transient errors, 0 or more.
    backoff : callable
        Seconds to wait before retry number 1, 2, ….
    sleep : callable
        Replaces asyncio.sleep in tests.
    retries_silence, on_retry
        As in `retry`.
    start : QueuePosition, optional
        Resume there; `generator` is set to the state recorded in it.

    Raises
    ------
    ValueError
        If a number is below its minimum, or `start` is from another source.
    """

    def __init__(
        self,
        source: Source[Request],
        cache_size: int = 5,
        concurrency: int = 5,
        *,
        generator: np.random.Generator,
        retries: int = RETRIES,
        backoff: Backoff = exponential_backoff,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        retries_silence: bool = True,
        on_retry: Callable[[TransientError], None] | None = None,
        start: QueuePosition | None = None,
    ) -> None:
        self._cache_size = _check_minimum("cache_size", cache_size, least=0)
        self._concurrency = _check_minimum("concurrency", concurrency, least=1)
        self._retries = _check_minimum("retries", retries, least=0)
        self._source = source
        self._backoff, self._sleep = backoff, sleep
        self._retries_silence, self._on_retry = retries_silence, on_retry
        self._plan = EpochPlan(source, generator, start)
        self._slots: deque[Slot[Request]] = deque()
        self._pending: deque[Slot[Request]] = deque()
        self._failed: list[Slot[Request]] = []
        self._plan_error: Exception | None = None
        self._tasks: set[asyncio.Task[Block]] = set()
        self._ready = 0
        self._changed = asyncio.Event()
        self._waiters = 0
        self._started = False
        self._closed = False
        self._end: QueuePosition | None = None

    # State

    @property
    def data_len(self) -> int:
        """Number of blocks that are ready."""
        return self._ready

    @property
    def data_futures_len(self) -> int:
        """Number of fetches in flight, including those that wait for a retry."""
        return len(self._tasks)

    @property
    def position(self) -> QueuePosition:
        """Position of the next block to be delivered; after `close`, of the one that would be."""
        if self._end is not None:
            return self._end
        return self._slots[0].position if self._slots else self._plan.position

    # Settings, which may change at any time

    @property
    def cache_size(self) -> int:
        """Maximum of blocks ready or in flight; a lower one takes effect as blocks are taken."""
        return self._cache_size

    @cache_size.setter
    def cache_size(self, value: int) -> None:
        self._cache_size = _check_minimum("cache_size", value, least=0)
        self._refill_if_started()

    @property
    def concurrency(self) -> int:
        """Maximum of fetches in flight; a lower one takes effect as responses arrive."""
        return self._concurrency

    @concurrency.setter
    def concurrency(self, value: int) -> None:
        self._concurrency = _check_minimum("concurrency", value, least=1)
        self._refill_if_started()

    # Taking blocks

    def start(self) -> None:
        """Begin to prefetch; taking a block does so too.

        Raises
        ------
        RuntimeError
            If a block must be fetched and no event loop runs; the queue stays usable.
        """
        self._started = True
        self._refill()

    def take_ready(self) -> Block | None:
        """Return the next block if it is ready, else None.

        A source in memory always has the next block. With another source and `cache_size` 0 no
        fetch is started: only waiting for a block does so.

        Raises
        ------
        PrefetchError
            If the next block could not be fetched; the next call tries again.
        """
        block = self._pop()
        self._refill()
        return block

    def _pop(self) -> Block | None:
        if self._closed:
            return None
        self._started = True
        if self._slots and self._slots[0].error_was_raised:
            self.resume()
        self._refill(demand=1 if self._source.is_in_memory else 0)
        self._raise_error()
        if not self._slots or self._slots[0].block is None:
            return None
        self._ready -= 1
        return self._slots.popleft().block

    def __aiter__(self) -> PrefetchQueue[Request]:
        return self

    async def __anext__(self) -> Block:
        self._waiters += 1
        try:
            # A loop over a queue that is always ready must still let other tasks run.
            await asyncio.sleep(0)
            while (block := self._pop()) is None:
                if self._closed:
                    raise StopAsyncIteration
                await self._changed.wait()
        finally:
            self._waiters -= 1
        # Only now: with a cache size of 0, this consumer would count as waiting for another block.
        self._refill()
        return block

    def resume(self) -> None:
        """Retry everything that has failed, without a request for it."""
        # Failures come in any order, but what is needed first is retried first.
        for slot in sorted(self._failed, key=lambda slot: slot.order):
            slot.clear_error()
            self._pending.append(slot)
        self._failed.clear()
        self._plan_error = None
        self._refill_if_started()

    # Closing

    def cancel(self) -> None:
        """Cancel all fetches, drop all blocks and stop all iterations, without waiting."""
        self._end = self.position
        self._closed = True
        self._slots.clear()
        self._ready = 0
        self._notify()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Cancel all fetches as `cancel` does, and wait until they have ended."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))

    async def __aenter__(self) -> PrefetchQueue[Request]:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Filling

    def _notify(self) -> None:
        """Wake all consumers that wait now."""
        self._changed.set()
        self._changed.clear()

    def _refill_if_started(self) -> None:
        if self._started:
            self._refill()

    def _refill(self, demand: int = 0) -> None:
        """Start fetches until a bound is reached; none while a failure is not cleared."""
        is_in_memory = self._source.is_in_memory
        while not (self._closed or self._failed or self._plan_error):
            if not is_in_memory and len(self._tasks) >= self._concurrency:
                return
            if not self._pending:
                if len(self._slots) >= max(self._cache_size, self._waiters, demand):
                    return
                if not self._open_slot():
                    return
            self._start_fetch(self._pending[0])

    def _open_slot(self) -> bool:
        try:
            slot = self._plan.next_slot()
        except Exception as error:
            self._plan_error = error
            self._notify()
            return False
        self._slots.append(slot)
        self._pending.append(slot)
        return True

    def _start_fetch(self, slot: Slot[Request]) -> None:
        """Fetch the first pending slot; without an event loop it stays pending."""
        try:
            samples = self._source.fetch_now(slot.request)
            if samples is not None:
                slot.block = slot.make_block(samples)
        except Exception as error:
            slot.error = error
        if slot.block is not None or slot.error is not None:
            self._pending.popleft()
            self._settle(slot)
            return
        task = _get_running_loop().create_task(self._fetch(slot))
        self._pending.popleft()
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._end_fetch(slot, task))

    async def _fetch(self, slot: Slot[Request]) -> Block:
        samples = await retry(
            lambda _attempt: self._source.fetch(slot.request),
            retries=self._retries,
            backoff=self._backoff,
            sleep=self._sleep,
            retries_silence=self._retries_silence,
            on_retry=self._on_retry,
        )
        return slot.make_block(samples)

    def _end_fetch(self, slot: Slot[Request], task: asyncio.Task[Block]) -> None:
        self._tasks.discard(task)
        # Retrieving the exception also tells asyncio that it was handled.
        slot.error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if slot.error is None:
            # Here and not in the task, so that a block is there exactly when it is counted.
            slot.block = task.result()
        if not self._closed:
            self._settle(slot)
            self._refill()
            self._notify()

    def _settle(self, slot: Slot[Request]) -> None:
        if slot.error is None:
            self._ready += 1
        else:
            self._failed.append(slot)

    def _raise_error(self) -> None:
        """Raise the error that holds up the next block, once; the next call may retry."""
        if self._slots:
            self._slots[0].raise_error()
        elif self._plan_error is not None:
            error, self._plan_error = self._plan_error, None
            raise PrefetchError(
                gettext(
                    "The next epoch could not be planned ({error}); the next request tries again.",
                    error=error,
                )
            ) from error


def _get_running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError as error:
        raise RuntimeError(
            "PrefetchQueue: expected a running event loop to fetch blocks in, found none; "
            "call it in a coroutine."
        ) from error


def _check_minimum(name: str, value: int, least: int) -> int:
    if value < least:
        raise ValueError(f"{name}: expected an integer from {least}, found {value}.")
    return int(value)
