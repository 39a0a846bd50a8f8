"""What tests of the autosave use in place of the browser: its store, its clock, and the offer."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from controller_helpers import make_controller, until
from plane_helpers import make_plane_controller

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.browser import add_plane, run_autosave
from dashboard.autosave.digits import SavedDigits
from dashboard.autosave.save import Save
from dashboard.autosave.sessions import RecordName, piece_name
from dashboard.autosave.store import StoreError
from dashboard.plane.controller import PlaneController
from dashboard.shell.restore_offer import OfferedSave
from dashboard.training.checkpoint import Checkpoint

MOMENTS = itertools.count(1_000_000)
"""Milliseconds since 1970, each later than the last."""


class MemoryStore:
    """A store whose records and open sessions may be shared by several imagined tabs."""

    release_seconds = 3.0

    def __init__(
        self, records: dict[str, bytes] | None = None, opened: set[str] | None = None
    ) -> None:
        self.records = {} if records is None else records
        self.opened = set() if opened is None else opened

    async def names(self) -> list[str]:
        return list(self.records)

    async def read(self, name: str) -> bytes:
        if name not in self.records:
            raise StoreError(f"there is no record {name}")
        return self.records[name]

    async def write(self, name: str, content: bytes) -> None:
        self.records[name] = content

    async def delete(self, name: str) -> None:
        self.records.pop(name, None)

    async def enter(self, session: str) -> None:
        self.opened.add(session)

    async def leave(self, session: str) -> None:
        self.opened.discard(session)

    async def open_sessions(self) -> set[str]:
        return set(self.opened)

    async def claim(self, session: str) -> None:
        pass


class UnreliableStore(MemoryStore):
    """A store whose methods fail while `failures` has an error for them."""

    def __init__(
        self, records: dict[str, bytes] | None = None, opened: set[str] | None = None
    ) -> None:
        super().__init__(records, opened)
        self.failures: dict[str, StoreError] = {}

    def __getattribute__(self, name: str) -> Any:
        failures = object.__getattribute__(self, "__dict__").get("failures", {})
        if name not in failures:
            return super().__getattribute__(name)

        async def fail(*_arguments: Any) -> None:
            raise failures[name]

        return fail


def saves_in(records: dict[str, bytes]) -> list[Save]:
    """Return the saves in a store, in the order of their names."""
    saves = []
    for text, content in sorted(records.items()):
        name = RecordName.parse(text)
        if name is not None:
            numbers = Save.piece_numbers(content)
            pieces = {it: records[piece_name(name.session, it)] for it in numbers}
            saves.append(Save.from_bytes(content, pieces))
    return saves


class Offer:
    """What the page would show."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.pictures: list[str] = []
        self.answer: Callable[[bool], None] | None = None
        self.resume: Callable[[int], None]
        self.delete: Callable[[int], None]
        self.delete_all: Callable[[], None]

    def ask(
        self,
        saves: Sequence[OfferedSave],
        *,
        resume: Callable[[int], None],
        delete: Callable[[int], None],
        delete_all: Callable[[], None],
        decline: Callable[[], None],
    ) -> None:
        self.texts = [save.text for save in saves]
        self.pictures = [save.picture for save in saves]
        self.resume, self.delete, self.delete_all = resume, delete, delete_all
        self.answer = lambda wanted: resume(0) if wanted else decline()

    def withdraw(self) -> None:
        self.texts, self.answer = [], None


def make_autosave(*parts: Any, **options: Any) -> Autosave:
    """Return an autosave of these parts with a clock that always advances."""
    defaults = {"tab": "tab", "tell": lambda _sentence: None, "now": lambda: next(MOMENTS)}
    return Autosave(parts, **{**defaults, **options})


class Tab:
    """One load of the page, whose digits are saved in `records`; its plane is opened on demand."""

    def __init__(
        self,
        records: dict[str, bytes],
        *,
        resume: bool = False,
        plane: dict[str, Any] | None = None,
        connect: bool = True,
        store: MemoryStore | None = None,
        tab: str = "tab",
        **settings: Any,
    ) -> None:
        self.records = records
        self.controller = make_controller(**{"pretrained_model": "best", **settings})
        self.controller.drawing.show_on_pad = self.controller.drawing.take
        self.state = self.controller.state
        self.plane: PlaneController | None = None
        self._plane_settings = plane or {}
        self.offer = Offer()
        self.reported: list[StoreError | None] = []
        self.autosave = make_autosave(
            SavedDigits(self.controller),
            tab=tab,
            tell=self.controller.warn,
            report=self.reported.append,
            sleep=lambda _seconds: asyncio.sleep(0),
        )
        self._resume = resume
        self.links_opened = 0
        self._store = store or MemoryStore(records)
        self.controller.start()
        if connect:
            self.connect()

    def connect(self) -> None:
        """Begin to save, as soon as the database is open."""
        work = run_autosave(
            self.autosave,
            self._store,
            self.controller,
            self.offer,  # type: ignore[arg-type]
            resume=self.open_link if self._resume else None,
        )
        self.controller.spawn(work)

    async def open_link(self) -> None:
        """Note that the address would be followed."""
        self.links_opened += 1

    def open_plane(self) -> PlaneController:
        self.plane = make_plane_controller(**self._plane_settings)
        add_plane(self.autosave, self.plane)
        return self.plane

    async def train(self, steps: int) -> None:
        """Take so many steps on digits, and wait until the last one is saved."""
        goal = self.state.snapshot.iteration + steps
        for _ in range(steps):
            self.controller.step()
        await until(lambda: bool(self.records) and self.digits().state.iteration == goal)

    async def train_plane(self, steps: int) -> None:
        """Take so many steps on points, and wait until the last one is saved."""
        assert self.plane is not None
        for _ in range(steps):
            self.plane.step()
        await self.saved(f"iteration {self.plane.trainer.run.iteration + steps:,} on 2-D data")

    async def saved(self, title: str) -> None:
        await until(lambda: bool(self.records) and self.newest().title == title)

    def newest(self) -> Save:
        return saves_in(self.records)[-1]

    def digits(self) -> Checkpoint:
        return Checkpoint.from_bytes(self.newest().parts["digits"], "newest")

    async def offered(self) -> str:
        await until(lambda: self.offer.answer is not None)
        return self.offer.texts[0]

    async def answer(self, wanted: bool) -> None:
        await self.offered()
        assert self.offer.answer is not None
        answer, self.offer.answer = self.offer.answer, None
        answer(wanted)

    async def close(self) -> None:
        if self.plane is not None:
            await self.plane.close()
        await self.controller.close()

    def curve(self) -> str:
        return "".join(self.state.history.csv_lines())
