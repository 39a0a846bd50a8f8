"""Timing of one function: warmed up, then called for much longer than the clock's resolution.

The implementations import this too; `pages/benchmark.js` is its equivalent in JavaScript.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

CLOCK_READS = 10
"""Approximate number of times that the clock is read in one measurement."""


def seconds_per_call(
    call: Callable[[], object],
    seconds: float,
    warm_up: float,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the mean seconds of calls during `seconds`, after `warm_up` seconds of other calls."""
    expected = _mean_time(call, warm_up, 1, clock)
    return _mean_time(
        call, seconds, max(1, int(seconds / CLOCK_READS / max(expected, 1e-9))), clock
    )


def _mean_time(
    call: Callable[[], object], seconds: float, batch: int, clock: Callable[[], float]
) -> float:
    calls, start = 0, clock()
    while True:
        for _ in range(batch):
            call()
        calls += batch
        elapsed = clock() - start
        if elapsed >= seconds:
            return elapsed / calls


class StepTimer:
    """Trains on prepared batches, a number of steps at a time.

    `prepare(count)` returns that many batches, which is not timed; `train` takes one.
    """

    def __init__(self, prepare: Callable[[int], list[Any]], train: Callable[[Any], object]) -> None:
        self._prepare = prepare
        self._train = train

    def seconds(self, steps: int) -> float:
        """Return the processor time of the next steps."""
        batches = self._prepare(steps)
        start = time.process_time()
        for batch in batches:
            self._train(batch)
        return time.process_time() - start
