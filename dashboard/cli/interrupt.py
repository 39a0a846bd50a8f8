"""Handles Ctrl-C during training: stop after the current step, so that the results are saved.

Before and after training, Ctrl-C ends the command at once.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Interrupt:
    """Whether Ctrl-C was pressed."""

    requested: bool = False


@contextmanager
def catch_interrupt(stop: Callable[[], None]) -> Iterator[Interrupt]:
    """Within the context, Ctrl-C calls `stop` in the running event loop and raises nothing.

    Outside the main thread, which alone receives signals, nothing changes.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    loop = asyncio.get_running_loop()

    def record() -> None:
        interrupt.requested = True
        stop()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        # A signal handler may run between any two instructions, and must wake the waiting loop.
        loop.call_soon_threadsafe(record)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
