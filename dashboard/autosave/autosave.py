"""Decides when to save, which earlier save to offer, and which saves to delete.

It knows neither networks nor drawings: each part of the page turns itself into bytes and back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from dashboard.autosave.save import Save, SavedPart, SaveError
from dashboard.autosave.store import Store, StoreError, StoreFullError
from data_cache import DataError

PERIOD_SECONDS = 2.5
"""Longest time between two saves during training."""

DEBOUNCE_SECONDS = 0.3
"""How long a save waits for further changes: typing, strokes, single steps."""

PAUSE_FACTOR = 20
"""The pause after a save is at least so many times as long as the save took."""

KEPT_SAVES = 2
"""Saves of one session that are kept: the older one is whole while the newer is being written."""

KEPT_SESSIONS = 3
"""Closed sessions whose saves are kept."""

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 2.5, 60
"""The pause after a save that failed; it doubles with each failure until the second number."""

LOCK_CHECKS, LOCK_CHECK_SECONDS = 6, 0.5
"""A closed tab, or a worker that was ended, may hold its lock a moment longer."""

ASIDE = "aside/"
KEPT_ASIDE = 3


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


def milliseconds() -> int:
    """Return the milliseconds since 1970, by the clock of this machine."""
    return time.time_ns() // 1_000_000


class Autosave:
    """Saves the parts of one page and restores earlier saves.

    Parts may be added at any time, also before the store is there: a part that is added after an
    earlier save was restored continues from its own share of that save.

    Parameters
    ----------
    parts
        The parts that exist from the beginning.
    tab
        Name of the tab, the same in each of its loads; its own saves are preferred to others.
    tell
        Shows a sentence on the page.
    report
        Told why nothing can be saved, once for each reason, and None when saving works again.
    now
        Returns the milliseconds since 1970.
    clock
        A monotonic clock in seconds.
    sleep
        Waits for some seconds.
    """

    def __init__(
        self,
        parts: Sequence[SavedPart],
        *,
        tab: str,
        tell: Callable[[str], None],
        report: Callable[[StoreError | None], None] = lambda _error: None,
        now: Callable[[], int] = milliseconds,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store: Store
        self._parts: dict[str, SavedPart] = {}
        self._tab = tab
        self._now, self._clock, self._sleep = now, clock, sleep
        self._tell, self._report = tell, report
        self._changed = asyncio.Event()
        self._urgent = asyncio.Event()
        self._session = f"{tab}.{now()}"
        self._last = RecordName(self._session, now())
        self._own_records: list[RecordName] = []
        self._offered: list[RecordName] = []
        self._is_answered = False
        self._restored: set[str] = set()
        self._pending: dict[str, tuple[str, bytes]] = {}
        """Titles and contents of a restored save for parts that do not exist yet."""
        self._newest: Save | None = None
        self._save_seconds = 0.0
        self._failures = 0
        self._reported = ""
        self._retry = asyncio.Event()
        for part in parts:
            self._register(part)

    def _register(self, part: SavedPart) -> None:
        self._parts[part.name] = part
        part.watch(self.note_change)

    async def add(self, part: SavedPart) -> None:
        """Save one more part from now on; it is restored if a restored save contains it."""
        self._register(part)
        if part.name in self._pending:
            await self._restore_part(part, self._pending[part.name][1])
            del self._pending[part.name]

    # Restoring

    async def connect(self, store: Store) -> Save | None:
        """Use a store, and return the newest usable save of a closed tab; None: there is none.

        Unusable saves are put aside with a notice. From here on other tabs see this one as open.

        Raises
        ------
        StoreError
            The browser does not store anything.
        """
        self._store = store
        await store.enter(self._session)
        for _ in range(LOCK_CHECKS):
            if not await self._others_are_open():
                break
            await self._sleep(LOCK_CHECK_SECONDS)
        names = await self._closed_sessions()
        for name in names:
            try:
                save = Save.from_bytes(await store.read(str(name)))
            except SaveError as error:
                await self._put_aside(name, error)
                continue
            self._offered = [other for other in names if other.session == name.session]
            return save
        return None

    async def _others_are_open(self) -> bool:
        """Return whether other sessions with saves seem to be open; some may be ending."""
        others = await self._store.open_sessions() - {self._session}
        names = map(RecordName.parse, await self._store.names())
        return any(name is not None and name.session in others for name in names)

    async def _closed_sessions(self) -> list[RecordName]:
        """Return the saves of closed sessions, this tab's and the newest first; delete old ones."""
        opened = await self._store.open_sessions()
        texts = await self._store.names()
        names = [it for it in map(RecordName.parse, texts) if it and it.session not in opened]
        names.sort(
            key=lambda name: (name.session.rpartition(".")[0] == self._tab, name.saved_at),
            reverse=True,
        )
        sessions = list(dict.fromkeys(name.session for name in names))[:KEPT_SESSIONS]
        for name in names:
            if name.session not in sessions:
                await self._store.delete(str(name))
        for text in sorted(text for text in texts if text.startswith(ASIDE))[:-KEPT_ASIDE]:
            await self._store.delete(text)
        return [name for name in names if name.session in sessions]

    async def _put_aside(
        self, name: RecordName, error: SaveError, content: bytes | None = None
    ) -> None:
        try:
            content = content or await self._store.read(str(name))
            await self._store.write(f"{ASIDE}{name}", content)
            await self._store.delete(str(name))
        except StoreError:
            pass  # it is skipped in any case
        self._tell(f"A save of earlier work could not be used and was put aside: {error}.")

    def seconds_since(self, save: Save) -> float:
        """Return the age of a save in seconds."""
        return (self._now() - save.saved_at) / 1000

    async def restore(self, save: Save) -> bool:
        """Restore every part from a save; return whether none of them is left for another try.

        What cannot be restored is told, and put aside or left for another try, in which the parts
        that were restored are left alone. Contents for parts that do not exist yet stay saved.
        """
        self._pending = {
            name: (save.titles.get(name, ""), content)
            for name, content in save.parts.items()
            if name not in self._parts
        }
        self._is_answered = True
        for name, part in list(self._parts.items()):  # another one may be added meanwhile
            if name in save.parts and name not in self._restored:
                await self._restore_part(part, save.parts[name])
        self.note_change()
        return self._is_answered

    async def _restore_part(self, part: SavedPart, content: bytes) -> None:
        try:
            await part.restore(content)
            self._restored.add(part.name)
        except SaveError as error:
            for name in self._offered:
                await self._put_aside(name, error)
            if not self._offered:
                alone = Save(part.title, self._now(), {part.name: content})
                name = RecordName(self._session, alone.saved_at)
                await self._put_aside(name, error, alone.to_bytes())
            self._offered = []
        except DataError as error:
            self._is_answered = False  # so the save is not deleted
            self._tell(f"Earlier work cannot be restored right now: {error}")

    def discard(self) -> None:
        """Delete the save that was found as soon as there is a new one."""
        self._is_answered = True
        self._pending = {}

    # Saving

    def note_change(self, urgent: bool = True) -> None:
        """Save soon; changes that are not urgent, as those of training, wait for the period."""
        self._changed.set()
        if urgent:
            self._urgent.set()

    async def run(self) -> None:
        """Save after every change, until cancelled; what cannot be saved is tried again."""
        while True:
            await self._changed.wait()
            await self._debounce()
            self._changed.clear()
            self._urgent.clear()
            if not await self.save():
                await self.pause_before_retry()

    def retry_now(self) -> None:
        """Try again at once what could not be saved."""
        self._retry.set()

    async def pause_before_retry(self) -> None:
        """Wait after a failure, longer after each further one, or until `retry_now`."""
        pause = min(FIRST_RETRY_SECONDS * 2 ** (self._failures - 1), LAST_RETRY_SECONDS)
        await self._wait_for(self._retry, pause)
        self._retry.clear()
        self.note_change()

    async def _wait_for(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for an event, but no longer than some seconds."""
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def note_failure(self, error: StoreError) -> None:
        """Report that the store cannot be used, unless this reason was the last one reported."""
        self._failures += 1
        if str(error) != self._reported:
            self._reported = str(error)
            self._report(error)

    def _note_success(self) -> None:
        self._failures = 0
        if self._reported:
            self._reported = ""
            self._report(None)

    async def _debounce(self) -> None:
        pause = max(DEBOUNCE_SECONDS, PAUSE_FACTOR * self._save_seconds)
        await self._sleep(pause)
        if self._urgent.is_set() or pause >= PERIOD_SECONDS:
            return
        await self._wait_for(self._urgent, PERIOD_SECONDS - pause)

    async def save(self) -> bool:
        """Save now, unless nothing differs from the last save; return False after a failure."""
        begun = self._clock()
        newest = self._newest
        try:
            save = self._capture()
            if save is None:
                return True
            content = save.to_bytes()
            self._save_seconds = self._clock() - begun
            name = RecordName(self._session, save.saved_at)
            await self._write(str(name), content)
        except (StoreError, MemoryError) as error:
            self._newest = newest
            refused = error if isinstance(error, StoreError) else StoreError("no memory is left")
            self.note_failure(refused)
            return False
        self._last = name
        self._own_records.append(name)
        self._note_success()
        with suppress(StoreError):  # what cannot be deleted now is deleted after the next save
            await self._delete_replaced()
        return True

    async def _write(self, name: str, content: bytes) -> None:
        """Write a record; where space is lacking, the older one of this session makes some."""
        try:
            await self._store.write(name, content)
        except StoreFullError:
            if len(self._own_records) < KEPT_SAVES:
                raise
            await self._store.delete(str(self._own_records[0]))
            del self._own_records[0]
            await self._store.write(name, content)

    def _capture(self) -> Save | None:
        """Return a new save; None when nothing changed, or a part has no bytes to save yet."""
        titles = {name: title for name, (title, _) in self._pending.items()}
        titles |= {name: it.title for name, it in self._parts.items() if name not in titles}
        if not any(titles.values()) and not self._own_records:
            return None  # nothing has been done yet
        parts = {name: content for name, (_, content) in self._pending.items()}
        for name, part in self._parts.items():
            if name in parts:
                continue
            content = part.capture()
            if content is None:
                # The last save of this part is repeated, so that the others need not wait.
                if self._newest is None or name not in self._newest.parts:
                    return None
                content, titles[name] = self._newest.parts[name], self._newest.titles[name]
            parts[name] = content
        if self._newest is not None and parts == self._newest.parts:
            return None
        title = " and ".join(filter(None, titles.values())) or "a fresh start"
        # Names must differ and grow even when the clock is set back.
        saved_at = max(self._now(), self._last.saved_at + 1)
        self._newest = Save(title, saved_at, parts, titles)
        return self._newest

    async def _delete_replaced(self) -> None:
        """Delete older saves of this session, and an offer that was answered."""
        while len(self._own_records) > KEPT_SAVES:
            await self._store.delete(str(self._own_records[0]))
            del self._own_records[0]
        if self._is_answered:
            while self._offered:
                await self._store.delete(str(self._offered.pop()))
