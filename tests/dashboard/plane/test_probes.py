"""Probes of a network in the plane, compared with independent computations."""

import numpy as np
import pytest
from plane_helpers import make_plane_run

from dashboard.plane.dataset import InputSamples
from dashboard.plane.probes import (
    dead_units,
    evaluate_points,
    gradient_sizes,
    layer_outputs,
    network_maps,
    probabilities_at,
    profile,
    strongest_links,
    unit_map,
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


def test_the_maps_of_all_layers_are_their_outputs_on_the_grid(network):
    maps = network_maps(network, XY, side=40, most=100)
    grid = grid_points(40)
    hidden = network.hidden_activations(derive_inputs(grid, XY))
    expected = [grid, *hidden, network.predict_proba(grid)]
    assert [layer.shape for layer in maps] == [(n, 40, 40) for n in (2, 6, 5, 3)]
    for layer, outputs in zip(maps, expected, strict=True):
        np.testing.assert_allclose(layer.reshape(len(layer), -1).T, outputs, atol=1e-6)


@pytest.mark.parametrize(("layer", "unit"), [(-1, 1), (0, 5), (1, 0), (2, 2)])
def test_the_map_of_one_unit_is_that_among_all_of_them(network, layer, unit):
    maps = network_maps(network, XY, side=40, most=100)
    one = unit_map(network, XY, layer, unit, side=40)
    np.testing.assert_allclose(one, maps[layer + 1][unit], atol=1e-6)


@pytest.mark.parametrize(("layer", "unit"), [(-2, 0), (-1, 2), (0, 6), (1, -1), (2, 3), (3, 0)])
def test_a_unit_that_the_network_does_not_have_has_no_map(network, layer, unit):
    assert unit_map(network, XY, layer, unit, side=8) is None


def test_of_a_wide_layer_the_first_units_are_mapped():
    wide = create_network((2, 300, 2), generator=np.random.default_rng(1))
    assert [len(layer) for layer in network_maps(wide, XY, side=4, most=64)] == [2, 64, 2]


def test_the_outputs_at_a_point_begin_with_its_features_and_end_with_the_probabilities(network):
    outputs = layer_outputs(network, ["x2", "x1x2"], np.array([[0.5, -0.25]]))
    np.testing.assert_allclose(outputs[0], [[-0.25, -0.125]])
    np.testing.assert_allclose(outputs[-1].sum(), 1, rtol=1e-6)


def test_the_strongest_links_have_the_largest_weights_of_each_layer(network):
    links = strongest_links(network, most=7, units=100)
    for layer, (found, dense) in enumerate(zip(links, network.layers, strict=True)):
        magnitudes = np.sort(np.abs(dense.weights), axis=None)[::-1][:7]
        np.testing.assert_array_equal(np.abs(found.weights), magnitudes)
        np.testing.assert_array_equal(dense.weights[found.sources, found.targets], found.weights)
        assert (found.layer, found.total) == (layer, dense.weights.size)
        assert found.largest == magnitudes[0]


def test_links_of_units_that_are_not_shown_and_weights_that_are_not_finite_are_left_out(network):
    network.layers[0].weights[0, 0] = np.nan
    (first, *_others) = strongest_links(network, most=100, units=4)
    assert first.targets.max() < 4
    assert np.isfinite(first.weights).all()


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


def test_only_relus_die():
    weights = np.full((2, 3), -1, np.float32)
    layers = (
        Dense(weights, np.full(3, -9, np.float32)),
        Dense(weights.T.copy(), np.zeros(2, np.float32)),
    )
    x = np.zeros((4, 2), np.float32)
    for activation, dead in (("relu", True), ("tanh", False), ("leaky-relu", False)):
        (found,) = dead_units(Network(layers, activation), x)
        assert (found == dead).all()


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
