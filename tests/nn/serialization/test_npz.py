import numpy as np
import pytest
from network_helpers import assert_equal_networks, refusal, small_network
from weights_files import archive, convolutional_arrays, convolutional_network, dense_arrays

from nn import WeightsError, weights_from_bytes, weights_to_bytes


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


def test_an_archive_with_a_changed_byte_is_refused_or_read_correctly():
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


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_with_their_position(bad):
    weights = np.ones((3, 2), dtype=np.float32)
    weights[1, 1] = weights[2, 0] = bad
    message = refusal(archive(**dense_arrays(W1=weights)), "my net.npz")
    assert f"found {bad} at position 3 of W1 (2 in all)" in message


def test_arrays_of_another_byte_order_or_memory_layout_are_read():
    arrays = dense_arrays(W0=np.arange(12, dtype=np.float32).reshape(4, 3))
    swapped = {
        key: np.asfortranarray(array.astype(">f4")) if array.dtype.kind == "f" else array
        for key, array in arrays.items()
    }
    network = weights_from_bytes(archive(**swapped), "a.npz")
    assert network.dtype == np.float32
    np.testing.assert_array_equal(network.parameters()[0], arrays["W0"])
