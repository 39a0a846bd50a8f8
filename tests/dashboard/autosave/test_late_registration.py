"""Parts of the page that are made later are kept too, and come back when they are made."""

import asyncio

import pytest
from autosave_helpers import MOMENTS, Offer
from controller_helpers import make_laboratory, until
from plane_helpers import make_plane_controller, train_controller, work

from dashboard import session
from dashboard.autosave import Autosave, MemoryStore, Save
from dashboard.autosave.browser import Launch, keep
from dashboard.autosave.late_registration import Latecomers
from dashboard.autosave.plane import SavedPlane
from dashboard.runtime import SERVED
from dashboard.shell.page_writer import DirectPageWriter
from data_cache import DataError


class Tab:
    """One load of the page, whose spiral is opened when the test says so."""

    def __init__(self, records, *, resume=False, **settings):
        self.records = records
        self.digits = make_laboratory(hidden_layers=[128], batch_size=32)
        self.digits.show_canvas = self.digits.take_drawing
        self.offer = Offer()
        self.latecomers = Latecomers()
        self.plane = None
        self._settings = settings
        self._launch = Launch(None, "tab", resume)
        self.digits.start()

    def keep(self):
        self.digits.spawn(
            keep(
                self.digits,
                self.offer,
                self._launch,
                MemoryStore(self.records),
                self.latecomers,
                now=lambda: next(MOMENTS),
                sleep=lambda _seconds: asyncio.sleep(0),
            )
        )

    def open_spiral(self):
        self.plane = make_plane_controller(**self._settings)
        self.plane.spawn(self.latecomers.add(SavedPlane(self.plane)))
        return self.plane

    async def work(self, steps):
        """Train the spiral so many steps, and wait until that is kept."""
        for _ in range(steps):
            self.plane.step()
        iteration = self.plane.trainer.run.iteration + steps
        await self.saved(f"iteration {iteration:,} on the spiral")

    async def saved(self, title):
        await until(lambda: self.records and self.newest().title == title)

    def newest(self):
        return Save.from_bytes(self.records[max(self.records)])

    async def offered(self):
        await until(lambda: self.offer.answer is not None)
        return self.offer.sentence

    async def die(self):
        if self.plane is not None:
            await self.plane.close()
        await self.digits.close()


async def left_behind(steps=7, **settings):
    """The records of a tab in which only the spiral was trained."""
    records = {}
    tab = Tab(records, **settings)
    tab.keep()
    tab.open_spiral()
    await tab.work(steps)
    await tab.die()
    return records


QUESTION = "Go on where you left: iteration 7 on the spiral, just now?"


@pytest.mark.parametrize("order", ["spiral first", "autosave first", "spiral after the answer"])
def test_what_was_kept_of_the_spiral_alone_is_offered_and_taken_in_any_order(order):
    async def main():
        tab = Tab(await left_behind(seed=9), hidden_layers=[4])
        if order == "spiral first":
            tab.open_spiral()
        tab.keep()
        assert await tab.offered() == QUESTION
        if order == "autosave first":
            tab.open_spiral()
        tab.offer.answer(True)
        if order == "spiral after the answer":
            await tab.saved("iteration 7 on the spiral")
            tab.open_spiral()
        await until(lambda: tab.plane.state.snapshot.iteration == 7)
        assert tab.plane.state.seed == 9
        await tab.work(1)
        await tab.die()

    work(main)


def test_a_spiral_that_nobody_wanted_back_leaves_what_was_opened():
    async def main():
        tab = Tab(await left_behind(), seed=4)
        tab.keep()
        await tab.offered()
        plane = tab.open_spiral()
        tab.offer.answer(False)
        await tab.work(2)
        assert (plane.state.seed, plane.state.snapshot.iteration) == (4, 2)
        await tab.die()

    work(main)


def test_a_spiral_under_an_unanswered_offer_is_left_alone_and_so_is_the_offer():
    async def main():
        records = await left_behind()
        tab = Tab(records, seed=4)
        tab.keep()
        await tab.offered()
        tab.open_spiral()
        await tab.work(2)
        titles = {Save.from_bytes(content).title for content in records.values()}
        assert "iteration 7 on the spiral" in titles
        await tab.die()

    work(main)


def test_a_spiral_that_is_not_opened_is_kept_on_and_named_on():
    async def main():
        records = await left_behind()
        for _ in range(2):
            tab = Tab(records)
            tab.keep()
            await tab.offered()
            tab.offer.answer(True)
            await until(lambda tab=tab: tab.newest().saved_at > min(map(saved_at, records)))
            await tab.die()
        tab = Tab(records)
        tab.keep()
        assert await tab.offered() == QUESTION
        tab.offer.answer(True)
        await until(lambda: tab.digits.trainer.run_number == 2)
        tab.digits.step()
        await tab.saved("iteration 7 on the spiral and iteration 1 of a 784-128-10 net")
        await tab.die()

    def saved_at(name):
        return int(name.rpartition("/")[2])

    work(main)


