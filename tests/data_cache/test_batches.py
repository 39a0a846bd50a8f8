"""The cutter of batches, and augmentation."""

from __future__ import annotations

import numpy as np
import pytest
from cache_helpers import numbered_samples, numbers_of, run
from hypothesis import given
from hypothesis import strategies as st

from data_cache import (
    PIXEL_SCALE,
    ArraySource,
    Augmentation,
    BatchCutter,
    Block,
    PrefetchQueue,
    load_digits,
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


def cut(queue, cutter, batch_size):
    while (batch := cutter.take(batch_size)) is None:
        cutter.add(queue.take_ready())
    return batch


def test_a_batch_is_ready_for_a_training_step():
    cutter = BatchCutter()
    cutter.add(block_of(10))
    batch = cutter.take(4)
    assert (batch.images.shape, batch.images.dtype) == ((4, 784), np.uint8)
    assert (batch.labels.dtype, batch.labels.tolist()) == (np.intp, [0, 1, 2, 3])
    assert batch.images[:, 0].tolist() == [0, 1, 2, 3]
    assert (batch.epoch, batch.consumed, batch.is_last, len(batch)) == (0, 4, False, 4)


def test_without_enough_samples_another_block_is_asked_for_and_nothing_is_lost():
    cutter = BatchCutter()
    assert cutter.take(3) is None
    cutter.add(block_of(2))
    assert cutter.take(3) is None
    assert cutter.buffered == 2
    cutter.add(block_of(2, first=2))
    assert numbers_of(cutter.take(3).images) == [0, 1, 2]
    assert cutter.buffered == 1


@given(
    count=st.integers(1, 40),
    block_size=st.integers(1, 15),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=6),
)
def test_batches_of_any_sizes_give_the_samples_of_the_blocks_in_order(count, block_size, sizes):
    queue, cutter = queue_of(count, block_size), BatchCutter()
    found, turn, epochs = [], 0, 0
    while epochs < 2:
        batch = cut(queue, cutter, sizes[turn % len(sizes)])
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
    cutter = BatchCutter()
    cutter.add(block_of(3, is_last=True))
    cutter.add(block_of(5, first=10, epoch=1))
    batch = cutter.take(4)
    assert (numbers_of(batch.images), batch.is_last, batch.epoch) == ([0, 1, 2], True, 0)
    batch = cutter.take(4)
    assert (numbers_of(batch.images), batch.consumed, batch.epoch) == ([10, 11, 12, 13], 4, 1)


def test_an_epoch_that_ends_with_a_full_batch_says_so():
    cutter = BatchCutter()
    cutter.add(block_of(4, is_last=True))
    assert not cutter.take(2).is_last
    assert cutter.take(2).is_last
    assert cutter.take(2) is None


def test_small_batches_of_many_blocks_are_their_pixels_in_order():
    generator = np.random.default_rng(3)
    cutter, pixels = BatchCutter(), []
    for index in range(6):
        samples = numbered_samples(700)
        pixels.append(generator.integers(0, 256, samples.images.shape, np.uint8))
        cutter.add(Block(pixels[-1], samples.labels, 0, index, is_last=index == 5))
    sizes = [64, 1, 300, *[512] * 5, 1175, 100]
    found = np.concatenate([cutter.take(size).images for size in sizes])
    np.testing.assert_array_equal(found, np.concatenate(pixels))


def test_a_change_of_augmentation_takes_effect_with_the_next_batch():
    cutter = BatchCutter(binarize=1)
    cutter.add(block_of(10))
    assert cutter.take(3).images[:, 0].tolist() == [0, 0, 255]
    cutter.augment = lambda images: images[:, ::-1]
    turned = cutter.take(2).images
    assert (turned.dtype, turned[:, -1].tolist()) == (np.float32, [1, 1])


def test_pixels_become_numbers_for_augmentation_by_what_is_handed_in():
    calls = []

    def scale(given, factor, out):
        calls.append(len(given))
        scale_bytes(given, factor, out)

    samples = numbered_samples(9)
    cutter = BatchCutter(lambda images: images, scale_bytes=scale)
    cutter.add(Block(samples.images, samples.labels, 0, 0, is_last=True))
    np.testing.assert_array_equal(cutter.take(5).images, to_float(samples.images[:5]))
    assert calls == [5]


