"""The store of saves: a few named records of bytes, each written whole or not at all.

Several tabs may share one store; each writes records of its own session only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any, Protocol

from dashboard.languages.text import gettext

DATABASE = "inkling"

FULL = ("QuotaExceededError", "NS_ERROR_DOM_QUOTA_REACHED")
"""Names of the errors that browsers report when no space is left."""

REFUSED = ("SecurityError", "NotAllowedError")
"""Names of the errors that browsers report when a page may not store anything."""


class StoreError(Exception):
    """The store cannot be used; the message is the reason, as part of a sentence."""


class StoreFullError(StoreError):
    """There is no space left for a record."""


class Store(Protocol):
    """Named records of bytes; every method may raise a StoreError.

    Attributes
    ----------
    release_seconds
        How long a session that has ended may still be among the open ones.
    """

    release_seconds: float

    async def names(self) -> list[str]:
        """Return the names of all records."""
        ...

    async def read(self, name: str) -> bytes:
        """Return a record; StoreError if there is none of that name."""
        ...

    async def write(self, name: str, content: bytes) -> None:
        """Write a record and return once it is stored."""
        ...

    async def delete(self, name: str) -> None:
        """Delete a record, if there is one of that name."""
        ...

    async def enter(self, session: str) -> None:
        """Mark a session as open until this tab is closed."""
        ...

    async def leave(self, session: str) -> None:
        """Mark a session of this tab as closed."""
        ...

    async def open_sessions(self) -> set[str]:
        """Return the sessions of all open tabs, as far as the browser tells."""
        ...

    async def claim(self, session: str) -> None:
        """End a session without a page, if it still computes; its last save is stored then."""
        ...


class IndexedDBStore:
    """The records in the browser's IndexedDB, used by the worker itself; see `Store`.

    The database is opened when it is first used, and again after its connection was closed.
    """

    def __init__(self) -> None:
        from pyodide.code import run_js  # noqa: PLC0415 - exists in a browser only

        script = files("dashboard.autosave") / "indexed_db.js"
        self._database: Any = run_js(script.read_text(encoding="utf-8"))(DATABASE)
        self.release_seconds = float(self._database.releaseSeconds)

    async def names(self) -> list[str]:
        """Return the names of all records."""
        return list(await _translated(self._database.names))

    async def read(self, name: str) -> bytes:
        """Return a record."""
        found = await _translated(lambda: self._database.read(name))
        if found is None:
            raise StoreError(gettext("there is no record {name}", name=name))
        content: bytes = found.to_bytes()
        return content

    async def write(self, name: str, content: bytes) -> None:
        """Write a record."""
        from pyodide.ffi import to_js  # noqa: PLC0415

        await _translated(lambda: self._database.write(name, to_js(content)))

    async def delete(self, name: str) -> None:
        """Delete a record."""
        await _translated(lambda: self._database.remove(name))

    async def enter(self, session: str) -> None:
        """Hold a lock of the session's name until the worker ends.

        Without a secure context browsers have no locks; records of the time, written every few
        seconds, take their place.
        """
        await _translated(lambda: self._database.enter(session))

    async def leave(self, session: str) -> None:
        """Release the lock."""
        await _translated(lambda: self._database.leave(session))

    async def open_sessions(self) -> set[str]:
        """Return the sessions that are open."""
        return set(await _translated(self._database.openSessions))

    async def claim(self, session: str) -> None:
        """Do nothing: a worker ends with its page."""


async def _translated(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Await an answer of the browser; whatever goes wrong becomes a StoreError."""
    try:
        return await ask()
    except Exception as error:
        # A JavaScript error is called by its name there; all of them are of one class here.
        name, reason = getattr(error, "name", type(error).__name__), getattr(error, "message", "")
        if name in FULL:
            raise StoreFullError(gettext("the space that the browser allows is used up")) from error
        if name in REFUSED:
            raise StoreError(
                gettext(
                    "it refuses to store data of this page; allow data of this site, or "
                    "open a page that is in a frame in a tab of its own"
                )
            ) from error
        reason = str(reason or error).strip().rstrip(".")
        raise StoreError(reason or str(name)) from error
