import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import check_gradient
from nn.convolution import convolve, convolve_gradients, patch_room, turn_weights
from nn.pooling import Squares, pool, unpool

SIDES = st.integers(1, 6)


def convolved_by_loops(padded, weights, kernel):
    n, height, width, _ = padded.shape
    out = np.zeros((n, height - kernel + 1, width - kernel + 1, weights.shape[1]))
    for sample, row, column in np.ndindex(out.shape[:3]):
        patch = padded[sample, row : row + kernel, column : column + kernel]
        for filter_index in range(weights.shape[1]):
            out[sample, row, column, filter_index] = sum(
                patch[i, j, c] * weights[(i * kernel + j) * padded.shape[3] + c, filter_index]
                for i, j, c in np.ndindex(patch.shape)
            )
    return out


def convolved(padded, weights, kernel, room=None):
    n, height, width, _ = padded.shape
    out = np.empty((n, height - kernel + 1, width - kernel + 1, weights.shape[1]))
    if room is None:
        room = patch_room(padded.shape[1:], kernel, weights.shape[1])
    convolve(padded, weights, kernel, out, np.empty(room))
    return out


@given(
    sizes=st.tuples(st.integers(1, 3), SIDES, SIDES, st.integers(1, 3)),
    kernel=st.integers(1, 4),
    filters=st.integers(1, 3),
)
def test_a_convolution_is_what_loops_over_its_definition_give(sizes, kernel, filters):
    n, height, width, channels = sizes
    generator = np.random.default_rng(n)
    height, width = height + kernel - 1, width + kernel - 1
    padded = generator.standard_normal((n, height, width, channels))
    weights = generator.standard_normal((kernel * kernel * channels, filters))
    exact = convolved_by_loops(padded, weights, kernel)
    np.testing.assert_allclose(convolved(padded, weights, kernel), exact, atol=1e-12)


def test_patches_of_one_picture_at_a_time_give_the_same_as_all_at_once():
    generator = np.random.default_rng(0)
    padded, weights = generator.standard_normal((5, 7, 6, 2)), generator.standard_normal((18, 3))
    least = 5 * 4 * 18 + weights.size
    np.testing.assert_allclose(
        convolved(padded, weights, 3, least), convolved(padded, weights, 3), atol=1e-12
    )
    delta = generator.standard_normal((5, 5, 4, 3))
    results = []
    for room in (least, 100 * least):
        out = np.empty_like(weights)
        convolve_gradients(padded, delta, 3, out, np.empty(room))
        results.append(out)
    np.testing.assert_allclose(*results, atol=1e-12)


@pytest.mark.parametrize(("kernel", "channels", "filters"), [(1, 1, 1), (2, 3, 2), (3, 2, 4)])
def test_the_gradients_of_a_convolution_are_the_slopes_of_its_results(kernel, channels, filters):
    generator = np.random.default_rng(kernel)
    padded = generator.standard_normal((2, 6, 5, channels))
    weights = generator.standard_normal((kernel * kernel * channels, filters))
    delta = generator.standard_normal((2, 7 - kernel, 6 - kernel, filters))
    margin = kernel - 1

    def value(parameters):
        return float(np.vdot(convolved(*parameters, kernel), delta))

    def gradients(parameters):
        of_weights = np.empty_like(weights)
        convolve_gradients(parameters[0], delta, kernel, of_weights, np.empty(100_000))
        turned = np.empty((kernel * kernel * filters, channels))
        turn_weights(parameters[1], kernel, turned)
        around = ((0, 0), (margin, margin), (margin, margin), (0, 0))
        return [convolved(np.pad(delta, around), turned, kernel), of_weights]

    assert check_gradient(value, gradients, [padded, weights], generator) < 1e-7


def pooled(pictures, squares):
    n, height, width, channels = pictures.shape
    size, stride = squares
    shape = (n, (height - size) // stride + 1, (width - size) // stride + 1, channels)
    out, places = np.empty(shape, pictures.dtype), np.empty(shape, squares.places_dtype)
    pool(pictures, squares, out, places, np.empty(shape, bool))
    return out, places


@given(
    height=SIDES,
    width=SIDES,
    channels=st.integers(1, 3),
    squares=st.builds(Squares, st.integers(1, 3), st.integers(1, 4)),
    levels=st.sampled_from([2, 1000]),
)
def test_pooling_keeps_the_largest_and_gives_its_gradient_to_the_first_of_them(
    height, width, channels, squares, levels
):
    size, stride = squares
    generator = np.random.default_rng(height)
    shape = (2, height + size - 1, width + size - 1, channels)
    pictures = generator.integers(0, levels, shape).astype(float)
    out, places = pooled(pictures, squares)
    delta = generator.standard_normal(out.shape)
    back, expected = np.full(shape, np.nan), np.zeros(shape)
    unpool(delta, squares, places, back, np.empty(out.shape, bool))
    for sample, row, column, channel in np.ndindex(out.shape):
        top, left = row * stride, column * stride
        square = pictures[sample, top : top + size, left : left + size, channel]
        assert out[sample, row, column, channel] == square.max()
        i, j = np.unravel_index(square.argmax(), square.shape)
        expected[sample, top + i, left + j, channel] += delta[sample, row, column, channel]
    np.testing.assert_allclose(back, expected, atol=1e-12)


def test_a_nan_is_not_lost_in_pooling():
    pictures = np.zeros((1, 4, 4, 1), np.float32)
    pictures[0, 1, 1] = np.nan
    out, _ = pooled(pictures, Squares(2, 2))
    assert np.isnan(out[0, 0, 0, 0])
    assert not out[0, 1:].any()


def test_large_squares_remember_all_their_places():
    pictures = np.zeros((1, 17, 17, 1))
    pictures[0, 16, 16] = 1
    _, places = pooled(pictures, Squares(17, 17))
    assert places.ravel().tolist() == [17 * 17 - 1]
