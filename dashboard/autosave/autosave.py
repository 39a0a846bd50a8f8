"""Decides when to save, what to offer at the start, and what becomes of saves that nobody needs.

It knows neither nets nor drawings: each part of the page turns itself into bytes and back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.autosave.save import Save, SaveError
from dashboard.autosave.saved_part import SavedPart
from dashboard.autosave.store import Store, StoreError
from data_cache import DataError

PERIOD_SECONDS = 2.5
"""The longest time between two saves while something trains."""

QUIET_SECONDS = 0.3
"""How long a save waits for more of the same: typing, a stroke of the pen, a row of steps."""

SHARE = 20
"""A save that took so and so long is followed by a pause of at least so many times that."""

SLOTS = 2
"""Saves of one session that are kept; the older one is whole while the newer is being written."""

SESSIONS = 3
"""Closed sessions whose saves are kept; older ones are deleted."""
LINGERING_CHECKS, LINGERING_SECONDS = 6, 0.5
"""A tab that was closed, or a worker that was ended, may hold its lock a moment longer."""

ASIDE = "aside/"
ASIDE_KEPT = 3


@dataclass(frozen=True)
class Name:
    """The name of a save's record: whose it is, and when it was made."""

    session: str
    saved_at: int

    def __str__(self) -> str:
        return f"{self.session}/{self.saved_at:015d}"

    @classmethod
    def parse(cls, text: str) -> Name | None:
        """Read a record's name; None when it is no save's."""
        session, _, number = text.rpartition("/")
        if not session or text.startswith(ASIDE) or not number.isdecimal():
            return None
        return cls(session, int(number))


@dataclass(frozen=True)
class Waiting:
    """What is kept of a part that is not made yet, and what it is."""

    title: str
    content: bytes


