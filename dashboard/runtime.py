"""What differs between the two forms: served by a process to many, or alone inside a web worker.

A process has threads and other visitors; in a worker one thread trains, draws and answers.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import panel as pn

from dashboard.digits.views.pane import REDRAW_SECONDS, stand_still
from dashboard.training.trainer import Clock, Execute, TimeBudget, execute_in_line
from dashboard.upstream.document_lock import sleep_longer_when_busy

IN_BROWSER = sys.platform == "emscripten"
SLICE_THREADS = 2
SWITCH_SECONDS = 0.0005


@dataclass(frozen=True)
class Runtime:
    """How one form works; times are in seconds."""

    execute: Execute
    """Where slices of training and evaluations are computed."""
    pace: TimeBudget
    """Of training on digits."""
    plane_pace: TimeBudget
    """Of training on points, whose every picture waits for a slice to end."""
    redraw_seconds: float
    """Between two redraws of the digits, at least."""
    plane_redraw_seconds: float
    """Between the beginnings of two redraws of the spiral."""
    redraw_clock: Clock
    """Times redraws, where training waits for them."""
    redraw_sleep: Callable[[float], Awaitable[None]]
    """Waits between two redraws of the digits."""


async def execute_in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Compute in one of the few threads that all visitors of this process share."""
    pool = pn.state.as_cached("slice-threads", make_threads)
    return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)


def make_threads() -> ThreadPoolExecutor:
    """Make the threads in which slices of training are computed."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - the browser form has no threads

    # Products this small lose far more to BLAS threads waiting for each other than they gain,
    # above all when a browser on the same machine wants the cores too.
    threadpool_limits(1, user_api="blas")
    # Whoever computes hands Python's lock over so often; a message to a page waits for it at every
    # piece that is sent.
    sys.setswitchinterval(SWITCH_SECONDS)
    return ThreadPoolExecutor(SLICE_THREADS, thread_name_prefix="inkling-slice")


SERVED = Runtime(
    execute=execute_in_thread,
    pace=TimeBudget(),
    plane_pace=TimeBudget(),
    redraw_seconds=REDRAW_SECONDS,
    plane_redraw_seconds=REDRAW_SECONDS,
    redraw_clock=stand_still,
    redraw_sleep=sleep_longer_when_busy,
)

WORKER = Runtime(
    execute=execute_in_line,
    pace=TimeBudget(slice_seconds=0.006, idle_slice_seconds=0.03, snapshot_seconds=0.1),
    plane_pace=TimeBudget(slice_seconds=0.012, snapshot_seconds=0.05),
    # Who draws charts all the time keeps training waiting, on the one core and beside it.
    redraw_seconds=0.25,
    # A redraw begins only after the slice of training under way, so ask for it sooner.
    plane_redraw_seconds=0.06,
    redraw_clock=time.perf_counter,
    redraw_sleep=asyncio.sleep,
)
