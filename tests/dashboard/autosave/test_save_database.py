"""The saves of a server's visitors: apart, bounded, expiring, and whole after any kill."""

import contextlib
import os
import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from killed_writers import check_kills

from dashboard.autosave.save_database import (
    BEAT_WITHIN_SECONDS,
    FILE_NAME,
    OWNER_SHARE,
    SaveDatabase,
    SaveLimits,
    owner_of,
)
from dashboard.autosave.store import StoreError, StoreFullError

LIMITS = SaveLimits(max_bytes=4000, max_seconds=1000.0)
KILLS = int(os.environ.get("INKLING_KILLS", "15"))
OWNERS = ("ann", "bob")


class Clock:
    def __init__(self):
        self.time = 1_000_000.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(tmp_path, clock):
    opened = []

    def make(process="one", limits=LIMITS):
        opened.append(SaveDatabase(tmp_path / "state", limits, clock, process))
        return opened[-1]

    yield make
    for database in opened:
        database.close()


def test_what_one_visitor_saved_is_found_by_that_visitor_alone(make):
    database = make()
    database.enter("ann", "tab.1")
    database.write("ann", "tab.1", "tab.1/5", b"work")
    assert database.names("ann") == ["tab.1/5"]
    assert database.read("ann", "tab.1/5") == b"work"
    assert database.names("bob") == []
    with pytest.raises(StoreError):
        database.read("bob", "tab.1/5")
    database.delete("bob", "tab.1/5")
    assert make("another").read("ann", "tab.1/5") == b"work"


@pytest.mark.parametrize("key", ["", "short", "x" * 42, "x" * 129, "ä" * 48, "a b" * 16])
def test_a_key_that_might_be_guessed_is_refused(key):
    with pytest.raises(ValueError, match="expected a key"):
        owner_of(key)


def test_the_file_holds_no_key_and_is_for_its_owner_alone(make, tmp_path):
    key = "k" * 48
    database = make()
    database.enter(owner_of(key), "tab.1")
    database.write(owner_of(key), "tab.1", "tab.1/5", b"work")
    database.close()
    path = tmp_path / "state" / FILE_NAME
    assert key.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_old_saves_are_deleted_but_never_those_of_an_open_session(make, clock):
    database = make()
    for session in ("a.1", "b.1"):
        database.enter("ann", session)
        database.write("ann", session, f"{session}/5", b"work")
    database.leave("ann", "b.1")
    clock.time += LIMITS.max_seconds + 1
    database.enter("ann", "c.1")
    database.write("ann", "c.1", "c.1/5", b"new")
    assert database.names("ann") == ["a.1/5", "c.1/5"]


def test_the_oldest_work_of_closed_sessions_makes_room(make, clock):
    database = make()
    for number in range(12):
        clock.time += 1
        owner = f"visitor {number}"
        database.enter(owner, "a.1")
        database.write(owner, "a.1", "a.1/5", bytes(500))
        if number != 0:
            database.leave(owner, "a.1")
    left = [number for number in range(12) if database.names(f"visitor {number}")]
    assert left == [0, 5, 6, 7, 8, 9, 10, 11]
    assert database.size == LIMITS.max_bytes


def test_the_records_of_a_session_are_deleted_together(make, clock):
    database = make()
    for number, session in enumerate(("a.1", "b.1", "a.1")):
        clock.time += 500
        database.enter("ann", session)
        database.write("ann", session, f"{session}/{number}", bytes(300))
        database.leave("ann", session)
    clock.time += 600  # the first record of a.1 is too old, and its last one needs it
    database.enter("ann", "c.1")
    database.write("ann", "c.1", "c.1/1", bytes(200))
    assert database.names("ann") == ["a.1/0", "a.1/2", "c.1/1"]
    database.write("ann", "c.1", "c.1/2", bytes(300))
    assert database.names("ann") == ["c.1/1", "c.1/2"]


def test_no_visitor_takes_the_place_of_all_others(make, clock):
    database = make()
    database.enter("bob", "b.1")
    database.write("bob", "b.1", "b.1/5", b"work")
    database.leave("bob", "b.1")
    database.enter("ann", "a.1")
    share = LIMITS.max_bytes // OWNER_SHARE
    with pytest.raises(StoreFullError):
        database.write("ann", "a.1", "a.1/5", bytes(share + 1))
    database.write("ann", "a.1", "a.1/5", bytes(share))
    database.write("ann", "a.1", "a.1/5", bytes(share))  # in place of the other
    with pytest.raises(StoreFullError):
        database.write("ann", "a.1", "a.1/6", b"more")
    assert database.names("bob") == ["b.1/5"]


