"""The named augmentations, and each kind of distortion alone."""

from __future__ import annotations

import numpy as np
import pytest

from data_cache import (
    AUGMENTATIONS,
    FULL,
    STRENGTH_NAMES,
    RandomDistortion,
    Strengths,
    create_augmentation,
    load_digits,
)

SETS = [name for name in AUGMENTATIONS if name != "none"]


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return load_digits().test.images[:100].astype(np.float32) / np.float32(255)


def distorted(images, strengths=FULL, seed=0) -> np.ndarray:
    return RandomDistortion(np.random.default_rng(seed), strengths)(images)


# Named augmentations


@pytest.mark.parametrize("name", SETS)
def test_images_stay_in_range_and_the_originals_do_not_change(digits, name):
    before = digits.copy()
    found = create_augmentation(name, np.random.default_rng(1))(digits)
    assert (found.shape, found.dtype) == (digits.shape, np.float32)
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.array_equal(digits, before)
    assert (np.abs(found - digits).max(axis=1) > 0.2).all()


@pytest.mark.parametrize("name", SETS)
def test_the_division_into_batches_does_not_change_the_result(digits, name):
    whole = create_augmentation(name, np.random.default_rng(0))(digits)
    augment = create_augmentation(name, np.random.default_rng(0))
    pieces = [augment(piece) for piece in (digits[:1], digits[1:40], digits[40:])]
    assert np.allclose(np.concatenate(pieces), whole, atol=1e-5)


@pytest.mark.parametrize("name", SETS)
def test_an_augmentation_resumes_exactly_from_the_state_of_its_generator(digits, name):
    generator, later = np.random.default_rng(0), np.random.default_rng(5)
    augment = create_augmentation(name, generator)
    augment(digits[:7])
    state = generator.bit_generator.state
    expected = augment(digits)
    later.bit_generator.state = state
    assert np.array_equal(create_augmentation(name, later)(digits), expected)


@pytest.mark.parametrize("name", SETS)
def test_an_empty_batch_stays_empty(name):
    none = np.zeros((0, 784), np.float32)
    assert create_augmentation(name, np.random.default_rng(0))(none).shape == (0, 784)


def test_no_augmentation_is_none_and_an_unknown_one_is_refused():
    generator = np.random.default_rng(0)
    assert create_augmentation("none", generator) is None
    with pytest.raises(ValueError, match="none, affine, light, full, found “strong”"):
        create_augmentation("strong", generator)


def test_strengths_of_nothing_leave_every_pixel_as_it_was(digits):
    assert np.allclose(distorted(digits, Strengths()), digits, atol=1e-5)


@pytest.mark.parametrize("name", STRENGTH_NAMES)
def test_every_kind_alone_changes_digits(digits, name):
    found = distorted(digits, FULL.only(name))
    assert np.abs(found - digits).max() > 0.2
    assert FULL.only(name).has(name)
    assert not FULL.without(name).has(name)


@pytest.mark.parametrize("name", STRENGTH_NAMES)
@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_an_impossible_strength_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"expected {name} from 0 to"):
        Strengths(**{name: value})


def test_a_shift_stays_within_its_bound_and_uses_all_of_it(digits):
    before = np.repeat(digits[:10], 40, axis=0).reshape(-1, 28, 28)
    after = distorted(before.reshape(-1, 784), Strengths(shift=2)).reshape(-1, 28, 28)
    steps = np.arange(28)
    old, new = (
        np.stack([p.sum(axis=1) @ steps, p.sum(axis=2) @ steps]) / p.sum(axis=(1, 2))
        for p in (before, after)
    )
    assert np.abs(new - old).max() <= 2.01
    assert (np.ptp(new - old, axis=1) > 3.4).all()
