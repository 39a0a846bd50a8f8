"""The sessions whose saves are in the store: which are open, and what the closed ones saved.

A session is one load of the page in one tab; its name is that of the tab and when it began.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

from dashboard.autosave.save import Save, SaveError
from dashboard.autosave.store import Store, StoreError
from dashboard.languages.text import gettext

MAX_AGE_DAYS = 90
"""Saves of closed sessions, and unusable ones, are deleted at this age."""

CHECK_SECONDS = 0.5
"""Pause between two checks of sessions that may be ending."""

ASIDE = "aside/"
_PIECE = "piece-"


@dataclass(frozen=True)
class RecordName:
    """The name of a save's record: its session, and milliseconds since 1970."""

    session: str
    saved_at: int

    def __str__(self) -> str:
        return f"{self.session}/{self.saved_at:015d}"

    @classmethod
    def parse(cls, text: str) -> RecordName | None:
        """Return the parts of a record's name; None when it is not the name of a save."""
        session, _, number = text.rpartition("/")
        if not session or text.startswith(ASIDE) or not number.isdecimal():
            return None
        return cls(session, int(number))


def piece_name(session: str, number: int) -> str:
    """Return the name of the record of a piece that the saves of a session have in common."""
    return f"{session}/{_PIECE}{number:06d}"


@dataclass(frozen=True)
class EarlierSave:
    """The newest usable save of a closed session.

    Attributes
    ----------
    session
        Its name.
    save
        Without the contents of its parts.
    is_own
        Whether it was made in this tab.
    """

    session: str
    save: Save
    is_own: bool


def tab_of(session: str) -> str:
    """Return the name of the tab of a session."""
    return session.rpartition(".")[0]


class Sessions:
    """The session of this page, and those before it and beside it.

    Parameters
    ----------
    store
        Where the saves are.
    now
        Returns the milliseconds since 1970.
    sleep
        Waits for some seconds.
    tell
        Shows a sentence on the page.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]],
        tell: Callable[[str], None],
    ) -> None:
        self._store = store
        self._now, self._sleep, self._tell = now, sleep, tell
        self.session = ""

    async def enter(self, tab: str) -> str:
        """Mark a new session of a tab as open, and return the name of the tab.

        The name is another one if an open tab has it already, because one is a copy of the other;
        the session that began first keeps it.
        """
        await self._begin(tab)
        began = _began(self.session)
        waited = 0.0
        # A tab that was closed, or a worker that was ended, is seen as open a moment longer.
        while waited < self._store.release_seconds and await self._others_are_open():
            await self._sleep(CHECK_SECONDS)
            waited += CHECK_SECONDS
        others = await self._store.open_sessions() - {self.session}
        if any(tab_of(other) == tab and 0 < _began(other) < began for other in others):
            await self._store.leave(self.session)
            tab = secrets.token_hex(8)
            await self._begin(tab)
        return tab

    async def _begin(self, tab: str) -> None:
        self.session = f"{tab}.{self._now()}"
        await self._store.enter(self.session)

    async def leave(self) -> None:
        """Mark the session as closed."""
        await self._store.leave(self.session)

    async def _others_are_open(self) -> bool:
        """Return whether other tabs seem to be open that have saves, or this one a second time."""
        others = await self._store.open_sessions() - {self.session}
        tab = tab_of(self.session)
        if any(tab_of(other) == tab and _began(other) for other in others):
            return True
        names = map(RecordName.parse, await self._store.names())
        saved = {tab_of(name.session) for name in names if name is not None}
        return not saved.isdisjoint({tab_of(other) for other in others} - {tab})

    async def earlier(self) -> list[EarlierSave]:
        """Return the saves of closed sessions: those of this tab first, then the newest first.

        Sessions of other tabs that are open are left out with all their earlier saves. Saves that
        are too old are deleted; unusable ones are put aside with a notice.
        """
        records = await self._closed_records()
        found: list[EarlierSave] = []
        for name in records:
            if any(name.session == other.session for other in found):
                continue
            try:
                save = await self.read(name)
            except SaveError as error:
                await self.put_aside(name, error)
                continue
            is_own = tab_of(name.session) == tab_of(self.session)
            found.append(EarlierSave(name.session, replace(save, parts={}), is_own))
        return sorted(found, key=lambda it: not it.is_own)

    async def _closed_records(self) -> list[RecordName]:
        """Return the records of closed sessions, the newest first; delete old ones."""
        oldest = self._now() - MAX_AGE_DAYS * 86_400_000
        opened = await self._store.open_sessions()
        tabs = {tab_of(session) for session in opened} - {tab_of(self.session)}
        found = []
        names = await self._store.names()
        await self._delete_orphans(names, opened)
        for text in names:
            name = RecordName.parse(text)
            if name is None:
                number = text.rpartition("/")[2]
                if text.startswith(ASIDE) and number.isdecimal() and int(number) < oldest:
                    await self._store.delete(text)
            elif name.session not in opened and tab_of(name.session) not in tabs:
                if name.saved_at < oldest:
                    await self._store.delete(text)
                else:
                    found.append(name)
        return sorted(found, key=lambda name: name.saved_at, reverse=True)

    async def records_of(self, session: str) -> list[RecordName]:
        """Return the records of a closed session, the newest first; none while it is open."""
        return [name for name in await self._closed_records() if name.session == session]

    async def _delete_orphans(self, names: Collection[str], opened: Collection[str]) -> None:
        """Delete the pieces of closed sessions that have no save."""
        saved = {name.session for name in map(RecordName.parse, names) if name is not None}
        for text in names:
            session, _, last = text.rpartition("/")
            if last.startswith(_PIECE) and session not in saved and session not in opened:
                await self._store.delete(text)

    async def read(self, name: RecordName) -> Save:
        """Return a save; SaveError when it is unusable."""
        content = await self._store.read(str(name))
        pieces: dict[int, bytes] = {}
        if numbers := Save.piece_numbers(content):
            names = set(await self._store.names())
            for number in numbers:
                text = piece_name(name.session, number)
                if text in names:
                    pieces[number] = await self._store.read(text)
        return Save.from_bytes(content, pieces)

    async def delete(self, session: str) -> None:
        """Delete the saves of a closed session."""
        for name in await self.records_of(session):
            await self._store.delete(str(name))
        await self.delete_orphans()

    async def delete_orphans(self) -> None:
        """Delete what closed sessions had stored for saves that are deleted."""
        await self._delete_orphans(await self._store.names(), await self._store.open_sessions())

    async def put_aside(
        self, name: RecordName, error: SaveError, content: bytes | None = None
    ) -> None:
        """Rename a record that is unusable, so that it is offered no more, and tell of it."""
        try:
            content = content or await self._whole(name)
            await self._store.write(f"{ASIDE}{name}", content)
            await self._store.delete(str(name))
        except StoreError:
            pass  # it is skipped in any case
        self._tell(
            gettext(
                "A save of earlier work could not be used and was put aside: {error}.", error=error
            )
        )

    async def _whole(self, name: RecordName) -> bytes:
        """Return a record with its pieces in it, as far as they can be read."""
        try:
            return (await self.read(name)).to_bytes()
        except SaveError:
            return await self._store.read(str(name))


def _began(session: str) -> int:
    """Return when a session began, in milliseconds since 1970; 0 of a page without Python."""
    number = session.rpartition(".")[2]
    return int(number) if number.isdecimal() else 0
