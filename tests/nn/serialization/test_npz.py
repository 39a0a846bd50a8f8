import io

import numpy as np
import pytest
from network_helpers import assert_equal_networks, small_network

from nn import WeightsError, create_network, weights_from_bytes, weights_to_bytes

CONVOLUTIONS = "crop6 conv3x2 pool2 conv2x3"


def convolutional_network(**settings):
    generator = np.random.default_rng(0)
    network = create_network((64, 4, 3), generator=generator, layer_spec=CONVOLUTIONS, **settings)
    for parameter in network.parameters():
        parameter[...] = generator.standard_normal(parameter.shape)
    return network


def archive(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **{key: array for key, array in arrays.items() if array is not None})
    return file.getvalue()


def dense_arrays(**changes):
    arrays = {
        "format": np.array(1),
        "activation": np.array("relu"),
        "sizes": np.array([4, 3, 2]),
        "biases": np.array(True),
        "W0": np.ones((4, 3), dtype=np.float32),
        "b0": np.ones(3, dtype=np.float32),
        "W1": np.ones((3, 2), dtype=np.float32),
        "b1": np.ones(2, dtype=np.float32),
    }
    return arrays | changes


def convolutional_arrays(**changes):
    with np.load(io.BytesIO(weights_to_bytes(convolutional_network(), ".npz"))) as saved:
        return dict(saved) | changes


def refusal(data: bytes) -> str:
    with pytest.raises(WeightsError) as error:
        weights_from_bytes(data, "my net.npz")
    message = str(error.value)
    assert message.startswith("my net.npz: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_convolutional_network_is_read_as_it_was_written(biases, dtype):
    network = convolutional_network(biases=biases, dtype=dtype, activation="tanh")
    assert_equal_networks(weights_from_bytes(weights_to_bytes(network, ".npz"), "a.npz"), network)


@pytest.mark.parametrize("layer_spec", ["conv3x9", None])
def test_half_precision_takes_half_the_bytes_and_is_read_as_float32(layer_spec):
    network = small_network((784, 90, 3), layer_spec=layer_spec)
    whole, half = (weights_to_bytes(network, ".npz", half=choice) for choice in (False, True))
    assert len(half) < 0.6 * len(whole)
    rounded = network.with_parameters(
        [array.astype(np.float16).astype(np.float32) for array in network.parameters()]
    )
    assert_equal_networks(weights_from_bytes(half, "half.npz"), rounded)


def test_a_weight_too_large_for_half_precision_is_refused():
    network = small_network()
    network.parameters()[0][0, 0] = 70_000
    with pytest.raises(WeightsError, match=r"65,504 in W0.* found 70,000"):
        weights_to_bytes(network, ".npz", half=True)


def test_an_archive_with_a_changed_byte_is_refused_or_harmless():
    network = small_network((2, 2))
    data = weights_to_bytes(network, ".npz")
    refused = 0
    for position in range(len(data)):
        changed = data[:position] + bytes([data[position] ^ 0x41]) + data[position + 1 :]
        try:
            assert_equal_networks(weights_from_bytes(changed, "a.npz"), network)
        except WeightsError:
            refused += 1
    assert refused > len(data) / 3


def test_the_unchanged_arrays_of_these_tests_are_read():
    assert weights_from_bytes(archive(**dense_arrays()), "a.npz").sizes == (4, 3, 2)
    found = weights_from_bytes(archive(**convolutional_arrays()), "a.npz")
    assert_equal_networks(found, convolutional_network())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"W0": None}, "found those of 1 among the arrays W1, b0, b1"),
        ({"W1": None, "b1": None}, "weights of 2 dense layers"),
        ({"b1": None}, "arrays W0, b0, W1, b1 and found W0, W1, b0"),
        ({"b0": None, "b1": None}, "and found W0, W1"),
        ({"biases": np.array(False)}, "arrays W0, W1 and found W0, W1, b0, b1"),
        ({"extra": np.ones(2)}, "and found W0, W1, b0, b1, extra"),
        ({"format": None}, "expected an archive with format, activation, sizes, biases, W0, ..."),
        ({"sizes": None}, "found W0, W1, activation, b0, b1, biases, format"),
        ({"format": np.array(3)}, "format 1 or 2 and found 3"),
        ({"format": np.array("1")}, "format 1 or 2 and found 1"),
        ({"activation": np.array("step")}, "linear and found 'step'"),
        ({"sizes": np.array("4-3-2")}, "sizes as a list of whole numbers"),
        ({"sizes": np.array([4])}, "at least two sizes"),
        ({"sizes": np.array([], int)}, "at least two sizes"),
        ({"sizes": np.array([0, 3, 2])}, "sizes from 1 up"),
        ({"sizes": np.arange(1, 2**20)}, "weights of 1,048,574 dense layers"),
        ({"biases": np.array(3)}, "biases as true or false and found [4 3 2] and 3"),
        ({"W0": np.ones(12, np.float32)}, "W0 to have the shape (4, 3) and found (12,)"),
        ({"W1": np.ones((4, 2), np.float32)}, "W1 to have the shape (3, 2) and found (4, 2)"),
        ({"b0": np.ones((3, 1), np.float32)}, "b0 to have the shape (3,) and found (3, 1)"),
        ({"b0": np.ones(3)}, "found float64 in b0"),
        ({"W0": np.ones((4, 3), int)}, "found int64 in W0"),
        ({"W0": np.array([[None]])}, "Python objects"),
    ],
)
def test_an_archive_of_another_layout_or_shape_is_refused(changes, expected):
    assert expected in refusal(archive(**dense_arrays(**changes)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"stem": np.array("conv3x2 pool9 conv3x2")}, "too few for “conv3x2 pool9”"),
        ({"stem": np.array("bent")}, "found “bent” as word 1"),
        ({"stem": np.array("crop6 conv3x2")}, "arrays K0, k0, W0"),
        ({"stem": np.array("")}, "arrays W0, b0, W1, b1 and found K0"),
        ({"stem": None}, "arrays W0, b0, W1, b1 and found K0"),
        ({"sizes": np.array([2, 4, 3])}, "images of at least 6"),
        ({"K1": np.ones((8, 4), np.float32)}, "K1 to have the shape (8, 3) and found (8, 4)"),
        ({"k0": None}, "arrays K0, k0"),
        ({"k0": np.array([np.nan, 1], np.float32)}, "found nan at position 0 of k0"),
        ({"W0": np.ones((64, 4), np.float32)}, "W0 to have the shape (48, 4)"),
    ],
)
def test_an_archive_that_contradicts_its_convolutions_is_refused(changes, expected):
    assert expected in refusal(archive(**convolutional_arrays(**changes)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_with_their_position(bad):
    weights = np.ones((3, 2), dtype=np.float32)
    weights[1, 1] = weights[2, 0] = bad
    message = refusal(archive(**dense_arrays(W1=weights)))
    assert f"found {bad} at position 3 of W1 (2 in all)" in message


def test_arrays_of_another_byte_order_or_by_columns_are_read():
    arrays = dense_arrays(W0=np.arange(12, dtype=np.float32).reshape(4, 3))
    swapped = {
        key: np.asfortranarray(array.astype(">f4")) if array.dtype.kind == "f" else array
        for key, array in arrays.items()
    }
    network = weights_from_bytes(archive(**swapped), "a.npz")
    assert network.dtype == np.float32
    np.testing.assert_array_equal(network.parameters()[0], arrays["W0"])
