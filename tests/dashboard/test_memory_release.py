"""When the garbage of ended sessions is collected, which stops everybody else meanwhile."""

import asyncio
import gc
import weakref

import pytest
from training_helpers import in_event_loop

from dashboard import runtime
from dashboard.runtime import (
    COLLECT_SECONDS,
    COLLECT_SHARE,
    COLLECT_TIMES,
    MOST_ENDED,
    MemoryRelease,
    exempt_imports_from_collections,
)

collect = gc.collect


class Knot:
    """An object that only a collection frees."""

    def __init__(self):
        self.itself = self


class Collections:
    """Collections that take imagined seconds, and what was planned for later."""

    def __init__(self, monkeypatch):
        self.time, self.count, self.planned = 100.0, 0, []
        monkeypatch.setattr(runtime.gc, "collect", self.collect)
        monkeypatch.setattr(asyncio.get_running_loop(), "call_later", self.call_later)

    def collect(self):
        collect()
        self.count += 1
        self.time += 0.5

    def call_later(self, delay, work, *arguments, context=None):
        self.planned.append((delay, work, arguments))

    def pass_time(self):
        delay, work, arguments = self.planned.pop()
        self.time += delay
        work(*arguments)


@in_event_loop
async def test_sessions_that_end_together_share_one_collection(monkeypatch):
    collections = Collections(monkeypatch)
    release = MemoryRelease(lambda: collections.time)
    for _ in range(5):
        release.request(Knot())
    assert [delay for delay, *_ in collections.planned] == [COLLECT_SECONDS]
    collections.pass_time()
    assert collections.count == 1
    assert collections.planned == []


@in_event_loop
async def test_collections_take_a_small_share_of_the_time_while_sessions_end(monkeypatch):
    collections = Collections(monkeypatch)
    release = MemoryRelease(lambda: collections.time)
    began = collections.time
    for _ in range(20):
        release.request(Knot())
        collections.pass_time()
    assert collections.count == 20
    passed = collections.time - began
    assert 20 * 0.5 / passed == pytest.approx(COLLECT_SHARE, rel=0.1)


@in_event_loop
async def test_the_garbage_of_many_sessions_does_not_wait(monkeypatch):
    collections = Collections(monkeypatch)
    release = MemoryRelease(lambda: collections.time)
    for _ in range(MOST_ENDED):
        release.request(Knot())
    assert collections.planned[-1][0] == 0
    collections.pass_time()
    assert collections.count == 1
    collections.pass_time()  # what was planned before finds nothing to do
    assert collections.count == 1


@in_event_loop
async def test_a_session_that_something_still_holds_is_collected_again(monkeypatch):
    collections = Collections(monkeypatch)
    release = MemoryRelease(lambda: collections.time)
    held = Knot()
    freed = weakref.ref(held)
    release.request(held)
    for _ in range(2):
        collections.pass_time()
        assert freed() is held
    del held
    collections.pass_time()
    assert freed() is None
    assert (collections.count, collections.planned) == (3, [])


@in_event_loop
async def test_a_session_that_is_never_freed_is_waited_for_a_few_times_only(monkeypatch):
    collections = Collections(monkeypatch)
    release = MemoryRelease(lambda: collections.time)
    held = Knot()
    release.request(held)
    while collections.planned:
        collections.pass_time()
    assert collections.count == COLLECT_TIMES


def test_collections_leave_out_what_was_imported_and_free_what_is_made_later():
    try:
        exempt_imports_from_collections()
        assert gc.get_freeze_count() > 10 * len(gc.get_objects())
        knot = weakref.ref(Knot())
        gc.collect()
        assert knot() is None
    finally:
        gc.unfreeze()
