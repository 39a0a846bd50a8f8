import numpy as np
import pytest

from nn import create_network


def test_normal_weights_have_the_same_width_whatever_the_size_of_the_layer():
    network = create_network(
        (20, 500, 300), generator=np.random.default_rng(1), initialization="normal"
    )
    for layer in network.layers:
        assert layer.weights.std() == pytest.approx(0.1, rel=0.03)
        assert abs(layer.weights.mean()) < 0.005
        np.testing.assert_array_equal(layer.bias, 0)
