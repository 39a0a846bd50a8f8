"""Random affine augmentation."""

import numpy as np
import pytest

from data_cache import RandomAffine, RandomDistortion, Strengths, load_digits, to_float


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


class FixedNumbers:
    """Replaces the generator: the same angle, size and shift, in [-1, 1], for every image."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = numbers

    def uniform(self, low, high, shape):
        return np.tile(self.numbers, (shape[0], 1))


def test_without_any_change_the_images_stay_the_same(digits):
    assert np.allclose(augmented(digits, shift=0, rotation=0, scale=0), digits, atol=1e-5)


def test_shifts_by_whole_pixels_and_rotations_by_90_degrees_clockwise_are_exact(digits):
    squares = digits.reshape(-1, 28, 28)
    shift = RandomAffine(FixedNumbers(0, 0, 1, -0.5), shift=2, rotation=0, scale=0)
    expected = np.zeros_like(squares)
    expected[:, :-1, 2:] = squares[:, 1:, :-2]
    assert np.allclose(shift(digits).reshape(-1, 28, 28), expected, atol=1e-5)
    rotate = RandomAffine(FixedNumbers(1, 0, 0, 0), shift=0, rotation=90, scale=0)
    expected = np.rot90(squares, k=-1, axes=(1, 2))
    assert np.allclose(rotate(digits).reshape(-1, 28, 28), expected, atol=1e-4)


def test_the_amount_of_ink_changes_by_the_square_of_the_scale():
    square = np.zeros((1, 28, 28), np.float32)
    square[:, 8:20, 8:20] = 1
    scale = RandomAffine(FixedNumbers(0, 1, 0, 0), shift=0, rotation=0, scale=0.25)
    assert scale(square.reshape(1, 784)).sum() == pytest.approx(144 * 1.25**2, rel=1e-3)


@pytest.mark.parametrize(
    "augment",
    [
        RandomAffine(np.random.default_rng(0), shift=2, rotation=0, scale=0),
        RandomDistortion(np.random.default_rng(0), Strengths(shift=2)),
    ],
)
def test_shifts_cover_the_range_up_to_their_maximum(digits, augment):
    many = np.repeat(digits[:10], 40, axis=0)
    moved = centre_of_mass(augment(many)) - centre_of_mass(many)
    assert np.abs(moved).max() <= 2.01
    assert (moved.max(axis=1) > 1.7).all()
    assert (moved.min(axis=1) < -1.7).all()


@pytest.mark.parametrize(
    "setting", [{"shift": -1}, {"rotation": -1}, {"scale": 1}, {"scale": -0.1}]
)
def test_a_setting_out_of_range_is_refused(setting):
    ((name, value),) = setting.items()
    with pytest.raises(ValueError, match=f"{name} {value}"):
        augmented(np.zeros((1, 784), np.float32), **setting)
