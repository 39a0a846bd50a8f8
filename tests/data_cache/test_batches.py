"""Batches from blocks, and from feeds of blocks."""

from __future__ import annotations

import numpy as np
import pytest
from cache_helpers import numbered_samples, numbers_of, run
from hypothesis import given
from hypothesis import strategies as st

from data_cache import (
    ArraySource,
    Batcher,
    Block,
    BlockFeed,
    PrefetchQueue,
    Samples,
    to_float,
)
from data_cache.pixels import scale_bytes


def block_of(count, first=0, epoch=0, index=0, is_last=False) -> Block:
    samples = numbered_samples(count, first)
    return Block(samples.images, samples.labels, epoch, index, is_last)


def queue_of(count, block_size, seed=0, **settings) -> PrefetchQueue:
    generator = np.random.default_rng(seed)
    return PrefetchQueue(
        ArraySource(numbered_samples(count), block_size), generator=generator, **settings
    )


def take(queue, batcher, batch_size):
    while (batch := batcher.take(batch_size)) is None:
        batcher.add(queue.take_ready())
    return batch


def test_a_batch_is_ready_for_a_training_step():
    batcher = Batcher()
    batcher.add(block_of(10))
    batch = batcher.take(4)
    assert (batch.images.shape, batch.images.dtype) == ((4, 784), np.uint8)
    assert (batch.labels.dtype, batch.labels.tolist()) == (np.intp, [0, 1, 2, 3])
    assert batch.images[:, 0].tolist() == [0, 1, 2, 3]
    assert (batch.epoch, batch.consumed, batch.is_last, len(batch)) == (0, 4, False, 4)


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
def test_batches_of_any_sizes_give_the_samples_of_the_blocks_in_order(count, block_size, sizes):
    queue, batcher = queue_of(count, block_size), Batcher()
    found, turn, epochs = [], 0, 0
    while epochs < 2:
        batch = take(queue, batcher, sizes[turn % len(sizes)])
        assert len(batch) == sizes[turn % len(sizes)] or batch.is_last
        found += numbers_of(batch.images)
        assert batch.epoch == epochs
        assert batch.consumed == len(found) - epochs * count
        assert batch.is_last == (batch.consumed == count)
        assert batch.labels.tolist() == [n % 10 for n in numbers_of(batch.images)]
        epochs += batch.is_last
        turn += 1
    again = queue_of(count, block_size)
    per_epoch = -(-count // block_size)
    assert found == [n for _ in range(2 * per_epoch) for n in numbers_of(again.take_ready().images)]


def test_a_batch_never_crosses_into_the_next_epoch():
    batcher = Batcher()
    batcher.add(block_of(3, is_last=True))
    batcher.add(block_of(5, first=10, epoch=1))
    batch = batcher.take(4)
    assert (numbers_of(batch.images), batch.is_last, batch.epoch) == ([0, 1, 2], True, 0)
    batch = batcher.take(4)
    assert (numbers_of(batch.images), batch.consumed, batch.epoch) == ([10, 11, 12, 13], 4, 1)


def test_an_epoch_that_ends_with_a_full_batch_says_so():
    batcher = Batcher()
    batcher.add(block_of(4, is_last=True))
    assert not batcher.take(2).is_last
    assert batcher.take(2).is_last
    assert batcher.take(2) is None


def test_small_batches_of_many_blocks_are_their_pixels_in_order():
    generator = np.random.default_rng(3)
    batcher, pixels = Batcher(), []
    for index in range(6):
        samples = numbered_samples(700)
        pixels.append(generator.integers(0, 256, samples.images.shape, np.uint8))
        batcher.add(Block(pixels[-1], samples.labels, 0, index, is_last=index == 5))
    sizes = [64, 1, 300, *[512] * 5, 1175, 100]
    found = np.concatenate([batcher.take(size).images for size in sizes])
    np.testing.assert_array_equal(found, np.concatenate(pixels))


def test_a_change_of_augmentation_takes_effect_with_the_next_batch():
    batcher = Batcher(binarize=1)
    batcher.add(block_of(10))
    assert batcher.take(3).images[:, 0].tolist() == [0, 0, 255]
    batcher.augment = lambda images: images[:, ::-1]
    turned = batcher.take(2).images
    assert (turned.dtype, turned[:, -1].tolist()) == (np.float32, [1, 1])


def test_pixels_are_converted_for_augmentation_by_the_given_function():
    calls = []

    def scale(given, factor, out):
        calls.append(len(given))
        scale_bytes(given, factor, out)

    samples = numbered_samples(9)
    batcher = Batcher(lambda images: images, scale_bytes=scale)
    batcher.add(Block(samples.images, samples.labels, 0, 0, is_last=True))
    np.testing.assert_array_equal(batcher.take(5).images, to_float(samples.images[:5]))
    assert calls == [5]


@given(
    count=st.integers(1, 40),
    block_size=st.integers(1, 15),
    batch_size=st.integers(1, 12),
    requests=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=6),
)
def test_consecutive_batches_some_of_them_taken_back_are_those_taken_one_by_one(
    count, block_size, batch_size, requests
):
    queue, batcher = queue_of(count, block_size), Batcher()
    found, turn, epochs = [], 0, 0
    while epochs < 2:
        at_most, kept = requests[turn % len(requests)]
        turn += 1
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
def test_a_batch_of_no_samples_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"batch_size: expected at least 1, found {batch_size}"):
        Batcher().take(batch_size)


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
    found += rows(queue, later, 12)
    assert found == expected


