"""Drawings in MNIST's frame: position, size, stroke width, specks, and what is refused."""

import numpy as np
import pytest
from drawings import ring
from hypothesis import given
from hypothesis import strategies as st

from data_cache import frame_digit, frame_digits, load_digits, shrink_canvas
from data_cache.preprocessing.cleaning import clean
from data_cache.preprocessing.framing import THICKEST, THINNEST
from data_cache.preprocessing.morphology import stroke_width


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """Digits of MNIST of usual stroke widths and without specks, (n, 28, 28) float in [0, 1]."""
    images = load_digits().train.images[:200].reshape(-1, 28, 28) / 255
    is_clean = (clean(images) == images).all(axis=(1, 2))
    width = stroke_width(images)
    chosen = images[is_clean & (width > THINNEST) & (width < THICKEST)]
    assert 180 <= len(chosen) < 200
    return chosen


def framed(canvas) -> np.ndarray:
    image = frame_digit(canvas)
    assert (image.shape, image.dtype) == ((784,), np.float32)
    assert image.min() >= 0
    assert image.max() <= 1
    return image.reshape(28, 28)


def bounding_box(image) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def extent(image) -> tuple[int, int]:
    """Height and width of the ink."""
    return image[bounding_box(image)].shape


def difference(one, other) -> float:
    """The mean difference of two images, minimized over shifts of up to one pixel.

    The centre of mass is rounded to a pixel, so that two nearly equal drawings may be shifted.
    """
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(np.abs(np.roll(one, shift, axis=(0, 1)) - other).mean() for shift in shifts)


def pasted(ink, side, top, left) -> np.ndarray:
    canvas = np.zeros((side, side))
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas


def enlarged(image, factor) -> np.ndarray:
    return np.kron(image, np.ones((factor, factor)))


