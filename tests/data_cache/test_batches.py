"""Batches from blocks, and from feeds of blocks."""

import numpy as np
import pytest
from cache_helpers import in_event_loop, numbered_samples, numbers_of
from hypothesis import given
from hypothesis import strategies as st

from data_cache import ArraySource, Batcher, Block, BlockFeed, PrefetchQueue, Samples, to_float
from data_cache.pixels import scale_bytes


def block_of(count, first=0, is_labelled=None) -> Block:
    samples = numbered_samples(count, first)
    return Block(samples.images, samples.labels, 0, 0, False, is_labelled=is_labelled)


def queue_of(count, block_size, seed=0, **settings) -> PrefetchQueue:
    source = ArraySource(numbered_samples(count), block_size)
    return PrefetchQueue(source, generator=np.random.default_rng(seed), **settings)


def feed_of(samples, block_size, seed=0, **settings) -> BlockFeed:
    source = ArraySource(samples, block_size)
    return BlockFeed(source, 2, 2, generator=np.random.default_rng(seed), **settings)


def take(queue, batcher, batch_size):
    while (batch := batcher.take(batch_size)) is None:
        batcher.add(queue.take_ready())
    return batch


def test_without_enough_samples_another_block_is_needed_and_no_sample_is_lost():
    batcher = Batcher()
    assert batcher.take(3) is None
    batcher.add(block_of(2))
    assert batcher.take(3) is None
    assert batcher.buffered == 2
    batcher.add(block_of(2, first=2))
    assert numbers_of(batcher.take(3).images) == [0, 1, 2]
    assert batcher.buffered == 1


@given(
    count=st.integers(1, 40),
    block_size=st.integers(1, 15),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=6),
)
def test_batches_of_any_sizes_have_the_samples_of_the_blocks_in_order_and_end_with_each_epoch(
    count, block_size, sizes
):
    queue, batcher = queue_of(count, block_size), Batcher()
    found, number, epochs = [], 0, 0
    while epochs < 2:
        size = sizes[number % len(sizes)]
        batch = take(queue, batcher, size)
        assert len(batch) == size or batch.is_last
        found += numbers_of(batch.images)
        assert batch.epoch == epochs
        assert batch.consumed == len(found) - epochs * count
        assert batch.is_last == (batch.consumed == count)
        assert batch.labels.tolist() == [n % 10 for n in numbers_of(batch.images)]
        assert batch.images.shape == (len(batch), 784)
        assert (batch.images.dtype, batch.labels.dtype) == (np.uint8, np.intp)
        epochs += batch.is_last
        number += 1
    again = queue_of(count, block_size)
    per_epoch = -(-count // block_size)
    assert found == [n for _ in range(2 * per_epoch) for n in numbers_of(again.take_ready().images)]


def test_batches_of_different_sizes_across_many_blocks_have_the_pixels_in_order():
    generator = np.random.default_rng(3)
    batcher, pixels = Batcher(), []
    for index in range(6):
        samples = numbered_samples(700)
        pixels.append(generator.integers(0, 256, samples.images.shape, np.uint8))
        batcher.add(Block(pixels[-1], samples.labels, 0, index, is_last=index == 5))
    sizes = [64, 1, 300, *[512] * 5, 1175, 100]
    found = np.concatenate([batcher.take(size).images for size in sizes])
    np.testing.assert_array_equal(found, np.concatenate(pixels))


@given(
    count=st.integers(1, 40),
    block_size=st.integers(1, 15),
    batch_size=st.integers(1, 12),
    requests=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=6),
)
def test_consecutive_batches_equal_single_ones_also_if_some_are_taken_back(
    count, block_size, batch_size, requests
):
    queue, batcher = queue_of(count, block_size), Batcher()
    found, number, epochs = [], 0, 0
    while epochs < 2:
        at_most, kept = requests[number % len(requests)]
        number += 1
        piece = None
        while piece is None:
            if batcher.buffered < 3 * batch_size:
                batcher.add(queue.take_ready())
            piece = batcher.take(batch_size, at_most)
        assert piece.steps <= at_most
        assert len(piece) == piece.steps * batch_size or (piece.steps == 1 and piece.is_last)
        kept = min(kept, piece.steps)
        batcher.keep_first(piece, kept)
        size = len(piece) // piece.steps
        found += [numbers_of(part) for part in np.split(piece.images, piece.steps)[:kept]]
        position = batcher.position(queue.position)
        assert position.consumed == (piece.consumed - size * (piece.steps - kept)) % count
        epochs += piece.is_last and kept == piece.steps
    queue, batcher = queue_of(count, block_size), Batcher()
    assert found == [numbers_of(take(queue, batcher, batch_size).images) for _ in found]


