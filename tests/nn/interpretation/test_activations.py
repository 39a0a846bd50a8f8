"""What layers compute, against the network's own passes, numerical derivatives and plain sums."""

from itertools import pairwise

import numpy as np
import pytest
from network_helpers import small_network

from nn import Conv2D, create_network
from nn.interpretation.activations import (
    convolution_terms,
    filter_weights,
    layer_gradients,
    layer_outputs,
    logit_shares,
    unit_terms,
)

SPECS = (None, "conv3x4", "conv3x4 pool2", "crop12 conv5x3 pool3s2 conv3x4p0", "conv1x2 conv3x3p1")
ACTIVATION_NAMES = ("relu", "leaky-relu", "tanh", "sigmoid", "linear")


def network_with(spec, **settings):
    settings = {"sizes": (196, 7, 5), "dtype": np.float64, "layer_spec": spec, **settings}
    network = create_network(generator=np.random.default_rng(3), **settings)
    biases = np.random.default_rng(4)
    for parameter in network.parameters():
        if parameter.ndim == 1:
            parameter[:] = 0.2 * biases.standard_normal(parameter.shape)
    return network


@pytest.fixture
def x():
    return np.random.default_rng(5).random(196)


def log_softmax(logits):
    shifted = logits - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_the_last_values_are_the_logits_of_the_prediction(spec, activation, x):
    network = network_with(spec, activation=activation)
    logits = layer_outputs(network, x)[-1].values
    np.testing.assert_allclose(log_softmax(logits), network.predict_log_proba(x[np.newaxis])[0])


def test_the_values_of_dense_layers_are_the_hidden_activations(x):
    network = network_with(None, sizes=(196, 7, 6, 5))
    outputs = layer_outputs(network, x)
    for output, expected in zip(outputs, network.hidden_activations(x[np.newaxis]), strict=False):
        np.testing.assert_allclose(output.values, expected[0])


@pytest.mark.parametrize("spec", SPECS[1:])
def test_every_layer_is_given_what_the_one_before_passes_on(spec, x):
    outputs = layer_outputs(network_with(spec), x)
    for before, output in pairwise(outputs):
        passed_on = before.passed_on
        flat = passed_on.transpose(1, 2, 0).reshape(-1) if passed_on.ndim == 3 else passed_on
        given = output.inputs
        found = given.transpose(1, 2, 0).reshape(-1) if given.ndim == 3 else given
        np.testing.assert_allclose(found, flat)


