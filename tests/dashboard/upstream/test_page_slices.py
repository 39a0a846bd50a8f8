import asyncio
import time

import pytest

from dashboard.upstream.page_slices import SLICE_SECONDS, PageQueue, SlicedCall, checkpoint


def work_of(slices, now):
    """Return a function that lasts for some slices of a clock, and lists what it sees."""
    seen = []

    def work():
        for number in range(slices):
            now[0] += 1.5 * SLICE_SECONDS
            seen.append(number)
            checkpoint()

    return work, seen


def test_a_call_stops_at_a_checkpoint_when_its_slice_is_over_and_continues_there():
    now = [0.0]
    work, seen = work_of(3, now)
    call = SlicedCall(work, lambda: now[0])
    steps = []
    while not call.step():
        steps.append(list(seen))
    assert steps == [[0], [0, 1], [0, 1, 2]]


def test_an_error_of_the_call_is_raised_by_the_step_in_which_it_occurs():
    def fail():
        raise LookupError("no such part")

    with pytest.raises(LookupError):
        SlicedCall(fail).step()


def test_the_event_loop_runs_between_the_slices_of_pages_that_are_made_one_after_the_other():
    order = []

    def page(name):
        for _ in range(2):
            order.append(name)
            end = time.perf_counter() + SLICE_SECONDS
            while time.perf_counter() < end:
                pass
            checkpoint()

    async def make():
        queue = PageQueue()
        pages = [asyncio.create_task(queue.make(lambda name=name: page(name))) for name in "ab"]
        while not all(task.done() for task in pages):
            order.append("-")
            await asyncio.sleep(0)
        assert queue.waiting == 0

    asyncio.run(make())
    assert [name for name in order if name != "-"] == ["a", "a", "b", "b"]
    assert "-" in order[order.index("a") : order.index("b")]
