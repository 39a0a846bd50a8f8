"""What a served page may send: bounded messages of the kinds that a page sends, at a bounded rate.

- **Changes**: `open`, `_async_open`, `_receive` and `_protocol_error` of
  `bokeh.server.views.ws.WSHandler`, `handle` of
  `bokeh.server.protocol_handler.ProtocolHandler`, and `send_ping` of
  `bokeh.server.connection.ServerConnection` (Bokeh 3.9); `dispatch_tornado` of
  `panel.io.document` (Panel 1.9).
- **Why**: anybody can open a session over the websocket. Bokeh lets a client replace the whole
  document, send any number of buffers for one message, and send as fast as it can; it writes a
  traceback, with the message, for whatever is wrong with it. Panel forgets the messages to a
  page whose session ends meanwhile, and asyncio writes a traceback for each of them. A ping
  that finds a connection closed detaches the session, so that the handler of the closed connection
  fails, and the app is not told that the connection is lost.
- **Measured**: `tests/dashboard/test_abuse.py`; without the patch messages of many buffers fill
  the memory, and the log has a traceback for every message that cannot be applied.
- **Upstream**: no issue yet: "server: limit the size and rate of a client's messages".
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from dashboard.training.budget import PAGE_BUDGET
from dashboard.upstream import is_applied

logger = logging.getLogger("inkling.page")

EVENTS = frozenset({"ModelChanged", "MessageSent", "ColumnDataChanged", "TitleChanged"})
"""The kinds of events that a page sends."""
OWN_FOLDER = str(Path(__file__).parents[1])
UPSTREAM_FOLDER = str(Path(__file__).parent)


class PageMessageError(ValueError):
    """A message of a page that is refused; the text says why."""


class Allowance:
    """What one connection may send.

    Parameters
    ----------
    clock
        A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tokens, self._then = PAGE_BUDGET.burst, clock()
        self._sizes: dict[tuple[Any, Any], int] = {}
        self._stored = 0
        self._arriving = 0

    def count_fragment(self, size: int, *, is_whole: bool) -> None:
        """Count a part of a message; raise PageMessageError if the message is too large."""
        self._arriving += size
        if self._arriving > PAGE_BUDGET.message_bytes:
            raise PageMessageError(f"a message has at most {PAGE_BUDGET.message_bytes:,} bytes")
        if is_whole:
            self._arriving = 0

    def check(self, kind: str, events: Any, size: int) -> None:
        """Raise PageMessageError unless a page may send a message.

        Parameters
        ----------
        kind
            The type of the message.
        events
            Of a patch.
        size
            Of the message in bytes.
        """
        if kind == "PUSH-DOC":
            raise PageMessageError("a page does not replace its document")
        if kind != "PATCH-DOC":
            return
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise PageMessageError("a patch is a list of events")
        for event in events:
            if event.get("kind") not in EVENTS:
                raise PageMessageError("a page sends no such event")
            if event["kind"] == "ModelChanged":
                self._store((str(event.get("model"))[:80], str(event.get("attr"))[:80]), size)

    def wait(self, kind: str) -> float:
        """Take the cost of a message; return the seconds until the next one may be read."""
        now = self._clock()
        self._tokens = min(
            PAGE_BUDGET.burst, self._tokens + PAGE_BUDGET.messages_per_second * (now - self._then)
        )
        self._then = now
        self._tokens -= PAGE_BUDGET.pull_cost if kind == "PULL-DOC-REQ" else 1.0
        return max(-self._tokens / PAGE_BUDGET.messages_per_second, 0.0)

    def _store(self, key: tuple[str, str], size: int) -> None:
        self._stored += size - self._sizes.get(key, 0)
        self._sizes[key] = size
        if self._stored > PAGE_BUDGET.stored_bytes:
            raise PageMessageError(
                f"the values of a page have at most {PAGE_BUDGET.stored_bytes:,} bytes"
            )


