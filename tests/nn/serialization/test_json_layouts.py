import json

import numpy as np
import pytest
from network_helpers import assert_equal_networks, refusal, small_network
from weights_files import s0, s4

from nn import WeightsError, weights_from_bytes, weights_to_bytes
from nn.serialization import LAYOUTS


def test_the_layout_of_s4_is_flat_by_rows_under_numbered_names():
    network = small_network((2, 3, 2))
    content = json.loads(weights_to_bytes(network, ".json"))
    assert list(content) == ["W0", "b0", "W1", "b1"]
    np.testing.assert_array_equal(np.float32(content["W0"]), network.parameters()[0].ravel())
    assert content["b0"] == [0.0, 0.0, 0.0]


def test_the_layout_of_s4_has_further_keys_for_another_activation_and_no_biases():
    content = json.loads(weights_to_bytes(small_network(activation="tanh", biases=False), ".json"))
    assert content["activation"] == "tanh"
    assert content["biases"] is False
    assert content["b1"] == [0.0, 0.0]


def test_the_layout_of_s0_is_nested_by_layer_and_row():
    network = small_network(biases=False)
    content = json.loads(weights_to_bytes(network, ".json", "s0"))
    assert list(content) == ["weights"]
    for rows, weights in zip(content["weights"], network.parameters(), strict=True):
        np.testing.assert_array_equal(np.float32(rows), weights)


def test_the_layout_of_s0_can_have_biases_under_a_further_key():
    network = small_network(activation="tanh")
    network.parameters()[1][:] = [0.1, -1e-4, 1e16]
    data = weights_to_bytes(network, ".json", "s0-biases")
    content = json.loads(data)
    assert list(content) == ["weights", "activation", "biases"]
    assert content["biases"] == [[0.1, -0.0001, 1e16], [0, 0]]
    assert_equal_networks(weights_from_bytes(data, "a.json"), network)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_network_that_does_not_fit_a_layout_is_refused(layout):
    network = small_network((64, 4, 3), layer_spec="conv3x2")
    with pytest.raises(WeightsError, match=r"convolutions .*“conv3x2”.*\.npz"):
        weights_to_bytes(network, ".json", layout)
    if layout == "s0":
        with pytest.raises(WeightsError, match=r"biases.*\.npz"):
            weights_to_bytes(small_network(), ".json", layout)


def test_json_with_integers_spaces_and_other_spellings_is_read():
    text = b' { "b0" : [0, 1] ,\n "W0" : [1, 2.5, -3e0, 4, 5, 6], "activation": "Re-Lu" } '
    network = weights_from_bytes(text, "a.JSON")
    np.testing.assert_array_equal(network.parameters()[0], [[1, 2.5], [-3, 4], [5, 6]])
    assert (network.sizes, network.activation, network.dtype) == ((3, 2), "relu", np.float32)


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v]], ids=["flat", "one per row"])
def test_weights_without_rows_in_the_layout_of_s0_are_reshaped_for_784_inputs(wrap):
    network = small_network((784, 3, 2), biases=False)
    layers = [[wrap(float(v)) for v in W.ravel()] for W in network.parameters()]
    assert_equal_networks(weights_from_bytes(s0(layers), "a.json"), network)


def test_a_single_output_with_single_rows_after_it_is_not_read_as_a_flat_list():
    network = small_network((5, 1, 1), biases=False)
    data = weights_to_bytes(network, ".json", "s0")
    assert_equal_networks(weights_from_bytes(data, "a.json"), network)


def test_a_long_string_among_many_short_ones_is_refused_without_allocating_memory_for_all():
    # As an array of NumPy, these would take 400 GB.
    assert "W0 as one flat list" in refusal(s4(W0=["x" * 1_000_000, *[""] * 100_000]), "x.json")