def strokes(seed: int, side: int, thickness: float) -> np.ndarray:
    """A wavy line across part of a canvas."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(0.3, 0.7, (4, 2)) * side
    along = np.linspace(0, 1, 50)
    line = np.stack([np.interp(along, np.linspace(0, 1, 4), points[:, k]) for k in (0, 1)], axis=1)
    rows, columns = np.mgrid[:side, :side] + 0.5
    distance = np.min(
        np.hypot(rows[..., None] - line[:, 0], columns[..., None] - line[:, 1]), axis=2
    )
    return np.clip(thickness * side / 28 - distance + 0.5, 0, 1)


# Digits of MNIST


def test_a_digit_of_mnist_does_not_change_also_if_it_is_enlarged(digits):
    for index, digit in enumerate(digits):
        for factor in (1, 2, 3, 6) if index < 40 else (1,):
            assert np.allclose(framed(enlarged(digit, factor)), digit, atol=1e-6)


@pytest.mark.parametrize("side", [28, 29, 56, 168])
def test_a_digit_of_mnist_does_not_change_at_any_position(digits, side):
    generator = np.random.default_rng(side)
    for digit in digits[:60]:
        ink = digit[bounding_box(digit)]
        top, left = generator.integers(0, (side - ink.shape[0] + 1, side - ink.shape[1] + 1))
        assert np.allclose(framed(pasted(ink, side, top, left)), digit, atol=1e-6)


# Position and size


@given(
    seed=st.integers(0, 10**6),
    side=st.sampled_from([28, 56, 100, 168]),
    thickness=st.floats(0.7, 3),
)
def test_the_longer_side_has_20_pixels_and_the_centre_of_mass_is_at_the_centre(
    seed, side, thickness
):
    image = framed(strokes(seed, side, thickness)).astype(float)
    assert max(extent(image)) == 20
    # MNIST's centre is the index 14, from which its own digits are half a pixel off at most.
    centre = np.array([image.sum(axis=axis) @ np.arange(28) for axis in (1, 0)]) / image.sum()
    assert np.abs(centre - 14).max() <= 0.5 + 1e-6


@given(seed=st.integers(0, 10**6), down=st.integers(-16, 16), right=st.integers(-16, 16))
def test_the_position_of_a_drawing_makes_no_difference(seed, down, right):
    canvas = strokes(seed, 56, 1.0)
    moved = np.roll(canvas, (down, right), axis=(0, 1))
    if canvas.sum() == pytest.approx(moved.sum()) and not canvas[[0, -1]].any():
        assert np.array_equal(framed(moved), framed(canvas))


@given(seed=st.integers(0, 10**6))
def test_the_size_of_a_drawing_makes_little_difference(seed):
    small, big = framed(strokes(seed, 84, 1.5)), framed(strokes(seed, 168, 1.5))
    assert difference(small, big) < 0.06  # different drawings: 0.1


@pytest.mark.parametrize(
    ("side", "shape", "position", "expected"),
    [
        (168, (100, 80), (5, 9), (20, 16)),
        (168, (80, 100), (5, 9), (16, 20)),
        (168, (150, 120), (5, 9), (20, 16)),
        (168, (168, 168), (0, 0), (20, 20)),
        (56, (56, 7), (0, 49), (20, 2)),
        (28, (1, 1), (0, 0), (20, 20)),
        (28, (1, 1), (0, 27), (20, 20)),
        (28, (1, 1), (27, 0), (20, 20)),
        (28, (1, 1), (27, 27), (20, 20)),
    ],
)
def test_rectangles_keep_their_proportions_also_at_the_border(side, shape, position, expected):
    image = framed(pasted(np.ones(shape), side, *position))
    assert extent(image) == expected
    if min(shape) > 7:
        assert np.allclose(image[image > 0], 1)


def test_enlarging_interpolates_linearly():
    ramp = np.tile(np.linspace(0.3, 1, 10), (10, 1))
    image = framed(pasted(ramp, 56, 3, 40))
    ink = image[bounding_box(image)]
    assert ink.shape == (20, 20)
    assert np.allclose(ink, ink[0])
    assert np.diff(ink[0]).min() >= 0
    assert np.diff(ink[0]).max() == pytest.approx(0.7 / 18, abs=1e-6)
    assert (ink[0, 0], ink[0, -1]) == pytest.approx((0.3, 1))


def test_shrinking_averages_so_that_no_thin_stroke_is_lost():
    canvas = np.zeros((168, 168))
    canvas[10:110, 10:110:10] = 1  # ten lines, each a pixel wide
    image = framed(canvas)
    assert extent(image)[0] == 20
    assert image.sum() == pytest.approx(1000 * (20 / 100) * (18 / 91), rel=1e-5)


def test_faint_ink_keeps_its_level():
    assert framed(pasted(np.full((20, 20), 0.3), 28, 0, 0)).max() == pytest.approx(0.3)


# Stroke widths, specks and noise


@pytest.mark.parametrize("width", [2, 5, 10, 20, 30])
def test_strokes_of_any_width_get_one_that_mnist_has(width):
    image = framed(ring(168, 60, width))
    assert max(extent(image)) == 20
    assert THINNEST - 0.5 < stroke_width(image[np.newaxis])[0] < THICKEST + 0.5


@pytest.mark.parametrize("side", [56, 84, 168])
def test_specks_far_from_the_digit_make_no_difference(digits, side):
    generator = np.random.default_rng(side)
    for digit in digits[:30]:
        clear = pasted(enlarged(digit, 2), 2 * side, 2, 2)[:side, :side]
        speckled = clear.copy()
        for row, column in generator.integers(side - 6, side - 2, (2, 2)):
            speckled[row : row + 2, column : column + 2] = 1
        if clear[: side - 12, : side - 12].sum() == clear.sum():
            assert np.allclose(framed(speckled), framed(clear), atol=1e-6)


def test_separate_strokes_are_kept():
    # A five: its bar, a tenth of the ink, is half a digit's width away from the rest.
    canvas = np.zeros((84, 84))
    canvas[30:70, 20:24] = canvas[66:70, 20:44] = canvas[30:34, 20:44] = canvas[14:18, 30:48] = 1
    assert extent(framed(canvas)) == (20, 28 * 20 // 56)
    assert framed(canvas)[:8].sum() > 5


def test_the_dots_of_a_broken_stroke_are_kept():
    canvas = np.zeros((84, 84))
    for row in range(10, 70, 6):
        canvas[row : row + 3, 40:43] = 1
    assert extent(framed(canvas))[0] == 20
    assert extent(clean(canvas[np.newaxis])[0]) == extent(canvas)


def test_background_noise_makes_little_difference(digits):
    generator = np.random.default_rng(0)
    for digit in digits[:30]:
        canvas = pasted(enlarged(digit, 3), 168, 30, 50)
        noisy = np.clip(canvas + generator.normal(0, 0.04, canvas.shape), 0, 1)
        assert difference(framed(noisy), framed(canvas)) < 0.045  # different digits: 0.15


@pytest.mark.parametrize("end", [0, 1, None], ids=["none", "blank", "many"])
def test_many_canvases_are_framed_like_single_ones(digits, end):
    canvases = np.stack([np.zeros((28, 28)), *digits[:70], ring(28, 9, 1)])[:end]
    images, is_drawn = frame_digits(canvases)
    assert is_drawn.tolist() == ([False] + 71 * [True])[: len(canvases)]
    assert images.shape == (len(canvases), 784)
    assert not images[:1].any()
    for canvas, image in zip(canvases[1:], images[1:], strict=True):
        assert difference(image.reshape(28, 28), framed(canvas)) < 1e-6
    as_bytes = np.round(255 * canvases[:-1]).astype(np.uint8)
    assert np.allclose(frame_digits(as_bytes)[0], images[:-1], atol=1e-6)


def test_a_whole_canvas_is_shrunk_without_framing(digits):
    for factor in (1, 3):
        image = shrink_canvas(enlarged(digits[3], factor))
        np.testing.assert_allclose(image, digits[3].reshape(784), atol=1e-6)
        assert image.dtype == np.float32


@pytest.mark.parametrize("dtype", [bool, np.float32, np.float64, int])
def test_ink_may_have_any_numeric_dtype_and_does_not_change(dtype):
    canvas = pasted(np.ones((20, 16)), 40, 3, 3).astype(dtype)
    before = canvas.copy()
    assert extent(framed(canvas)) == (20, 16)
    assert np.array_equal(canvas, before)


# Blank and refused


@pytest.mark.parametrize("convert", [frame_digit, shrink_canvas])
@pytest.mark.parametrize(
    "canvas",
    [
        np.zeros((28, 28)),
        np.zeros((168, 168)),
        np.full((28, 28), 0.01),
        pasted(np.ones((1, 1)), 168, 40, 40),
        pasted(np.full((1, 2), 0.1), 28, 4, 4),
    ],
    ids=["28", "168", "haze", "one pixel of 168", "two faint pixels"],
)
def test_a_blank_canvas_and_a_speck_give_none(convert, canvas):
    assert convert(canvas) is None


@pytest.mark.parametrize("convert", [frame_digit, shrink_canvas])
@pytest.mark.parametrize("shape", [(27, 27), (28, 30), (784,)])
def test_a_canvas_of_a_wrong_shape_is_refused(convert, shape):
    with pytest.raises(ValueError, match=r"28 × 28, found") as caught:
        convert(np.zeros(shape))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.01, 255.0])
def test_a_value_out_of_range_is_refused_with_its_position(value):
    canvas = np.zeros((28, 28))
    canvas[3, 7] = value
    with pytest.raises(ValueError, match=rf"found {value} in row 3, column 7"):
        frame_digit(canvas)


def test_a_canvas_of_strings_is_refused():
    with pytest.raises(ValueError, match="found <U3"):
        frame_digit(np.full((28, 28), "ink"))
