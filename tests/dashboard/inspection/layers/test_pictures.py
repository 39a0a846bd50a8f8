"""Pictures of layers: every unit has its own tile, with the values of the network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.inspection.layers.arrangement import WIDTH, arrange
from dashboard.inspection.layers.palette import (
    GAP,
    INVALID,
    TONE_OF_LEVEL,
    ZERO,
    signed_levels,
    usual_magnitude,
)
from dashboard.inspection.layers.pictures import layer_pictures, softmax
from dashboard.shell.pictures import HOLE_EVERY
from nn import ACTIVATIONS, create_network
from nn.interpretation.activations import filter_weights, layer_gradients, layer_outputs

DIGITS = tuple("0123456789")


def make(*hidden, spec=None, **options):
    return create_network(
        (784, *hidden, 10), generator=np.random.default_rng(0), layer_spec=spec, **options
    )


@pytest.fixture
def x():
    return np.random.default_rng(1).random(784).astype(np.float32)


def tile_of(picture, place, unit):
    """The levels of the tile of a unit, without the lines around it; holes are masked."""
    zoom = len(picture.levels) // (place.rows * (picture.side + 1))
    side, pitch = zoom * picture.side, zoom * (picture.side + 1)
    row, column = divmod(unit, place.columns)
    top, left = row * pitch, column * pitch
    assert (picture.levels[top : top + pitch, left + side : left + pitch] == GAP).all()
    tile = picture.levels[top : top + side : zoom, left : left + side : zoom]
    holes = np.zeros(tile.shape, bool)
    if zoom == 1 and not picture.has_tones:
        holes[1::HOLE_EVERY, 1::HOLE_EVERY] = True
    return np.ma.masked_array(tile, holes & (tile == ZERO))


def shown_levels(picture, levels):
    """The levels of a picture that stand for levels of signed values."""
    return TONE_OF_LEVEL[levels] if picture.has_tones else levels


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_a_dense_unit_has_the_level_of_its_activation(x, activation):
    network = make(20, 7, activation=activation)
    outputs, places = layer_outputs(network, x), arrange(network, DIGITS).places
    pictures = layer_pictures(network, places, "activations", outputs, None)
    for place, picture, output in zip(places[:-1], pictures[:-1], outputs[:-1], strict=True):
        expected = signed_levels(output.values, picture.scale)
        for unit in range(place.shown):
            assert (tile_of(picture, place, unit) == expected[unit]).all()
        assert picture.scale >= np.abs(output.values).max()
    probabilities = network.predict_proba(x[np.newaxis])[0]
    np.testing.assert_allclose(softmax(outputs[-1].values), probabilities, rtol=1e-5)
    expected = signed_levels(probabilities, 1.0)
    assert tile_of(pictures[-1], places[-1], 3)[0, 0] == pytest.approx(expected[3], abs=1)


def test_a_filter_has_the_picture_of_its_feature_map(x):
    network = make(6, spec="conv5x8 pool2 conv3x6")
    outputs, places = layer_outputs(network, x), arrange(network, DIGITS).places
    pictures = layer_pictures(network, places, "activations", outputs, None)
    for layer in (0, 1):
        values = outputs[layer].values
        expected = signed_levels(values, np.abs(values).max())
        for unit in range(places[layer].shown):
            np.testing.assert_array_equal(
                tile_of(pictures[layer], places[layer], unit),
                shown_levels(pictures[layer], expected[unit]),
            )


def test_weights_of_a_first_dense_layer_are_pictures_of_the_input():
    network = make(12)
    places = arrange(network, DIGITS).places
    picture = layer_pictures(network, places, "weights", None, None)[0]
    weights = network.layers[0].weights
    expected = signed_levels(weights[:, 5].reshape(28, 28), usual_magnitude(weights))
    assert picture.has_tones
    np.testing.assert_array_equal(tile_of(picture, places[0], 5), TONE_OF_LEVEL[expected])


def test_weights_of_many_units_are_averaged_over_four_pixels():
    network = make(100)
    places = arrange(network, DIGITS).places
    picture = layer_pictures(network, places, "weights", None, None)[0]
    images = network.layers[0].weights.T.reshape(100, 14, 2, 14, 2).mean(axis=(2, 4))
    expected = signed_levels(images, usual_magnitude(images))
    assert picture.has_tones
    np.testing.assert_array_equal(tile_of(picture, places[0], 99), TONE_OF_LEVEL[expected[99]])


def test_weights_of_later_layers_have_a_pixel_for_each_unit_before():
    network = make(20, 8)
    places = arrange(network, DIGITS).places
    picture = layer_pictures(network, places, "weights", None, None)[1]
    weights = network.layers[1].weights
    expected = signed_levels(weights[:, 2], usual_magnitude(weights))
    tile = tile_of(picture, places[1], 2)
    assert tile.shape == (5, 5)
    np.testing.assert_array_equal(tile.reshape(-1)[:20], expected)
    assert (tile.reshape(-1)[20:] == GAP).all()


def test_weights_of_a_later_convolution_show_the_filter_channel_by_channel():
    network = make(spec="conv3x4 conv3x6")
    places = arrange(network, DIGITS).places
    picture = layer_pictures(network, places, "weights", None, None)[1]
    weights = filter_weights(network.layers[1])
    expected = signed_levels(weights, usual_magnitude(weights))[5]
    tile = tile_of(picture, places[1], 5)
    assert tile.shape == (6, 6)
    np.testing.assert_array_equal(tile[:3, 3:], expected[1])
    np.testing.assert_array_equal(tile[3:, :3], expected[2])


def test_gradients_are_those_of_the_logit(x):
    network = make(9, spec="conv3x4 pool2")
    places = arrange(network, DIGITS).places
    gradients = layer_gradients(network, x, 4)
    pictures = layer_pictures(network, places, "gradients", None, gradients)
    expected = signed_levels(gradients[0], np.abs(gradients[0]).max())
    assert pictures[0].has_tones
    np.testing.assert_array_equal(tile_of(pictures[0], places[0], 3), TONE_OF_LEVEL[expected[3]])
    assert tile_of(pictures[-1], places[-1], 4)[0, 0] == 2 * ZERO
    assert tile_of(pictures[-1], places[-1], 5)[0, 0] == ZERO


@pytest.mark.parametrize("sign", [1, -1])
def test_negative_values_have_a_hole_each_where_there_is_room(sign):
    network = make(spec="conv5x8")
    network.layers[0].weights[:] = sign
    place = arrange(network, DIGITS).places[0]
    picture = layer_pictures(network, [place], "weights", None, None)[0]
    holes = np.argwhere(picture.levels == ZERO)
    assert len(holes) == (0 if sign > 0 else 25 * 8)
    assert (holes % HOLE_EVERY == 1).all()


def test_cells_of_negative_activations_have_holes_and_no_others(x):
    network = make(20, activation="tanh")
    outputs, places = layer_outputs(network, x), arrange(network, DIGITS).places
    picture = layer_pictures(network, places, "activations", outputs, None)[0]
    for unit, value in enumerate(outputs[0].values):
        assert np.ma.count_masked(tile_of(picture, places[0], unit)) == 0 or value < 0
        assert np.ma.count_masked(tile_of(picture, places[0], unit)) > 0 or value > 0


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_feature_maps_have_tones_if_they_may_be_negative(x, activation):
    network = make(spec="conv5x8", activation=activation)
    outputs, places = layer_outputs(network, x), arrange(network, DIGITS).places
    picture = layer_pictures(network, places, "activations", outputs, None)[0]
    assert picture.has_tones == (outputs[0].values < 0).any()


@pytest.mark.parametrize("mode", ["activations", "gradients"])
def test_without_a_drawing_every_cell_is_empty(mode):
    network = make(9, spec="conv3x4 pool2")
    places = arrange(network, DIGITS).places
    for picture, place in zip(
        layer_pictures(network, places, mode, None, None), places, strict=True
    ):
        assert (tile_of(picture, place, 0) == ZERO).all()
        assert picture.scale == 0


@pytest.mark.parametrize("spec", [None, "conv3x4 pool2"])
@pytest.mark.parametrize("mode", ["activations", "weights", "gradients"])
def test_nan_weights_are_marked_and_raise_no_warning(x, spec, mode):
    network = make(70, spec=spec)
    for parameter in network.parameters():
        parameter[:] = np.nan
    places = arrange(network, DIGITS).places
    outputs, gradients = layer_outputs(network, x), layer_gradients(network, x, 0)
    pictures = layer_pictures(network, places, mode, outputs, gradients)
    assert all((picture.levels == INVALID).any() for picture in pictures[:1])


def test_the_first_units_of_a_wide_network_are_shown_and_messages_stay_small(x):
    network = make(*[2048] * 8)
    places = arrange(network, DIGITS).places
    assert [place.shown for place in places] == [256] * 8 + [10]
    assert places[0].units == 2048
    outputs = layer_outputs(network, x)
    for mode, limit in (("activations", 100_000), ("weights", 700_000)):
        pictures = layer_pictures(network, places, mode, outputs, None)
        assert sum(picture.levels.size for picture in pictures) < limit


@given(
    st.lists(st.integers(1, 400), max_size=8),
    st.sampled_from([None, "conv3x3", "conv5x300 pool2", "crop12 conv3x5 pool3s2 conv1x7"]),
)
@settings(max_examples=60, deadline=None)
def test_layers_lie_below_each_other_inside_the_picture(hidden, spec):
    network = make(*hidden, spec=spec, initialization="zeros")
    arrangement = arrange(network, DIGITS)
    bottom = 0.0
    for place in arrangement.places:
        assert place.top >= bottom
        bottom = place.top + place.height
        assert place.width <= WIDTH + 1e-9
        assert (place.rows - 1) * place.columns < place.shown <= place.rows * place.columns
        x, y = place.center(place.shown - 1)
        assert place.left < x < place.left + place.width
        assert place.top < y < bottom
    assert bottom < arrangement.height