def test_samples_delivered_before_the_start_are_not_buffered():
    queue, batcher = queue_of(10, 5), Batcher()
    take(queue, batcher, 3)
    position = batcher.position(queue.position)
    again = Batcher(start=position)
    assert again.buffered == 0
    again.add(queue_of(10, 5, start=position.queue).take_ready())
    assert again.buffered == batcher.buffered == 2


def test_blocks_from_no_queue_have_no_position():
    batcher = Batcher()
    batcher.add(block_of(5))
    assert batcher.position(queue_of(5, 5).position) is None


def test_binarising_gives_the_same_with_and_without_augmentation():
    images = np.zeros((2, 784), np.uint8)
    images[0, :4] = [0, 127, 128, 255]
    for augment, ink in ((None, 255), (lambda batch: batch, 1)):
        batcher = Batcher(augment, binarize=127)
        batcher.add(Block(images, np.zeros(2, np.uint8), 0, 0, False))
        assert batcher.take(1).images[0, :5].tolist() == [0, 0, ink, ink, 0]


def test_the_mask_of_labelled_samples_stays_with_its_samples():
    batcher = Batcher()
    batcher.add(block_of(3))
    samples = numbered_samples(4, first=3)
    mask = np.array([False, True, True, False])
    batcher.add(Block(samples.images, samples.labels, 0, 1, True, is_labelled=mask))
    batch = batcher.take(4)
    assert batch.is_labelled.tolist() == [True, True, True, False]
    batch = batcher.take(4)
    assert (batch.is_labelled.tolist(), numbers_of(batch.images)) == (
        [True, True, False],
        [4, 5, 6],
    )


def test_unlabelled_samples_pass_through_a_queue():
    samples = numbered_samples(6)
    mask = np.arange(6) % 2 == 0
    source = ArraySource(Samples(samples.images, samples.labels, mask), 2)
    feed = BlockFeed(source, 2, 2, generator=np.random.default_rng(0))
    feed.take_ready(6)
    batch = feed.take(6)
    assert batch.is_labelled.tolist() == [n % 2 == 0 for n in numbers_of(batch.images)]


def test_a_feed_resumes_exactly_at_a_position_between_consecutive_batches():
    def feed(**settings):
        return BlockFeed(ArraySource(numbered_samples(23), 5), 2, 2, **settings)

    first = feed(generator=np.random.default_rng(1))
    first.take_ready(20)
    batch = first.take(4, 5)
    assert batch.steps > 2
    first.keep_first(batch, 2)
    second = feed(generator=np.random.default_rng(9), start=first.position)
    second.take_ready(20)
    assert numbers_of(second.take(4).images) == numbers_of(batch.images)[8:12]


def test_a_queue_and_a_batcher_work_together():
    async def main():
        batcher = Batcher()
        async with queue_of(10, 3) as queue:
            while (batch := batcher.take(8)) is None:
                batcher.add(await anext(queue))
        return len(batch)

    assert run(main()) == 8
