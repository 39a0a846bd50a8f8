"""Drawings in MNIST's frame: position, size, stroke width, specks, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from drawings import ring
from hypothesis import given
from hypothesis import strategies as st

from data_cache import frame_digit, frame_digits, load_digits, shrink_canvas
from data_cache.preprocessing.cleaning import clean
from data_cache.preprocessing.framing import THICKEST, THINNEST
from data_cache.preprocessing.morphology import stroke_width
from nn import load_pretrained


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """Real digits without specks, written with usual pens, (about 190, 28, 28) float in [0, 1]."""
    pictures = load_digits().train.images[:200].reshape(-1, 28, 28) / 255
    is_usual = (clean(pictures) == pictures).all(axis=(1, 2))
    width = stroke_width(pictures)
    return pictures[is_usual & (width > THINNEST) & (width < THICKEST)]


def framed(canvas) -> np.ndarray:
    picture = frame_digit(canvas)
    assert (picture.shape, picture.dtype) == ((784,), np.float32)
    assert picture.min() >= 0
    assert picture.max() <= 1
    return picture.reshape(28, 28)


def extent(picture) -> tuple[int, int]:
    """Height and width of the ink."""
    sides = []
    for axis in (1, 0):
        places = np.flatnonzero(picture.any(axis=axis))
        sides.append(int(places[-1] - places[0] + 1))
    return sides[0], sides[1]


def centre_of_mass(picture) -> tuple[float, float]:
    steps = np.arange(28)
    total = picture.sum(dtype=float)
    return picture.sum(axis=1) @ steps / total, picture.sum(axis=0) @ steps / total


def difference(one, other) -> float:
    """The mean difference of two framed pictures, as near as one pixel's shift brings them.

    The middle is a whole pixel, so a hair's breadth may decide between two neighbours.
    """
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(np.abs(np.roll(one, shift, axis=(0, 1)) - other).mean() for shift in shifts)


def pasted(ink, side, top, left) -> np.ndarray:
    canvas = np.zeros((side, side))
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas


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


# Real digits


def test_nearly_all_digits_of_mnist_have_usual_stroke_widths_and_no_specks(digits):
    assert 180 <= len(digits) < 200


def test_a_digit_of_mnist_is_framed_as_itself(digits):
    for digit in digits:
        assert np.allclose(framed(digit), digit, atol=1e-6)


@pytest.mark.parametrize("side", [28, 29, 56, 168])
def test_a_digit_of_mnist_pasted_anywhere_is_framed_as_itself(digits, side):
    generator = np.random.default_rng(side)
    for digit in digits[:60]:
        height, width = extent(digit)
        rows, columns = (np.flatnonzero(digit.any(axis=a)) for a in (1, 0))
        ink = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        top, left = generator.integers(0, (side - height + 1, side - width + 1))
        assert np.allclose(framed(pasted(ink, side, top, left)), digit, atol=1e-6)


@pytest.mark.parametrize("factor", [2, 3, 6])
def test_a_digit_of_mnist_drawn_several_times_bigger_is_framed_as_itself(digits, factor):
    for digit in digits[:40]:
        big = np.kron(digit, np.ones((factor, factor)))
        assert np.allclose(framed(big), digit, atol=1e-6)


def test_a_small_drawing_is_enlarged_without_steps():
    ramp = np.tile(np.linspace(0.3, 1, 10), (10, 1))
    picture = framed(pasted(ramp, 56, 3, 40))
    inked = picture[picture.any(axis=1)][:, picture.any(axis=0)]
    assert inked.shape == (20, 20)
    assert np.allclose(inked, inked[0])
    assert np.diff(inked[0]).min() >= 0
    assert np.diff(inked[0]).max() == pytest.approx(0.7 / 18, abs=1e-6)
    assert (inked[0, 0], inked[0, -1]) == pytest.approx((0.3, 1))


def test_the_pretrained_network_gives_the_same_probabilities_wherever_a_digit_is_drawn(digits):
    network = load_pretrained()
    expected = network.predict_proba(digits.reshape(-1, 784).astype(np.float32))
    found = network.predict_proba(
        np.stack([frame_digit(pasted(digit, 168, 3, 137)) for digit in digits])
    )
    assert np.allclose(found, expected, atol=1e-4)


# Drawings


@given(
    seed=st.integers(0, 10**6),
    side=st.sampled_from([28, 56, 100, 168]),
    thickness=st.floats(0.7, 3),
)
def test_the_longer_side_has_20_pixels_and_the_centre_of_mass_is_at_the_middle(
    seed, side, thickness
):
    picture = framed(strokes(seed, side, thickness))
    assert max(extent(picture)) == 20
    # MNIST's middle: the index 14, from which its own digits are half a pixel off at most.
    assert np.abs(np.array(centre_of_mass(picture)) - 14).max() <= 0.5 + 1e-6


@given(seed=st.integers(0, 10**6), down=st.integers(-16, 16), right=st.integers(-16, 16))
def test_the_position_of_a_drawing_makes_no_difference(seed, down, right):
    canvas = strokes(seed, 56, 1.0)
    moved = np.roll(canvas, (down, right), axis=(0, 1))
    if canvas.sum() == pytest.approx(moved.sum()) and not canvas[[0, -1]].any():
        assert np.array_equal(framed(moved), framed(canvas))


@given(seed=st.integers(0, 10**6))
def test_the_size_of_a_drawing_makes_nearly_no_difference(seed):
    small, big = framed(strokes(seed, 84, 1.5)), framed(strokes(seed, 168, 1.5))
    assert difference(small, big) < 0.06  # different drawings: 0.1


@pytest.mark.parametrize(("height", "width"), [(100, 80), (80, 100), (150, 120), (40, 40)])
def test_proportions_are_kept(height, width):
    picture = framed(pasted(np.ones((height, width)), 168, 5, 9))
    longer = max(height, width)
    assert extent(picture) == (
        max(1, round(20 * height / longer)),
        max(1, round(20 * width / longer)),
    )
    assert np.allclose(picture[picture > 0], 1)


def test_shrinking_averages_so_that_no_thin_stroke_is_lost():
    canvas = np.zeros((168, 168))
    canvas[10:110, 10:110:10] = 1  # ten lines, each a pixel wide
    picture = framed(canvas)
    inked = picture[picture.any(axis=1)][:, picture.any(axis=0)]
    assert inked.shape[0] == 20
    assert picture.sum() == pytest.approx(1000 * (20 / 100) * (18 / 91), rel=1e-5)


def test_a_canvas_full_of_ink_becomes_a_full_box():
    picture = framed(np.ones((168, 168)))
    assert extent(picture) == (20, 20)
    assert picture.sum() == 400


@pytest.mark.parametrize("corner", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_a_single_dot_is_a_drawing_even_in_a_corner(corner):
    canvas = np.zeros((28, 28))
    canvas[corner] = 1
    assert extent(framed(canvas)) == (20, 20)


def test_ink_that_touches_the_border_is_framed_whole():
    canvas = np.zeros((56, 56))
    canvas[:, :3] = canvas[-3:, :] = 1
    assert extent(framed(canvas))[0] >= 19
    bar = np.zeros((56, 56))
    bar[:, -7:] = 1
    assert extent(framed(bar)) == (20, 2)


def test_faint_ink_stays_as_faint_as_it_was():
    assert framed(pasted(np.full((20, 20), 0.3), 28, 0, 0)).max() == pytest.approx(0.3)


# Stroke widths, specks and noise


@pytest.mark.parametrize("width", [2, 5, 10, 20, 30])
def test_strokes_of_any_pen_get_a_width_that_mnist_has(width):
    picture = framed(ring(168, 60, width))
    assert max(extent(picture)) == 20
    found = stroke_width(picture[np.newaxis])[0]
    assert THINNEST - 0.5 < found < THICKEST + 0.5


@pytest.mark.parametrize("side", [56, 84, 168])
def test_specks_far_from_the_digit_change_nothing(digits, side):
    generator = np.random.default_rng(side)
    for digit in digits[:30]:
        clear = pasted(np.kron(digit, np.ones((2, 2))), 2 * side, 2, 2)[:side, :side]
        spoilt = clear.copy()
        for row, column in generator.integers(side - 6, side - 2, (2, 2)):
            spoilt[row : row + 2, column : column + 2] = 1
        inside = clear[: side - 12, : side - 12].sum() == clear.sum()
        if inside:
            assert np.allclose(framed(spoilt), framed(clear), atol=1e-6)


def test_separate_strokes_are_kept():
    # A five: its bar, a tenth of the ink, is half a digit's width away from the rest.
    canvas = np.zeros((84, 84))
    canvas[30:70, 20:24] = canvas[66:70, 20:44] = canvas[30:34, 20:44] = 1
    bar = canvas.copy()
    bar[14:18, 30:48] = 1
    assert extent(framed(bar)) == (20, extent(bar)[1] * 20 // 56)
    assert framed(bar)[:8].sum() > 5


def test_the_dots_of_a_broken_stroke_are_kept():
    canvas = np.zeros((84, 84))
    for row in range(10, 70, 6):
        canvas[row : row + 3, 40:43] = 1
    assert extent(framed(canvas))[0] == 20
    assert extent(clean(canvas[np.newaxis])[0]) == extent(canvas)


def test_background_noise_makes_little_difference(digits):
    generator = np.random.default_rng(0)
    for digit in digits[:30]:
        canvas = pasted(np.kron(digit, np.ones((3, 3))), 168, 30, 50)
        noisy = np.clip(canvas + generator.normal(0, 0.04, canvas.shape), 0, 1)
        assert difference(framed(noisy), framed(canvas)) < 0.045  # different digits: 0.15


def test_many_canvases_are_framed_as_each_alone(digits):
    canvases = np.stack([np.zeros((28, 28)), *digits[:70], ring(28, 9, 1)])
    framed_all, drawn = frame_digits(canvases)
    assert drawn.tolist() == [False] + 71 * [True]
    assert not framed_all[0].any()
    for canvas, picture in zip(canvases[1:], framed_all[1:], strict=True):
        assert difference(picture.reshape(28, 28), framed(canvas)) < 1e-6
    whole_numbers = np.round(255 * canvases[:-1]).astype(np.uint8)
    assert np.allclose(frame_digits(whole_numbers)[0], framed_all[:-1], atol=1e-6)


def test_no_canvases_are_framed_to_none():
    framed_all, drawn = frame_digits(np.zeros((0, 84, 84)))
    assert (framed_all.shape, drawn.shape) == ((0, 784), (0,))


# Blank and refused


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
def test_a_blank_canvas_or_a_speck_is_no_drawing(canvas):
    assert frame_digit(canvas) is None


@pytest.mark.parametrize("canvas", [np.zeros((27, 27)), np.zeros((28, 30)), np.zeros(784)])
def test_a_canvas_of_a_wrong_shape_is_refused(canvas):
    with pytest.raises(ValueError, match="a square shape from 28 × 28, found"):
        frame_digit(canvas)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.01, 255.0])
def test_a_value_out_of_range_is_refused_with_its_position(value):
    canvas = np.zeros((28, 28))
    canvas[3, 7] = value
    with pytest.raises(ValueError, match=rf"found {value} in row 3, column 7"):
        frame_digit(canvas)


def test_a_canvas_of_words_is_refused():
    with pytest.raises(ValueError, match=r"expected numbers in \[0, 1\], found <U3"):
        frame_digit(np.full((28, 28), "ink"))


@pytest.mark.parametrize("dtype", [bool, np.float32, np.float64, int])
def test_ink_may_be_of_any_kind_of_number_and_stays_untouched(dtype):
    canvas = pasted(np.ones((20, 16)), 40, 3, 3).astype(dtype)
    before = canvas.copy()
    assert extent(framed(canvas)) == (20, 16)
    assert np.array_equal(canvas, before)


def test_a_whole_picture_is_shrunk_as_it_stands(digits):
    picture = digits[3]
    np.testing.assert_allclose(shrink_canvas(picture), picture.reshape(784), atol=1e-6)
    bigger = np.kron(picture, np.ones((3, 3)))
    np.testing.assert_allclose(shrink_canvas(bigger), picture.reshape(784), atol=1e-6)
    assert shrink_canvas(bigger).dtype == np.float32


def test_a_blank_canvas_is_not_shrunk_and_a_wrong_one_is_refused():
    assert shrink_canvas(np.zeros((84, 84))) is None
    with pytest.raises(ValueError, match="a square shape from 28 × 28"):
        shrink_canvas(np.zeros((20, 20)))
