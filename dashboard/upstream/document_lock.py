"""Changes one visitor's page in the served form, where Bokeh asks for the document's lock.

A busy server must not fall behind: a change that is waiting already is not queued once more, what
changes together leaves in one message, and it leaves at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

LAG_FACTOR = 10.0
LONGEST_WAIT = 2.0


async def sleep_longer_when_busy(
    seconds: float,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait between two redraws: longer where the process comes late, since others want it too.

    With one page that trains nothing changes; with many, their charts move less often, and whoever
    clicks or draws is still answered soon.
    """
    began = clock()
    await sleep(seconds)
    lag = clock() - began - seconds
    await sleep(min(LAG_FACTOR * max(lag, 0.0), LONGEST_WAIT))


class Batch:
    """Sends what was changed under one lock of the document in one message to one browser.

    Bokeh makes a message for every changed property, some ten for a redraw; it waits for all of
    them before it lets go of the lock, and so the first one can carry them all.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._events: list[Any] = []

    def send(self, event: Any) -> Coroutine[Any, Any, None]:
        """Take an event; return the work of sending it, which Bokeh awaits soon."""
        self._events.append(event)
        return self._flush()

    async def _flush(self) -> None:
        events, self._events = self._events, []
        if events:
            message = self._connection.protocol.create("PATCH-DOC", events)
            await self._connection._socket.send_message(message)


class ServedPage:
    """Changes one visitor's page while holding its document's lock, until the visitor has gone.

    After that its document is taken apart, and a step that was under way must not touch it.
    """

    def __init__(self, document: Any) -> None:
        self._document = document
        self._is_open = True
        self._waiting: list[Callable[[], None]] = []

    def change(self, change: Callable[[], None]) -> None:
        """Run a function that changes the page, soon; once closed, do nothing.

        A function that is waiting for its turn already will see what is new by then, so it runs
        once: else redraws would pile up where they come faster than they can be sent.
        """
        if not self._is_open or change in self._waiting:
            return
        self._waiting.append(change)

        def run() -> None:
            self._waiting.remove(change)
            # Held, the changes leave by Bokeh's own way; Panel's way around the document's lock
            # forgets a message when another one has just been sent, until there is a third.
            self._document.hold("combine")
            try:
                change()
            finally:
                self._document.unhold()

        self._document.add_next_tick_callback(run)

    def send_at_once(self) -> None:
        """Have everything that changes together leave in one message, and leave at once.

        Bokeh sends each message in three pieces, and leaves it to the system to wait with the
        second until the browser's machine has acknowledged the first: 40 ms on Linux, at every
        answer.
        """
        session = getattr(self._document.session_context, "session", None)
        for connection in getattr(session, "_subscribed_connections", ()):
            connection._socket.set_nodelay(True)
            connection.send_patch_document = Batch(connection).send

    def close(self) -> None:
        """Leave the document alone from now on."""
        self._is_open = False
