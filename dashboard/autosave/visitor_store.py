"""The saves of one visitor of a served page as a store, and the process's one way to all of them.

SQLite is used from a thread of its own, so that no write holds up the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from typing import Any
from weakref import WeakValueDictionary

from dashboard.autosave.save_database import SaveDatabase, owner_of
from dashboard.autosave.store import StoreError
from dashboard.languages.text import in_current_language

BEAT_SECONDS = 2.0
"""How often a process writes that it is alive."""

HandOver = Callable[[bool], Awaitable[None]]
"""Ends a session of this process; saves it before if its argument is true."""


class SaveService:
    """The database of one process, used from a thread of its own, never in the event loop.

    Parameters
    ----------
    database
        Used by that thread alone.
    """

    def __init__(self, database: SaveDatabase) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inkling-saves")
        self._living: dict[tuple[str, str], HandOver] = {}
        self._claiming: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._beating: asyncio.Task[None] | None = None

    async def run(self, work: Callable[..., Any], *values: Any) -> Any:
        """Call a method of the database in the thread."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, in_current_language(work), *values
        )

    def close(self) -> None:
        """Close the database and end its thread."""
        self._thread.submit(self._database.close)
        self._thread.shutdown()

    def store_of(self, key: str, hand_over: HandOver) -> VisitorStore:
        """Return the store of the visitor who has a key; ValueError if it might be guessed.

        Parameters
        ----------
        key
            As for `owner_of`.
        hand_over
            Ends the session that will use the store, because another page continues it.
        """
        return VisitorStore(self, self._database, owner_of(key), hand_over)

    async def enter(
        self,
        owner: str,
        session: str,
        hand_over: HandOver,
        *,
        connected: bool = True,
        continued_tab: str = "",
    ) -> None:
        """Mark a session of this process as open, with a page or without.

        It ends the earlier sessions of a tab that it continues, in whichever process they are.
        """
        async with self._claim_of(owner):
            if continued_tab:
                for earlier in await self.run(self._database.sessions_of, owner):
                    if earlier.rpartition(".")[0] == continued_tab:
                        await self._end(owner, earlier)
            await self.run(self._database.enter, owner, session, connected)
            self._living[owner, session] = hand_over
        if self._beating is None or self._beating.done() or self._beating.cancelling():
            # It outlives the session that begins it, whose document the context would keep.
            self._beating = asyncio.get_running_loop().create_task(self._beat(), context=Context())

    async def leave(self, owner: str, session: str) -> None:
        """Mark a session as closed."""
        self._forget(owner, session)
        await self.run(self._database.leave, owner, session)

    async def claim(self, owner: str, session: str) -> None:
        """End a session that another page continues, in whichever process it is."""
        async with self._claim_of(owner):
            await self._end(owner, session)

    def _claim_of(self, owner: str) -> asyncio.Lock:
        """Return a lock: of two pages that claim a session, the later waits for its last save."""
        return self._claiming.setdefault(owner, asyncio.Lock())

    async def _end(self, owner: str, session: str) -> None:
        hand_over = self._forget(owner, session)
        if hand_over is not None:
            await hand_over(True)
        await self.run(self._database.leave, owner, session)

    def _forget(self, owner: str, session: str) -> HandOver | None:
        hand_over = self._living.pop((owner, session), None)
        if not self._living and self._beating is not None:
            self._beating.cancel()
        return hand_over

    async def _beat(self) -> None:
        """Tell that the process is alive, and end sessions that another process has claimed."""
        while self._living:
            before = set(self._living)
            with suppress(StoreError):
                found = await self.run(self._database.beat)
                for taken in before - found:
                    hand_over = self._living.pop(taken, None)
                    if hand_over is not None:
                        await hand_over(False)
            await asyncio.sleep(BEAT_SECONDS)


class VisitorStore:
    """The records of one visitor as a `Store`, for one session.

    Attributes
    ----------
    continued_tab
        The tab whose earlier sessions end when this one is entered, since their pages are gone.
    """

    release_seconds = 1.0

    def __init__(
        self, service: SaveService, database: SaveDatabase, owner: str, hand_over: HandOver
    ) -> None:
        self._service, self._database = service, database
        self._owner, self._hand_over = owner, hand_over
        self._session = self.continued_tab = ""
        self._is_connected = True

    async def names(self) -> list[str]:
        """Return the names of all records."""
        found: list[str] = await self._service.run(self._database.names, self._owner)
        return found

    async def read(self, name: str) -> bytes:
        """Return a record."""
        found: bytes = await self._service.run(self._database.read, self._owner, name)
        return found

    async def write(self, name: str, content: bytes) -> None:
        """Write a record."""
        await self._service.run(self._database.write, self._owner, self._session, name, content)

    async def delete(self, name: str) -> None:
        """Delete a record."""
        await self._service.run(self._database.delete, self._owner, name)

    async def enter(self, session: str) -> None:
        """Mark a session as open."""
        await self._service.enter(
            self._owner,
            session,
            self._hand_over,
            connected=self._is_connected,
            continued_tab=self.continued_tab,
        )
        self.continued_tab = ""
        self._session = session

    async def leave(self, session: str) -> None:
        """Mark a session as closed."""
        await self._service.leave(self._owner, session)

    async def open_sessions(self) -> set[str]:
        """Return the sessions that a page is connected to."""
        found: set[str] = await self._service.run(self._database.open_sessions, self._owner)
        return found

    async def claim(self, session: str) -> None:
        """End a session that this page continues."""
        await self._service.claim(self._owner, session)

    async def set_connected(self, connected: bool) -> None:
        """Tell whether the page of this session, entered or yet to be, is connected."""
        self._is_connected = connected
        if self._session:
            await self._service.run(
                self._database.set_connected, self._owner, self._session, connected
            )