def test_a_worker_that_died_gives_its_spiral_back_without_asking():
    async def main():
        tab = Tab(await left_behind(), resume=True)
        tab.open_spiral()
        tab.keep()
        await until(lambda: tab.plane.state.snapshot.iteration == 7)
        assert tab.offer.answer is None
        await tab.die()

    work(main)


class Part:
    """A part of the page that goes on only when the test lets it."""

    name = "digits"
    is_running = False
    title = "digits"
    error = None

    def __init__(self):
        self.gate = asyncio.Event()
        self.is_spoilt = False

    def capture(self):
        return None if self.is_spoilt else b"digits"

    async def restore(self, _content):
        await self.gate.wait()
        if self.error is not None:
            raise self.error


def keeper_of(records, *parts, tell=lambda _sentence: None):
    return Autosave(
        MemoryStore(records),
        parts,
        tab="tab",
        now=lambda: next(MOMENTS),
        clock=lambda: 0.0,
        tell=tell,
    )


def test_a_spiral_that_is_opened_while_the_digits_still_come_back_comes_back_too():
    async def main():
        digits = Part()
        autosave = keeper_of({}, digits)
        controller, opened = make_plane_controller(), make_plane_controller()
        await train_controller(controller, 3)
        parts = {"digits": b"digits", "spiral": SavedPlane(controller).capture()}
        resuming = asyncio.ensure_future(autosave.resume(Save("", 1, parts)))
        await asyncio.sleep(0)
        await autosave.add(SavedPlane(opened))
        assert opened.state.snapshot.iteration == 3
        digits.gate.set()
        assert await resuming

    work(main)


def test_a_second_try_for_the_digits_leaves_the_spiral_that_came_back_alone():
    async def main():
        digits, controller, opened = Part(), make_plane_controller(), make_plane_controller()
        digits.gate.set()
        digits.error = DataError("No network.")
        autosave = keeper_of({}, digits, SavedPlane(opened))
        await train_controller(controller, 3)
        save = Save("", 1, {"digits": b"digits", "spiral": SavedPlane(controller).capture()})
        assert not await autosave.resume(save)
        await train_controller(opened, 4)
        digits.error = None
        assert await autosave.resume(save)
        assert opened.trainer.run.iteration == 7

    work(main)


def test_nothing_waits_any_more_once_somebody_starts_fresh_after_a_try_in_vain():
    async def main():
        digits, controller, opened = Part(), make_plane_controller(), make_plane_controller()
        digits.gate.set()
        digits.error = DataError("No network.")
        autosave = keeper_of({}, digits)
        await train_controller(controller, 3)
        parts = {"digits": b"digits", "spiral": SavedPlane(controller).capture()}
        assert not await autosave.resume(Save("", 1, parts))
        autosave.start_fresh()
        await autosave.add(SavedPlane(opened))
        assert opened.trainer.run.iteration == 0

    work(main)


def test_a_part_that_cannot_be_kept_just_now_does_not_keep_the_others_from_it():
    async def main():
        records, digits, controller = {}, Part(), make_plane_controller()
        autosave = keeper_of(records, digits, SavedPlane(controller))
        digits.is_spoilt = True
        await autosave.save()
        assert records == {}
        digits.is_spoilt = False
        await autosave.save()
        digits.is_spoilt = True
        await train_controller(controller, 2)
        await autosave.save()
        save = Save.from_bytes(records[max(records)])
        assert save.title == "digits and iteration 2 on the spiral"
        assert save.parts["digits"] == b"digits"

    work(main)


def test_a_damaged_spiral_that_waited_is_told_of_when_its_pane_is_opened():
    async def main():
        told = []
        autosave = keeper_of({}, tell=told.append)
        await autosave.resume(Save("", 1, {"spiral": b"torn"}))
        controller = make_plane_controller()
        await autosave.add(SavedPlane(controller))
        assert controller.state.snapshot.iteration == 0
        (sentence,) = told
        assert sentence.startswith("Earlier work could not be gone on with: expected a whole kept")

    work(main)


@pytest.mark.parametrize("in_browser", [True, False])
def test_only_the_browser_form_keeps_the_spiral(monkeypatch, in_browser):
    monkeypatch.setattr(session, "IN_BROWSER", in_browser)

    async def main():
        latecomers, controllers = Latecomers(), []
        pane = session.spiral_pane(
            SERVED,
            controllers,
            DirectPageWriter(),
            Launch("", "tab", resume=False),
            link=lambda: lambda _pane, _query: None,
            latecomers=latecomers,
        )
        pane.make(lambda _running: None)
        await asyncio.sleep(0)
        autosave = keeper_of({})
        await latecomers.meet(autosave)
        (plane,) = controllers
        plane.state.learning_rate = 0.25
        await autosave.save()
        assert bool(autosave._kept) is in_browser
        await plane.close()

    work(main)
