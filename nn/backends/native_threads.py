"""Convolutions by several threads, natively; BLAS computes each of their products with one.

The products of a convolution are so small that two threads of BLAS take longer than one. Measured
with the pretrained model “best”, batches of 64 and Adam: see `make bench ARGS="--only native"`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context

import numpy as np

from nn.backends.blas import one_thread
from nn.backends.numpy_backend import ComputePart, NumpyBackend, parts_that_fit


class ThreadedBackend(NumpyBackend):
    """Computes with NumPy; the parts of a batch of images are shared by threads.

    The products are those of `NumpyBackend`, and sums are added in the same order, so that all bits
    are the same.

    Parameters
    ----------
    threads : int, 2 or more
        With the one that calls.
    reason : str
        As in `NumpyBackend`.
    """

    def __init__(self, threads: int, reason: str) -> None:
        super().__init__(reason)
        self.threads: int | None = threads
        self._workers = threads - 1
        self._pool = ThreadPoolExecutor(self._workers, "inkling-convolution")
        self._own = threading.local()

    def parts_of_batch(self, count: int, values: int, size: int) -> list[slice]:
        """Divide a batch as `convolve` does, so that all products are the same as without threads.

        See `NumpyBackend.parts_of_batch`.
        """
        return parts_that_fit(count, values, size)

    def for_each_part(
        self, parts: Sequence[slice], compute: ComputePart, scratch: np.ndarray
    ) -> None:
        """Compute the parts of a batch; see `NumpyBackend.for_each_part`."""
        work = _SharedWork(parts, compute)
        for _ in range(min(self._workers, len(parts) - 1)):
            # NumPy's error state belongs to a context, which can be entered once at a time.
            self._pool.submit(copy_context().run, self._work, work, scratch)
        work.take_parts(scratch)
        work.wait()

    def computing(self) -> AbstractContextManager[None]:
        """Return a context in which BLAS has one thread: idle ones would wait in busy loops."""
        return one_thread()

    def _work(self, work: _SharedWork, scratch: np.ndarray) -> None:
        buffer = getattr(self._own, "buffer", None)
        if buffer is None or buffer.size < scratch.size or buffer.dtype != scratch.dtype:
            buffer = self._own.buffer = np.empty_like(scratch)
        work.take_parts(buffer[: scratch.size])


class _SharedWork:
    """The parts of one batch: each is taken by the next thread that is free."""

    def __init__(self, parts: Sequence[slice], compute: ComputePart) -> None:
        self._parts = parts
        self._compute = compute
        self._changed = threading.Condition()
        self._taken = self._finished = self._failed = 0
        self._error: BaseException | None = None

    def take_parts(self, buffer: np.ndarray) -> None:
        """Compute parts until none is left."""
        while (index := self._take()) is not None:
            try:
                finish = self._compute(self._parts[index], buffer)
                with self._changed:
                    if finish is not None:
                        self._wait_for_turn(index)
                        if self._error is None:
                            finish()
                    self._finished += 1
                    self._changed.notify_all()
            except BaseException as error:  # raised again by `wait`, in the thread that called
                with self._changed:
                    self._error = error
                    self._failed += 1
                    self._changed.notify_all()

    def _take(self) -> int | None:
        with self._changed:
            if self._error is not None or self._taken == len(self._parts):
                return None
            self._taken += 1
            return self._taken - 1

    def _wait_for_turn(self, index: int) -> None:
        self._changed.wait_for(lambda: self._finished == index or self._error is not None)

    def wait(self) -> None:
        """Wait for the parts that other threads have taken; raise what one of them raised."""
        with self._changed:
            self._changed.wait_for(lambda: self._finished + self._failed == self._taken)
        if self._error is not None:
            raise self._error
