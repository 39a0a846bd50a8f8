"""Statistics of layers, against closed forms and computations from the whole arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from network_helpers import small_network

from nn import Dense, Network
from nn.interpretation.layer_statistics import (
    QUANTILES,
    LayerMeter,
    measure_layers,
    update_ratios,
)


def random_samples(count: int, inputs: int, classes: int, seed: int = 2):
    generator = np.random.default_rng(seed)
    return generator.random((count, inputs)), generator.integers(0, classes, count)


def identity_network(activation: str, bias: float = 0.0) -> Network:
    """Two inputs, each the input of a hidden unit of its own, and two logits."""
    weights = np.eye(2)
    return Network(
        (Dense(weights.copy(), np.full(2, bias)), Dense(weights.copy(), np.zeros(2))), activation
    )


def test_quantiles_are_those_of_all_weights_and_activations() -> None:
    network = small_network((6, 5, 4, 3), activation="tanh", dtype=np.float64)
    x, labels = random_samples(9, 6, 3)
    values = [x]
    for layer in network.layers[:-1]:
        values.append(np.tanh(values[-1] @ layer.weights + layer.bias))
    last = network.layers[-1]
    values.append(values[-1] @ last.weights + last.bias)
    for found, layer, outputs in zip(
        measure_layers(network, x, labels), network.layers, values[1:], strict=True
    ):
        np.testing.assert_allclose(found.weights, np.quantile(layer.weights, QUANTILES))
        np.testing.assert_allclose(found.activations, np.quantile(outputs, QUANTILES))
        assert found.weight_norm == pytest.approx(np.sqrt(np.square(layer.weights).sum()))


def test_gradients_are_the_derivatives_of_the_mean_loss() -> None:
    network = small_network((4, 3, 2), activation="sigmoid", dtype=np.float64)
    x, labels = random_samples(5, 4, 2)

    def loss() -> float:
        return -float(network.predict_log_proba(x)[np.arange(5), labels].mean())

    for found, layer in zip(measure_layers(network, x, labels), network.layers, strict=True):
        gradient = numerical_derivatives(loss, layer.weights)
        np.testing.assert_allclose(found.gradients, np.quantile(gradient, QUANTILES), atol=1e-8)
        assert found.gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-5)
        assert found.gradient_rms == pytest.approx(np.sqrt(np.square(gradient).mean()), rel=1e-5)


def numerical_derivatives(loss, weights: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences of a loss, changing each weight in turn."""
    derivatives = np.empty_like(weights)
    for index in np.ndindex(weights.shape):
        value = weights[index]
        weights[index] = value + step
        above = loss()
        weights[index] = value - step
        derivatives[index] = (above - loss()) / (2 * step)
        weights[index] = value
    return derivatives


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_parts_of_the_samples_give_what_all_of_them_give(parts) -> None:
    network = small_network((4, 6, 3))
    x, labels = random_samples(sum(parts), 4, 3)
    x = x - 0.5
    meter = LayerMeter(network, len(x))
    for end, size in zip(np.cumsum(parts), parts, strict=True):
        meter.add(x[end - size : end], labels[end - size : end])
    for found, whole in zip(meter.result(), measure_layers(network, x, labels), strict=True):
        np.testing.assert_allclose(found.activations, whole.activations, atol=1e-6)
        np.testing.assert_allclose(found.gradients, whole.gradients, atol=1e-6)
        assert found.dead == whole.dead


def test_a_unit_is_dead_when_it_is_zero_for_all_samples() -> None:
    x = np.array([[1.0, -1.0], [2.0, -0.5]])
    hidden, last = measure_layers(identity_network("relu"), x, np.array([0, 1]))
    assert (hidden.dead, last.dead) == (0.5, None)
    assert hidden.saturated is None
    (hidden, _) = measure_layers(identity_network("relu"), np.abs(x), np.array([0, 1]))
    assert hidden.dead == 0


def test_a_filter_is_dead_when_it_is_zero_everywhere() -> None:
    network = small_network((36, 2), layer_spec="conv3x4")
    network.layers[0].weights[:] = 0
    network.layers[0].bias[:] = (-1, 0, 1, -1)
    x, labels = random_samples(3, 36, 2)
    assert measure_layers(network, x, labels)[0].dead == 0.75


@pytest.mark.parametrize(
    ("activation", "limit"),
    [("sigmoid", np.log(0.9872 / 0.0128)), ("tanh", np.arctanh(np.sqrt(0.95)))],
)
def test_a_unit_is_saturated_where_its_derivative_is_small(activation, limit) -> None:
    x = np.array([[1.01 * limit, 0.99 * limit], [-1.01 * limit, 0.0]])
    hidden, last = measure_layers(identity_network(activation), x, np.array([0, 1]))
    assert hidden.saturated == 0.5
    assert hidden.dead is last.saturated is None


def test_large_layers_are_measured_on_some_of_their_rows() -> None:
    network = small_network((300, 2000, 2))
    x, labels = random_samples(120, 300, 2)
    found = measure_layers(network, x, labels)[0]
    outputs = np.maximum(x @ network.layers[0].weights, 0)
    spread = outputs.std()
    np.testing.assert_allclose(
        found.activations, np.quantile(outputs, QUANTILES), atol=0.05 * spread
    )
    weights = network.layers[0].weights
    np.testing.assert_allclose(
        found.weights, np.quantile(weights, QUANTILES), atol=0.05 * weights.std()
    )


def test_a_diverged_network_has_no_quantiles_and_no_warning() -> None:
    network = small_network((4, 3, 2))
    network.layers[0].weights[:] = np.inf
    for found in measure_layers(network, *random_samples(3, 4, 2)):
        assert np.isnan(found.activations).all()
        assert not np.isfinite(found.gradient_norm)


def test_update_ratios_are_relative_to_the_weights_and_per_step() -> None:
    before = small_network((4, 3, 2), dtype=np.float64)
    after = before.with_parameters([1.02 * parameter for parameter in before.parameters()])
    np.testing.assert_allclose(update_ratios(before, after, 4), [0.005, 0.005])


def test_weights_of_zero_have_no_update_ratio() -> None:
    before = identity_network("relu")
    before.layers[0].weights[:] = 0
    assert np.isnan(update_ratios(before, identity_network("relu"), 1)).tolist() == [True, False]
