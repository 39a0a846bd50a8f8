"""Keeps track of work that goes on by itself, so that none of it is lost, swallowed or left over.

A closed page cancels its tasks here; one that fails is reported, whoever started it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class BackgroundTasks:
    """The asynchronous tasks of one owner.

    Parameters
    ----------
    failed
        Called with a task and its error when one ends badly; the event loop is told too.
    """

    def __init__(self, failed: Callable[[asyncio.Task[Any], BaseException], None]) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[Any]] = set()
        self._uncut: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, Any], *, must_end: bool = False) -> asyncio.Task[Any]:
        """Begin an errand; one that `must_end` by itself is waited for when closing, not cut."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        if must_end:
            self._uncut.add(task)
        task.add_done_callback(self._finished)
        return task

    async def close(self) -> None:
        """Cancel what may be cancelled, and return when all of it has ended."""
        others = self._tasks - {asyncio.current_task()}
        for task in others - self._uncut:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._uncut.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._failed(task, error)
            task.get_loop().call_exception_handler(
                {"message": "an errand failed", "exception": error, "task": task}
            )
