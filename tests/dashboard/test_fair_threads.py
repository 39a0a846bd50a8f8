import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from dashboard.fair_threads import FairThreads


class Visitor:
    """Somebody whose calls take as many seconds of the clock."""

    def __init__(self, seconds):
        self.seconds, self.calls = seconds, 0


def shares(visitors, rounds):
    """Return how often each visitor was served, when all want to be served all the time."""

    async def use():
        now = [0.0]
        with ThreadPoolExecutor(1) as pool:
            threads = FairThreads(pool, 1, lambda: now[0])
            total = sum(1 for _ in visitors) * rounds

            def compute(visitor):
                now[0] += visitor.seconds
                visitor.calls += 1

            async def ask(visitor):
                while sum(each.calls for each in visitors) < total:
                    await threads.run(visitor, compute, visitor)

            await asyncio.gather(*(ask(visitor) for visitor in visitors))

    asyncio.run(use())
    return [visitor.calls * visitor.seconds for visitor in visitors]


def test_visitors_share_the_time_and_not_the_number_of_calls():
    slow, *quick = shares([Visitor(1.0), Visitor(0.01), Visitor(0.01)], 100)
    assert max(quick) - min(quick) <= 0.05
    assert abs(slow - quick[0]) <= 2.1  # two calls of the slow one


def test_a_call_that_is_cancelled_while_it_waits_keeps_no_thread():
    async def use():
        with ThreadPoolExecutor(1) as pool:
            threads, release = FairThreads(pool, 1), threading.Event()
            first = asyncio.create_task(threads.run(Visitor(0), release.wait))
            await asyncio.sleep(0)
            second = asyncio.create_task(threads.run(Visitor(0), release.wait))
            await asyncio.sleep(0)
            second.cancel()
            release.set()
            await first
            return await threads.run(Visitor(0), lambda: 7)

    assert asyncio.run(asyncio.wait_for(use(), 20)) == 7
