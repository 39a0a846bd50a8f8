"""Probes of a network in the plane, compared with independent computations."""

import numpy as np
import pytest
from plane_helpers import make_plane_run

from dashboard.plane.dataset import InputSamples
from dashboard.plane.probes import (
    dead_units,
    evaluate_points,
    gradient_sizes,
    probabilities_at,
    profile,
    unit_maps,
)
from dashboard.plane.surface import grid_points
from data_cache import PlanePoints, derive_inputs, no_points
from nn import Dense, Network, create_network
from nn.interpretation.ablation import without_units

XY = ["x1", "x2"]


@pytest.fixture
def network():
    return create_network((2, 6, 5, 3), generator=np.random.default_rng(1), activation="tanh")


def test_a_profile_has_the_probabilities_at_even_distances_from_end_to_end(network):
    along = profile(network, XY, (-1, 0.5), (1, -0.5), 5)
    points = [(-1, 0.5), (-0.5, 0.25), (0, 0), (0.5, -0.25), (1, -0.5)]
    expected = network.predict_proba(np.array(points, np.float32))
    np.testing.assert_allclose(along, expected, atol=1e-6)


def test_inputs_are_derived_from_the_coordinates():
    network = create_network((1, 2), generator=np.random.default_rng(1))
    here = probabilities_at(network, ["x1x2"], [(0.5, 0.5), (-0.5, -0.5)])
    np.testing.assert_array_equal(here[0], here[1])


def test_the_profile_across_a_linear_boundary_is_a_logistic_curve():
    weights = np.array([[0, 4], [0, 0]], np.float32)
    network = Network((Dense(weights, np.zeros(2, np.float32)),))
    x = np.linspace(-1, 1, 41)
    expected = 1 / (1 + np.exp(-4 * x))
    np.testing.assert_allclose(profile(network, XY, (-1, 0), (1, 0), 41)[:, 1], expected, atol=1e-5)


@pytest.mark.parametrize("layer", [0, 1])
def test_unit_maps_are_activations_on_the_grid(network, layer):
    maps = unit_maps(network, XY, layer, side=40)
    activations = network.hidden_activations(derive_inputs(grid_points(40), XY))[layer]
    assert maps.shape == (activations.shape[1], 40, 40)
    np.testing.assert_allclose(maps[2].ravel(), activations[:, 2], atol=1e-6)
    one = unit_maps(network, XY, layer, side=40, units=slice(2, 3))
    np.testing.assert_array_equal(one[0], maps[2])


def test_the_first_units_of_a_wide_layer_are_mapped_and_none_of_a_missing_one():
    wide = create_network((2, 300, 2), generator=np.random.default_rng(1))
    assert unit_maps(wide, XY, 0).shape == (64, 24, 24)
    assert len(unit_maps(wide, XY, 1)) == len(unit_maps(wide, XY, -1)) == 0
    assert len(unit_maps(wide, XY, 0, units=slice(300, 301))) == 0


def test_a_network_without_units_equals_one_with_smaller_layers(network):
    ablated = without_units(network, [(0, 1), (1, 4)])
    first, second, third = network.layers
    smaller = Network(
        (
            Dense(np.delete(first.weights, 1, axis=1).copy(), np.delete(first.bias, 1)),
            Dense(
                np.ascontiguousarray(np.delete(np.delete(second.weights, 1, axis=0), 4, axis=1)),
                np.delete(second.bias, 4),
            ),
            Dense(np.delete(third.weights, 4, axis=0), third.bias),
        ),
        "tanh",
    )
    x = grid_points(8)
    np.testing.assert_allclose(ablated.predict_proba(x), smaller.predict_proba(x), atol=1e-6)


def test_ablation_leaves_the_network_itself_unchanged(network):
    before = [parameter.copy() for parameter in network.parameters()]
    without_units(network, [(0, 0), (7, 7), (1, 99)])
    for parameter, kept in zip(network.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter, kept)


def test_an_evaluation_has_loss_accuracy_and_the_misclassified_points():
    network = Network((Dense(np.array([[0, 9], [0, 0]], np.float32), np.zeros(2, np.float32)),))
    points = PlanePoints([[1, 0], [1, 1], [-1, 0], [-1, 1]], [1, 0, 0, 1], 2)
    found = evaluate_points(network, XY, points, 7)
    np.testing.assert_array_equal(found.wrong, [False, True, False, True])
    assert (found.score.accuracy, found.score.iteration, found.score.count) == (0.5, 7, 4)
    expected = np.mean([np.log1p(np.exp(-9)), np.log1p(np.exp(9))])
    assert found.score.loss == pytest.approx(expected, rel=1e-5)


def test_without_points_loss_and_accuracy_are_nan(network):
    found = evaluate_points(network, XY, no_points(3), 0)
    assert np.isnan([found.score.loss, found.score.accuracy]).all()
    assert found.wrong.shape == (0,)


def test_dead_units_are_zero_for_every_sample():
    weights = np.array([[1, 1, 0], [0, 0, 0]], np.float32)
    bias = np.array([0, -3, -1], np.float32)
    network = Network(
        (Dense(weights, bias), Dense(np.ones((3, 2), np.float32), np.zeros(2, np.float32)))
    )
    (dead,) = dead_units(network, np.array([[-1, 0], [1, 0]], np.float32))
    np.testing.assert_array_equal(dead, [False, True, True])


def test_gradients_vanish_through_sigmoid_layers_and_hardly_through_tanh_layers():
    sizes = {}
    for activation in ("sigmoid", "tanh"):
        run = make_plane_run(
            hidden_layers=[10] * 6, activation=activation, initialization="xavier", noise=0.1
        )
        samples = InputSamples(run.feed.inputs, run.feed.labels)
        sizes[activation] = gradient_sizes(run.network, samples)
    assert len(sizes["tanh"]) == 7
    assert sizes["sigmoid"][0] < 1e-3 * sizes["sigmoid"][-1]
    assert sizes["tanh"][0] > 0.05 * sizes["tanh"][-1]
