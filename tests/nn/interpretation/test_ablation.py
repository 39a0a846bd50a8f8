"""Ablation, against networks whose outgoing weights are set to zero by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn import Conv2D, Network, create_network
from nn.interpretation.ablation import AblationStudy, has_unit, without_units
from nn.interpretation.activations import layer_outputs

NETWORKS = {
    "dense": {"sizes": (64, 9, 8, 7, 4)},
    "convolutional": {"sizes": (64, 6, 4), "layer_spec": "conv3x5 pool2 conv3x4 conv3x3 pool2"},
    "convolutions alone": {"sizes": (64, 4), "layer_spec": "conv3x5 pool2"},
    "no biases": {"sizes": (64, 9, 4), "biases": False},
    "no hidden layer": {"sizes": (64, 4)},
}


def make(name):
    return create_network(generator=np.random.default_rng(1), **NETWORKS[name])


def samples(count=150):
    generator = np.random.default_rng(2)
    images = generator.integers(0, 256, (count, 64)).astype(np.uint8)
    return images, generator.integers(0, 4, count)


def zeroed_by_hand(network, units):
    """The network with the outgoing weights set to zero one by one."""
    copy = network.copy()
    for layer, unit in units:
        before, weights = copy.layers[layer], copy.layers[layer + 1].weights
        if isinstance(before, Conv2D):
            channels = before.weights.shape[1]
            for row in range(len(weights)):
                if row % channels == unit:
                    weights[row] = 0
        else:
            weights[unit] = 0
    return copy


def accuracy_of(network: Network, images, labels):
    return float((network.predict_proba(images).argmax(axis=1) == labels).mean())


@st.composite
def networks_and_units(draw):
    name = draw(st.sampled_from(sorted(NETWORKS)))
    network = make(name)
    hidden = [
        (layer, unit)
        for layer, it in enumerate(network.layers[:-1])
        for unit in range(it.weights.shape[1])
    ]
    toggles = draw(st.lists(st.sampled_from(hidden), max_size=6)) if hidden else []
    return network, toggles


@given(networks_and_units())
@settings(max_examples=40, deadline=None)
def test_the_accuracy_is_that_of_a_network_with_the_outgoing_weights_zeroed(case):
    network, toggles = case
    images, labels = samples()
    study = AblationStudy(network, images, labels)
    assert study.accuracy() == accuracy_of(network, images, labels)
    units: set[tuple[int, int]] = set()
    for unit in toggles:
        units ^= {unit}
        expected = accuracy_of(zeroed_by_hand(network, units), images, labels)
        assert study.accuracy(units) == expected
        assert accuracy_of(without_units(network, units), images, labels) == expected


def test_the_other_weights_are_shared_and_the_network_itself_is_unchanged():
    network = make("dense")
    before = [parameter.copy() for parameter in network.parameters()]
    ablated = without_units(network, [(0, 3)])
    assert ablated.layers[0].weights is network.layers[0].weights
    assert ablated.layers[2].weights is network.layers[2].weights
    for parameter, expected in zip(network.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter, expected)


def test_units_that_the_network_does_not_have_are_ignored():
    network = make("dense")
    strange = [(0, 99), (7, 0), (-1, 0), (0, -1), (3, 0)]
    assert not any(has_unit(network, unit) for unit in strange)
    images, labels = samples()
    study = AblationStudy(network, images, labels)
    assert study.accuracy(strange) == study.accuracy()
    for layer, other in zip(without_units(network, strange).layers, network.layers, strict=True):
        assert layer is other


def test_layers_before_the_ablated_one_are_computed_once(monkeypatch):
    network = make("dense")
    computed = []
    forward = type(network.layers[0]).forward
    monkeypatch.setattr(
        type(network.layers[0]),
        "forward",
        lambda layer, *rest: computed.append(layer.inputs) or forward(layer, *rest),
    )
    study = AblationStudy(network, *samples(60))
    study.accuracy([(1, 0)])
    assert computed == [64, 9, 8, 7]
    computed.clear()
    study.accuracy([(1, 0), (1, 5)])
    study.accuracy([(2, 0), (1, 5)])
    assert computed == [8, 7, 8, 7]


def test_samples_are_counted_in_chunks_that_cover_all_of_them():
    study = AblationStudy(make("dense"), *samples(150))
    assert sum(part.stop - part.start for part in study.chunks) == len(study) == 150
    assert np.isnan(AblationStudy(make("dense"), *samples(0)).accuracy())


def test_an_ablated_filter_has_no_effect_on_the_next_layer():
    network = make("convolutional")
    x = np.random.default_rng(0).random(64).astype(np.float32)
    network.layers[0].weights[:, 2] *= 50
    ablated = without_units(network, [(0, 2)])
    other = network.copy()
    other.layers[0].weights[:, 2] = 0
    other.layers[0].bias[2] = 0
    for one, expected in zip(
        layer_outputs(ablated, x)[1:], layer_outputs(other, x)[1:], strict=True
    ):
        np.testing.assert_allclose(one.values, expected.values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_diverged_network_is_evaluated_without_a_warning(name):
    network = make(name)
    network.layers[0].weights[:] = np.nan
    assert 0 <= AblationStudy(network, *samples()).accuracy([(0, 0)]) <= 1
