"""What differs between the two runtimes: served by a process, or inside a web worker.

A process has threads and serves several visitors; in a worker one thread trains, draws and answers
for a single visitor.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass
from typing import Any

import panel as pn

from dashboard.blas import limit_blas_threads
from dashboard.fair_threads import FairThreads
from dashboard.languages.text import in_current_language
from dashboard.processors import shorten_switch_interval
from dashboard.shell.page_writer import LATER_SECONDS
from dashboard.shell.redraw_scheduler import RedrawRate, sleep_longer_when_busy
from dashboard.training.trainer import Execute, TimeBudget, execute_in_line

IN_BROWSER = sys.platform == "emscripten"
SLICE_THREADS = 2
M_ARENA_MAX = -8
"""The name of the number of heaps in glibc's malloc.h."""
HEAPS = 2
COLLECT_SECONDS = 6.0
"""After the end of a session, in which others may end."""
COLLECT_SHARE = 0.04
"""Of the time, for collections of garbage: they stop all threads, half a second for 15 sessions."""
COLLECT_TIMES = 5
"""Collections after which a session that still exists is no longer waited for."""
MOST_ENDED = 30
"""Sessions, some 20 MB each, whose garbage does not wait for that share."""


@dataclass(frozen=True)
class Runtime:
    """The settings of one runtime; times are in seconds."""

    execute_for: Callable[[object], Execute]
    """Returns what computes slices of training and of evaluations for one visitor."""
    time_budget: TimeBudget
    """Of training on digits."""
    plane_time_budget: TimeBudget
    """Of training on points, whose every redraw waits for the end of a slice."""
    redraw_rate: RedrawRate
    """Of the digits pane."""
    plane_redraw_rate: RedrawRate
    """Of the plane pane."""


def fair_threads() -> FairThreads:
    """Return the few threads that all visitors of this process share."""
    threads: FairThreads = pn.state.as_cached("slice-threads", make_threads)
    return threads


async def execute_in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in one of the shared threads, in a share of its own."""
    return await fair_threads().run(execute_in_thread, function, *arguments)


def execute_for(owner: object) -> Execute:
    """Return what runs a function in one of the shared threads, in the share of a visitor."""

    async def execute(function: Callable[..., Any], *arguments: Any) -> Any:
        return await fair_threads().run(owner, in_current_language(function), *arguments)

    return execute


def make_threads() -> FairThreads:
    """Return the threads in which slices of training are computed."""
    limit_blas_threads()
    shorten_switch_interval()
    pool = ThreadPoolExecutor(SLICE_THREADS, thread_name_prefix="inkling-slice")
    threads = FairThreads(pool, SLICE_THREADS)
    plugin: Any = sys.modules.get("dashboard.api.plugin")
    if plugin is not None:
        threads.observe = plugin.SERVER.metrics.observe_slice
    return threads


def shorten_garbage_collections() -> None:
    """Collect everything after sessions have ended only, since it stops all threads."""
    gc.set_threshold(20_000, 50, 1000)
    # Each thread would get a heap of its own, whose gaps are not filled by the others.
    _call_library("mallopt", M_ARENA_MAX, HEAPS)


def exempt_imports_from_collections() -> None:
    """Leave what exists now out of all collections of garbage: modules, which are never freed.

    It is called before the first session; a session that existed would never be freed.
    """
    gc.collect()
    gc.freeze()


def _call_library(name: str, *arguments: int) -> None:
    """Call a function of the C library where there is one of that name, as in glibc."""
    function = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if function is not None:
        function(*arguments)


class MemoryRelease:
    """Collects the garbage of sessions that have ended, and returns its memory to the system.

    Parameters
    ----------
    clock
        A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ended: list[tuple[weakref.ref[Any], int]] = []
        """The sessions, each with the number of collections after its end."""
        self._earliest = 0.0

    def request(self, session: object) -> None:
        """Release the memory of a session soon, with that of what else ends meanwhile.

        Parameters
        ----------
        session
            Has ended. As long as something holds it, such as a slice of training in a thread, it is
            collected again, at most `COLLECT_TIMES`.
        """
        self._ended.append((weakref.ref(session), 0))
        if len(self._ended) == 1:
            self._release_soon()
        elif len(self._ended) == MOST_ENDED:
            self._release_after(0.0)

    def _release_soon(self) -> None:
        self._release_after(max(COLLECT_SECONDS, self._earliest - self._clock()))

    def _release_after(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, self._release, loop, context=Context())

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._ended:
            return  # many sessions had ended, so it was done earlier
        began = self._clock()
        gc.collect()
        ended = self._clock()
        self._earliest = ended + (ended - began) / COLLECT_SHARE
        self._ended = [
            (session, times + 1)
            for session, times in self._ended
            if session() is not None and times + 1 < COLLECT_TIMES
        ]
        if self._ended:
            self._release_soon()
        # The C library of Linux keeps free memory for later otherwise.
        loop.run_in_executor(None, _call_library, "malloc_trim", 0)


SERVED = Runtime(
    execute_for=execute_for,
    time_budget=TimeBudget(),
    plane_time_budget=TimeBudget(),
    redraw_rate=RedrawRate(sleep=sleep_longer_when_busy),
    plane_redraw_rate=RedrawRate(sleep=sleep_longer_when_busy),
)

WORKER = Runtime(
    execute_for=lambda _owner: execute_in_line,
    time_budget=TimeBudget(
        slice_seconds=0.006,
        idle_slice_seconds=0.03,
        snapshot_seconds=0.1,
        pause_seconds=2 * LATER_SECONDS,
    ),
    plane_time_budget=TimeBudget(slice_seconds=0.012, snapshot_seconds=0.05),
    # In a worker training waits for every redraw.
    redraw_rate=RedrawRate(interval_seconds=0.25, max_share=0.05),
    # A redraw begins only after the slice of training under way, so it is requested sooner.
    plane_redraw_rate=RedrawRate(interval_seconds=0.06),
)


def call_later(seconds: float, function: Callable[[], None]) -> None:
    """Call a function after some seconds; at once where no event loop runs."""
    if is_loop_running():
        asyncio.get_running_loop().call_later(seconds, function)
    else:
        function()


def is_loop_running() -> bool:
    """Return whether this code runs inside an event loop; a page that is converted has none."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def worker_name() -> str:
    """Return the name that the page gave to the worker in which this code runs."""
    from js import self as worker  # noqa: PLC0415 - exists in a browser only

    return str(worker.name)


def on_connection_back(callback: Callable[[], None]) -> None:
    """Call a function whenever the browser is online again."""
    from js import self as worker  # noqa: PLC0415 - exists in a browser only
    from pyodide.ffi import create_proxy  # noqa: PLC0415

    worker.addEventListener("online", create_proxy(lambda _event: callback()))
