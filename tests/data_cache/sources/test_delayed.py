"""A source with a delay: the same blocks, later."""

import numpy as np
from cache_helpers import numbered_samples, run

from data_cache import ArraySource, DelayedSource, PrefetchQueue


def blocks_of(source, count):
    async def main():
        queue = PrefetchQueue(source, 2, 2, generator=np.random.default_rng(3))
        async with queue:
            return [(await anext(queue)).labels.tolist() for _ in range(count)]

    return run(main())


def test_the_blocks_are_those_of_the_source_in_its_order():
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    source = ArraySource(numbered_samples(20), 4)
    delayed = DelayedSource(source, 0.25, sleep=sleep)
    assert delayed.sample_count == 20
    assert blocks_of(delayed, 7) == blocks_of(source, 7)
    assert set(waited) == {0.25}
    assert len(waited) >= 7


def test_only_without_a_delay_samples_in_memory_are_there_at_once():
    source = ArraySource(numbered_samples(8), 4)
    delayed = DelayedSource(source)
    [first, _] = source.plan_epoch(np.random.default_rng(0))
    assert delayed.is_in_memory
    assert delayed.fetch_now(first) is not None
    delayed.delay = 0.1
    assert not delayed.is_in_memory
    assert delayed.fetch_now(first) is None