def is_own_error(error: BaseException) -> bool:
    """Return whether an error was raised by the app, not by Bokeh about a message."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(OWN_FOLDER)]
    return any(not frame.filename.startswith(UPSTREAM_FOLDER) for frame in own)


def guard_messages() -> None:
    """Apply the patch to this process, unless it is turned off."""
    from bokeh.server.views.ws import WSHandler  # noqa: PLC0415 - in the server only

    if is_applied("page_messages") and not hasattr(WSHandler, "_inkling_guarded"):
        WSHandler._inkling_guarded = True
        _guard_connections(WSHandler)
        _guard_handling()
        _guard_sending()
        guard_pings()


def _guard_connections(connections: Any) -> None:
    """Close a connection quietly for whatever is wrong with its token or its frames."""
    receive, open_, open_session = (
        connections._receive, connections.open, connections._async_open
    )  # fmt: skip

    def open_quietly(handler: Any) -> Any:
        try:
            return open_(handler)
        except Exception as error:  # ProtocolError, and what a token of anything raises
            _close(handler, error)
            return None

    async def open_session_quietly(handler: Any, token: str) -> None:
        try:
            await open_session(handler, token)
        except Exception as error:
            if is_own_error(error):
                raise
            _close(handler, error)

    async def receive_bounded(handler: Any, fragment: str | bytes) -> Any:
        if getattr(handler, "_inkling_refused", False):
            return None  # what had arrived before the connection was closed
        try:
            message = await receive(handler, fragment)
            size = len(fragment)
            handler._inkling_size = getattr(handler, "_inkling_size", 0) + size
            _allowance(handler).count_fragment(size, is_whole=message is not None)
        except Exception as error:
            _close(handler, error)
            return None
        if message is not None and handler.connection is not None:
            handler.connection._inkling_allowance = _allowance(handler)
            message._inkling_size, handler._inkling_size = handler._inkling_size, 0
        return message

    def refuse_frame(handler: Any, _message: str) -> None:
        _close(handler, PageMessageError("a frame that belongs to no message"))

    connections.open, connections._async_open = open_quietly, open_session_quietly
    connections._receive, connections._protocol_error = receive_bounded, refuse_frame


def _guard_handling() -> None:
    """Refuse a message that a page does not send, and slow down a connection that sends many."""
    from bokeh.server.protocol_handler import ProtocolHandler  # noqa: PLC0415 - in the server only

    async def handle(handler: Any, message: Any, connection: Any) -> Any:
        allowed, kind = _allowance(connection), message.msgtype
        try:
            content = message.content if isinstance(message.content, dict) else {}
            allowed.check(kind, content.get("events"), getattr(message, "_inkling_size", 0))
            known = handler._handlers.get(kind)
            if known is None:
                raise PageMessageError("a page sends no such message")
            work = await known(message, connection)
        except Exception as error:
            if is_own_error(error) and not isinstance(error, PageMessageError):
                logger.exception("a message of a page could not be handled")
            else:
                logger.warning("a message of a page was refused: %s", _reason(error))
            work = connection.error(message, "The message was refused.")
        # The connection reads no further message meanwhile.
        if wait := allowed.wait(kind):
            await asyncio.sleep(wait)
        return work

    ProtocolHandler.handle = handle


def _guard_sending() -> None:
    """Have nothing logged about messages that were under way when a page was closed."""
    from panel.io import document  # noqa: PLC0415 - in the server only

    dispatch = document.dispatch_tornado

    def dispatch_quietly(*arguments: Any, **options: Any) -> Any:
        sendings = dispatch(*arguments, **options)
        for sending in sendings:
            sending.add_done_callback(_retrieve_error)
        return sendings

    document.dispatch_tornado = dispatch_quietly


def guard_pings() -> None:
    """Leave a connection that a ping finds closed to `on_close`, which tells the app of it."""
    from bokeh.server.connection import ServerConnection  # noqa: PLC0415 - in the server only
    from tornado.websocket import WebSocketClosedError  # noqa: PLC0415

    send_ping = ServerConnection.send_ping

    def send_ping_if_open(connection: Any) -> None:
        with suppress(WebSocketClosedError):
            send_ping(connection)

    ServerConnection.send_ping = send_ping_if_open


def _retrieve_error(sending: asyncio.Future[None]) -> None:
    if not sending.cancelled():
        sending.exception()


def _allowance(owner: Any) -> Allowance:
    """Return what a connection may send; the handler of its frames has the same."""
    found: Allowance | None = getattr(owner, "_inkling_allowance", None)
    if found is None:
        found = owner._inkling_allowance = Allowance()
    return found


def _close(handler: Any, error: Exception) -> None:
    logger.warning("a connection of a page was closed: %s", _reason(error))
    handler._inkling_refused = True
    handler.close(1008, "The message was refused.")


def _reason(error: Exception) -> str:
    """Return what is wrong, without anything that the client sent, which may hold secrets."""
    if isinstance(error, PageMessageError):
        return str(error)
    if isinstance(error, json.JSONDecodeError):
        return "no valid JSON"
    return type(error).__name__
