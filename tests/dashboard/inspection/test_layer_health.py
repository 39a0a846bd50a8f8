"""Records of the statistics of layers, and the faults that are found in them."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.inspection.layer_health import (
    CAPACITY,
    HealthRecord,
    HealthRecords,
    choose_iterations,
    find_faults,
    layer_titles,
    no_ratios,
)
from dashboard.lessons.library import LESSONS
from nn import Network, create_network
from nn.interpretation.layer_statistics import measure_layers


def network_of(*sizes: int, **options) -> Network:
    return create_network(sizes, generator=np.random.default_rng(1), **options)


def record_of(network: Network, iteration: int = 0, ratios=None) -> HealthRecord:
    generator = np.random.default_rng(2)
    x = generator.random((60, network.inputs), np.float32)
    labels = generator.integers(0, network.classes, 60)
    layers = measure_layers(network, x, labels)
    return HealthRecord(iteration, layers, tuple(ratios or no_ratios(network)))


def kinds_of(network: Network, ratios=None) -> list[tuple[str, int]]:
    findings = find_faults(record_of(network, ratios=ratios), network)
    assert all(finding.lesson in LESSONS for finding in findings)
    titles = layer_titles(network)
    assert all(finding.sentence.startswith(titles[finding.layer]) for finding in findings)
    return [(finding.kind, finding.layer) for finding in findings]


@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ((20, 16, 5), {}),
        ((20, 16, 16, 5), {"activation": "tanh", "initialization": "xavier"}),
        ((20, 5), {}),
        ((36, 8, 5), {"layer_spec": "conv3x4 pool2"}),
    ],
)
def test_networks_with_fresh_weights_have_no_faults(sizes, options) -> None:
    assert kinds_of(network_of(*sizes, **options)) == []


def test_initial_weights_of_zero_are_found_by_their_dead_units() -> None:
    assert kinds_of(network_of(20, 16, 5, initialization="zeros")) == [("dead", 0)]


def test_layers_of_dead_units_are_found() -> None:
    network = network_of(20, 10, 5)
    network.layers[0].bias[:6] = -100
    assert kinds_of(network) == [("dead", 0)]


def test_saturated_units_are_found() -> None:
    network = network_of(20, 10, 5, activation="tanh")
    network.layers[0].weights[:] *= 100
    assert ("saturated", 0) in kinds_of(network)


def test_a_vanishing_gradient_is_found_in_the_first_layer() -> None:
    network = network_of(*(2, *[10] * 6, 3), activation="sigmoid", initialization="xavier")
    assert kinds_of(network) == [("vanishing", 0)]


def test_an_exploding_gradient_is_found() -> None:
    network = network_of(20, 10, 10, 10, 5)
    for layer in network.layers[1:]:
        layer.weights[:] *= 30
    assert ("exploding", 0) in kinds_of(network)


def test_a_diverged_network_explodes() -> None:
    network = network_of(20, 10, 5)
    network.layers[0].weights[:] = np.nan
    assert ("exploding", 0) in kinds_of(network)


def test_large_updates_are_found() -> None:
    assert kinds_of(network_of(20, 10, 5), ratios=(0.02, 0.001)) == [("update", 0)]


def test_layers_are_named_by_their_kind() -> None:
    network = network_of(36, 8, 5, layer_spec="conv3x4 conv3x4")
    assert layer_titles(network) == ["Convolution 1", "Convolution 2", "Dense 1", "Output"]


@given(st.lists(st.integers(0, 10_000), unique=True, max_size=400))
def test_records_stay_in_order_few_and_reach_from_first_to_last(iterations) -> None:
    network = network_of(2, 2)
    layers = record_of(network).layers
    records = HealthRecords()
    for iteration in sorted(iterations):
        records.add(HealthRecord(iteration, layers, (nan,)))
    found = records.iterations
    assert len(records) <= CAPACITY
    assert list(found) == sorted(found)
    if iterations:
        assert (found[0], found[-1]) == (min(iterations), max(iterations))


def test_a_record_that_knows_the_updates_replaces_one_that_does_not() -> None:
    layers = record_of(network_of(2, 2)).layers
    records = HealthRecords()
    for ratio in (nan, 0.5, nan):
        records.add(HealthRecord(7, layers, (ratio,)))
    assert records.ratios(0).tolist() == [0.5]
    records.add(HealthRecord(3, layers, (nan,)))
    assert records.iterations == (3, 7)
    assert isnan(records.ratios(0)[0])
    assert records.quantiles("weights", 0).shape == (2, 5)
    records.forget_after(3)
    assert records.iterations == (3,)


@pytest.mark.parametrize(
    ("count", "chosen"), [(0, []), (1, [0]), (3, [0, 1, 2]), (9, [0, 3, 5, 8])]
)
def test_checkpoints_are_chosen_evenly_from_first_to_last(count, chosen) -> None:
    assert choose_iterations(range(count), 4) == chosen
