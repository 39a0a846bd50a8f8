"""When the autosave saves, what it offers, and what it does with unusable saves."""

import asyncio

import pytest
from autosave_helpers import MemoryStore, UnreliableStore
from cache_helpers import run, settle
from training_helpers import in_event_loop

from dashboard.autosave.autosave import (
    DEBOUNCE_SECONDS,
    FIRST_RETRY_SECONDS,
    LAST_RETRY_SECONDS,
    LONGEST_PAUSE_SECONDS,
    PAUSE_FACTOR,
    PERIOD_SECONDS,
    Autosave,
)
from dashboard.autosave.save import PIECE_BYTES, Save, SaveError
from dashboard.autosave.sessions import MAX_AGE_DAYS, EarlierSave
from dashboard.autosave.store import StoreError, StoreFullError
from data_cache import DataError


class Part:
    """A part whose whole content is a text."""

    score = picture = ""

    def __init__(self, content="", name="digits"):
        self.name, self.content = name, content
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def title(self):
        return self.content

    def capture(self):
        return None if self.content == "spoilt" else self.content.encode()

    async def restore(self, content):
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.content = content.decode()

    def watch(self, note_change):
        pass


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
        await settle()
        for _, wait in self.waits:
            if not wait.done():
                wait.set_result(None)
        await settle()


FAILURES = (
    StoreFullError("the space is used up"),
    StoreError("its database does not answer"),
    StoreError("the connection is closing"),
)


class Tabs:
    """Tabs of one browser: they share the records, and each has an autosave."""

    def __init__(self):
        self.records: dict[str, bytes] = {}
        self.opened: set[str] = set()
        self.time = 1_000
        self.told: list[str] = []
        self.renamed: list[str] = []
        self.found: list[EarlierSave] = []
        self.reported: list[str | None] = []
        self.sleeper = Sleeper()
        self.seconds = 0.0

    def now(self):
        self.time += 1_000
        return self.time

    async def open(self, *parts, tab="a", store=None, **options):
        """Open a tab; returns its autosave and the first save that it found."""
        autosave = Autosave(
            parts,
            tab=tab,
            rename_tab=self.renamed.append,
            now=self.now,
            clock=lambda: self.seconds,
            tell=self.told.append,
            report=lambda error: self.reported.append(error and str(error)),
            sleep=self.sleeper,
            **options,
        )
        found = await autosave.connect(store or MemoryStore(self.records, self.opened))
        self.found = found
        return autosave, found[0] if found else None

    def titles_found(self):
        """What the tab that was opened last found."""
        return [it.save.title for it in self.found]

    async def leave(self, *parts, tab="a"):
        """Open a tab, save something in it, and close it."""
        autosave, _ = await self.open(*parts, tab=tab)
        await autosave.save()
        self.opened.clear()

    async def wake_until(self, task):
        """End all waits until a task is done."""
        while not task.done():
            await self.sleeper.wake()

    def saved(self):
        return [
            Save.from_bytes(content).title
            for name, content in sorted(self.records.items())
            if not name.startswith("aside/")
        ]

    def aside(self):
        return sorted(name for name in self.records if name.startswith("aside/"))


@pytest.fixture
def tabs():
    return Tabs()


# Offering and restoring


@in_event_loop
async def test_the_newest_save_is_offered_and_restored(tabs):
    part = Part("first")
    autosave, found = await tabs.open(part)
    assert found is None
    for part.content in ("first", "second", "third"):
        await autosave.save()
    tabs.opened.clear()
    other = Part()
    later, save = await tabs.open(other)
    assert save.save.title == "third"
    assert await later.restore(save)
    assert other.content == "third"
    assert tabs.told == []


@in_event_loop
async def test_a_tab_prefers_its_own_save_to_newer_ones_of_others(tabs):
    await tabs.leave(Part("mine"), tab="a")
    await tabs.leave(Part("theirs"), tab="b")
    assert (await tabs.open(Part(), tab="a"))[1].save.title == "mine"
    tabs.opened.clear()
    assert (await tabs.open(Part(), tab="new"))[1].save.title == "theirs"


