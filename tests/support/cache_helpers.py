"""Helpers of several tests: samples with numbers, idx bytes, a source that tests control."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import numpy as np
import pytest

from data_cache import Block, DataError, DataSet, Samples, Source, TransientError

T = TypeVar("T")


def numbered_samples(count: int, first: int = 0) -> Samples:
    """Samples that carry their own number in their first two pixels."""
    images = np.zeros((count, 784), np.uint8)
    numbers = np.arange(first, first + count)
    images[:, 0], images[:, 1] = numbers % 256, numbers // 256
    return Samples(images, (numbers % 10).astype(np.uint8))


def small_data_set(name: str = "small") -> DataSet:
    """A data set of 23, 7 and 5 numbered samples."""
    parts = (numbered_samples(n, first) for n, first in ((23, 0), (7, 100), (5, 200)))
    return DataSet(name, name.title(), tuple("0123456789"), *parts)


def numbers_of(images: np.ndarray) -> list[int]:
    """The numbers that the images carry (uint8, or float in [0, 1])."""
    pixels = images if images.dtype == np.uint8 else np.rint(images * 255)
    return (pixels[:, 0].astype(int) + 256 * pixels[:, 1].astype(int)).tolist()


def idx_bytes(values: np.ndarray) -> bytes:
    """An array of uint8 in the idx format."""
    header = bytes((0, 0, 8, values.ndim)) + np.array(values.shape, ">u4").tobytes()
    return header + values.tobytes()


def error_of(call: Callable[..., Any], *arguments: Any) -> str:
    """The message of the DataError that a call raises."""
    with pytest.raises(DataError) as caught:
        call(*arguments)
    return str(caught.value)


def same(found: Samples, expected: Samples) -> bool:
    """Whether two samples have equal images and labels."""
    return np.array_equal(found.images, expected.images) and np.array_equal(
        found.labels, expected.labels
    )


class ObedientSource(Source):
    """A source that responds when a test calls `answer` or `fail` with a request in `pending`."""

    def __init__(self, blocks: int, block_size: int = 2) -> None:
        self.blocks, self.block_size = blocks, block_size
        self.sample_count = blocks * block_size
        self.pending: dict[int, asyncio.Future[None]] = {}
        self.asked: list[int] = []

    def plan_epoch(self, generator: np.random.Generator) -> Sequence[int]:
        return generator.permutation(self.blocks).tolist()

    async def fetch(self, request: int) -> Samples:
        self.asked.append(request)
        if request in self.pending:
            raise TransientError("the block is being fetched for an earlier epoch")
        self.pending[request] = asyncio.get_running_loop().create_future()
        try:
            await self.pending[request]
        finally:
            del self.pending[request]
        return numbered_samples(self.block_size, first=request * self.block_size)

    def answer(self, request: int) -> None:
        self.pending[request].set_result(None)

    def answer_all(self) -> None:
        for request in list(self.pending):
            if not self.pending[request].done():
                self.answer(request)

    def fail(self, request: int, error: Exception) -> None:
        self.pending[request].set_exception(error)


def run(main: Coroutine[Any, Any, T], seconds: float = 30) -> T:
    """Run a coroutine, and fail rather than hang when what it waits for never comes."""

    async def bounded() -> T:
        async with asyncio.timeout(seconds):
            return await main

    return asyncio.run(bounded())


def in_event_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Decorate a test that is a coroutine function; it is run by `run`."""

    @functools.wraps(test)
    def run_test(*arguments: Any, **keywords: Any) -> None:
        run(test(*arguments, **keywords))

    return run_test


async def settle() -> None:
    """Let everything run that can run without an answer from outside."""
    for _ in range(10):
        await asyncio.sleep(0)


async def drive(source: ObedientSource, asking: asyncio.Task[Block]) -> Block:
    """Answer whatever is asked until the task has its block."""
    while not asking.done():
        source.answer_all()
        await asyncio.sleep(0)
    return asking.result()


def no_pause(attempt: int) -> float:
    return 0.0


def tasks_left() -> set[asyncio.Task]:
    """All tasks but the one that asks."""
    return asyncio.all_tasks() - {asyncio.current_task()}
