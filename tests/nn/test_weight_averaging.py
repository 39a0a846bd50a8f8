import numpy as np
import pytest
from network_helpers import small_network

from nn import WeightAverage


def network_of(value):
    network = small_network((3, 2))
    for parameter in network.parameters():
        parameter.fill(value)
    return network


def value_of(network):
    (value,) = np.unique(np.concatenate([array.ravel() for array in network.parameters()]))
    return value


def test_the_average_follows_its_formula():
    network = network_of(0)
    average = WeightAverage(network, 0.9)
    expected, values = 0.0, np.random.default_rng(1).random(200)
    for step, value in enumerate(values, 1):
        average.update(network_of(value))
        share = min(0.9, (1 + step) / (10 + step))
        expected = share * expected + (1 - share) * value
    assert value_of(average.network) == pytest.approx(expected, rel=1e-5)
    assert value_of(network) == 0


def test_with_a_decay_of_zero_the_average_is_the_last_network():
    average = WeightAverage(network_of(1), 0)
    average.update(network_of(5))
    assert value_of(average.network) == 5


def test_a_resumed_average_continues_exactly():
    one = WeightAverage(network_of(1), 0.99)
    for value in (3, 4):
        one.update(network_of(value))
    other = WeightAverage(one.network, 0.99, steps=one.steps)
    for average in (one, other):
        average.update(network_of(9))
    assert value_of(one.network) == value_of(other.network)


def test_a_reset_average_forgets_the_past():
    average = WeightAverage(network_of(1), 0.99)
    average.update(network_of(7))
    average.reset(network_of(2))
    assert (value_of(average.network), average.steps) == (2, 0)


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_an_impossible_decay_is_refused(decay):
    with pytest.raises(ValueError, match="decay to be at least 0 and below 1"):
        WeightAverage(network_of(1), decay)
