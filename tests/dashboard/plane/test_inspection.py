import numpy as np
import pytest

from dashboard.plane.inspection import judge, probabilities_at, profile, unit_maps, without_units
from dashboard.plane.surface import grid_points
from data_cache import PlanePoints, derive_inputs, no_points
from nn import Dense, Network, create_network

XY = ["x1", "x2"]


@pytest.fixture
def network():
    return create_network((2, 6, 5, 3), generator=np.random.default_rng(1), activation="tanh")


def test_a_profile_is_what_the_net_says_at_even_steps_from_end_to_end(network):
    along = profile(network, XY, (-1, 0.5), (1, -0.5), 5)
    places = [(-1, 0.5), (-0.5, 0.25), (0, 0), (0.5, -0.25), (1, -0.5)]
    expected = network.predict_proba(np.array(places, np.float32))
    np.testing.assert_allclose(along, expected, atol=1e-6)
    np.testing.assert_allclose(along.sum(axis=1), 1, atol=1e-5)


def test_derived_inputs_are_derived_for_places_too():
    network = create_network((1, 2), generator=np.random.default_rng(1))
    here = probabilities_at(network, ["x1x2"], [(0.5, 0.5), (-0.5, -0.5)])
    np.testing.assert_array_equal(here[0], here[1])


def test_the_profile_across_a_linear_border_is_a_logistic_curve():
    weights = np.array([[0, 4], [0, 0]], np.float32)
    network = Network((Dense(weights, np.zeros(2, np.float32)),))
    x = np.linspace(-1, 1, 41)
    expected = 1 / (1 + np.exp(-4 * x))
    np.testing.assert_allclose(profile(network, XY, (-1, 0), (1, 0), 41)[:, 1], expected, atol=1e-5)


@pytest.mark.parametrize("layer", [0, 1])
def test_maps_of_units_are_their_activations_over_the_plane(network, layer):
    maps = unit_maps(network, XY, layer, side=40)
    activations = network.hidden_activations(derive_inputs(grid_points(40), XY))[layer]
    assert maps.shape == (activations.shape[1], 40, 40)
    np.testing.assert_allclose(maps[2].ravel(), activations[:, 2], atol=1e-6)
    one = unit_maps(network, XY, layer, side=40, units=slice(2, 3))
    np.testing.assert_array_equal(one[0], maps[2])


def test_of_a_wide_layer_the_first_units_are_shown():
    wide = create_network((2, 300, 2), generator=np.random.default_rng(1))
    assert unit_maps(wide, XY, 0).shape == (64, 24, 24)


def test_a_linear_unit_is_a_slope_over_the_plane():
    first = Dense(np.array([[2], [-1]], np.float32), np.array([0.5], np.float32))
    second = Dense(np.ones((1, 2), np.float32), np.zeros(2, np.float32))
    x, y = grid_points(24).T
    map_of_unit = unit_maps(Network((first, second), "linear"), XY, 0)[0]
    np.testing.assert_allclose(map_of_unit.ravel(), 2 * x - y + 0.5, atol=1e-6)


def test_without_a_unit_the_net_is_the_one_that_never_had_it(network):
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


def test_switching_units_off_leaves_the_net_itself_alone(network):
    before = [parameter.copy() for parameter in network.parameters()]
    without_units(network, [(0, 0), (7, 7), (1, 99)])
    for parameter, kept in zip(network.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter, kept)


def test_a_verdict_counts_what_is_wrong():
    network = Network((Dense(np.array([[0, 9], [0, 0]], np.float32), np.zeros(2, np.float32)),))
    points = PlanePoints([[1, 0], [1, 1], [-1, 0], [-1, 1]], [1, 0, 0, 1], 2)
    verdict = judge(network, XY, points, 7)
    np.testing.assert_array_equal(verdict.wrong, [False, True, False, True])
    assert (verdict.score.accuracy, verdict.score.iteration, verdict.score.count) == (0.5, 7, 4)
    expected = np.mean([np.log1p(np.exp(-9)), np.log1p(np.exp(9))])
    assert verdict.score.loss == pytest.approx(expected, rel=1e-5)


def test_without_points_there_is_nothing_to_be_wrong(network):
    verdict = judge(network, XY, no_points(3), 0)
    assert np.isnan(verdict.score.accuracy)
    assert verdict.wrong.shape == (0,)
