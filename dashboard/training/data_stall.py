"""What happens while data do not come: it is said, tried again in growing pauses, and said again.

Training stays wanted all the while; it goes on by itself where it stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from dashboard.digits.state import Notice
from data_cache import PrefetchError, exponential_backoff


class DataStall:
    """The waits of one trainer for data that could not be had.

    Parameters
    ----------
    state
        Has the parameters `running`, `snapshot` and `notice`.
    pause
        Seconds to wait the first, second, … time in a row.
    sleep
        How to wait; tests put in their own.
    """

    def __init__(
        self,
        state: Any,
        pause: Callable[[int], float] = exponential_backoff,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._state = state
        self._pause, self._sleep = pause, sleep
        self._count = 0
        self._woken = asyncio.Event()

    def end(self) -> None:
        """Try again at once, as when the network is back."""
        self._woken.set()

    async def wait(self, error: PrefetchError) -> None:
        """Wait until it is time to try again, or until training is not wanted any more."""
        state = self._state
        self._count += 1
        self._woken.clear()
        watcher = state.param.watch(lambda _event: self._woken.set(), "running")
        if self._count == 1:
            self._watch_for_rain()
        state.snapshot = replace(state.snapshot, waiting=True)
        state.notice = Notice(
            f"Waiting for data: {_cause(error)} Training goes on by itself as soon as "
            "they come; Pause and Train try again at once.",
            "warning",
        )
        wake = asyncio.ensure_future(self._woken.wait())
        nap = asyncio.ensure_future(self._sleep(self._pause(self._count)))
        try:
            await asyncio.wait((wake, nap), return_when=asyncio.FIRST_COMPLETED)
        finally:
            wake.cancel()
            nap.cancel()
            state.param.unwatch(watcher)
            if not state.running:
                state.snapshot = replace(state.snapshot, waiting=False)

    def _watch_for_rain(self) -> None:
        """Say so when the next step has been taken, of this run or another one."""
        before = self._state.snapshot

        def look(event: Any) -> None:
            run, iteration = event.new.run, event.new.iteration
            if run == before.run and iteration <= before.iteration:
                return
            self._state.param.unwatch(watcher)
            self._count = 0
            if run == before.run:
                self._state.notice = Notice("The data are back; training goes on.")

        watcher = self._state.param.watch(look, "snapshot")


def _cause(error: PrefetchError) -> str:
    """Return the cause, which is what the person at the page can do something about."""
    text = str(error.__cause__ or error)
    return text if text.endswith(".") else f"{text}."
