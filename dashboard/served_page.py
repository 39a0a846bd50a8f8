"""Changes one visitor's page in the served form, where Bokeh asks for the document's lock.

A busy server must not fall behind: a change that is waiting already is not queued once more, and
answers leave at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


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
            change()

        self._document.add_next_tick_callback(run)

    def send_at_once(self) -> None:
        """Have every message leave at once.

        Bokeh sends each in three pieces, and leaves it to the system to wait with the second until
        the browser's machine has acknowledged the first: 40 ms on Linux, at every answer.
        """
        session = getattr(self._document.session_context, "session", None)
        for connection in getattr(session, "_subscribed_connections", ()):
            connection._socket.set_nodelay(True)

    def close(self) -> None:
        """Leave the document alone from now on."""
        self._is_open = False
