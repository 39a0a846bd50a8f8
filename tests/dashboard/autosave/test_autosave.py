"""When the autosave saves, what it offers, and what it does with saves that are of no use."""

import asyncio

import pytest
from cache_helpers import run, settle

from dashboard.autosave import Autosave, MemoryStore, Save, SaveError, StoreError
from dashboard.autosave.autosave import LINGERING_CHECKS, PERIOD_SECONDS, QUIET_SECONDS
from data_cache import DataError


class Part:
    """A part whose whole content is a text."""

    def __init__(self, name="digits", content=""):
        self.name, self.content = name, content
        self.is_running = False
        self.error: Exception | None = None

    @property
    def title(self):
        return self.content

    def capture(self):
        return None if self.content == "spoilt" else self.content.encode()

    async def restore(self, content):
        if self.error is not None:
            raise self.error
        self.content = content.decode()


class Sleeper:
    """Waits that end when the test says so."""

    def __init__(self):
        self.waits: list[tuple[float, asyncio.Future[None]]] = []

    async def __call__(self, seconds):
        wait = asyncio.get_running_loop().create_future()
        self.waits.append((seconds, wait))
        await wait

    @property
    def pending(self):
        return [seconds for seconds, wait in self.waits if not wait.done()]

    async def wake(self):
        for _, wait in self.waits:
            if not wait.done():
                wait.set_result(None)
        await settle()


class Tabs:
    """Tabs of one browser: they share the records, and each has a autosave."""

    def __init__(self):
        self.records: dict[str, bytes] = {}
        self.alive: set[str] = set()
        self.time = 1_000
        self.told: list[str] = []
        self.sleeper = Sleeper()
        self.seconds = 0.0

    def now(self):
        self.time += 1_000
        return self.time

    def open(self, *parts, tab="a", store=None):
        return Autosave(
            store or MemoryStore(self.records, self.alive),
            parts,
            tab=tab,
            now=self.now,
            clock=lambda: self.seconds,
            tell=self.told.append,
            sleep=self.sleeper,
        )

    def close_all(self):
        self.alive.clear()

    async def leave(self, content, tab="a"):
        """Open a tab, save something in it, and close it."""
        autosave = self.open(Part(content=content), tab=tab)
        await autosave.find()
        await autosave.save()
        self.close_all()

    def saved(self):
        return [
            Save.from_bytes(content).title
            for name, content in sorted(self.records.items())
            if not name.startswith("aside/")
        ]


@pytest.fixture
def tabs():
    return Tabs()


# Offering


def test_an_empty_store_offers_nothing(tabs):
    assert run(tabs.open(Part()).find()) is None
    assert tabs.told == []


def test_the_newest_save_is_offered_and_gone_on_from(tabs):
    async def main():
        part = Part(content="first")
        autosave = tabs.open(part)
        await autosave.find()
        for part.content in ("first", "second", "third"):
            await autosave.save()
        tabs.close_all()
        other = Part()
        later = tabs.open(other)
        save = await later.find()
        assert save.title == "third"
        assert await later.resume(save)
        assert other.content == "third"

    run(main())


def test_a_tab_prefers_its_own_work_to_newer_work_of_others(tabs):
    async def main():
        await tabs.leave("mine", tab="a")
        await tabs.leave("theirs", tab="b")
        assert (await tabs.open(Part(), tab="a").find()).title == "mine"
        tabs.close_all()
        assert (await tabs.open(Part(), tab="new").find()).title == "theirs"

    run(main())


def test_work_of_a_tab_that_is_still_open_is_neither_offered_nor_touched(tabs):
    async def main():
        first = tabs.open(Part(content="busy"), tab="a")
        await first.find()
        await first.save()
        before = dict(tabs.records)
        second = tabs.open(Part(content="other"), tab="b")
        finding = asyncio.create_task(second.find())
        for _ in range(LINGERING_CHECKS):
            await settle()
            await tabs.sleeper.wake()
        assert await finding is None
        second.start_fresh()
        for _ in range(5):
            await second.save()
        assert before.items() <= tabs.records.items()

    run(main())