@given(
    count=st.integers(1, 40),
    block_size=st.integers(1, 15),
    batch_size=st.integers(1, 12),
    wishes=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=6),
)
def test_batches_in_one_piece_some_of_them_taken_back_are_those_taken_one_by_one(
    count, block_size, batch_size, wishes
):
    queue, cutter = queue_of(count, block_size), BatchCutter()
    found, turn, epochs = [], 0, 0
    while epochs < 2:
        at_most, kept = wishes[turn % len(wishes)]
        turn += 1
        piece = None
        while piece is None:
            if cutter.buffered < 3 * batch_size:
                cutter.add(queue.take_ready())
            piece = cutter.take(batch_size, at_most)
        assert piece.steps <= at_most
        assert len(piece) == piece.steps * batch_size or (piece.steps == 1 and piece.is_last)
        kept = min(kept, piece.steps)
        cutter.keep_first(piece, kept)
        size = len(piece) // piece.steps
        found += [numbers_of(part) for part in np.split(piece.images, piece.steps)[:kept]]
        position = cutter.position(queue.position)
        assert position.consumed == (piece.consumed - size * (piece.steps - kept)) % count
        epochs += piece.is_last and kept == piece.steps
    queue, cutter = queue_of(count, block_size), BatchCutter()
    assert found == [numbers_of(cut(queue, cutter, batch_size).images) for _ in found]


def test_clearing_drops_what_waits_and_counts_anew():
    cutter = BatchCutter()
    cutter.add(block_of(5))
    cutter.take(2)
    cutter.clear()
    assert cutter.buffered == 0
    cutter.add(block_of(5, first=20))
    batch = cutter.take(3)
    assert (numbers_of(batch.images), batch.consumed) == ([20, 21, 22], 3)


@pytest.mark.parametrize("batch_size", [0, -3])
def test_a_batch_of_no_samples_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"at least one sample, but batch_size is {batch_size}"):
        BatchCutter().take(batch_size)


@given(taken=st.integers(0, 12), batch_size=st.integers(1, 9), later_cache_size=st.integers(0, 4))
def test_cutting_goes_on_from_a_position_exactly_where_it_stopped(
    taken, batch_size, later_cache_size
):
    def rows(queue, cutter, count):
        batches = [cut(queue, cutter, batch_size) for _ in range(count)]
        return [(b.epoch, b.consumed, b.is_last, numbers_of(b.images)) for b in batches]

    expected = rows(queue_of(23, 5), BatchCutter(), taken + 12)
    queue, cutter = queue_of(23, 5), BatchCutter()
    found = rows(queue, cutter, taken)
    position = cutter.position(queue.position)
    queue = queue_of(23, 5, seed=9, start=position.queue, cache_size=later_cache_size)
    later = BatchCutter(start=position)
    found += rows(queue, later, 12)
    assert found == expected


def test_samples_delivered_before_a_start_do_not_count_as_waiting():
    queue, cutter = queue_of(10, 5), BatchCutter()
    cut(queue, cutter, 3)
    position = cutter.position(queue.position)
    again = BatchCutter(start=position)
    assert again.buffered == 0
    again.add(queue_of(10, 5, start=position.queue).take_ready())
    assert again.buffered == cutter.buffered == 2


def test_blocks_that_came_from_no_queue_have_no_position():
    cutter = BatchCutter()
    cutter.add(block_of(5))
    assert cutter.position(queue_of(5, 5).position) is None


def test_binarising_gives_the_same_with_and_without_augmentation():
    images = np.zeros((2, 784), np.uint8)
    images[0, :4] = [0, 127, 128, 255]
    for augment, ink in ((None, 255), (lambda batch: batch, 1)):
        cutter = BatchCutter(augment, binarize=127)
        cutter.add(Block(images, np.zeros(2, np.uint8), 0, 0, False))
        assert cutter.take(1).images[0, :5].tolist() == [0, 0, ink, ink, 0]
    assert np.float32(255) * np.float32(PIXEL_SCALE) == 1


def test_augmentation_is_applied_to_every_batch():
    cutter = BatchCutter(lambda batch: 1 - batch)
    cutter.add(block_of(4))
    for _ in range(2):
        assert cutter.take(2).images[:, 100].tolist() == [1, 1]


def test_a_queue_and_a_cutter_work_together_in_a_loop():
    async def main():
        cutter = BatchCutter()
        async with queue_of(10, 3) as queue:
            while (batch := cutter.take(8)) is None:
                cutter.add(await anext(queue))
        return len(batch)

    assert run(main()) == 8


