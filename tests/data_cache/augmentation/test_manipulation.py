import numpy as np
import pytest

from data_cache.augmentation.manipulation import Manipulation, manipulate


def stroke():
    """A vertical bar of 3 × 12 pixels, left of the middle."""
    image = np.zeros((28, 28), np.float32)
    image[8:20, 9:12] = 1
    return image.reshape(-1)


def changed(image=None, **amounts):
    image = stroke() if image is None else image
    return manipulate(image, Manipulation(**amounts), np.random.default_rng(0)).reshape(28, 28)


def test_without_an_amount_the_image_itself_is_returned():
    image = stroke()
    assert manipulate(image, Manipulation(), np.random.default_rng(0)) is image


def test_a_shift_of_whole_pixels_moves_the_image():
    expected = np.roll(stroke().reshape(28, 28), (-2, 3), axis=(0, 1))
    np.testing.assert_allclose(changed(right=3, down=-2), expected, atol=1e-6)


def test_a_quarter_turn_is_clockwise():
    expected = np.rot90(stroke().reshape(28, 28), -1)
    np.testing.assert_allclose(changed(rotation=90), expected, atol=1e-5)


def test_the_size_changes_the_ink_by_its_square():
    # The interpolation adds half a pixel of grey at the edges.
    assert changed(scale=1.5).sum() == pytest.approx(1.5**2 * stroke().sum(), rel=0.1)


def test_strokes_become_wider_and_thinner_by_whole_pixels():
    assert (changed(thickness=2)[14] > 0).sum() == 5
    assert (changed(thickness=-2)[14] > 0).sum() == 1


def test_blur_keeps_the_ink_and_lowers_the_contrast():
    once, more = changed(blur=1), changed(blur=2.5)
    assert once.sum() == pytest.approx(stroke().sum())
    assert more.sum() == pytest.approx(stroke().sum())
    assert 1 >= once.max() > more.max()
    assert once[14, 9] == pytest.approx(0.75)


def test_noise_has_the_standard_deviation_and_follows_the_generator():
    grey = np.full(784, 0.5, np.float32)
    noisy = changed(grey, noise=0.1)
    assert noisy.std() == pytest.approx(0.1, rel=0.1)
    np.testing.assert_array_equal(noisy, changed(grey, noise=0.1))


def test_values_stay_in_range_and_the_given_image_stays_as_it_is():
    image = stroke()
    result = changed(image, noise=1, blur=1, thickness=1, scale=0.5, rotation=20, right=1.5)
    assert result.min() >= 0
    assert result.max() <= 1
    assert result.dtype == np.float32
    np.testing.assert_array_equal(image, stroke())


@pytest.mark.parametrize("amount", [{"scale": 0}, {"blur": -1}, {"noise": float("nan")}])
def test_amounts_out_of_range_are_refused(amount):
    with pytest.raises(ValueError, match="expected scale above 0"):
        Manipulation(**amount)
