"""A served page's work is kept on the server, for its own browser and for one page at a time."""

import asyncio
from contextlib import suppress
from functools import partial

import pytest
from autosave_helpers import Offer, make_autosave
from controller_helpers import make_controller, until
from training_helpers import in_event_loop

from dashboard.autosave.digits import SavedDigits
from dashboard.autosave.save import Save
from dashboard.autosave.save_database import SaveDatabase, SaveLimits, owner_of
from dashboard.autosave.served import SILENCE_SECONDS, ServedAutosave
from dashboard.autosave.store import StoreError
from dashboard.autosave.visitor_store import SaveService
from dashboard.shell.connection import Handshake

KEY, OTHER_KEY = "k" * 48, "o" * 48
FLAGS = ("is_gone", "resume", "expects")
LIMITS = SaveLimits(1 << 26, 1e6)


class Connection:
    """What the page would say and be told."""

    def __init__(self, handshake):
        self._handshake = handshake
        self.on_idle = None
        self.told = []

    async def handshake(self):
        return self._handshake

    def report_ended(self):
        self.told.append("ended")


class Load:
    """One load of a served page."""

    def __init__(self, folder, service, *, key=KEY, tab="tab", **flags):
        self.folder, self.key = folder, key
        self.controller = make_controller(hidden_layers=[4])
        self.controller.drawing.show_on_pad = self.controller.drawing.take
        self.state = self.controller.state
        self.offer = Offer()
        self.kept = []
        self.renamed = []
        self.time = 0.0
        self.is_disconnected = False
        self.is_handed_over = None
        self.autosave = make_autosave(
            SavedDigits(self.controller),
            rename_tab=self.renamed.append,
            tell=self.controller.warn,
            report_saved=self.kept.append,
            sleep=lambda _seconds: asyncio.sleep(0),
        )
        self.connection = Connection(
            Handshake(key, tab, *(flags.get(name, False) for name in FLAGS))
        )
        self.served = ServedAutosave(
            self.autosave,
            self.connection,
            self.controller,
            self.offer,
            service,
            hand_over=self.hand_over,
            is_training=lambda: self.state.running,
            disconnect=self.disconnect,
            idle_seconds=60.0,
            clock=lambda: self.time,
        )
        self.controller.start()
        self.controller.spawn(self.served.run())

    def disconnect(self):
        self.is_disconnected = True

    async def hand_over(self, save):
        self.is_handed_over = save
        self.controller.shut()
        if save:
            await self.autosave.close()
        await self.controller.close()

    async def step(self, count=1):
        """Take steps, and wait until they are saved."""
        goal = self.state.snapshot.iteration + count
        for _ in range(count):
            self.controller.step()
        await until(lambda: self.state.snapshot.iteration == goal)
        await until(lambda: f"iteration {goal} of a 784-4-10 net" in titles(self.folder, self.key))

    async def close(self):
        if self.is_handed_over is None:
            await self.autosave.close()
            await self.controller.close()


def titles(folder, key=KEY):
    """What a browser has saved."""
    database = SaveDatabase(folder, LIMITS, process="reader")
    owner = owner_of(key)
    found = []
    for name in database.names(owner):
        # The session may have deleted it meanwhile.
        with suppress(StoreError):
            found.append(Save.from_bytes(database.read(owner, name)).title)
    database.close()
    return found


@pytest.fixture
def serve(tmp_path):
    """Starts imagined processes; each makes loads of the pages that it serves."""
    services = []

    def serve(process):
        services.append(SaveService(SaveDatabase(tmp_path, LIMITS, process=process)))
        return partial(Load, tmp_path, services[-1])

    yield serve
    for service in services:
        service.close()


@pytest.fixture
def make(serve):
    return serve("one")


