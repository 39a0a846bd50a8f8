import numpy as np
import pytest

from dashboard.plane.palette import palette
from dashboard.plane.surface import SurfaceMaker, grid_points
from data_cache import PLANE_INPUTS, PLANE_LIMIT, derive_inputs
from nn import ACTIVATIONS, Dense, Network, create_network

XY = ["x1", "x2"]


def linear_net(weights, bias):
    return Network((Dense(np.array(weights, np.float32), np.array(bias, np.float32)),))


def random_net(inputs=2, hidden=(7, 5), classes=4, **options):
    network = create_network(
        (inputs, *hidden, classes), generator=np.random.default_rng(1), **options
    )
    for layer in network.layers:
        if layer.bias is not None:
            layer.bias[:] = np.linspace(-0.5, 0.5, len(layer.bias))
    return network


def test_the_grid_has_the_middles_of_its_squares_row_by_row_from_below():
    grid = grid_points(4, extent=1.0)
    np.testing.assert_allclose(
        grid[:4], [[-0.75, -0.75], [-0.25, -0.75], [0.25, -0.75], [0.75, -0.75]]
    )
    np.testing.assert_allclose(grid[4], [-0.75, -0.25])
    assert grid_points(64).max() < PLANE_LIMIT


def test_the_border_of_a_linear_net_is_the_line_that_its_weights_say():
    # Class 1 wins where 2 x - 3 y + 0.4 > 0.
    network = linear_net([[0, 2], [0, -3]], [0, 0.4])
    surface = SurfaceMaker(101, XY)(network)
    x, y = grid_points(101).astype(float).T
    above = (2 * x - 3 * y + 0.4 > 0).reshape(101, 101)
    np.testing.assert_array_equal(surface.labels, above)
    expected = 1 / (1 + np.exp(-(2 * x - 3 * y + 0.4)))
    np.testing.assert_allclose(surface.probabilities[:, 1], expected, atol=1e-5)


def test_with_the_product_of_x_and_y_a_linear_net_says_quadrants():
    network = linear_net([[0, 5]], [0, 0])
    labels = SurfaceMaker(64, ["x1x2"])(network).labels
    np.testing.assert_array_equal(labels[:32, :32], 1)
    np.testing.assert_array_equal(labels[:32, 32:], 0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("biases", [True, False])
def test_a_surface_is_what_the_network_predicts_at_every_place(activation, biases):
    network = random_net(3, activation=activation, biases=biases)
    names = ["x2", "x1x2", "sin-x1"]
    surface = SurfaceMaker(70, names)(network)
    expected = network.predict_proba(derive_inputs(grid_points(70), names))
    np.testing.assert_allclose(surface.probabilities, expected, atol=1e-5)


def test_a_wide_net_is_evaluated_in_chunks_with_the_same_result():
    network = random_net(hidden=(900, 6))
    surface = SurfaceMaker(64, XY)(network)
    expected = network.predict_proba(grid_points(64))
    np.testing.assert_allclose(surface.probabilities, expected, atol=1e-5)


def test_nets_of_other_forms_take_turns_on_one_maker():
    maker = SurfaceMaker(64, XY)
    for classes in (3, 5, 3):
        network = random_net(classes=classes)
        np.testing.assert_allclose(
            maker(network).probabilities, network.predict_proba(grid_points(64)), atol=1e-5
        )


def test_a_hard_picture_has_the_colour_of_the_most_probable_class():
    network = random_net(inputs=len(PLANE_INPUTS), classes=10)
    surface = SurfaceMaker(64, PLANE_INPUTS)(network)
    colours = palette("light")
    picture = surface.picture(colours, "hard")
    assert (picture.shape, picture.dtype) == ((64, 64), np.uint32)
    np.testing.assert_array_equal(picture, colours.packed[surface.labels])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_soft_picture_blends_the_colours_by_the_probabilities(theme):
    surface = SurfaceMaker(64, XY)(random_net())
    colours = palette(theme)
    channels = surface.picture(colours, "soft").reshape(-1, 1).view(np.uint8)
    expected = surface.probabilities @ colours.regions[:4]
    assert np.abs(channels - expected).max() <= 0.51
    np.testing.assert_array_equal(channels[:, 3], 255)


def test_a_sure_net_has_the_same_picture_in_soft_and_in_hard_colours():
    surface = SurfaceMaker(64, XY)(linear_net([[0, 5000], [0, 1]], [0, 0]))
    for theme in ("light", "dark"):
        soft, hard = (surface.picture(palette(theme), mode) for mode in ("soft", "hard"))
        np.testing.assert_array_equal(soft, hard)


def test_a_picture_stays_when_the_next_surface_is_made():
    maker, colours = SurfaceMaker(64, XY), palette("light")
    picture = maker(random_net()).picture(colours, "soft")
    before = picture.copy()
    maker(linear_net([[1, 0], [0, 1]], [0, 0])).picture(colours, "soft")
    np.testing.assert_array_equal(picture, before)


def test_a_net_that_has_blown_up_still_gives_a_picture():
    network = random_net()
    network.layers[0].weights[:] = np.nan
    for mode in ("soft", "hard"):
        assert SurfaceMaker(64, XY)(network).picture(palette("light"), mode).shape == (64, 64)
