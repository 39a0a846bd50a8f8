import numpy as np
import pytest
from network_helpers import small_network

from data_cache import load_digits, to_float
from nn import Dense, Network, load_pretrained
from nn.interpretation.adversarial import apply_signs, fast_gradient_sign, gradient_signs


def cross_entropy(network, image, label):
    return -float(network.predict_log_proba(image[np.newaxis])[0, label])


@pytest.mark.parametrize("layer_spec", [None, "conv3x4 pool2"])
def test_the_signs_are_those_of_difference_quotients_of_the_loss(layer_spec):
    net = small_network((36, 8, 4), activation="tanh", dtype=np.float64, layer_spec=layer_spec)
    image = np.random.default_rng(1).random(36)
    steps = 1e-6 * np.eye(36)
    expected = [
        np.sign(cross_entropy(net, image + step, 2) - cross_entropy(net, image - step, 2))
        for step in steps
    ]
    np.testing.assert_array_equal(gradient_signs(net, image, 2), expected)


def test_several_images_are_changed_as_each_alone():
    net = small_network((36, 8, 4), activation="tanh", dtype=np.float64)
    images, labels = np.random.default_rng(3).random((5, 36)), np.array([0, 3, 1, 2, 3])
    found = fast_gradient_sign(net, images, labels, 0.1)
    pairs = zip(images, labels, strict=True)
    np.testing.assert_array_equal(found, [fast_gradient_sign(net, *pair, 0.1) for pair in pairs])


def test_two_classes_of_a_linear_network_give_the_sign_of_the_difference_of_weights():
    weights = np.random.default_rng(2).standard_normal((9, 2))
    net = Network((Dense(weights, np.zeros(2)),))
    image = np.full(9, 0.5)
    found = fast_gradient_sign(net, image, 0, 0.1)
    np.testing.assert_allclose(found, 0.5 + 0.1 * np.sign(weights[:, 1] - weights[:, 0]))


def test_a_certain_prediction_still_has_a_gradient():
    # Logits 1,000 apart: the probability of the label is exactly 1.
    net = Network((Dense(np.array([[1000.0, 0], [0, 1000.0]], np.float32), None),))
    signs = gradient_signs(net, np.array([1.0, 0], np.float32), 0)
    np.testing.assert_array_equal(signs, [-1, 1])


def test_the_image_stays_in_range_and_changes_by_epsilon_at_most():
    net = load_pretrained("mlp")
    for image in to_float(load_digits().validation.images[:5]):
        label = int(net.predict_proba(image[np.newaxis])[0].argmax())
        losses = []
        for epsilon in (0.0, 0.02, 0.1):
            changed = fast_gradient_sign(net, image, label, epsilon)
            assert changed.dtype == np.float32
            assert changed.min() >= 0
            assert changed.max() <= 1
            assert np.abs(changed - image).max() <= epsilon + 1e-6
            losses.append(cross_entropy(net, changed, label))
        assert losses[0] < losses[1] < losses[2]


def test_an_epsilon_of_zero_changes_nothing():
    image = np.linspace(0, 1, 5, dtype=np.float32)
    np.testing.assert_array_equal(apply_signs(image, np.ones(5, np.float32), 0.0), image)


def test_a_diverged_network_gives_nan_without_a_warning():
    net = small_network((36, 8, 4))
    net.layers[-1].weights[:] = np.inf
    assert np.isnan(fast_gradient_sign(net, np.ones(36, np.float32), 1, 0.1)).all()


def test_a_negative_epsilon_and_an_unknown_label_are_refused():
    net = small_network((36, 8, 4))
    with pytest.raises(ValueError, match="epsilon of 0 or above"):
        fast_gradient_sign(net, np.ones(36), 0, -0.1)
    with pytest.raises(ValueError, match="from 0 to 3 and found 4"):
        gradient_signs(net, np.ones(36), 4)
