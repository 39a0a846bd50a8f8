import numpy as np
import pytest

import nn
from nn import WeightAverage


def make(value):
    network = nn.create_network((3, 2), generator=np.random.default_rng(0))
    for parameter in network.parameters():
        parameter.fill(value)
    return network


def value_of(network):
    values = {float(number) for parameter in network.parameters() for number in parameter.ravel()}
    (value,) = values
    return value


def test_the_average_follows_the_weights_by_its_formula():
    network = make(0)
    average = WeightAverage(network, 0.9)
    expected, values = 0.0, np.random.default_rng(1).random(200)
    for step, value in enumerate(values, 1):
        average.add(make(value))
        share = min(0.9, (1 + step) / (10 + step))
        expected = share * expected + (1 - share) * value
    assert value_of(average.network) == pytest.approx(expected, rel=1e-5)
    assert value_of(network) == 0


def test_a_decay_of_zero_is_the_last_weights():
    average = WeightAverage(make(1), 0)
    average.add(make(5))
    assert value_of(average.network) == 5


def test_an_average_can_go_on_from_where_another_stood():
    one = WeightAverage(make(1), 0.99)
    for value in (3, 4):
        one.add(make(value))
    other = WeightAverage(one.network, 0.99, steps=one.steps)
    for average in (one, other):
        average.add(make(9))
    assert value_of(one.network) == value_of(other.network)


def test_an_average_can_begin_again():
    average = WeightAverage(make(1), 0.99)
    average.add(make(7))
    average.begin_again(make(2))
    assert (value_of(average.network), average.steps) == (2, 0)


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_an_impossible_decay_is_refused(decay):
    with pytest.raises(ValueError, match="decay to be at least 0 and below 1"):
        WeightAverage(make(1), decay)
