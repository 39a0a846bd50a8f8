"""Decides when to save, restores earlier saves, and deletes those that newer ones replace.

It knows neither networks nor drawings: each part of the page turns itself into bytes and back.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass

from dashboard.autosave.save import Divider, Save, SavedPart, SaveError, join_titles
from dashboard.autosave.sessions import EarlierSave, RecordName, Sessions, piece_name
from dashboard.autosave.store import Store, StoreError, StoreFullError
from dashboard.languages.text import gettext
from dashboard.training.background_tasks import sleep_without_context
from data_cache import DataError

PERIOD_SECONDS = 2.5
"""Longest time between two saves during training."""

DEBOUNCE_SECONDS = 0.3
"""How long a save waits for further changes: typing, strokes, single steps."""

PAUSE_FACTOR = 20
"""The pause after a save is at least so many times as long as the save took."""

LONGEST_PAUSE_SECONDS = 10
"""But not longer: a single save that was slow by chance must not leave work unsaved for minutes."""

KEPT_SAVES = 2
"""Saves of one session that are kept: the older one is whole while the newer is being written."""

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 2.5, 60
"""The pause after a save that failed; it doubles with each failure until the second number."""


@dataclass(frozen=True)
class PendingPart:
    """What a restored save has of a part that does not exist yet."""

    title: str
    score: str
    content: bytes


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
        Name of the tab, the same in each of its loads; its own saves are preferred to others. It
        may be set later, before `connect`.
    rename_tab
        Called with the new name of a tab that is a copy of another one.
    tell
        Shows a sentence on the page.
    report
        Told why nothing can be saved, once for each reason, and None when saving works again.
    report_saved
        Told after every try whether all work is saved; only what was done counts.
    between_slices
        Returns a context in which no thread changes the parts.
    longest_pause
        Most seconds between two saves that take long; it bounds what a kill of the process loses.
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
        rename_tab: Callable[[str], None] = lambda _name: None,
        tell: Callable[[str], None],
        report: Callable[[StoreError | None], None] = lambda _error: None,
        report_saved: Callable[[bool], None] = lambda _is_saved: None,
        between_slices: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
        longest_pause: float = LONGEST_PAUSE_SECONDS,
        now: Callable[[], int] = milliseconds,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], Awaitable[None]] = sleep_without_context,
    ) -> None:
        self._store: Store
        self._sessions: Sessions
        self._is_connected = self._has_no_store = False
        self._parts: dict[str, SavedPart] = {}
        self.tab, self._rename_tab = tab, rename_tab
        self._report_saved, self._between_slices = report_saved, between_slices
        self._longest_pause = longest_pause
        self._saving = asyncio.Lock()
        self._now, self._clock, self._sleep = now, clock, sleep
        self._tell, self._report = tell, report
        self._changed = asyncio.Event()
        self._urgent = asyncio.Event()
        self._earlier: list[EarlierSave] = []
        self._saved_at = 0
        self._own_records: list[RecordName] = []
        self._divider = Divider()
        self._needed: dict[RecordName, frozenset[int]] = {}
        self._written: set[int] = set()
        """The pieces that each own record needs, and all that are stored."""
        self._replaced: list[RecordName] = []
        """The records of a restored save: deleted as soon as this session has saved that work."""
        self._restoring = ""
        self._restored: set[str] = set()
        """The session whose save is being restored, and the parts that are restored already."""
        self._pending: dict[str, PendingPart] = {}
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
            await self._restore_part(part, self._pending[part.name].content)
            del self._pending[part.name]

    # Restoring

    async def connect(self, store: Store) -> list[EarlierSave]:
        """Use a store, and return the saves that may be restored; see `Sessions.earlier`.

        From here on other tabs see this one as open.

        Raises
        ------
        StoreError
            The browser does not store anything at present.
        """
        self._store = store
        sessions = Sessions(store, now=self._now, sleep=self._sleep, tell=self._tell)
        try:
            tab = await sessions.enter(self.tab)
            if tab != self.tab:
                self.tab = tab
                self._rename_tab(tab)
            found = await sessions.earlier()
        except StoreError:
            with suppress(StoreError):
                await sessions.leave()
            raise
        self._sessions, self._earlier = sessions, list(found)
        self._is_connected = True
        self._note_success()
        return found

    def seconds_since(self, save: Save) -> float:
        """Return the age of a save in seconds."""
        return (self._now() - save.saved_at) / 1000

    async def restore(self, earlier: EarlierSave) -> bool:
        """Restore every part from a save; return whether none of them is left for another try.

        A warning names what cannot be restored; it is put aside, or tried again later without the
        parts that were restored. Contents for parts that do not exist yet stay saved.
        """
        if self._restoring != earlier.session:
            self._restoring, self._restored = earlier.session, set()
        try:
            await self._store.claim(earlier.session)
            records, save = await self._read(earlier.session)
        except StoreError as error:
            self._tell(gettext("Earlier work cannot be restored right now: {error}.", error=error))
            return False
        if save is None:
            self._tell(gettext("This save is no longer here: another tab restored or deleted it."))
            return True
        self._pending = self._pending_of(save)
        self._replaced = records
        self._earlier = [other for other in self._earlier if other.session != earlier.session]
        is_complete = True
        for name, part in list(self._parts.items()):  # another one may be added meanwhile
            if name in save.parts and name not in self._restored:
                is_complete &= await self._restore_part(part, save.parts[name])
        if not is_complete:
            self._replaced = []
        self.note_change()
        return is_complete

    def _pending_of(self, save: Save) -> dict[str, PendingPart]:
        """Return what a save has of parts that do not exist yet."""
        return {
            name: PendingPart(save.titles.get(name, ""), save.scores.get(name, ""), content)
            for name, content in save.parts.items()
            if name not in self._parts
        }

    async def _read(self, session: str) -> tuple[list[RecordName], Save | None]:
        """Return the records of a closed session, and the newest of its saves that is usable."""
        records = await self._sessions.records_of(session)
        for name in records:
            with suppress(SaveError):
                return records, await self._sessions.read(name)
        return records, None

    async def _restore_part(self, part: SavedPart, content: bytes) -> bool:
        """Restore a part; return False when its data are not available right now."""
        try:
            await part.restore(content)
            self._restored.add(part.name)
        except SaveError as error:
            for name in self._replaced:
                await self._sessions.put_aside(name, error)
            if not self._replaced:
                alone = Save(part.title, self._now(), {part.name: content})
                name = RecordName(self._sessions.session, alone.saved_at)
                await self._sessions.put_aside(name, error, alone.to_bytes())
            self._replaced = []
        except DataError as error:
            self._tell(gettext("Earlier work cannot be restored right now: {error}", error=error))
            return False
        return True

    def decline(self) -> None:
        """Continue without earlier work; its saves stay."""
        self._pending = {}

    async def delete(self, earlier: EarlierSave) -> bool:
        """Delete a save on request; return whether it is gone."""
        try:
            await self._sessions.delete(earlier.session)
        except StoreError as error:
            self._tell(gettext("The save cannot be deleted right now: {error}.", error=error))
            return False
        self._earlier = [other for other in self._earlier if other is not earlier]
        return True

    @property
    def earlier_count(self) -> int:
        """How many saves `delete_earlier` would delete."""
        return len(self._earlier)

    async def delete_earlier(self) -> None:
        """Delete all saves of closed sessions on request."""
        for earlier in list(self._earlier):
            await self.delete(earlier)

    # Files

    async def to_file(self) -> bytes | None:
        """Return all work as the bytes of a file; None when there is none yet."""
        newest = self._newest
        async with self._saving:
            try:
                async with self._between_slices():
                    save = self._capture() or newest
            finally:
                self._newest = newest  # it is stored nowhere
        return None if save is None else save.to_bytes()

    async def restore_file(self, content: bytes, name: str) -> None:
        """Restore every part from the content of a file that `to_file` made.

        The work that it replaces is offered when a page is opened next. A sentence tells what
        cannot be used.

        Parameters
        ----------
        content
            Of the file.
        name
            Of the file, for the sentence.
        """
        try:
            save = Save.from_bytes(content)
        except SaveError as error:
            self._tell(gettext("{name} cannot be used: {error}.", name=name, error=error))
            return
        await self._store_apart()
        self._pending = self._pending_of(save)
        for part_name, part in list(self._parts.items()):
            if part_name not in save.parts:
                continue
            try:
                await part.restore(save.parts[part_name])
            except (DataError, SaveError) as error:
                self._tell(
                    gettext("{name} cannot be used as a whole: {error}", name=name, error=error)
                )
        self.note_change()

    async def _store_apart(self) -> None:
        """Save the present work as that of a session of its own, which has ended."""
        content = await self.to_file() if self._is_connected and self._has_work else None
        if content is not None:
            name = RecordName(f"{secrets.token_hex(8)}.{self._now()}", self._now())
            with suppress(StoreError):  # it was told already why nothing can be saved
                await self._store.write(str(name), content)

    # Saving

    def note_change(self, urgent: bool = True) -> None:
        """Save soon; changes that are not urgent, as those of training, wait for the period."""
        self._changed.set()
        if urgent:
            self._urgent.set()
        if self._has_no_store and self._has_work:
            self._report_saved(False)

    def go_without_store(self) -> None:
        """Save nothing, and tell at once when work exists that would be lost."""
        self._has_no_store = True
        self.note_change()

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
        if self._has_work:
            self._report_saved(False)
        if str(error) != self._reported:
            self._reported = str(error)
            self._report(error)

    def _note_success(self) -> None:
        self._failures = 0
        if self._reported:
            self._reported = ""
            self._report(None)

    async def _debounce(self) -> None:
        pause = min(PAUSE_FACTOR * self._save_seconds, self._longest_pause)
        pause = max(DEBOUNCE_SECONDS, pause)
        await self._sleep(pause)
        if self._urgent.is_set() or pause >= PERIOD_SECONDS:
            return
        await self._wait_for(self._urgent, PERIOD_SECONDS - pause)

    @property
    def _has_work(self) -> bool:
        """Whether anything was done that a save would keep."""
        return any(part.title for part in self._parts.values())

    async def save(self) -> bool:
        """Save now, unless nothing differs from the last save; return False after a failure."""
        async with self._saving:
            return await self._save()

    async def close(self) -> None:
        """Save a last time, and mark the session as closed; nothing if there is no store yet."""
        if not self._is_connected:
            return
        await self.save()
        with suppress(StoreError):
            await self._sessions.leave()

    async def _save(self) -> bool:
        newest = self._newest
        try:
            async with self._between_slices():
                begun = self._clock()
                save = self._capture()
            if save is None:
                return True
            division = self._divider.divide(save)
            content = save.to_bytes(division.pieces)
            self._save_seconds = self._clock() - begun
            name = RecordName(self._sessions.session, save.saved_at)
            self._needed[name] = division.numbers
            for number, piece in division.new.items():
                await self._write(piece_name(name.session, number), piece)
                self._written.add(number)
            await self._write(str(name), content)
        except (StoreError, MemoryError) as error:
            self._newest = newest
            refused = (
                error if isinstance(error, StoreError) else StoreError(gettext("no memory is left"))
            )
            self.note_failure(refused)
            return False
        self._saved_at = save.saved_at
        self._own_records.append(name)
        self._divider.note_written(save, division)
        self._note_success()
        self._report_saved(True)
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
            await self._delete_oldest()
            await self._store.write(name, content)

    def _capture(self) -> Save | None:
        """Return a new save; None when nothing changed, or a part has no bytes to save yet."""
        titles = {name: it.title for name, it in self._pending.items()}
        titles |= {name: it.title for name, it in self._parts.items() if name not in titles}
        if not any(titles.values()) and not self._own_records:
            return None  # nothing has been done yet
        parts = {name: it.content for name, it in self._pending.items()}
        scores = {name: it.score for name, it in self._pending.items()}
        for name, part in self._parts.items():
            if name in parts:
                continue
            content, scores[name] = part.capture(), part.score
            if content is None:
                # The last save of this part is repeated, so that the others need not wait.
                last = self._newest
                if last is None or name not in last.parts:
                    return None
                content, titles[name] = last.parts[name], last.titles[name]
                scores[name] = last.scores[name]
            parts[name] = content
        # Content may be captured a moment before the page says what it is.
        newest = self._newest
        if newest is not None and (parts, titles) == (newest.parts, newest.titles):
            return None
        title = join_titles(filter(None, titles.values())) or gettext("a fresh start")
        # Names must differ and grow even when the clock is set back.
        saved_at = max(self._now(), self._saved_at + 1)
        pictures = (part.picture for part in self._parts.values())
        picture = next(filter(None, pictures), "")
        self._newest = Save(title, saved_at, parts, titles, scores, picture)
        return self._newest

    async def _delete_replaced(self) -> None:
        """Delete older saves of this session, and those of the work that it continues."""
        for name in set(self._needed) - set(self._own_records):
            del self._needed[name]  # it could not be written
        while len(self._own_records) > KEPT_SAVES:
            await self._delete_oldest()
        if self._replaced:
            while self._replaced:
                await self._store.delete(str(self._replaced[-1]))
                self._replaced.pop()
            await self._sessions.delete_orphans()

    async def _delete_oldest(self) -> None:
        """Delete the oldest record of this session, and the pieces that no other one needs."""
        oldest = self._own_records[0]
        await self._store.delete(str(oldest))
        del self._own_records[0], self._needed[oldest]
        for number in self._written - frozenset().union(*self._needed.values()):
            await self._store.delete(piece_name(oldest.session, number))
            self._written.discard(number)
