"""MNIST's frame: where a drawing stands, how big it is, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cache import frame_digit, load_digits, shrink_canvas
from nn import load_pretrained


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """Two hundred real digits, (200, 28, 28) float in [0, 1]."""
    return load_digits().train.images[:200].reshape(-1, 28, 28) / 255


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
    ramp = np.tile(np.linspace(0.1, 1, 10), (10, 1))
    picture = framed(pasted(ramp, 56, 3, 40))
    inked = picture[picture.any(axis=1)][:, picture.any(axis=0)]
    assert inked.shape == (20, 20)
    assert np.allclose(inked, inked[0])
    assert np.diff(inked[0]).min() >= 0
    assert np.diff(inked[0]).max() == pytest.approx(0.05, abs=1e-6)
    assert (inked[0, 0], inked[0, -1]) == pytest.approx((0.1, 1))


def test_the_pretrained_net_reads_a_digit_the_same_wherever_it_is_drawn(digits):
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
def test_where_a_drawing_stands_makes_no_difference(seed, down, right):
    canvas = strokes(seed, 56, 1.0)
    moved = np.roll(canvas, (down, right), axis=(0, 1))
    if canvas.sum() == pytest.approx(moved.sum()) and not canvas[[0, -1]].any():
        assert np.array_equal(framed(moved), framed(canvas))


@given(seed=st.integers(0, 10**6))
def test_how_big_a_drawing_is_makes_nearly_no_difference(seed):
    small, big = framed(strokes(seed, 84, 1.5)), framed(strokes(seed, 168, 1.5))
    assert difference(small, big) < 0.045  # different drawings: 0.1


@pytest.mark.parametrize(("height", "width"), [(100, 20), (20, 100), (150, 3), (40, 40)])
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
    bar[:, -4:] = 1
    assert extent(framed(bar)) == (20, 1)


def test_faint_ink_stays_as_faint_as_it_was():
    assert framed(pasted(np.full((20, 20), 0.3), 28, 0, 0)).max() == pytest.approx(0.3)


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
    with pytest.raises(ValueError, match="a square shape of at least 28 × 28, but got"):
        frame_digit(canvas)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.01, 255])
def test_a_value_that_is_no_ink_is_refused_with_its_place(value):
    canvas = np.zeros((28, 28))
    canvas[3, 7] = value
    with pytest.raises(ValueError, match=rf"row 3, column 7 is {value}\."):
        frame_digit(canvas)


def test_a_canvas_of_words_is_refused():
    with pytest.raises(ValueError, match=r"A canvas needs numbers in \[0, 1\]"):
        frame_digit(np.full((28, 28), "ink"))


@pytest.mark.parametrize("dtype", [bool, np.float32, np.float64, int])
def test_ink_may_be_of_any_kind_of_number_and_stays_untouched(dtype):
    canvas = pasted(np.ones((20, 10)), 40, 3, 3).astype(dtype)
    before = canvas.copy()
    assert extent(framed(canvas)) == (20, 10)
    assert np.array_equal(canvas, before)


def test_a_whole_picture_is_shrunk_as_it_stands(digits):
    picture = digits[3]
    np.testing.assert_allclose(shrink_canvas(picture), picture.reshape(784), atol=1e-6)
    bigger = np.kron(picture, np.ones((3, 3)))
    np.testing.assert_allclose(shrink_canvas(bigger), picture.reshape(784), atol=1e-6)
    assert shrink_canvas(bigger).dtype == np.float32


def test_a_blank_picture_is_shrunk_to_nothing_and_a_wrong_one_refused():
    assert shrink_canvas(np.zeros((84, 84))) is None
    with pytest.raises(ValueError, match="a square shape of at least 28 × 28"):
        shrink_canvas(np.zeros((20, 20)))
