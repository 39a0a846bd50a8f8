"""The prefetch queue: bounds, order, changing settings, failures, closing and resuming."""

import asyncio
import gc

import numpy as np
import pytest
from cache_helpers import (
    ObedientSource,
    drive,
    in_event_loop,
    no_pause,
    numbered_samples,
    numbers_of,
    run,
    settle,
    tasks_left,
)
from hypothesis import given
from hypothesis import strategies as st

from data_cache import (
    ArraySource,
    Block,
    DataError,
    PrefetchError,
    PrefetchQueue,
    Samples,
    SilenceError,
    TransientError,
    exponential_backoff,
)


def queue_of(source, cache_size=3, concurrency=3, seed=0, **settings) -> PrefetchQueue:
    settings.setdefault("backoff", no_pause)
    generator = np.random.default_rng(seed)
    return PrefetchQueue(source, cache_size, concurrency, generator=generator, **settings)


def planned(source, seed: int, epochs: int) -> list:
    """The requests of the first epochs, drawn independently of any queue."""
    generator = np.random.default_rng(seed)
    return [request for _ in range(epochs) for request in source.plan_epoch(generator)]


def requests_of(blocks: list[Block]) -> list[int]:
    """The requests of an ObedientSource that gave the blocks."""
    return [numbers_of(block.images)[0] // 2 for block in blocks]


def summary(block: Block) -> tuple:
    return block.epoch, block.index, block.is_last, tuple(numbers_of(block.images))


def counts(queue: PrefetchQueue) -> tuple[int, int]:
    """Blocks that are ready, and fetches in flight."""
    return queue.data_len, queue.data_futures_len


async def take(queue: PrefetchQueue, count: int) -> list[Block]:
    return [await anext(queue) for _ in range(count)]


async def next_block(queue: PrefetchQueue, source: ObedientSource) -> Block:
    return await drive(source, asyncio.ensure_future(anext(queue)))


async def respond(source: ObedientSource) -> None:
    """Let all fetches in flight succeed."""
    await settle()
    source.answer_all()
    await settle()


class FailingSource(ObedientSource):
    """Raises an error a number of times, then responds at once."""

    def __init__(self, failures: int = 0, blocks: int = 3, error: type = TransientError) -> None:
        super().__init__(blocks)
        self.failures, self.error, self.tries = failures, error, 0

    async def fetch(self, request: int) -> Samples:
        self.tries += 1
        if self.failures:
            self.failures -= 1
            raise self.error("no connection")
        return numbered_samples(2, first=2 * request)


# Bounds


@in_event_loop
async def test_the_count_of_ready_blocks_is_right_when_a_source_responds_at_once():
    async with queue_of(FailingSource(blocks=6)) as queue:
        taken = 0
        for _ in range(20):
            await asyncio.sleep(0)
            while queue.take_ready() is not None:
                taken += 1
                assert queue.data_len >= 0
            assert queue.data_len == 0
        assert taken > 6


@pytest.mark.parametrize(("cache_size", "concurrency"), [(5, 2), (3, 3), (2, 7), (1, 1)])
@in_event_loop
async def test_ready_and_in_flight_never_exceed_cache_size_and_concurrency(cache_size, concurrency):
    source = ObedientSource(6)
    async with queue_of(source, cache_size, concurrency) as queue:
        for _ in range(20):
            await settle()
            assert queue.data_futures_len <= concurrency
            assert sum(counts(queue)) <= cache_size
            assert len(source.pending) == queue.data_futures_len
            if source.pending:
                source.answer(next(iter(source.pending)))
        assert counts(queue) == (cache_size, 0)


@in_event_loop
async def test_the_cache_is_filled_before_blocks_are_taken_and_refilled_when_one_is_taken():
    source = ObedientSource(6)
    async with queue_of(source, 4, 2) as queue:
        await settle()
        found = [counts(queue)]
        for _ in range(3):
            await respond(source)
            found.append(counts(queue))
        assert found == [(0, 2), (2, 2), (4, 0), (4, 0)]
        assert not tasks_left()
        assert queue.take_ready() is not None
        assert counts(queue) == (3, 1)


def test_starting_without_an_event_loop_raises_an_error_and_loses_no_block():
    source = ObedientSource(4)
    queue = queue_of(source)
    with pytest.raises(RuntimeError, match="event loop"):
        queue.start()

    async def main():
        blocks = [await next_block(queue, source) for _ in range(5)]
        await queue.close()
        assert requests_of(blocks) == planned(source, 0, 2)[:5]

    run(main())


@in_event_loop
async def test_nothing_is_fetched_before_the_start():
    source = ObedientSource(6)
    queue = queue_of(source)
    queue.cache_size = 5
    await settle()
    assert source.asked == []
    queue.start()
    await settle()
    assert len(source.asked) == 3
    await queue.close()


# Order


@given(
    blocks=st.integers(1, 5),
    moves=st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["answer", "fail"]), st.integers(0, 9)),
            st.tuples(st.just("cache_size"), st.integers(0, 6)),
            st.tuples(st.just("concurrency"), st.integers(1, 6)),
            st.tuples(st.just("take"), st.just(0)),
        ),
        max_size=40,
    ),
)
@in_event_loop
async def test_the_blocks_depend_neither_on_timing_nor_on_changes_of_settings(blocks, moves):
    source = ObedientSource(blocks)
    taken = []
    async with queue_of(source, seed=5, retries=1000) as queue:
        for move, value in moves:
            await settle()
            waiting = [r for r, future in source.pending.items() if not future.done()]
            if move == "answer" and waiting:
                source.answer(waiting[value % len(waiting)])
            elif move == "fail" and waiting:
                source.fail(waiting[value % len(waiting)], TransientError("no connection"))
            elif move == "take":
                block = queue.take_ready()
                taken += [] if block is None else [block]
            elif move in ("cache_size", "concurrency"):
                setattr(queue, move, value)
        while len(taken) < 3 * blocks:
            taken.append(await next_block(queue, source))
    expected = planned(source, 5, 1 + len(taken) // blocks)[: len(taken)]
    assert requests_of(taken) == expected
    assert [summary(block)[:3] for block in taken] == [
        (n // blocks, n % blocks, n % blocks == blocks - 1) for n in range(len(taken))
    ]
    assert not tasks_left()


@given(count=st.integers(1, 30), block_size=st.integers(1, 12), cache_size=st.integers(0, 7))
@in_event_loop
async def test_every_epoch_has_every_sample_exactly_once(count, block_size, cache_size):
    source = ArraySource(numbered_samples(count), block_size)
    per_epoch = -(-count // block_size)
    async with queue_of(source, cache_size) as queue:
        for epoch in range(3):
            blocks = await take(queue, per_epoch)
            seen = [n for block in blocks for n in numbers_of(block.images)]
            assert sorted(seen) == list(range(count))
            assert {block.epoch for block in blocks} == {epoch}
            assert [block.is_last for block in blocks] == [False] * (per_epoch - 1) + [True]


@in_event_loop
async def test_every_epoch_has_a_new_permutation():
    async with queue_of(ArraySource(numbered_samples(50), 50)) as queue:
        orders = [tuple(numbers_of(block.images)) for block in await take(queue, 3)]
    assert len(set(orders)) == 3


# Settings


@in_event_loop
async def test_with_a_cache_size_of_0_blocks_are_fetched_only_on_demand():
    source = ObedientSource(5)
    async with queue_of(source, 0, 4) as queue:
        await settle()
        assert source.asked == []
        assert queue.take_ready() is None
        for taken in range(1, 4):
            block = await next_block(queue, source)
            await settle()
            assert block.index == taken - 1
            assert len(source.asked) == taken
            assert counts(queue) == (0, 0)


@in_event_loop
async def test_a_source_in_memory_needs_no_prefetching():
    queue = queue_of(ArraySource(numbered_samples(6), 2), 0)
    assert [queue.take_ready().index for _ in range(4)] == [0, 1, 2, 0]
    assert queue.data_len == 0
    assert (await anext(queue)).index == 1


@in_event_loop
async def test_a_lower_cache_size_takes_effect_as_blocks_are_taken_and_a_higher_one_immediately():
    source = ObedientSource(9)
    async with queue_of(source, 4, 9) as queue:
        await respond(source)
        queue.cache_size = 2
        for expected in ((3, 0), (2, 0), (1, 1)):
            queue.take_ready()
            assert counts(queue) == expected
        queue.cache_size = 6
        assert counts(queue) == (1, 5)


@in_event_loop
async def test_a_lower_concurrency_takes_effect_as_fetches_end_and_a_higher_one_immediately():
    source = ObedientSource(9)
    async with queue_of(source, 6, 3) as queue:
        await settle()
        queue.concurrency = 1
        for in_flight in (2, 1, 1):
            source.answer(next(iter(source.pending)))
            await settle()
            assert queue.data_futures_len == in_flight
        queue.concurrency = 4
        assert counts(queue) == (3, 3)


@pytest.mark.parametrize(
    ("name", "value", "least"), [("cache_size", -1, 0), ("concurrency", 0, 1), ("retries", -1, 0)]
)
def test_a_setting_below_its_minimum_is_refused(name, value, least):
    message = f"{name}: .* {least}, found {value}"
    with pytest.raises(ValueError, match=message):
        queue_of(ObedientSource(2), **{name: value})
    if name != "retries":
        with pytest.raises(ValueError, match=message):
            setattr(queue_of(ObedientSource(2)), name, value)


# Waiting


@in_event_loop
async def test_two_consumers_share_the_blocks_without_losing_or_repeating_one():
    source = ObedientSource(4)
    async with queue_of(source, 2, 2) as queue:
        taken = []

        async def consume():
            while len(taken) < 16:
                taken.append(await anext(queue))

        consumers = [asyncio.ensure_future(consume()) for _ in range(2)]
        while len(taken) < 16:
            source.answer_all()
            await asyncio.sleep(0)
        for consumer in consumers:
            consumer.cancel()
    assert [(b.epoch, b.index) for b in taken] == [divmod(n, 4) for n in range(len(taken))]


@in_event_loop
async def test_iterating_over_a_source_in_memory_lets_other_tasks_run():
    queue = queue_of(ArraySource(numbered_samples(4), 1))
    seen = []

    async def consume():
        async for block in queue:
            seen.append(block)

    consumer = asyncio.ensure_future(consume())
    while len(seen) < 5:
        await asyncio.sleep(0)
    await queue.close()
    await consumer


# Failures


@in_event_loop
async def test_a_fetch_is_retried_after_transient_errors_with_growing_delays():
    delays = []

    async def record(seconds):
        delays.append(seconds)

    source = FailingSource(failures=4)
    async with queue_of(source, 1, backoff=exponential_backoff, sleep=record) as queue:
        assert (await anext(queue)).index == 0
        assert delays == [0.5, 1.0, 2.0, 4.0]
        assert source.tries == 5
    assert [exponential_backoff(n) for n in (6, 7, 8, 100)] == [16.0, 30.0, 30.0, 30.0]


@in_event_loop
async def test_a_queue_that_does_not_retry_silence_raises_it_at_once():
    source = FailingSource(1, error=SilenceError)
    async with queue_of(source, 1, retries_silence=False) as queue:
        with pytest.raises(PrefetchError) as caught:
            await anext(queue)
        assert isinstance(caught.value.__cause__, SilenceError)
        assert source.tries == 1
        assert (await anext(queue)).index == 0


@in_event_loop
async def test_each_retry_is_told_with_its_error():
    told = []
    async with queue_of(FailingSource(2, error=SilenceError), 1, on_retry=told.append) as queue:
        await anext(queue)
    assert [type(error) for error in told] == [SilenceError, SilenceError]


@pytest.mark.parametrize("error", [DataError, OSError])
@in_event_loop
async def test_a_permanent_error_is_not_retried(error):
    source = FailingSource(1, error=error)
    async with queue_of(source, 1, 1) as queue:
        with pytest.raises(PrefetchError) as caught:
            await anext(queue)
        assert isinstance(caught.value.__cause__, error)
        assert source.tries == 1
        assert (await anext(queue)).index == 0


@in_event_loop
async def test_an_error_that_outlasts_the_retries_is_raised_and_the_next_request_tries_again():
    source = FailingSource(failures=6)
    async with queue_of(source, 1, 1, retries=2) as queue:
        for _ in range(2):
            with pytest.raises(PrefetchError, match=r"Block 0 of epoch 0 .*no connection") as e:
                await anext(queue)
            assert isinstance(e.value.__cause__, TransientError)
        blocks = await take(queue, 6)
    assert requests_of(blocks) == planned(source, 0, 2)


@in_event_loop
async def test_blocks_before_a_failed_one_are_delivered_first_and_those_after_it_are_kept():
    source = ObedientSource(9)
    order = planned(source, 0, 1)
    async with queue_of(source, 4, 4, retries=0) as queue:
        await settle()
        source.fail(order[1], TransientError("lost"))
        for request in (order[0], order[2], order[3]):
            source.answer(request)
        await settle()
        assert (await anext(queue)).index == 0
        with pytest.raises(PrefetchError, match=r"Block 1 of epoch 0.*lost"):
            await anext(queue)
        blocks = [await next_block(queue, source) for _ in range(4)]
        assert [block.index for block in blocks] == [1, 2, 3, 4]
        assert [source.asked.count(request) for request in order[:3]] == [1, 2, 1]


@in_event_loop
async def test_a_failure_reaches_a_consumer_that_waits_and_one_that_takes_what_is_ready():
    source = ObedientSource(3)
    async with queue_of(source, 1, 1, retries=0) as queue:
        waiting = asyncio.ensure_future(anext(queue))
        await settle()
        source.fail(next(iter(source.pending)), TransientError("gone"))
        with pytest.raises(PrefetchError, match="gone"):
            await waiting
        assert queue.take_ready() is None  # which tries again
        await settle()
        source.fail(next(iter(source.pending)), TransientError("down"))
        await settle()
        with pytest.raises(PrefetchError, match="down"):
            queue.take_ready()
        assert queue.take_ready() is None
        await respond(source)
        assert queue.take_ready().index == 0


@in_event_loop
async def test_after_a_failure_nothing_more_is_fetched_until_it_is_resumed():
    source = ObedientSource(9)
    async with queue_of(source, 3, 3, retries=0) as queue:
        await settle()
        for request in list(source.pending):
            source.fail(request, TransientError("down"))
        await settle()
        queue.cache_size = 6
        await settle()
        assert len(source.asked) == 3
        queue.resume()
        await settle()
        assert source.asked[3:] == planned(source, 0, 1)[:3]
        await respond(source)
        assert [queue.take_ready().index for _ in range(3)] == [0, 1, 2]


def test_a_failure_of_a_source_in_memory_is_raised_and_the_next_request_tries_again():
    class Unreliable(ArraySource):
        failures = 1

        def fetch_now(self, request):
            if self.failures:
                self.failures -= 1
                raise MemoryError("full")
            return super().fetch_now(request)

    queue = queue_of(Unreliable(numbered_samples(4), 2))
    with pytest.raises(PrefetchError) as caught:
        queue.take_ready()
    assert isinstance(caught.value.__cause__, MemoryError)
    assert [queue.take_ready().index for _ in range(3)] == [0, 1, 0]


@in_event_loop
async def test_a_block_without_samples_and_an_epoch_without_blocks_are_errors():
    class Empty(FailingSource):
        async def fetch(self, request):
            return numbered_samples(0)

    for source in (Empty(), FailingSource(blocks=0)):
        async with queue_of(source) as queue:
            with pytest.raises(PrefetchError) as caught:
                await anext(queue)
            assert isinstance(caught.value.__cause__, DataError)


@in_event_loop
async def test_an_error_in_planning_is_raised_and_the_next_plan_draws_the_same_numbers():
    class Unreliable(FailingSource):
        plans = 0

        def plan_epoch(self, generator):
            self.plans += 1
            plan = super().plan_epoch(generator)
            if self.plans == 2:
                raise KeyError("no list of blocks")
            return plan

    source = Unreliable()
    async with queue_of(source, 5) as queue:
        blocks = await take(queue, 3)
        with pytest.raises(PrefetchError) as caught:
            await anext(queue)
        assert isinstance(caught.value.__cause__, KeyError)
        blocks += await take(queue, 3)
    assert requests_of(blocks) == planned(FailingSource(), 0, 2)


# Closing and cancelling


@in_event_loop
async def test_closing_cancels_all_fetches_drops_ready_blocks_and_ends_all_iterations():
    source = ObedientSource(6)
    queue = queue_of(source)
    waiters = [asyncio.ensure_future(anext(queue)) for _ in range(2)]
    queue.start()
    await settle()
    source.answer(planned(source, 0, 1)[2])
    await settle()
    assert counts(queue) == (1, 2)
    await queue.close()
    results = await asyncio.gather(*waiters, return_exceptions=True)
    assert [type(result) for result in results] == [StopAsyncIteration] * 2
    assert counts(queue) == (0, 0)
    assert not source.pending
    assert not tasks_left()
    assert [block async for block in queue] == []
    assert queue.take_ready() is None


@in_event_loop
async def test_closing_twice_or_before_the_start_has_no_effect():
    queue = queue_of(ObedientSource(6))
    await queue.close()
    await queue.close()
    queue.start()
    queue.resume()
    queue.cache_size = 9
    await settle()
    assert not tasks_left()


@in_event_loop
async def test_closing_ends_the_delay_before_a_retry():
    queue = queue_of(FailingSource(99), sleep=lambda seconds: asyncio.Event().wait())
    queue.start()
    await settle()
    assert queue.data_futures_len == 3
    await queue.close()
    assert not tasks_left()


@in_event_loop
async def test_a_cancelled_consumer_loses_no_block_and_does_not_affect_another():
    source = ObedientSource(4)
    async with queue_of(source, 1, 1) as queue:
        first, second = (asyncio.ensure_future(anext(queue)) for _ in range(2))
        await settle()
        first.cancel()
        assert (await drive(source, second)).index == 0
        assert first.cancelled()
        blocks = [await next_block(queue, source) for _ in range(3)]
        assert [block.index for block in blocks] == [1, 2, 3]


@in_event_loop
async def test_a_consumer_cancelled_as_its_block_arrives_loses_no_block():
    source = ObedientSource(4)
    async with queue_of(source, 1, 1) as queue:
        consumer = asyncio.ensure_future(anext(queue))
        await settle()
        source.answer_all()
        while not queue.data_len:
            await asyncio.sleep(0)
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)
        delivered = [] if consumer.cancelled() else [consumer.result()]
        delivered.append(await next_block(queue, source))
        assert [block.index for block in delivered] == list(range(len(delivered)))


@in_event_loop
async def test_a_consumer_can_be_cancelled_while_the_queue_closes():
    queue = queue_of(ObedientSource(4))
    consumer = asyncio.ensure_future(anext(queue))
    await settle()
    consumer.cancel()
    await queue.close()
    await asyncio.gather(consumer, return_exceptions=True)
    assert consumer.cancelled()
    assert not tasks_left()


def test_a_closed_event_loop_leaves_no_warning_and_no_task(caplog):
    async def main():
        queue = queue_of(ObedientSource(6))
        consumer = asyncio.ensure_future(anext(queue))
        await settle()
        return queue, consumer

    queue, consumer = run(main())
    assert consumer.cancelled()
    assert queue.data_futures_len == 0
    del queue, consumer
    gc.collect()
    assert caplog.records == []


@in_event_loop
async def test_the_cancellation_of_a_fetch_is_raised_and_the_next_request_tries_again():
    source = ObedientSource(6)
    async with queue_of(source, 1, 1) as queue:
        await settle()
        for task in tasks_left():
            task.cancel()
        await settle()
        with pytest.raises(PrefetchError) as caught:
            await anext(queue)
        assert isinstance(caught.value.__cause__, asyncio.CancelledError)
        assert (await next_block(queue, source)).index == 0


# Resuming


@given(taken=st.integers(0, 11), cache_size=st.integers(0, 5), later_cache_size=st.integers(0, 5))
@in_event_loop
async def test_a_queue_that_starts_at_a_position_delivers_exactly_the_same_blocks(
    taken, cache_size, later_cache_size
):
    source = ArraySource(numbered_samples(11), 3)
    async with queue_of(source, 3) as uninterrupted:
        blocks = await take(uninterrupted, taken + 9)
    expected = [summary(block) for block in blocks]
    async with queue_of(source, cache_size) as first:
        found = [summary(block) for block in await take(first, taken)]
        position = first.position
    assert first.position == position  # also after closing
    assert (position.epoch, position.block) == divmod(taken, 4)
    for start in (position, blocks[taken].position):
        async with queue_of(source, later_cache_size, seed=99, start=start) as second:
            later = [summary(block) for block in await take(second, 9)]
        assert found + later == expected


@in_event_loop
async def test_a_position_from_another_source_is_refused():
    async with queue_of(ArraySource(numbered_samples(10), 2)) as queue:
        await take(queue, 4)
        position = queue.position
    with pytest.raises(ValueError, match=r"start: .* found block 4 of epoch 0"):
        queue_of(ArraySource(numbered_samples(4), 2), start=position)
