import numpy as np
import pytest
from network_helpers import small_network

# Standard deviations for 500 inputs and 300 outputs.
DEVIATIONS = {
    "he": (2 / 500) ** 0.5,
    "xavier": (2 / 800) ** 0.5,
    "uniform": 3**-0.5,
    "normal": 0.1,
    "zeros": 0,
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_weights_have_the_deviation_of_their_initialization_and_biases_are_zero(name):
    weights, bias = small_network((500, 300), initialization=name).parameters()
    assert weights.std() == pytest.approx(DEVIATIONS[name], rel=0.03)
    assert abs(weights.mean()) <= 0.02 * DEVIATIONS[name]
    assert not bias.any()


def test_uniform_distributions_stay_within_their_limits():
    for name, limit in (("uniform", 1), ("xavier", (6 / 800) ** 0.5)):
        weights = small_network((500, 300), initialization=name).parameters()[0]
        assert 0.99 * limit < np.abs(weights).max() <= limit * (1 + 1e-6)
