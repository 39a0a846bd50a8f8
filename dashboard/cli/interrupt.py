"""Turns Ctrl-C into a request to stop after the step under way, so that nothing learnt is lost.

Only while training is under way; before and after it, Ctrl-C ends the command at once.
"""

from __future__ import annotations

import asyncio
import signal
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
    """Call `stop` in the running event loop, and raise nothing, when Ctrl-C is pressed."""
    interrupt = Interrupt()
    loop = asyncio.get_running_loop()

    def note() -> None:
        interrupt.requested = True
        stop()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        # A signal may come between any two instructions, and must wake a waiting loop.
        loop.call_soon_threadsafe(note)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