@in_event_loop
async def test_saves_of_an_open_tab_are_neither_offered_nor_deleted(tabs):
    first, _ = await tabs.open(Part("busy"), tab="a")
    await first.save()
    before = dict(tabs.records)
    opening = asyncio.create_task(tabs.open(Part("other"), tab="b"))
    await tabs.wake_until(opening)
    second, found = await opening
    assert found is None
    second.decline()
    for _ in range(5):
        await second.save()
    assert before.items() <= tabs.records.items()


@pytest.mark.parametrize("damage", [lambda it: it[: len(it) // 2], lambda it: it[:-1] + b"!"])
@in_event_loop
async def test_a_damaged_save_is_put_aside_with_a_notice_and_the_one_before_it_is_offered(
    tabs, damage
):
    part = Part("older")
    autosave, _ = await tabs.open(part)
    await autosave.save()
    part.content = "newer"
    await autosave.save()
    tabs.opened.clear()
    newest = max(tabs.records)
    damaged = tabs.records[newest] = damage(tabs.records[newest])
    assert (await tabs.open(Part()))[1].save.title == "older"
    assert tabs.records[f"aside/{newest}"] == damaged
    assert newest not in tabs.records
    assert len(tabs.told) == 1


@in_event_loop
async def test_a_part_that_cannot_use_its_bytes_has_the_save_put_aside(tabs):
    await tabs.leave(Part("strange"))
    part = Part()
    part.error = SaveError("made of cheese")
    autosave, save = await tabs.open(part)
    assert await autosave.restore(save)
    assert len(tabs.told) == 1
    assert "put aside: made of cheese." in tabs.told[0]
    assert len(tabs.aside()) == 1
    tabs.opened.clear()
    assert (await tabs.open(Part()))[1] is None


@in_event_loop
async def test_a_save_whose_data_are_not_available_stays_for_another_try(tabs):
    await tabs.leave(Part("far away"), Part("plane", "spiral"))
    digits, plane = Part(), Part(name="spiral")
    digits.error = DataError("No network.")
    autosave, save = await tabs.open(digits, plane)
    assert not await autosave.restore(save)
    assert "No network." in tabs.told[0]
    digits.content, plane.content = "something else", "trained further"
    await autosave.save()
    digits.error = None
    assert await autosave.restore(save)
    assert (digits.content, plane.content) == ("far away", "trained further")


@in_event_loop
async def test_a_declined_save_stays_and_is_offered_again(tabs):
    await tabs.leave(Part("old work"))
    part = Part("new work")
    autosave, _ = await tabs.open(part)
    autosave.decline()
    await autosave.save()
    tabs.opened.clear()
    await tabs.open(Part())
    assert tabs.titles_found() == ["new work", "old work"]


@in_event_loop
async def test_a_restored_save_is_deleted_only_when_its_work_is_saved_again(tabs):
    await tabs.leave(Part("old work"))
    part = Part()
    autosave, save = await tabs.open(part)
    assert await autosave.restore(save)
    assert tabs.saved() == ["old work"]
    part.content = "continued work"
    await autosave.save()
    assert tabs.saved() == ["continued work"]


@in_event_loop
async def test_an_unanswered_offer_stays_beside_the_new_work(tabs):
    await tabs.leave(Part("old work"))
    autosave, _ = await tabs.open(Part("new work"))
    await autosave.save()
    assert tabs.saved() == ["old work", "new work"]


@in_event_loop
async def test_saves_of_all_closed_tabs_are_offered_until_they_are_too_old(tabs):
    for number in range(6):
        tabs.records[f"aside/{number}/{tabs.time}"] = b"?"
        await tabs.leave(Part(f"work {number}"), tab=f"tab{number}")
    await tabs.open(Part(), tab="tab2")
    assert tabs.titles_found() == [f"work {number}" for number in (2, 5, 4, 3, 1, 0)]
    assert len(tabs.aside()) == 6
    tabs.opened.clear()
    tabs.time += MAX_AGE_DAYS * 86_400_000 - 10_000
    await tabs.open(Part())
    assert "work 5" in tabs.titles_found()
    assert "work 0" not in tabs.titles_found()
    assert tabs.saved() == sorted(tabs.titles_found())
    assert 0 < len(tabs.aside()) < 6


@in_event_loop
async def test_a_save_is_deleted_on_request_and_no_other_with_it(tabs):
    for name in "abc":
        await tabs.leave(Part(name), tab=name)
    autosave, _ = await tabs.open(Part(), tab="new")
    assert tabs.titles_found() == ["c", "b", "a"]
    assert await autosave.delete(tabs.found[1])
    assert (tabs.saved(), autosave.earlier_count) == (["a", "c"], 2)
    await autosave.delete_earlier()
    assert (tabs.saved(), autosave.earlier_count) == ([], 0)


@in_event_loop
async def test_a_save_that_another_tab_has_restored_meanwhile_is_not_restored_twice(tabs):
    await tabs.leave(Part("work"))
    first, second = Part(), Part()
    one, save = await tabs.open(first, tab="b")
    other, same = await tabs.open(second, tab="c")
    assert await one.restore(save)
    first.content = "work continued"
    await one.save()
    assert await other.restore(same)
    assert second.content == ""
    assert len(tabs.told) == 1


@in_event_loop
async def test_the_list_names_scores_and_has_a_picture(tabs):
    part = Part("iteration 3")
    part.score, part.picture = "validation accuracy 91.0 %", "AAAA"
    await tabs.leave(part, Part("points", "spiral"))
    _, found = await tabs.open(Part())
    assert found.save.description == "iteration 3 (validation accuracy 91.0 %) and points"
    assert found.save.picture == "AAAA"


# Several tabs


@in_event_loop
async def test_tabs_that_are_reloaded_together_are_offered_their_own_work(tabs):
    names = "abcde"
    for name in names:
        autosave, _ = await tabs.open(Part(f"work {name}"), tab=name)
        await autosave.save()
        tabs.opened.clear()
    openings = [asyncio.create_task(tabs.open(Part(), tab=name)) for name in names]
    await tabs.wake_until(asyncio.gather(*openings))
    for name, opening in zip(names, openings, strict=True):
        _, found = await opening
        assert found.save.title == f"work {name}"
        assert found.is_own
    assert tabs.saved() == [f"work {name}" for name in names]


@in_event_loop
async def test_earlier_work_of_an_open_tab_is_not_offered_to_another_one(tabs):
    await tabs.leave(Part("unanswered"), tab="a")
    await tabs.open(Part(), tab="a")
    await tabs.wake_until(asyncio.create_task(tabs.open(Part(), tab="b")))
    assert tabs.titles_found() == []


@in_event_loop
async def test_earlier_work_of_a_tab_that_is_only_ending_is_offered(tabs):
    await tabs.leave(Part("unanswered"), tab="a")
    await tabs.open(Part(), tab="a")
    opening = asyncio.create_task(tabs.open(Part(), tab="b"))
    await tabs.sleeper.wake()
    tabs.opened.discard(min(tabs.opened))
    await tabs.wake_until(opening)
    assert tabs.titles_found() == ["unanswered"]


@in_event_loop
async def test_a_copy_of_a_tab_gets_a_name_of_its_own_and_keeps_it(tabs):
    original, _ = await tabs.open(Part("original work"), tab="a")
    await original.save()
    names = []
    for copied in ("a", "a"):  # a copy, and a copy of the copy before it has its name
        part = Part("work of a copy")
        opening = asyncio.create_task(tabs.open(part, tab=copied))
        await tabs.wake_until(opening)
        copy, found = await opening
        assert found is None
        names.append(tabs.renamed[-1])
        await copy.save()
    assert len({"a", *names}) == 3
    await original.save()
    tabs.opened.clear()
    await tabs.open(Part(), tab=names[0])
    assert [it.is_own for it in tabs.found] == [True, False, False]


@in_event_loop
async def test_the_tab_that_was_there_first_keeps_its_name(tabs):
    openings = [asyncio.create_task(tabs.open(Part(), tab="a")) for _ in range(3)]
    await tabs.wake_until(asyncio.gather(*openings))
    assert len(tabs.renamed) == 2
    assert len({session.rpartition(".")[0] for session in tabs.opened}) == 3


@in_event_loop
async def test_a_reloaded_tab_keeps_its_name_although_its_last_load_is_only_ending(tabs):
    autosave, _ = await tabs.open(Part("work"), tab="a")
    await autosave.save()
    opening = asyncio.create_task(tabs.open(Part(), tab="a"))
    await tabs.sleeper.wake()
    tabs.opened.discard(min(tabs.opened))
    await tabs.wake_until(opening)
    _, found = await opening
    assert found.save.title == "work"
    assert tabs.renamed == []


# Parts that are added later


@in_event_loop
async def test_a_file_has_all_work_and_what_it_replaces_is_offered_later(tabs):
    sender, _ = await tabs.open(Part("digits"), Part("points", "plane"), tab="a")
    assert await Autosave([Part()], tab="b", tell=tabs.told.append).to_file() is None
    await sender.save()
    content = await sender.to_file()
    tabs.opened.clear()
    parts = Part("replaced"), Part("", "plane")
    receiver, _ = await tabs.open(*parts, tab="c")
    await receiver.restore_file(content, "work.inkling")
    assert [part.content for part in parts] == ["digits", "points"]
    await receiver.save()
    tabs.opened.clear()
    await tabs.open(Part())
    assert sorted(tabs.titles_found()) == ["digits and points"] * 2 + ["replaced"]
    assert tabs.told == []


@in_event_loop
async def test_a_file_that_cannot_be_used_is_named_and_changes_nothing(tabs):
    sender, _ = await tabs.open(Part("work"))
    content = await sender.to_file()
    tabs.opened.clear()
    part = Part("mine")
    receiver, _ = await tabs.open(part, tab="b")
    await receiver.restore_file(content[:-1], "work.inkling")
    part.error = SaveError("of another version")
    await receiver.restore_file(content, "work.inkling")
    assert part.content == "mine"
    assert all("work.inkling cannot be used" in sentence for sentence in tabs.told)
    assert len(tabs.told) == 2


@in_event_loop
async def test_a_file_of_unsaved_work_leaves_it_to_be_saved(tabs):
    autosave, _ = await tabs.open(Part("work"))
    await autosave.to_file()
    await autosave.save()
    assert tabs.saved() == ["work"]


@in_event_loop
async def test_the_content_for_a_part_that_does_not_exist_yet_stays_saved(tabs):
    await tabs.leave(Part("one"), Part("two", "spiral"))
    part = Part()
    autosave, save = await tabs.open(part)
    await autosave.restore(save)
    part.content = "three"
    await autosave.save()
    (content,) = tabs.records.values()
    assert Save.from_bytes(content).parts == {"digits": b"three", "spiral": b"two"}


@in_event_loop
async def test_a_part_that_is_added_while_others_are_being_restored_is_restored_too(tabs):
    await tabs.leave(Part("one"), Part("two", "spiral"))
    digits, plane = Part(), Part(name="spiral")
    digits.gate.clear()
    autosave, save = await tabs.open(digits)
    restoring = asyncio.ensure_future(autosave.restore(save))
    await settle()
    await autosave.add(plane)
    assert plane.content == "two"
    digits.gate.set()
    assert await restoring


@in_event_loop
async def test_a_part_that_is_added_after_declining_stays_as_it_is(tabs):
    await tabs.leave(Part("one"), Part("two", "spiral"))
    digits, plane = Part(), Part(name="spiral")
    digits.error = DataError("No network.")
    autosave, save = await tabs.open(digits)
    assert not await autosave.restore(save)
    autosave.decline()
    await autosave.add(plane)
    assert plane.content == ""


@in_event_loop
async def test_unusable_content_for_a_part_that_is_added_later_is_put_aside(tabs):
    await tabs.leave(Part("one"), Part("two", "spiral"))
    autosave, save = await tabs.open(Part())
    await autosave.restore(save)
    await autosave.save()
    plane = Part(name="spiral")
    plane.error = SaveError("of another version")
    await autosave.add(plane)
    (name,) = tabs.aside()
    assert Save.from_bytes(tabs.records[name]).parts == {"spiral": b"two"}
    assert len(tabs.told) == 1


# Saving


def test_the_older_of_two_saves_is_whole_while_the_newer_is_written(tabs):
    seen = []

    class Watching(MemoryStore):
        async def write(self, name, content):
            seen.append(tabs.saved())
            await super().write(name, content)

    async def main():
        part = Part("0")
        autosave, _ = await tabs.open(part, store=Watching(tabs.records))
        for number in range(5):
            part.content = str(number)
            await autosave.save()

    run(main())
    assert seen == [[], ["0"], ["0", "1"], ["1", "2"], ["2", "3"]]
    assert tabs.saved() == ["3", "4"]


@in_event_loop
async def test_nothing_is_written_when_nothing_changed_or_nothing_was_done(tabs):
    part = Part()
    autosave, _ = await tabs.open(part)
    await autosave.save()
    assert tabs.records == {}
    part.content = "done"
    await autosave.save()
    before = dict(tabs.records)
    await autosave.save()
    assert tabs.records == before


@in_event_loop
async def test_work_that_was_saved_before_its_title_changed_is_saved_with_its_title(tabs):
    class Late(Part):
        title = "a fresh net"

    part = Late("iteration 1")
    autosave, _ = await tabs.open(part)
    await autosave.save()
    part.title = "iteration 1 of a net"
    await autosave.save()
    assert tabs.saved() == ["a fresh net", "iteration 1 of a net"]


@in_event_loop
async def test_a_part_that_cannot_be_saved_right_now_keeps_its_last_save_and_delays_no_other(tabs):
    digits, plane = Part("spoilt"), Part("one", "spiral")
    autosave, _ = await tabs.open(digits, plane)
    await autosave.save()
    assert tabs.records == {}
    digits.content = "good"
    await autosave.save()
    digits.content, plane.content = "spoilt", "two"
    await autosave.save()
    assert tabs.saved() == ["good and one", "good and two"]
    assert Save.from_bytes(tabs.records[max(tabs.records)]).parts["digits"] == b"good"


@in_event_loop
async def test_a_clock_that_is_set_back_does_not_make_an_old_save_the_newest(tabs):
    part = Part("before")
    autosave, _ = await tabs.open(part)
    await autosave.save()
    tabs.time = 1
    part.content = "after"
    await autosave.save()
    tabs.opened.clear()
    assert (await tabs.open(Part()))[1].save.title == "after"


@pytest.mark.parametrize("failure", FAILURES)
@in_event_loop
async def test_a_store_that_fails_is_reported_once_and_used_again_when_it_works(tabs, failure):
    part, store = Part("1"), UnreliableStore(tabs.records)
    autosave, _ = await tabs.open(part, store=store)
    store.failures["write"] = failure
    assert not await autosave.save()
    assert not await autosave.save()
    assert tabs.reported == [str(failure)]
    store.failures.clear()
    assert await autosave.save()
    assert tabs.saved() == ["1"]
    assert tabs.reported == [str(failure), None]
    store.failures["write"], part.content = failure, "2"
    await autosave.save()
    assert tabs.reported == [str(failure), None, str(failure)]


@in_event_loop
async def test_another_reason_is_reported_too(tabs):
    store = UnreliableStore(tabs.records)
    autosave, _ = await tabs.open(Part("1"), store=store)
    for failure in FAILURES:
        store.failures["write"] = failure
        await autosave.save()
    assert tabs.reported == [str(failure) for failure in FAILURES]


@in_event_loop
async def test_a_lack_of_memory_is_reported_and_the_part_is_saved_later(tabs):
    class Large(Part):
        is_too_large = True

        def capture(self):
            if self.is_too_large:
                raise MemoryError
            return super().capture()

    part = Large("1")
    autosave, _ = await tabs.open(part)
    assert not await autosave.save()
    part.is_too_large = False
    assert await autosave.save()
    assert tabs.saved() == ["1"]
    assert len(tabs.reported) == 2


@in_event_loop
async def test_where_space_lacks_the_older_save_of_the_session_makes_some(tabs):
    class Small(MemoryStore):
        async def write(self, name, content):
            if len(self.records) == 2:
                raise StoreFullError("no space")
            await super().write(name, content)

    part = Part()
    autosave, _ = await tabs.open(part, store=Small(tabs.records))
    for part.content in "1234":
        assert await autosave.save()
    assert tabs.saved() == ["3", "4"]
    assert tabs.reported == []


class LongPart(Part):
    """A part with a long content that grows at its end; its title is its size."""

    title = property(lambda self: f"{len(self.content)} bytes")


@in_event_loop
async def test_what_saves_have_in_common_is_written_once_and_deleted_with_the_last_of_them(tabs):
    class CountingStore(MemoryStore):
        written = 0

        async def write(self, name, content):
            self.written += len(content)
            await super().write(name, content)

    def pieces(session):
        return [name for name in tabs.records if name.startswith(f"{session}.") and "piece" in name]

    store = CountingStore(tabs.records, tabs.opened)
    part = LongPart("".join(map(chr, range(32, 127))) * (5 * PIECE_BYTES // 96))
    autosave, _ = await tabs.open(part, store=store)
    for _ in range(2):
        part.content += "more"
        assert await autosave.save()
    store.written = 0
    for _ in range(5):
        part.content += "more"
        assert await autosave.save()
    assert store.written < 6 * PIECE_BYTES  # and not 25
    assert len(pieces("a")) == 4
    expected, file = part.content, await autosave.to_file()
    assert Save.from_bytes(file).parts["digits"] == expected.encode()
    tabs.opened.clear()

    # The next load of the tab continues, and then is reset.
    part = LongPart("")
    autosave, found = await tabs.open(part)
    assert await autosave.restore(found)
    assert part.content == expected
    for _ in range(2):
        part.content += "more"
        await autosave.save()
    first, *_ = pieces("a")
    assert all(name.partition("/")[0] == first.partition("/")[0] for name in pieces("a"))
    assert len(pieces("a")) == 4
    for part.content in ("new", "newer"):
        await autosave.save()
    assert pieces("a") == []
    tabs.opened.clear()


@in_event_loop
async def test_a_save_without_one_of_its_pieces_is_put_aside_and_deletion_leaves_none(tabs):
    part = LongPart("x" * PIECE_BYTES + "y" * PIECE_BYTES)
    autosave, _ = await tabs.open(part)
    for _ in range(3):
        part.content += "more"
        await autosave.save()
    tabs.opened.clear()
    lost = min(name for name in tabs.records if "piece" in name)
    kept = tabs.records.pop(lost)
    _, found = await tabs.open(Part(), tab="b")
    assert found is None
    assert len(tabs.told) == 2
    assert "damaged" in tabs.told[0]
    assert len(tabs.aside()) == 2
    tabs.opened.clear()

    tabs.records.clear()
    autosave, _ = await tabs.open(part)
    for _ in range(3):
        part.content += "more"
        await autosave.save()
    tabs.opened.clear()
    tabs.records["gone.1/piece-000007"] = kept  # its session ended before its first save
    autosave, found = await tabs.open(Part(), tab="b")
    assert "gone.1/piece-000007" not in tabs.records
    assert await autosave.delete(found)
    assert tabs.records == {}


@in_event_loop
async def test_a_save_counts_although_the_one_that_it_replaces_cannot_be_deleted(tabs):
    part, store = Part(), UnreliableStore(tabs.records)
    autosave, _ = await tabs.open(part, store=store)
    store.failures["delete"] = FAILURES[0]
    for part.content in "123":
        assert await autosave.save()
    assert tabs.saved() == ["1", "2", "3"]
    store.failures.clear()
    part.content = "4"
    await autosave.save()
    assert tabs.saved() == ["3", "4"]
    assert tabs.reported == []


@in_event_loop
async def test_pauses_between_tries_grow_and_end_when_saving_works_again(tabs):
    store = UnreliableStore(tabs.records)
    autosave, task = await running(tabs, Part("drawn"), store=store)
    store.failures["write"] = FAILURES[0]
    autosave.note_change()
    await tabs.sleeper.wake()
    pauses = []
    for _ in range(8):
        pauses += tabs.sleeper.pending
        await tabs.sleeper.wake()  # the pause
        await tabs.sleeper.wake()  # what collects changes
    assert pauses[:2] == [FIRST_RETRY_SECONDS, 2 * FIRST_RETRY_SECONDS]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LAST_RETRY_SECONDS
    store.failures.clear()
    autosave.retry_now()
    await tabs.sleeper.wake()
    await tabs.sleeper.wake()
    assert tabs.saved() == ["drawn"]
    assert tabs.reported == [str(FAILURES[0]), None]
    task.cancel()


async def running(tabs, part, store=None, **options):
    """Start an autosave, and return it with its task."""
    autosave, _ = await tabs.open(part, store=store, **options)
    task = asyncio.get_running_loop().create_task(autosave.run())
    await settle()
    assert tabs.sleeper.pending == []
    return autosave, task


@in_event_loop
async def test_urgent_changes_are_saved_after_a_short_pause(tabs):
    autosave, task = await running(tabs, Part("drawn"))
    for _ in range(20):
        autosave.note_change()
    await settle()
    assert (tabs.sleeper.pending, tabs.saved()) == ([DEBOUNCE_SECONDS], [])
    await tabs.sleeper.wake()
    assert (tabs.sleeper.pending, tabs.saved()) == ([], ["drawn"])
    task.cancel()


@in_event_loop
async def test_training_is_saved_once_a_period_and_a_pause_in_it_at_once(tabs):
    part = Part("iteration 1")
    autosave, task = await running(tabs, part)
    autosave.note_change(urgent=False)
    await tabs.sleeper.wake()
    assert tabs.sleeper.pending == [PERIOD_SECONDS - DEBOUNCE_SECONDS]
    assert tabs.saved() == []
    await tabs.sleeper.wake()
    assert tabs.saved() == ["iteration 1"]
    part.content = "iteration 2"
    autosave.note_change(urgent=False)
    await tabs.sleeper.wake()
    autosave.note_change()
    await settle()
    assert tabs.saved()[-1] == "iteration 2"
    task.cancel()


@pytest.mark.parametrize(
    ("seconds", "longest", "pause"),
    [
        (0.1, {}, 0.1 * PAUSE_FACTOR),
        (30, {}, LONGEST_PAUSE_SECONDS),
        (0.1, {"longest_pause": 1.5}, 1.5),
    ],
)
@in_event_loop
async def test_a_slow_save_is_followed_by_a_longer_pause_within_the_bound(
    tabs, seconds, longest, pause
):
    class Slow(Part):
        def capture(self):
            tabs.seconds += seconds
            return super().capture()

    autosave, task = await running(tabs, Slow("big"), **longest)
    autosave.note_change()
    await tabs.sleeper.wake()
    autosave.note_change()
    await settle()
    assert tabs.sleeper.pending == [pytest.approx(pause)]
    task.cancel()