@pytest.mark.parametrize("damage", [lambda it: it[: len(it) // 2], lambda it: it[:-1] + b"!"])
def test_a_torn_save_is_put_aside_with_a_sentence_and_the_one_before_it_is_offered(tabs, damage):
    async def main():
        part = Part(content="older")
        autosave = tabs.open(part)
        await autosave.find()
        await autosave.save()
        part.content = "newer"
        await autosave.save()
        tabs.close_all()
        newest = max(tabs.records)
        torn = tabs.records[newest] = damage(tabs.records[newest])
        assert (await tabs.open(Part()).find()).title == "older"
        assert tabs.records[f"aside/{newest}"] == torn
        assert newest not in tabs.records
        assert len(tabs.told) == 1
        assert "could not be used and was put aside: expected a whole save" in tabs.told[0]

    run(main())


def test_a_part_that_cannot_use_its_bytes_has_the_save_put_aside(tabs):
    async def main():
        await tabs.leave("strange")
        part = Part()
        part.error = SaveError("made of cheese")
        autosave = tabs.open(part)
        assert await autosave.resume(await autosave.find())
        assert tabs.told == [
            "A save of earlier work could not be used and was put aside: made of cheese."
        ]
        tabs.close_all()
        assert await tabs.open(Part()).find() is None

    run(main())


def test_a_save_whose_data_cannot_be_had_now_stays_for_another_try(tabs):
    async def main():
        await tabs.leave("far away")
        part = Part()
        part.error = DataError("No network.")
        autosave = tabs.open(part)
        save = await autosave.find()
        assert not await autosave.resume(save)
        assert tabs.told == ["Going on was not possible just now: No network."]
        part.content = "something else meanwhile"
        await autosave.save()
        part.error = None
        assert await autosave.resume(save)
        assert part.content == "far away"

    run(main())


def test_the_save_that_was_offered_goes_only_when_there_is_another_in_its_place(tabs):
    async def main():
        await tabs.leave("old work")
        part = Part()
        autosave = tabs.open(part)
        await autosave.find()
        autosave.start_fresh()
        await autosave.save()  # nobody has done anything yet
        assert tabs.saved() == ["old work"]
        part.content = "new work"
        await autosave.save()
        assert tabs.saved() == ["new work"]

    run(main())


def test_an_offer_that_nobody_answers_stays_beside_the_new_work(tabs):
    async def main():
        await tabs.leave("old work")
        autosave = tabs.open(Part(content="new work"))
        await autosave.find()
        await autosave.save()
        assert tabs.saved() == ["old work", "new work"]

    run(main())


def test_only_the_newest_closed_sessions_and_damaged_saves_are_kept(tabs):
    async def main():
        for number in range(6):
            tabs.records[f"aside/{number}/1"] = b"?"
            await tabs.leave(f"work {number}", tab=f"tab{number}")
        await tabs.open(Part()).find()
        assert tabs.saved() == ["work 3", "work 4", "work 5"]
        asides = sorted(name for name in tabs.records if name.startswith("aside/"))
        assert asides == ["aside/3/1", "aside/4/1", "aside/5/1"]

    run(main())


def test_what_is_kept_of_a_part_that_is_not_made_yet_is_carried_along(tabs):
    async def main():
        autosave = tabs.open(Part(content="one"), Part("spiral", "two"))
        await autosave.find()
        await autosave.save()
        tabs.close_all()
        part = Part()
        autosave = tabs.open(part)
        await autosave.resume(await autosave.find())
        part.content = "three"
        await autosave.save()
        (content,) = tabs.records.values()
        assert Save.from_bytes(content).parts == {"digits": b"three", "spiral": b"two"}

    run(main())


def test_a_part_that_is_made_later_goes_on_from_what_was_carried_for_it(tabs):
    async def main():
        autosave = tabs.open(Part(content="one"), Part("spiral", "two"))
        await autosave.find()
        await autosave.save()
        tabs.close_all()
        autosave = tabs.open(Part())
        await autosave.resume(await autosave.find())
        later = Part("spiral")
        await autosave.add(later)
        assert later.content == "two"

    run(main())


# Saving


def test_two_saves_of_a_session_are_kept_and_the_older_is_whole_while_the_newer_is_written(tabs):
    seen = []

    class Watching(MemoryStore):
        async def write(self, name, content):
            seen.append(tabs.saved())
            await super().write(name, content)

    async def main():
        part = Part(content="0")
        autosave = tabs.open(part, store=Watching(tabs.records))
        for number in range(5):
            part.content = str(number)
            await autosave.save()

    run(main())
    assert seen == [[], ["0"], ["0", "1"], ["1", "2"], ["2", "3"]]
    assert tabs.saved() == ["3", "4"]


def test_nothing_is_written_when_nothing_changed_or_nothing_was_done(tabs):
    async def main():
        part = Part()
        autosave = tabs.open(part)
        await autosave.save()
        assert tabs.records == {}
        part.content = "done"
        await autosave.save()
        before = dict(tabs.records)
        await autosave.save()
        assert tabs.records == before

    run(main())


def test_what_cannot_be_kept_just_now_leaves_the_save_before_it(tabs):
    async def main():
        part = Part(content="good")
        autosave = tabs.open(part)
        await autosave.save()
        part.content = "spoilt"
        await autosave.save()
        assert tabs.saved() == ["good"]

    run(main())


def test_a_clock_that_goes_back_does_not_make_an_old_save_the_newest(tabs):
    async def main():
        part = Part(content="before")
        autosave = tabs.open(part)
        await autosave.save()
        tabs.time = 1
        part.content = "after"
        await autosave.save()
        tabs.close_all()
        assert (await tabs.open(Part()).find()).title == "after"

    run(main())


class Full(MemoryStore):
    """A store without room, until there is some."""

    full = True

    async def write(self, name, content):
        if self.full:
            raise StoreError("the quota is used up")
        await super().write(name, content)


def test_a_store_that_refuses_is_told_once_and_tried_again(tabs):
    async def main():
        part = Part(content="1")
        store = Full(tabs.records)
        autosave = tabs.open(part, store=store)
        await autosave.save()
        await autosave.save()
        assert len(tabs.told) == 1
        assert "cannot be kept in this browser (the quota is used up)" in tabs.told[0]
        store.full = False
        await autosave.save()
        assert tabs.saved() == ["1"]
        store.full, part.content = True, "2"
        await autosave.save()
        assert len(tabs.told) == 2

    run(main())


async def keeping(tabs, part):
    """Start a autosave, and return it with its task."""
    autosave = tabs.open(part)
    task = asyncio.get_running_loop().create_task(autosave.keep())
    await settle()
    assert tabs.sleeper.pending == []
    return autosave, task


def test_a_hurried_change_is_saved_once_it_has_been_quiet_for_a_moment(tabs):
    async def main():
        part = Part(content="drawn")
        autosave, task = await keeping(tabs, part)
        for _ in range(20):
            autosave.note()
        await settle()
        assert tabs.sleeper.pending == [QUIET_SECONDS]
        assert tabs.saved() == []
        await tabs.sleeper.wake()
        assert tabs.saved() == ["drawn"]
        assert tabs.sleeper.pending == []
        task.cancel()

    run(main())


def test_training_is_saved_once_a_period_and_a_pause_at_once(tabs):
    async def main():
        part = Part(content="iteration 1")
        autosave, task = await keeping(tabs, part)
        autosave.note(hurry=False)
        await settle()
        await tabs.sleeper.wake()
        assert tabs.sleeper.pending == [PERIOD_SECONDS - QUIET_SECONDS]
        assert tabs.saved() == []
        await tabs.sleeper.wake()
        assert tabs.saved() == ["iteration 1"]
        part.content = "iteration 2"
        autosave.note(hurry=False)
        await settle()
        await tabs.sleeper.wake()
        autosave.note()  # paused
        await settle()
        assert tabs.saved()[-1] == "iteration 2"
        task.cancel()

    run(main())


def test_a_save_that_takes_long_is_followed_by_a_longer_pause(tabs):
    class Slow(Part):
        def capture(self):
            tabs.seconds += 0.1
            return super().capture()

    async def main():
        autosave, task = await keeping(tabs, Slow(content="big"))
        autosave.note()
        await settle()
        await tabs.sleeper.wake()
        autosave.note()
        await settle()
        assert tabs.sleeper.pending == [pytest.approx(2.0)]
        task.cancel()

    run(main())
