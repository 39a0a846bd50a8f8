"""The background tasks of one owner, so that none is lost, fails unseen or outlives its owner.

Closing the owner cancels them; an error of one is reported wherever it was started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

from dashboard.languages.text import current_language, use_language


async def sleep_without_context(seconds: float) -> None:
    """Wait as `asyncio.sleep` does, but release the session of a task that is cancelled.

    The event loop keeps a cancelled timer until its time has come, and the timer keeps the context
    in which it was set, with the document of the visitor and so all of the session.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(
        seconds, lambda: None if ended.done() else ended.set_result(None), context=Context()
    )
    try:
        await ended
    finally:
        timer.cancel()


class BackgroundTasks:
    """The asynchronous tasks of one owner.

    Parameters
    ----------
    failed
        Called with a task and its error when one fails; the event loop's handler is called too.
    """

    def __init__(self, failed: Callable[[asyncio.Task[Any], BaseException], None]) -> None:
        self._failed = failed
        self._tasks: dict[asyncio.Task[Any], bool] = {}

    def begin(
        self, work: Coroutine[Any, Any, Any], *, cancel_on_close: bool = True
    ) -> asyncio.Task[Any]:
        """Start a task; without `cancel_on_close`, `close` waits for its end instead.

        Its language is the one of whom it is started for, whatever is done meanwhile.
        """
        with use_language(current_language()):
            task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = cancel_on_close
        task.add_done_callback(self._finished)
        return task

    async def close(self) -> None:
        """Cancel the tasks that may be cancelled, and return when all tasks have ended."""
        others = self._tasks.keys() - {asyncio.current_task()}
        for task in others:
            if self._tasks[task]:
                task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._failed(task, error)
            task.get_loop().call_exception_handler(
                {"message": "A background task failed.", "exception": error, "task": task}
            )
