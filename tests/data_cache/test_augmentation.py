"""Random changes of training digits: each kind alone, and the sets that have names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cache import AUGMENTATIONS, FULL, Distorter, Strengths, create_augmentation, load_digits
from data_cache.augmentation import corruptions as pens
from data_cache.augmentation import warping as mesh
from data_cache.augmentation.strengths import STRENGTH_NAMES

SETS = [name for name in AUGMENTATIONS if name != "none"]


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return load_digits().test.images[:100].astype(np.float32) / np.float32(255)


def distorted(images, strengths=FULL, seed=0) -> np.ndarray:
    return Distorter(np.random.default_rng(seed), strengths)(images)


def squares(images) -> np.ndarray:
    return images.reshape(-1, 28, 28)


def filled(side, count=1) -> np.ndarray:
    """A square of full ink in the middle."""
    pictures = np.zeros((count, 28, 28), np.float32)
    first = 14 - side // 2
    pictures[:, first : first + side, first : first + side] = 1
    return pictures


# The sets


@pytest.mark.parametrize("name", SETS)
def test_digits_stay_pictures_and_the_originals_stay_untouched(digits, name):
    before = digits.copy()
    found = create_augmentation(name, np.random.default_rng(1))(digits)
    assert (found.shape, found.dtype) == (digits.shape, np.float32)
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.array_equal(digits, before)
    assert (np.abs(found - digits).max(axis=1) > 0.2).all()


@pytest.mark.parametrize("name", SETS)
def test_how_digits_are_cut_into_batches_does_not_change_what_becomes_of_them(digits, name):
    whole = create_augmentation(name, np.random.default_rng(0))(digits)
    augment = create_augmentation(name, np.random.default_rng(0))
    pieces = [augment(piece) for piece in (digits[:1], digits[1:40], digits[40:])]
    assert np.allclose(np.concatenate(pieces), whole, atol=1e-5)


@pytest.mark.parametrize("name", SETS)
def test_a_set_goes_on_exactly_from_the_state_of_its_generator(digits, name):
    generator, later = np.random.default_rng(0), np.random.default_rng(5)
    augment = create_augmentation(name, generator)
    augment(digits[:7])
    state = generator.bit_generator.state
    expected = augment(digits)
    later.bit_generator.state = state
    assert np.array_equal(create_augmentation(name, later)(digits), expected)


@pytest.mark.parametrize("name", SETS)
def test_a_batch_of_no_digits_is_changed_to_none(name):
    none = np.zeros((0, 784), np.float32)
    assert create_augmentation(name, np.random.default_rng(0))(none).shape == (0, 784)


def test_no_augmentation_is_none_and_an_unknown_one_is_refused():
    generator = np.random.default_rng(0)
    assert create_augmentation("none", generator) is None
    with pytest.raises(ValueError, match="none, affine, light, full, but got “strong”"):
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
    with pytest.raises(ValueError, match=f"strength of {name} needs a number from 0 to"):
        Strengths(**{name: value})


# Geometry


def test_a_shift_stays_within_its_bound_and_uses_all_of_it(digits):
    found = squares(distorted(np.repeat(digits[:10], 40, axis=0), Strengths(shift=2)))
    steps = np.arange(28)
    old, new = (
        np.stack([p.sum(axis=1) @ steps, p.sum(axis=2) @ steps]) / p.sum(axis=(1, 2))
        for p in (np.repeat(squares(digits[:10]), 40, axis=0), found)
    )
    assert np.abs(new - old).max() <= 2.01
    assert (np.ptp(new - old, axis=1) > 3.4).all()


def test_a_quarter_turn_is_clockwise_and_exact(digits):
    one, quarter = np.ones(1, np.float32), np.full(1, np.pi / 2, np.float32)
    matrix = mesh.affine_map(quarter, one, one, 0 * one)
    columns, rows = mesh.source_places(matrix, np.zeros((1, 2), np.float32))
    middle = 13.5
    expected = np.rot90(squares(digits)[0], k=-1)
    read = squares(digits)[0][
        np.rint(rows[0] + middle).astype(int), np.rint(columns[0] + middle).astype(int)
    ]
    assert np.array_equal(read, expected)


@given(
    angle=st.floats(-0.5, 0.5),
    scale=st.floats(0.8, 1.25),
    stretch=st.floats(0.7, 1.4),
    shear=st.floats(-0.4, 0.4),
)
def test_only_scale_changes_how_much_ink_there_is(angle, scale, stretch, shear):
    values = (np.full(1, value, np.float32) for value in (angle, scale, stretch, shear))
    matrix = mesh.affine_map(*values)[0]
    assert np.linalg.det(matrix) == pytest.approx(1 / scale**2, rel=1e-4)


def test_the_elastic_field_is_smooth_and_as_strong_as_asked():
    knots = np.random.default_rng(0).uniform(-1, 1, (2000, 7, 7)).astype(np.float32)
    field = mesh.elastic_field(knots)
    assert field.std() == pytest.approx(1, rel=0.02)
    assert np.abs(np.diff(field, axis=1)).mean() < 0.25 * np.abs(field).mean()
    # Knots that all move alike move every pixel alike: the weights of a pixel sum to one.
    even = mesh.elastic_field(np.ones((1, 7, 7), np.float32))
    assert np.allclose(even, even[0, 0, 0])


# Pens and papers


def test_thickness_adds_a_pixel_to_each_side_or_takes_it():
    pictures = filled(6, 3)
    pens.change_thickness(pictures, np.array([1, -1, 0], np.float32))
    inked = [np.flatnonzero(picture[14] > 0.5) for picture in pictures]
    assert [len(places) for places in inked] == [8, 4, 6]


def test_half_a_pixel_of_thickness_is_half_ink():
    pictures = filled(6, 2)
    pens.change_thickness(pictures, np.array([0.5, -0.5], np.float32))
    assert np.allclose(pictures[0, 14, 10:19], [0.5, 1, 1, 1, 1, 1, 1, 0.5, 0])
    assert np.allclose(pictures[1, 14, 10:19], [0, 0.5, 1, 1, 1, 1, 0.5, 0, 0])


def test_contrast_keeps_paper_and_makes_the_darkest_ink_full():
    pictures = 0.6 * filled(6, 2)
    pictures[:, 11, 11:17] = 0.1
    pens.change_contrast(pictures, np.array([5, 1], np.float32), np.full(2, 0.5, np.float32))
    assert pictures[0, 14, 14] == pytest.approx(1)
    assert pictures[0, 0].max() == pytest.approx(0)
    assert pictures[0, 11, 14] < 0.1
    assert pictures[1, 14, 14] == pytest.approx(0.6)


def test_blur_keeps_the_ink_and_spreads_it():
    pictures = filled(6)
    pens.blur(pictures, np.ones(1, np.float32))
    assert pictures.sum() == pytest.approx(36, rel=1e-5)
    assert pictures[0, 14, 10] == pytest.approx(0.25)


def test_noise_has_its_deviation_and_befalls_only_those_chosen():
    pictures = np.zeros((40, 28, 28), np.float32)
    deviation = np.repeat(np.float32([0, 0.1]), 20)
    pens.add_noise(pictures, deviation, np.linspace(0, 0.999, 40, dtype=np.float32))
    assert not pictures[:20].any()
    assert pictures[20:].std() == pytest.approx(0.1, rel=0.02)
    assert not np.array_equal(pictures[20], pictures[21])


def test_a_patch_is_erased_and_nothing_else():
    pictures = np.ones((2, 28, 28), np.float32)
    pens.erase_patch(pictures, np.float32([4, -1]), np.float32([[10.5, 20.5], [14, 14]]))
    rows, columns = np.nonzero(pictures[0] == 0)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (19, 22, 9, 12)
    assert pictures[1].all()
