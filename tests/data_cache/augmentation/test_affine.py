"""Random affine augmentation."""

from __future__ import annotations

import numpy as np
import pytest

from data_cache import RandomAffine, load_digits, to_float


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return to_float(load_digits().test.images[:100])


def augmented(images, seed=0, **settings) -> np.ndarray:
    return RandomAffine(np.random.default_rng(seed), **settings)(images)


def centre_of_mass(images) -> np.ndarray:
    squares = images.reshape(-1, 28, 28).astype(float)
    total = squares.sum(axis=(1, 2))
    steps = np.arange(28)
    return np.stack([squares.sum(axis=1) @ steps, squares.sum(axis=2) @ steps]) / total


def test_no_change_at_all_leaves_every_pixel_as_it_was(digits):
    assert np.allclose(augmented(digits, shift=0, rotation=0, scale=0), digits, atol=1e-5)


def test_a_whole_pixel_shift_moves_the_picture_exactly(digits):
    class Drawn:
        def uniform(self, low, high, shape):
            return np.tile([0.0, 0.0, 1.0, -0.5], (shape[0], 1))

    found = RandomAffine(Drawn(), shift=2, rotation=0, scale=0)(digits).reshape(-1, 28, 28)
    expected = np.zeros_like(found)
    expected[:, :-1, 2:] = digits.reshape(-1, 28, 28)[:, 1:, :-2]
    assert np.allclose(found, expected, atol=1e-5)


def test_a_rotation_by_90_degrees_is_clockwise_and_exact(digits):
    class Drawn:
        def uniform(self, low, high, shape):
            return np.tile([1.0, 0.0, 0.0, 0.0], (shape[0], 1))

    found = RandomAffine(Drawn(), shift=0, rotation=90, scale=0)(digits).reshape(-1, 28, 28)
    expected = np.rot90(digits.reshape(-1, 28, 28), k=-1, axes=(1, 2))
    assert np.allclose(found, expected, atol=1e-4)


def test_scaling_changes_the_amount_of_ink_by_its_square():
    picture = np.zeros((1, 28, 28), np.float32)
    picture[:, 8:20, 8:20] = 1

    class Drawn:
        def uniform(self, low, high, shape):
            return np.array([[0.0, 1.0, 0.0, 0.0]])

    found = RandomAffine(Drawn(), shift=0, rotation=0, scale=0.25)(picture.reshape(1, 784))
    assert found.sum() == pytest.approx(144 * 1.25**2, rel=1e-3)


def test_shifts_stay_within_their_bound_and_use_all_of_it(digits):
    many = np.repeat(digits[:10], 40, axis=0)
    moved = centre_of_mass(augmented(many, rotation=0, scale=0, shift=2)) - centre_of_mass(many)
    assert np.abs(moved).max() <= 2.01
    assert (moved.max(axis=1) > 1.7).all()
    assert (moved.min(axis=1) < -1.7).all()


@pytest.mark.parametrize(
    "setting", [{"shift": -1}, {"rotation": -1}, {"scale": 1}, {"scale": -0.1}]
)
def test_an_impossible_augmentation_is_refused(setting):
    with pytest.raises(ValueError, match=r"expected shift ≥ 0, rotation ≥ 0 and scale in \[0, 1\)"):
        augmented(np.zeros((1, 784), np.float32), **setting)