# Augmentation


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return to_float(load_digits().test.images[:100])


def augmented(images, seed=0, **settings) -> np.ndarray:
    return Augmentation(np.random.default_rng(seed), **settings)(images)


def centre_of_mass(images) -> np.ndarray:
    squares = images.reshape(-1, 28, 28).astype(float)
    total = squares.sum(axis=(1, 2))
    steps = np.arange(28)
    return np.stack([squares.sum(axis=1) @ steps, squares.sum(axis=2) @ steps]) / total


def test_no_change_at_all_leaves_every_pixel_as_it_was(digits):
    assert np.allclose(augmented(digits, shift=0, rotation=0, scale=0), digits, atol=1e-5)


def test_digits_stay_pictures_in_0_to_1_and_the_originals_stay_untouched(digits):
    before = digits.copy()
    found = augmented(digits)
    assert (found.shape, found.dtype) == (digits.shape, np.float32)
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.array_equal(digits, before)
    assert (np.abs(found - digits).max(axis=1) > 0.3).all()


def test_a_whole_pixel_shift_moves_the_picture_exactly(digits):
    class Drawn:
        def uniform(self, low, high, shape):
            return np.tile([0.0, 0.0, 1.0, -0.5], (shape[0], 1))

    found = Augmentation(Drawn(), shift=2, rotation=0, scale=0)(digits).reshape(-1, 28, 28)
    expected = np.zeros_like(found)
    expected[:, :-1, 2:] = digits.reshape(-1, 28, 28)[:, 1:, :-2]
    assert np.allclose(found, expected, atol=1e-5)


def test_a_quarter_turn_turns_the_picture_exactly(digits):
    class Drawn:
        def uniform(self, low, high, shape):
            return np.tile([1.0, 0.0, 0.0, 0.0], (shape[0], 1))

    found = Augmentation(Drawn(), shift=0, rotation=90, scale=0)(digits).reshape(-1, 28, 28)
    expected = np.rot90(digits.reshape(-1, 28, 28), k=-1, axes=(1, 2))
    assert np.allclose(found, expected, atol=1e-4)


def test_scaling_changes_the_amount_of_ink_by_its_square():
    picture = np.zeros((1, 28, 28), np.float32)
    picture[:, 8:20, 8:20] = 1

    class Drawn:
        def uniform(self, low, high, shape):
            return np.array([[0.0, 1.0, 0.0, 0.0]])

    found = Augmentation(Drawn(), shift=0, rotation=0, scale=0.25)(picture.reshape(1, 784))
    assert found.sum() == pytest.approx(144 * 1.25**2, rel=1e-3)


def test_shifts_stay_within_their_bound_and_use_all_of_it(digits):
    many = np.repeat(digits[:10], 40, axis=0)
    moved = centre_of_mass(augmented(many, rotation=0, scale=0, shift=2)) - centre_of_mass(many)
    assert np.abs(moved).max() <= 2.01
    assert (moved.max(axis=1) > 1.7).all()
    assert (moved.min(axis=1) < -1.7).all()


def test_how_digits_are_cut_into_batches_does_not_change_what_becomes_of_them(digits):
    whole = augmented(digits)
    augmentation = Augmentation(np.random.default_rng(0))
    pieces = [augmentation(piece) for piece in (digits[:1], digits[1:40], digits[40:])]
    assert np.array_equal(np.concatenate(pieces), whole)


def test_augmentation_goes_on_exactly_from_its_state(digits):
    augmentation = Augmentation(np.random.default_rng(0))
    augmentation(digits)
    state = augmentation.state
    expected = augmentation(digits)
    other = Augmentation(np.random.default_rng(5))
    other.state = state
    assert np.array_equal(other(digits), expected)


@pytest.mark.parametrize(
    "setting", [{"shift": -1}, {"rotation": -1}, {"scale": 1}, {"scale": -0.1}]
)
def test_an_impossible_augmentation_is_refused(setting):
    with pytest.raises(ValueError, match="shift ≥ 0, rotation ≥ 0 and scale from 0 to below 1"):
        augmented(np.zeros((1, 784), np.float32), **setting)


def test_a_batch_of_no_digits_is_augmented_to_none():
    assert augmented(np.zeros((0, 784), np.float32)).shape == (0, 784)