def test_a_session_that_was_taken_over_saves_nothing_more(make):
    here, there = make("here"), make("there")
    here.enter("ann", "a.1")
    here.write("ann", "a.1", "a.1/5", b"work")
    there.leave("ann", "a.1")
    with pytest.raises(StoreError, match="another page"):
        here.write("ann", "a.1", "a.1/6", b"late")
    assert here.names("ann") == ["a.1/5"]
    assert here.beat() == set()


def test_sessions_without_a_page_or_of_a_dead_process_are_not_open(make, clock):
    here, there = make("here"), make("there")
    here.enter("ann", "a.1")
    there.enter("ann", "b.1")
    assert here.open_sessions("ann") == {"a.1", "b.1"}
    here.set_connected("ann", "a.1", False)
    assert there.open_sessions("ann") == {"b.1"}
    clock.time += BEAT_WITHIN_SECONDS + 1
    assert here.beat() == {("ann", "a.1")}
    assert here.open_sessions("ann") == set()
    assert here.sessions_of("ann") == {"a.1", "b.1"}


def test_a_file_of_another_kind_is_refused_with_its_reason(make, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / FILE_NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="not a database"):
        make().names("ann")


def test_writers_at_the_same_time_lose_nothing_of_each_other(make):
    limits = SaveLimits(1 << 20, 1000.0)

    def write(number):
        database = make(f"process {number}", limits)
        database.enter("ann", f"{number}.1")
        for moment in range(20):
            database.write("ann", f"{number}.1", f"{number}.1/{moment}", bytes([number]) * 100)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database = make("reader", limits)
    assert len(database.names("ann")) == 80
    assert database.read("ann", "3.1/19") == b"\3" * 100


class Saving(RuleBasedStateMachine):
    """Two processes, two visitors, three tabs each; compared with a dictionary."""

    folder: Path

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.folder.mkdir(exist_ok=True)
        for path in self.folder.iterdir():
            path.unlink()
        self.processes = {name: self.make(name) for name in ("one", "two")}
        self.records = {}
        self.holders = {}

    def make(self, name):
        return SaveDatabase(self.folder, LIMITS, self.clock, name)

    owner = st.sampled_from(OWNERS)
    session = st.sampled_from(["a.1", "b.1", "c.1"])
    process = st.sampled_from(["one", "two"])

    @rule(owner=owner, session=session, process=process)
    def enter(self, owner, session, process):
        self.processes[process].enter(owner, session)
        self.holders[owner, session] = process

    @rule(owner=owner, session=session, process=process)
    def leave(self, owner, session, process):
        self.processes[process].leave(owner, session)
        self.holders.pop((owner, session), None)

    @rule(owner=owner, session=session, process=process, size=st.integers(0, 900))
    def write(self, owner, session, process, size):
        self.clock.time += 1
        self.processes["one"].beat()
        self.processes["two"].beat()
        name, content = f"{session}/{size % 3}", bytes([size % 251]) * size
        before = self.found()
        is_written = True
        try:
            self.processes[process].write(owner, session, name, content)
        except StoreFullError:
            is_written = self.holders[owner, session] != process
        except StoreError:
            is_written = self.holders.get((owner, session)) == process
        if not is_written:
            assert self.found() == before
            return
        assert self.holders[owner, session] == process
        after = self.found()
        self.records[owner, name] = content
        # Only closed sessions made room.
        for gone in before.keys() - after.keys():
            assert (gone[0], gone[1].rpartition("/")[0]) not in self.holders
            del self.records[gone]

    @rule(owner=owner, name=st.sampled_from(["a.1/0", "b.1/1"]), process=process)
    def delete(self, owner, name, process):
        self.processes[process].delete(owner, name)
        self.records.pop((owner, name), None)

    @rule(process=process)
    def restart(self, process):
        self.processes[process].close()

    @precondition(lambda self: self.records)
    @invariant()
    def everything_is_there_and_within_the_bound(self):
        assert self.found() == self.records
        assert self.processes["one"].size <= LIMITS.max_bytes

    def found(self):
        database = self.processes["two"]
        return {
            (owner, name): database.read(owner, name)
            for owner in OWNERS
            for name in database.names(owner)
        }

    def teardown(self):
        for database in self.processes.values():
            database.close()


def test_any_order_of_saving_gives_what_a_dictionary_would_hold(memory_folder):
    Saving.folder = Path(memory_folder) / "saving"
    Saving.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
    Saving.TestCase("runTest").runTest()


def test_whatever_was_acknowledged_outlives_a_kill_at_any_moment(memory_folder):
    check_kills(Path(__file__).with_name("kill_savers.py"), memory_folder, KILLS, "damaged")
    [file] = Path(memory_folder).glob(FILE_NAME)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
