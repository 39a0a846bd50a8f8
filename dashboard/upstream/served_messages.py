"""Sends what changed on a served page in one message, without waiting for acknowledgements.

Bokeh makes a message for every changed property, some ten for a redraw, and sends each message in
three pieces. Without TCP_NODELAY the system keeps the second piece back until the browser's machine
has acknowledged the first: 40 ms on Linux, at every answer.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any


class MessageBatch:
    """Sends what was changed under one lock of the document in one message to one browser.

    Bokeh awaits the sending of all events before it releases the lock, so the first of these
    coroutines can send them all.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._events: list[Any] = []

    def send(self, event: Any) -> Coroutine[Any, Any, None]:
        """Take an event; return the coroutine that sends it, in place of `send_patch_document`."""
        self._events.append(event)
        return self._flush()

    async def _flush(self) -> None:
        events, self._events = self._events, []
        if events:
            message = self._connection.protocol.create("PATCH-DOC", events)
            await self._connection._socket.send_message(message)


def batch_messages(document: Any) -> None:
    """Have the changes of a document sent together and immediately to each of its connections."""
    session = getattr(document.session_context, "session", None)
    for connection in getattr(session, "_subscribed_connections", ()):
        connection._socket.set_nodelay(True)
        connection.send_patch_document = MessageBatch(connection).send
