"""The store of the browser form: IndexedDB, used by the worker itself.

The page takes no part in it, so saving costs it nothing, and a page that is gone loses nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

from dashboard.autosave.store import StoreError

DATABASE = "inkling"


class IndexedDBStore:
    """Named records of bytes in the browser's own database; see `Store`."""

    def __init__(self) -> None:
        from pyodide.code import run_js  # noqa: PLC0415 - exists in a browser only

        script = files("dashboard.autosave") / "indexed_db.js"
        self._database: Any = run_js(script.read_text(encoding="utf-8"))

    async def open(self) -> None:
        """Open the database; a StoreError when the browser refuses, as in some private modes."""
        await _told(lambda: self._database.open(DATABASE))

    async def names(self) -> list[str]:
        """List the names of all records."""
        return list(await _told(self._database.names))

    async def read(self, name: str) -> bytes:
        """Return a record."""
        found = await _told(lambda: self._database.read(name))
        if found is None:
            raise StoreError(f"there is no record {name}")
        content: bytes = found.to_bytes()
        return content

    async def write(self, name: str, content: bytes) -> None:
        """Write a record."""
        from pyodide.ffi import to_js  # noqa: PLC0415

        await _told(lambda: self._database.write(name, to_js(content)))

    async def delete(self, name: str) -> None:
        """Delete a record."""
        await _told(lambda: self._database.remove(name))

    async def enter(self, session: str) -> None:
        """Hold a lock of the session's name for as long as the worker lives."""
        await _told(lambda: self._database.enter(session))

    async def living(self) -> set[str]:
        """Return the sessions whose locks are held."""
        return set(await _told(self._database.living))


async def _told(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask the browser, and put its refusal into our own words."""
    from pyodide.ffi import JsException  # noqa: PLC0415

    try:
        return await ask()
    except JsException as error:
        raise StoreError(str(error).strip() or error.name) from error
