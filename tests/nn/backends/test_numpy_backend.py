import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import check_gradient
from nn.backends.numpy_backend import (
    NumpyBackend,
    data_pointer,
    is_float32,
    patch_buffer_size,
)

BACKEND = NumpyBackend()
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


def convolved(padded, weights, kernel, size=None):
    n, height, width, _ = padded.shape
    out = np.empty((n, height - kernel + 1, width - kernel + 1, weights.shape[1]))
    if size is None:
        size = patch_buffer_size(padded.shape[1:], kernel, weights.shape[1])
    BACKEND.convolve(padded, weights, kernel, out, np.empty(size))
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


def test_patches_of_one_image_at_a_time_give_the_same_as_all_in_one_buffer():
    generator = np.random.default_rng(0)
    padded, weights = generator.standard_normal((5, 7, 6, 2)), generator.standard_normal((18, 3))
    least = 5 * 4 * 18 + weights.size
    np.testing.assert_allclose(
        convolved(padded, weights, 3, least), convolved(padded, weights, 3), atol=1e-12
    )
    delta = generator.standard_normal((5, 5, 4, 3))
    results = []
    for size in (least, 100 * least):
        out = np.empty_like(weights)
        BACKEND.convolve_gradients(padded, delta, 3, out, np.empty(size))
        results.append(out)
    np.testing.assert_allclose(*results, atol=1e-12)


@pytest.mark.parametrize(("kernel", "channels", "filters"), [(1, 1, 1), (2, 3, 2), (3, 2, 4)])
def test_the_gradients_of_a_convolution_are_those_of_its_results(kernel, channels, filters):
    generator = np.random.default_rng(kernel)
    padded = generator.standard_normal((2, 6, 5, channels))
    weights = generator.standard_normal((kernel * kernel * channels, filters))
    delta = generator.standard_normal((2, 7 - kernel, 6 - kernel, filters))

    def value(parameters):
        return float(np.vdot(convolved(padded, *parameters, kernel), delta))

    def gradients(parameters):
        of_weights = np.empty_like(weights)
        BACKEND.convolve_gradients(padded, delta, kernel, of_weights, np.empty(100_000))
        return [of_weights]

    assert check_gradient(value, gradients, [weights], generator) < 1e-7


def pooled(images, size, stride, dtype=np.uint8):
    n, height, width, channels = images.shape
    shape = (n, (height - size) // stride + 1, (width - size) // stride + 1, channels)
    out, positions = np.empty(shape, images.dtype), np.empty(shape, dtype)
    BACKEND.max_pool(images, (size, stride), out, positions, np.empty(shape, bool))
    return out, positions


@given(
    height=SIDES,
    width=SIDES,
    channels=st.integers(1, 3),
    window=st.tuples(st.integers(1, 3), st.integers(1, 4)),
    levels=st.sampled_from([2, 1000]),
)
def test_pooling_keeps_the_largest_and_gives_its_gradient_to_the_first_of_them(
    height, width, channels, window, levels
):
    size, stride = window
    generator = np.random.default_rng(height)
    shape = (2, height + size - 1, width + size - 1, channels)
    images = generator.integers(0, levels, shape).astype(float)
    out, positions = pooled(images, size, stride)
    delta = generator.standard_normal(out.shape)
    back, expected = np.full(shape, np.nan), np.zeros(shape)
    BACKEND.max_unpool(delta, (size, stride), positions, back, np.empty(out.shape, bool))
    for sample, row, column, channel in np.ndindex(out.shape):
        top, left = row * stride, column * stride
        window = images[sample, top : top + size, left : left + size, channel]
        assert out[sample, row, column, channel] == window.max()
        i, j = np.unravel_index(window.argmax(), window.shape)
        expected[sample, top + i, left + j, channel] += delta[sample, row, column, channel]
    np.testing.assert_allclose(back, expected, atol=1e-12)


def test_a_nan_is_not_lost_in_pooling():
    images = np.zeros((1, 4, 4, 1), np.float32)
    images[0, 1, 1] = np.nan
    out, _ = pooled(images, 2, 2)
    assert np.isnan(out[0, 0, 0, 0])
    assert not out[0, 1:].any()


def test_the_positions_of_large_windows_need_two_bytes():
    images = np.zeros((1, 17, 17, 1))
    images[0, 16, 16] = 1
    _, positions = pooled(images, 17, 17, np.uint16)
    assert positions.ravel().tolist() == [17 * 17 - 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bytes_are_scaled_by_a_factor_of_the_precision_of_the_result(dtype):
    values = np.arange(256, dtype=np.uint8)
    out = np.empty(256, dtype)
    BACKEND.scale_bytes(values, 1 / 255, out)
    np.testing.assert_array_equal(out, values.astype(dtype) * dtype(1 / 255))


# Arrays for compiled libraries


def read_only():
    array = np.arange(6, dtype=np.float32)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32),
        np.arange(12, dtype=np.float32)[5:],
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.zeros(3, np.uint8),
        np.zeros((0, 4), np.float32),
        read_only(),
    ],
    ids=["row", "later part", "matrix", "bytes", "empty", "read only"],
)
def test_the_data_pointer_is_the_address_of_the_first_value(array):
    assert data_pointer(array) == array.__array_interface__["data"][0]


def test_asking_for_a_pointer_leaves_the_array_resizable():
    array = np.zeros(3, np.float32)
    data_pointer(array)
    array.resize(5)
    assert array.size == 5


def test_compiled_libraries_take_only_contiguous_float32():
    array = np.zeros((2, 3), np.float32)
    assert is_float32(array, array[1])
    assert not is_float32(array, array.T)
    assert not is_float32(array.astype(np.float64))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_reaches_only_the_largest_value_of_its_window(bad, stride):
    images = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    out, positions = pooled(images, 2, stride)
    delta, back = np.zeros_like(out), np.empty_like(images)
    delta[0, 0, 0, 0] = bad
    BACKEND.max_unpool(delta, (2, stride), positions, back, np.empty(out.shape, bool))
    assert [*np.flatnonzero(back.ravel())] == [5]