class Autosave:
    """Keeps the parts of one page in a store.

    Parameters
    ----------
    store
        Where saves lie; other tabs use it too.
    parts
        What is kept.
    tab
        The same text in every load of one tab; its saves are preferred to those of other tabs.
    now
        Milliseconds since 1970.
    clock
        Seconds that only go up.
    tell
        Shows a sentence to the person at the page.
    sleep
        How to wait; tests put in their own.
    """

    def __init__(
        self,
        store: Store,
        parts: Sequence[SavedPart],
        *,
        tab: str,
        now: Callable[[], int],
        clock: Callable[[], float],
        tell: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._parts = {part.name: part for part in parts}
        self._tab = tab
        self._now, self._clock, self._sleep = now, clock, sleep
        self._tell = tell
        self._changed = asyncio.Event()
        self._hurry = asyncio.Event()
        self._session = f"{tab}.{now()}"
        self._last = Name(self._session, now())
        self._kept: list[Name] = []
        self._offered: list[Name] = []
        self._is_answered = False
        self._gone_on: set[str] = set()
        self._waiting: dict[str, Waiting] = {}
        self._newest: Save | None = None
        self._cost = 0.0
        self._has_complained = False

    # At the start

    async def find(self) -> Save | None:
        """Return the newest usable save of a tab that is closed; None when there is none.

        Saves that cannot be used are put aside, and a sentence says so. This tab is known to the
        others from here on. A StoreError means that nothing can be kept in this browser.
        """
        await self._store.enter(self._session)
        for _ in range(LINGERING_CHECKS):
            if not await self._others_live():
                break
            await self._sleep(LINGERING_SECONDS)
        names = await self._closed_sessions()
        for name in names:
            try:
                save = Save.from_bytes(await self._store.read(str(name)))
            except SaveError as error:
                await self._put_aside(name, error)
                continue
            self._offered = [other for other in names if other.session == name.session]
            return save
        return None

    async def _others_live(self) -> bool:
        """Tell whether other sessions with saves seem to be open: some may only be dying."""
        living = await self._store.living() - {self._session}
        names = map(Name.parse, await self._store.names())
        return any(name is not None and name.session in living for name in names)

    async def _closed_sessions(self) -> list[Name]:
        """List the saves of closed sessions, the most likely first; delete those too old."""
        living = await self._store.living()
        texts = await self._store.names()
        names = [name for name in map(Name.parse, texts) if name and name.session not in living]
        names.sort(key=lambda name: (self._is_own(name), name.saved_at), reverse=True)
        sessions = list(dict.fromkeys(name.session for name in names))
        for name in names:
            if name.session in sessions[SESSIONS:]:
                await self._store.delete(str(name))
        for text in sorted(text for text in texts if text.startswith(ASIDE))[:-ASIDE_KEPT]:
            await self._store.delete(text)
        return [name for name in names if name.session in sessions[:SESSIONS]]

    def _is_own(self, name: Name) -> bool:
        return name.session.rpartition(".")[0] == self._tab

    async def _put_aside(self, name: Name, error: Exception) -> None:
        try:
            await self._store.write(f"{ASIDE}{name}", await self._store.read(str(name)))
            await self._store.delete(str(name))
        except StoreError:
            pass  # it is passed over all the same
        self._tell(f"A save of earlier work could not be used and was put aside: {error}.")

    async def add(self, part: SavedPart) -> None:
        """Keep one more part, made later than the page; it goes on from what waits for it."""
        self._parts[part.name] = part
        if part.name in self._waiting:
            await self._restore(part, self._waiting[part.name].content)
            del self._waiting[part.name]

    async def resume(self, save: Save) -> bool:
        """Let every part go on from a save; return whether all went on.

        What is impossible is told, and put aside or left for another try, in which the parts
        that went on are left alone. What is kept of parts that are not made yet is kept on, and
        waits for them.
        """
        self._waiting = {
            name: Waiting(save.titles.get(name, ""), content)
            for name, content in save.parts.items()
            if name not in self._parts
        }
        self._is_answered = True
        for name, part in list(self._parts.items()):  # another one may be added meanwhile
            if name in save.parts and name not in self._gone_on:
                await self._restore(part, save.parts[name])
        self.note()
        return self._is_answered

    async def _restore(self, part: SavedPart, content: bytes) -> None:
        try:
            await part.restore(content)
            self._gone_on.add(part.name)
        except SaveError as error:
            for name in self._offered:
                await self._put_aside(name, error)
            if not self._offered:
                self._tell(f"Earlier work could not be gone on with: {error}.")
            self._offered = []
        except DataError as error:
            self._is_answered = False  # so the save stays where it is
            self._tell(f"Going on was not possible just now: {error}")

    def start_fresh(self) -> None:
        """Let go of the save that was found, as soon as there is another one in its place."""
        self._is_answered = True
        self._waiting = {}

    # While the page is open

    def note(self, *, hurry: bool = True) -> None:
        """Hear that something changed; what goes on changing, as in training, is in no hurry."""
        self._changed.set()
        if hurry:
            self._hurry.set()

    def follow(self, state: Any, names: Iterable[str], calm: Collection[str]) -> None:
        """Hear of every change of a part's state; those named in `calm` go on while it runs."""

        def changed(*events: Any) -> None:
            is_calm = state.running and all(event.name in calm for event in events)
            self.note(hurry=not is_calm)

        state.param.watch(changed, [*names, *sorted(calm)])

    async def keep(self) -> None:
        """Save whatever changes, until cancelled."""
        while True:
            await self._changed.wait()
            await self._wait_for_quiet()
            self._changed.clear()
            self._hurry.clear()
            await self.save()

    async def _wait_for_quiet(self) -> None:
        pause = max(QUIET_SECONDS, SHARE * self._cost)
        await self._sleep(pause)
        if self._hurry.is_set() or pause >= PERIOD_SECONDS:
            return
        waits = [
            asyncio.ensure_future(self._hurry.wait()),
            asyncio.ensure_future(self._sleep(PERIOD_SECONDS - pause)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def save(self) -> None:
        """Save now, if anything is other than in the last save; failures are told once."""
        begun = self._clock()
        save = self._capture()
        if save is None:
            return
        content = save.to_bytes()
        self._cost = self._clock() - begun
        name = Name(self._session, save.saved_at)
        try:
            await self._store.write(str(name), content)
            self._last = name
            self._kept.append(name)
            await self._tidy()
        except StoreError as error:
            self._newest = None
            if not self._has_complained:
                self._tell(
                    f"Your work cannot be kept in this browser ({error}). Everything else works; "
                    "save the weights to keep them."
                )
            self._has_complained = True
        else:
            self._has_complained = False

    def _capture(self) -> Save | None:
        titles = {name: waiting.title for name, waiting in self._waiting.items()}
        titles |= {name: it.title for name, it in self._parts.items() if name not in titles}
        if not any(titles.values()) and not self._kept:
            return None  # nobody has done anything yet
        parts = {name: waiting.content for name, waiting in self._waiting.items()}
        for name, part in self._parts.items():
            if name in parts:
                continue
            content = part.capture()
            if content is None:
                # What is kept of it already stays so; the others need not wait for it.
                if self._newest is None or name not in self._newest.parts:
                    return None
                content, titles[name] = self._newest.parts[name], self._newest.titles[name]
            parts[name] = content
        if self._newest is not None and parts == self._newest.parts:
            return None
        title = " and ".join(filter(None, titles.values())) or "a fresh start"
        # Names must differ and grow, whatever somebody does to the clock.
        saved_at = max(self._now(), self._last.saved_at + 1)
        self._newest = Save(title, saved_at, parts, titles)
        return self._newest

    async def _tidy(self) -> None:
        """Delete the saves of this session that newer ones replace, and an answered offer."""
        while len(self._kept) > SLOTS:
            await self._store.delete(str(self._kept[0]))
            del self._kept[0]
        if self._is_answered:
            while self._offered:
                await self._store.delete(str(self._offered.pop()))