@pytest.mark.parametrize("batch_size", [0, -3])
def test_a_batch_size_below_1_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"batch_size: .* found {batch_size}"):
        Batcher().take(batch_size)


# Pixels


def test_binarized_pixels_are_the_same_with_and_without_augmentation():
    images = np.zeros((2, 784), np.uint8)
    images[:, :4] = [0, 127, 128, 255]
    batcher = Batcher(binarize=127)
    batcher.add(Block(images, np.zeros(2, np.uint8), 0, 0, False))
    first = batcher.take(1).images
    assert (first.dtype, first[0, :5].tolist()) == (np.uint8, [0, 0, 255, 255, 0])
    batcher.augment = lambda images: images  # takes effect with the next batch
    second = batcher.take(1).images
    assert (second.dtype, second[0, :5].tolist()) == (np.float32, [0, 0, 1, 1, 0])


def test_pixels_are_converted_for_augmentation_by_the_given_function():
    calls = []

    def scale(given, factor, out):
        calls.append(len(given))
        scale_bytes(given, factor, out)

    block = block_of(9)
    batcher = Batcher(lambda images: images[:, ::-1], scale_bytes=scale)
    batcher.add(block)
    np.testing.assert_array_equal(batcher.take(5).images, to_float(block.images[:5])[:, ::-1])
    assert calls == [5]


# Labels


def test_the_mask_of_labelled_samples_stays_with_its_samples():
    batcher = Batcher()
    batcher.add(block_of(3))
    batcher.add(block_of(4, first=3, is_labelled=np.array([False, True, True, False])))
    assert batcher.take(4).is_labelled.tolist() == [True, True, True, False]
    batch = batcher.take(3)
    assert batch.is_labelled.tolist() == [True, True, False]
    assert numbers_of(batch.images) == [4, 5, 6]


def test_unlabelled_samples_pass_through_a_queue():
    samples = numbered_samples(6)
    feed = feed_of(Samples(samples.images, samples.labels, np.arange(6) % 2 == 0), 2)
    feed.take_ready(6)
    batch = feed.take(6)
    assert batch.is_labelled.tolist() == [n % 2 == 0 for n in numbers_of(batch.images)]


# Positions


@given(taken=st.integers(0, 12), batch_size=st.integers(1, 9), later_cache_size=st.integers(0, 4))
def test_a_batcher_resumes_exactly_at_a_position(taken, batch_size, later_cache_size):
    def rows(queue, batcher, count):
        batches = [take(queue, batcher, batch_size) for _ in range(count)]
        return [(b.epoch, b.consumed, b.is_last, numbers_of(b.images)) for b in batches]

    expected = rows(queue_of(23, 5), Batcher(), taken + 12)
    queue, batcher = queue_of(23, 5), Batcher()
    found = rows(queue, batcher, taken)
    position = batcher.position(queue.position)
    queue = queue_of(23, 5, seed=9, start=position.queue, cache_size=later_cache_size)
    later = Batcher(start=position)
    assert later.buffered == 0
    if batcher.buffered:
        later.add(queue.take_ready())
        assert later.buffered == batcher.buffered  # without the samples before the start
    found += rows(queue, later, 12)
    assert found == expected


def test_blocks_from_no_queue_have_no_position():
    batcher = Batcher()
    batcher.add(block_of(5))
    assert batcher.position(queue_of(5, 5).position) is None


@in_event_loop
async def test_a_feed_resumes_exactly_between_consecutive_batches():
    first = feed_of(numbered_samples(23), 5)
    assert first.take(4) is None
    await first.wait()
    first.take_ready(20)
    batch = first.take(4, 5)
    assert batch.steps > 2
    first.keep_first(batch, 2)
    second = feed_of(numbered_samples(23), 5, seed=9, start=first.position)
    second.take_ready(20)
    assert numbers_of(second.take(4).images) == numbers_of(batch.images)[8:12]
    await first.close()
    with pytest.raises(StopAsyncIteration):
        await first.wait()


@in_event_loop
async def test_a_feed_that_returns_to_a_position_repeats_its_batches():
    feed = feed_of(numbered_samples(23), 5)

    def rows(count):
        found = []
        while len(found) < count:
            feed.take_ready(8)
            batch = feed.take(4)
            if batch is not None:
                found.append((batch.epoch, batch.consumed, numbers_of(batch.images)))
        return found

    rows(4)
    position, old = feed.position, feed.queue
    expected = rows(9)
    feed.seek(position)
    assert feed.position == position
    assert rows(9) == expected
    assert old.take_ready() is None
    await feed.close()
