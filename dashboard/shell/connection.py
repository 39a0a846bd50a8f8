"""The messages between the page and Python about the connection and about what is saved.

The page's side is `assets/connection.js`, which notices a lost connection and comes back.
"""

from __future__ import annotations

import asyncio
import math
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard.shell.messages import invisible, make_receiver, make_sender
from dashboard.shell.page_writer import PageWriter

SEND_TO_PAGE = """
dispatchEvent(new CustomEvent("inkling-saved", {detail: carrier.tags}))
"""

_TAB = re.compile(r"[A-Za-z0-9]{1,40}")


@dataclass(frozen=True)
class Handshake:
    """The first message of a served page.

    Attributes
    ----------
    key
        The secret under which this browser's work is saved; "" where the browser keeps nothing.
    tab
        Name of the tab, the same in each of its loads.
    is_gone
        Whether the tab's earlier load is gone, so that this one continues its work.
    resume
        Whether to restore that work without asking, since the address is the same.
    expects
        Whether the earlier load had saved something.
    """

    key: str
    tab: str
    is_gone: bool
    resume: bool
    expects: bool

    @classmethod
    def read(cls, values: list[Any]) -> Handshake:
        """Return what a page sent; values of other types are replaced by harmless ones."""
        key, tab, *flags = [*values, *[None] * 5][:5]
        tab = tab if isinstance(tab, str) and _TAB.fullmatch(tab) else secrets.token_hex(8)
        return cls(key if isinstance(key, str) else "", tab, *(flag is True for flag in flags))


class PageConnection:
    """Two invisible models of the page: one for its messages, the other for messages to it.

    Parameters
    ----------
    writer
        How the page is changed.

    Attributes
    ----------
    on_idle
        Called, now and then while the page is connected, with the seconds since the person did
        something.
    """

    def __init__(self, writer: PageWriter) -> None:
        self._writer = writer
        self.on_idle: Callable[[float], None] = lambda _seconds: None
        self._handshake: Handshake | None = None
        self._handshake_received = asyncio.Event()
        self._sent: tuple[str, str, str] = ("", "", "")
        self._to_page = make_sender(SEND_TO_PAGE, "inkling-saved")
        from_page = make_receiver("inkling-connection", self._message_received)
        self.view = invisible(from_page, self._to_page)

    async def handshake(self) -> Handshake:
        """Wait for the handshake of the page, and return it."""
        await self._handshake_received.wait()
        assert self._handshake is not None
        return self._handshake

    def report_tab(self, name: str) -> None:
        """Tell the page another name of its tab, since an open tab has the present one."""
        self._send(tab=name)

    def report_saved(self, saved: bool) -> None:
        """Tell the page whether everything is saved, or would be lost with the page."""
        self._send(saved="yes" if saved else "no")

    def report_ended(self) -> None:
        """Tell the page that its session ends because nobody uses it."""
        self._send(ended="idle")

    def _send(self, **values: str) -> None:
        names = ("saved", "tab", "ended")
        latest = dict(zip(names, self._sent, strict=True)) | values
        new = (latest["saved"], latest["tab"], latest["ended"])
        if new == self._sent:
            return
        self._sent = new
        self._writer.write(lambda: self._to_page.update(tags=list(self._sent)), key="inkling-saved")

    def _message_received(self, tags: list[Any]) -> None:
        kind, *values = tags or [""]
        if kind == "handshake" and self._handshake is None:
            self._handshake = Handshake.read(values)
            self._handshake_received.set()
        elif kind == "idle" and values and isinstance(values[0], int | float):
            self.on_idle(values[0] if math.isfinite(values[0]) else 0.0)
