import numpy as np
import pytest
from network_helpers import small_network

from nn import check_gradient, load_pretrained
from nn.interpretation.input_gradients import (
    create_gradient_workspaces,
    input_gradients,
    logit_weights,
)

NETWORKS = {
    "dense": {"activation": "tanh"},
    "deep": {"sizes": (36, 8, 6, 3), "activation": "sigmoid"},
    "without biases": {"activation": "leaky-relu", "biases": False},
    "convolutional": {"layer_spec": "conv3x4p1 pool2 conv2x3", "activation": "tanh"},
    "cropped": {"layer_spec": "crop4 conv3x4 conv2x3", "activation": "tanh"},
    "overlapping pooling": {"layer_spec": "conv2x4 pool3s2", "activation": "tanh"},
}


def network(name):
    return small_network(**{"sizes": (36, 5, 3), "dtype": np.float64, **NETWORKS[name]})


def images(count=3, inputs=36):
    return np.random.default_rng(1).random((count, inputs))


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_equal_difference_quotients_of_the_values(name):
    net, weights = network(name), np.array([1.0, -0.5, 2])

    def total(arrays):
        return float(input_gradients(net, arrays[0], weights).values.sum())

    def gradient(arrays):
        return [input_gradients(net, arrays[0], weights).gradients]

    assert check_gradient(total, gradient, [images()], np.random.default_rng(2)) < 1e-7


def test_the_gradient_is_zero_at_pixels_that_are_cropped_away():
    gradients = input_gradients(network("cropped"), images(), np.array([1.0, 0, 0])).gradients
    is_outside = np.ones((6, 6), bool)
    is_outside[1:-1, 1:-1] = False
    assert not gradients.reshape(-1, 6, 6)[:, is_outside].any()
    assert gradients.reshape(-1, 6, 6)[:, ~is_outside].all()


def test_values_are_weighted_sums_of_the_logits_that_give_the_probabilities():
    net, x = network("convolutional"), images()
    found = input_gradients(net, x, logit_weights(3, 2, against=0))
    np.testing.assert_allclose(found.values, found.logits[:, 2] - found.logits[:, 0])
    shares = np.exp(found.logits) / np.exp(found.logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, net.predict_proba(x))


def test_each_sample_may_have_weights_of_its_own():
    net, x = network("deep"), images()
    together = input_gradients(net, x, np.eye(3)).gradients
    for row in range(3):
        alone = input_gradients(net, x[row : row + 1], logit_weights(3, row)).gradients[0]
        np.testing.assert_allclose(together[row], alone)


@pytest.mark.parametrize("name", ["mlp", "best"])
def test_workspaces_may_be_larger_and_used_again(name):
    net = load_pretrained(name)
    x = images(3, 784).astype(np.float32)
    weights = logit_weights(10, 3)
    expected = input_gradients(net, x, weights)
    workspaces = create_gradient_workspaces(net, 5)
    for _ in range(2):
        found = input_gradients(net, x, weights, workspaces)
        np.testing.assert_array_equal(found.gradients, expected.gradients)
        np.testing.assert_array_equal(found.values, expected.values)


def test_diverged_weights_give_nan_without_a_warning():
    net = network("dense")
    net.layers[0].weights[:] = np.nan
    assert np.isnan(input_gradients(net, images(), np.ones(3)).gradients).all()


def test_weights_and_classes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"shape \(3,\) or \(2, 3\) and found \(4,\)"):
        input_gradients(network("dense"), images(2), np.ones(4))
    with pytest.raises(ValueError, match="from 0 to 2 and found 3"):
        logit_weights(3, 3)
    with pytest.raises(ValueError, match="from 0 to 2 and found -1"):
        logit_weights(3, 0, against=-1)
    with pytest.raises(ValueError, match="two different classes"):
        logit_weights(3, 1, against=1)
