import numpy as np
import pytest

from dashboard.plane.colors import REGION_CHANNELS, REGION_PIXELS
from dashboard.plane.surface import SurfaceEvaluator, grid_points
from data_cache import PLANE_INPUTS, PLANE_LIMIT, derive_inputs
from nn import ACTIVATIONS, Dense, Network, create_network

XY = ["x1", "x2"]


def linear_network(weights, bias):
    return Network((Dense(np.array(weights, np.float32), np.array(bias, np.float32)),))


def random_network(inputs=2, hidden=(7, 5), classes=4, **options):
    network = create_network(
        (inputs, *hidden, classes), generator=np.random.default_rng(1), **options
    )
    for layer in network.layers:
        if layer.bias is not None:
            layer.bias[:] = np.linspace(-0.5, 0.5, len(layer.bias))
    return network


def test_grid_points_are_the_centers_of_squares_the_lowest_row_first():
    grid = grid_points(4, extent=1.0)
    np.testing.assert_allclose(
        grid[:4], [[-0.75, -0.75], [-0.25, -0.75], [0.25, -0.75], [0.75, -0.75]]
    )
    np.testing.assert_allclose(grid[4], [-0.75, -0.25])
    assert grid_points(64).max() < PLANE_LIMIT


def test_the_boundary_of_a_linear_networkwork_is_the_line_that_its_weights_define():
    # Class 1 wins where 2 x - 3 y + 0.4 > 0.
    network = linear_network([[0, 2], [0, -3]], [0, 0.4])
    surface = SurfaceEvaluator(101, XY)(network)
    x, y = grid_points(101).astype(float).T
    above = (2 * x - 3 * y + 0.4 > 0).reshape(101, 101)
    np.testing.assert_array_equal(surface.labels, above)
    expected = 1 / (1 + np.exp(-(2 * x - 3 * y + 0.4)))
    np.testing.assert_allclose(surface.probabilities[:, 1], expected, atol=1e-5)


def test_with_the_product_of_x_and_y_as_input_a_linear_networkwork_gives_quadrants():
    network = linear_network([[0, 5]], [0, 0])
    labels = SurfaceEvaluator(64, ["x1x2"])(network).labels
    np.testing.assert_array_equal(labels[:32, :32], 1)
    np.testing.assert_array_equal(labels[:32, 32:], 0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("biases", [True, False])
def test_a_surface_has_the_predictions_of_the_network_at_every_grid_point(activation, biases):
    network = random_network(3, activation=activation, biases=biases)
    names = ["x2", "x1x2", "sin-x1"]
    surface = SurfaceEvaluator(70, names)(network)
    expected = network.predict_proba(derive_inputs(grid_points(70), names))
    np.testing.assert_allclose(surface.probabilities, expected, atol=1e-5)


def test_a_wide_network_is_evaluated_in_chunks_with_the_same_result():
    network = random_network(hidden=(900, 6))
    surface = SurfaceEvaluator(64, XY)(network)
    expected = network.predict_proba(grid_points(64))
    np.testing.assert_allclose(surface.probabilities, expected, atol=1e-5)


def test_one_evaluator_takes_networks_of_different_sizes():
    evaluator = SurfaceEvaluator(64, XY)
    for classes in (3, 5, 3):
        network = random_network(classes=classes)
        np.testing.assert_allclose(
            evaluator(network).probabilities, network.predict_proba(grid_points(64)), atol=1e-5
        )


def test_a_hard_picture_has_the_color_of_the_most_probable_class():
    network = random_network(inputs=len(PLANE_INPUTS), classes=10)
    surface = SurfaceEvaluator(64, PLANE_INPUTS)(network)
    picture = surface.picture("hard")
    assert (picture.shape, picture.dtype) == ((64, 64), np.uint32)
    np.testing.assert_array_equal(picture, REGION_PIXELS[surface.labels])


def test_a_soft_picture_blends_the_colors_by_the_probabilities():
    surface = SurfaceEvaluator(64, XY)(random_network())
    channels = surface.picture("soft").reshape(-1, 1).view(np.uint8)
    expected = surface.probabilities @ REGION_CHANNELS[:4]
    assert np.abs(channels - expected).max() <= 0.51
    np.testing.assert_array_equal(channels[:, 3], 153)


def test_a_certain_network_has_the_same_soft_and_hard_picture():
    surface = SurfaceEvaluator(64, XY)(linear_network([[0, 5000], [0, 1]], [0, 0]))
    np.testing.assert_array_equal(surface.picture("soft"), surface.picture("hard"))


def test_a_picture_stays_when_the_next_surface_is_computed():
    evaluator = SurfaceEvaluator(64, XY)
    picture = evaluator(random_network()).picture("soft")
    before = picture.copy()
    evaluator(linear_network([[1, 0], [0, 1]], [0, 0])).picture("soft")
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_a_network_with_nan_weights_still_gives_a_picture(mode):
    network = random_network()
    network.layers[0].weights[:] = np.nan
    assert SurfaceEvaluator(64, XY)(network).picture(mode).shape == (64, 64)
