"""Times one function: warmed up first, then called for long enough that the clock is no matter.

The contestants import this too; `pages/timing.js` is the same for JavaScript.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LOOKS = 10
"""How often, about, the clock is read in one measurement."""


def seconds_per_call(
    call: Callable[[], object],
    seconds: float,
    warm_up: float,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Call for at least `warm_up` seconds uncounted, then for at least `seconds`; give the mean."""
    expected = _mean_time(call, warm_up, 1, clock)
    return _mean_time(call, seconds, max(1, int(seconds / LOOKS / max(expected, 1e-9))), clock)


def _mean_time(
    call: Callable[[], object], seconds: float, between_looks: int, clock: Callable[[], float]
) -> float:
    calls, start = 0, clock()
    while True:
        for _ in range(between_looks):
            call()
        calls += between_looks
        elapsed = clock() - start
        if elapsed >= seconds:
            return elapsed / calls