def test_pooled_values_are_the_largest_of_their_windows(x):
    network = network_with("crop12 conv5x3 pool3s2 conv3x4p0")
    first = layer_outputs(network, x)[0]
    assert first.values.shape == (3, 12, 12)
    windows = np.lib.stride_tricks.sliding_window_view(first.values, (3, 3), axis=(1, 2))
    np.testing.assert_allclose(first.pooled, windows[:, ::2, ::2].max(axis=(3, 4)))


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("spec", SPECS[1:])
def test_a_pixel_of_a_feature_map_is_the_sum_of_its_terms(spec, biases, x):
    network = network_with(spec, biases=biases, activation="tanh")
    outputs = layer_outputs(network, x)
    for index, layer in enumerate(network.convolutions):
        filters, height, width = outputs[index].values.shape
        for row, column in ((0, 0), (height - 1, width // 2), (height // 2, width - 1)):
            terms = convolution_terms(network, outputs, index, filters - 1, (row, column))
            assert terms.inputs.shape == (layer.input_shape.channels, layer.kernel, layer.kernel)
            assert terms.total == pytest.approx(terms.products.sum() + terms.bias)
            assert terms.value == pytest.approx(np.tanh(terms.total))
            assert (terms.bias != 0) == biases


def test_the_filters_of_a_convolution_are_its_responses_to_single_pixels():
    network = network_with("conv3x4", biases=False, activation="linear")
    image = np.zeros((14, 14))
    image[6, 6] = 1
    values = layer_outputs(network, image.reshape(-1))[0].values
    # A cross-correlation answers an impulse with its kernel, turned by 180 degrees.
    weights = filter_weights(network.convolutions[0])
    np.testing.assert_allclose(values[:, 5:8, 5:8], weights[:, 0, ::-1, ::-1])


@pytest.mark.parametrize("biases", [True, False])
def test_the_value_of_a_dense_unit_is_the_sum_of_its_terms(biases, x):
    network = network_with("conv3x4 pool2", sizes=(196, 7, 6, 5), biases=biases)
    outputs = layer_outputs(network, x)
    for layer, unit in ((1, 6), (2, 0), (3, 4)):
        terms = unit_terms(network, outputs, layer, unit)
        total = terms.products.sum() + terms.bias
        assert terms.total == pytest.approx(total)
        assert terms.value == pytest.approx(total if layer == 3 else max(total, 0))


@pytest.mark.parametrize("spec", [None, "conv3x4 pool2"])
def test_the_shares_of_the_last_hidden_layer_and_the_biases_add_up_to_the_logits(spec, x):
    for sizes in ((196, 7, 5), (196, 5)) if spec else ((196, 7, 5),):
        network = network_with(spec, sizes=sizes)
        outputs = layer_outputs(network, x)
        shares = logit_shares(network, outputs).sum(axis=0)
        np.testing.assert_allclose(shares + network.layers[-1].bias, outputs[-1].values)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_gradients_equal_numerical_derivatives_of_the_logit(spec, activation, x):
    network = network_with(spec, activation=activation)
    gradients = layer_gradients(network, x, 2)
    outputs = layer_outputs(network, x)
    for index, gradient in enumerate(gradients):
        assert gradient.shape == outputs[index].values.shape
        # A window of zeros after a ReLU has several largest values: there is no derivative.
        smooth = np.flatnonzero(outputs[index].values)
        for position in np.random.default_rng(index).choice(smooth, 4):
            expected = derivative(network, outputs, (index, int(position)), target=2)
            assert gradient.reshape(-1)[position] == pytest.approx(expected, abs=1e-6)


def derivative(network, outputs, place, target, step=1e-6):
    """The central difference of a logit when one value of a layer is changed."""
    layer, position = place
    found = []
    for change in (step, -step):
        values = outputs[layer].values.copy()
        values.reshape(-1)[position] += change
        found.append(logits_after(network, layer, values)[target])
    return (found[0] - found[1]) / (2 * step)


def logits_after(network, layer, values):
    """The logits when a layer has these values: pooled, and given to a network of the others."""
    chosen = network.layers[layer]
    if layer == len(network.layers) - 1:
        return values
    if isinstance(chosen, Conv2D):
        if chosen.pool is not None:
            size, stride = chosen.pool
            windows = np.lib.stride_tricks.sliding_window_view(values, (size, size), axis=(1, 2))
            values = windows[:, ::stride, ::stride].max(axis=(3, 4))
        values = values.transpose(1, 2, 0)
    rest = type(network)(network.layers[layer + 1 :], network.activation)
    return layer_outputs(rest, values.reshape(-1))[-1].values


def test_a_class_that_does_not_exist_has_no_gradient(x):
    with pytest.raises(ValueError, match="0 to 4"):
        layer_gradients(network_with(None), x, 5)


def test_bytes_are_scaled_and_nan_weights_give_nan_without_a_warning():
    network = small_network((196, 6, 3))
    pixels = np.random.default_rng(0).integers(0, 256, 196).astype(np.uint8)
    first = layer_outputs(network, pixels)[0].values
    np.testing.assert_allclose(
        first, layer_outputs(network, pixels / np.float32(255))[0].values, 1e-5
    )
    network.layers[0].weights[0, 0] = np.nan
    assert np.isnan(layer_outputs(network, pixels)[0].values[0])
    assert np.isnan(layer_outputs(network, pixels)[-1].values).all()
