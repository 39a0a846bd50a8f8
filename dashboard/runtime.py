"""What differs between the two forms: served by a process to many, or alone inside a web worker.

A process has threads and other visitors; in a worker one thread trains, draws and answers.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import panel as pn

from dashboard.shell.redraw_scheduler import RedrawPace, sleep_longer_when_busy
from dashboard.training.trainer import Execute, TimeBudget, execute_in_line

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
    redraw_pace: RedrawPace
    """Of the digits pane."""
    plane_redraw_pace: RedrawPace
    """Of the spiral's pane."""


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
    redraw_pace=RedrawPace(sleep=sleep_longer_when_busy),
    plane_redraw_pace=RedrawPace(),
)

WORKER = Runtime(
    execute=execute_in_line,
    pace=TimeBudget(slice_seconds=0.006, idle_slice_seconds=0.03, snapshot_seconds=0.1),
    plane_pace=TimeBudget(slice_seconds=0.012, snapshot_seconds=0.05),
    # In a worker training waits for every redraw.
    redraw_pace=RedrawPace(interval_seconds=0.25, max_share=0.05),
    # A redraw begins only after the slice of training under way, so ask for it sooner.
    plane_redraw_pace=RedrawPace(interval_seconds=0.06),
)