@in_event_loop
async def test_a_page_that_comes_back_continues_the_work_of_its_earlier_load(make):
    first = make()
    await first.step(3)
    first.controller.step()  # not saved yet
    await until(lambda: first.state.snapshot.iteration == 4)
    first.served.connection_lost()
    second = make(is_gone=True, resume=True, expects=True)
    await until(lambda: second.state.snapshot.iteration == 4)
    assert first.is_handed_over is True
    assert second.offer.answer is None
    assert second.renamed == []
    await second.step()
    await second.close()
    third = make(is_gone=True, resume=True, expects=True)
    await until(lambda: third.state.snapshot.iteration == 5)
    await third.close()


@in_event_loop
async def test_a_page_continues_on_another_process_which_ends_the_session_here(serve, monkeypatch):
    monkeypatch.setattr("dashboard.autosave.visitor_store.BEAT_SECONDS", 0.01)
    first = serve("one")()
    await first.step(2)
    second = serve("two")(is_gone=True, resume=True)
    await until(lambda: second.state.snapshot.iteration == 2)
    await until(lambda: first.is_handed_over is False)
    await second.step()
    await second.close()
    await second.hand_over(True)


@in_event_loop
async def test_a_page_that_is_loaded_twice_at_once_loses_nothing(make):
    first = make()
    await first.step(3)
    first.controller.step()  # not saved yet
    await until(lambda: first.state.snapshot.iteration == 4)
    first.served.connection_lost()
    second = make(is_gone=True, resume=True, expects=True)
    await until(lambda: first.is_handed_over is not None)
    second.served.connection_lost()
    third = make(is_gone=True, resume=True, expects=True)
    await until(lambda: third.state.snapshot.iteration == 4)
    await third.step()
    assert third.offer.answer is None
    for load in (second, third):
        await load.close()


@in_event_loop
async def test_a_copy_of_an_open_tab_gets_a_name_of_its_own_and_no_work(make):
    original = make()
    await original.step()
    copy = make()
    await until(lambda: copy.renamed)
    assert copy.renamed != ["tab"]
    await copy.step(2)
    assert copy.offer.answer is None
    assert original.is_handed_over is None
    await original.step()
    for load in (original, copy):
        await load.close()


@in_event_loop
async def test_another_browser_with_the_same_tab_name_gets_nothing(make):
    first = make()
    await first.step()
    await first.close()
    other = make(key=OTHER_KEY, is_gone=True, resume=True, expects=True)
    await until(lambda: "not on the server" in other.state.notice.text)
    assert other.state.snapshot.iteration == 0
    assert other.offer.answer is None
    await other.close()


@in_event_loop
async def test_a_new_tab_is_asked_whether_to_restore_what_a_closed_one_saved(make):
    first = make(tab="closed")
    await first.step(2)
    await first.autosave.close()
    await first.close()
    second = make(tab="new")
    await until(lambda: second.offer.answer is not None)
    assert "iteration 2 of a 784-4-10 net" in second.offer.texts[0]
    second.offer.answer(True)
    await until(lambda: second.state.snapshot.iteration == 2)
    await second.close()


@pytest.mark.parametrize("key", ["", "too short"])
@in_event_loop
async def test_without_a_key_the_page_is_told_that_its_work_would_be_lost(make, key):
    load = make(key=key)
    load.controller.step()
    await until(lambda: False in load.kept)
    assert True not in load.kept
    await load.close()


@in_event_loop
async def test_where_the_operator_wants_no_saves_the_page_is_told_so(tmp_path):
    load = Load(tmp_path, None)
    load.controller.step()
    await until(lambda: False in load.kept)
    assert True not in load.kept
    await load.close()


@in_event_loop
async def test_an_unused_page_is_ended_unless_it_trains(make):
    load = make()
    load.connection.on_idle(59.0)
    load.state.running = True
    load.connection.on_idle(61.0)
    assert load.connection.told == []
    load.state.running = False
    load.connection.on_idle(61.0)
    assert load.connection.told == ["ended"]
    await load.close()


@in_event_loop
async def test_a_page_that_says_nothing_any_more_is_disconnected(make, monkeypatch):
    monkeypatch.setattr("dashboard.autosave.served.SILENCE_SECONDS", 0.06)
    load = make()
    await load.step()
    load.time = SILENCE_SECONDS + 1
    await until(lambda: load.is_disconnected)
    await load.close()
