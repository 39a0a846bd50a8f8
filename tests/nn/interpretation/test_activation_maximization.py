import numpy as np
import pytest
from network_helpers import small_network

from data_cache import load_digits, to_float
from nn import Dense, Network, load_pretrained
from nn.interpretation.activation_maximization import maximize_activation


def generator():
    return np.random.default_rng(0)


@pytest.mark.parametrize("name", ["mlp", "best"])
def test_images_that_start_at_the_mean_of_a_class_are_predicted_as_it(name):
    net, samples = load_pretrained(name), load_digits().validation
    images = to_float(samples.images)
    for target in (1, 3, 8):
        start = images[samples.labels == target].mean(axis=0)
        found = maximize_activation(net, target, generator(), start=start)
        probabilities = net.predict_proba(found.image[np.newaxis])[0]
        assert probabilities[target] > 0.9
        assert found.value > found.start_value
        assert (found.image.min(), found.image.max()) >= (0, 0)
        assert found.image.max() <= 1


def test_a_linear_network_gets_ink_where_the_difference_of_weights_is_positive():
    # Without decay and blur, the steps follow the smoothed weights until the pixels are full.
    weights = np.zeros((36, 2))
    weights[14], weights[21] = (5, -5), (-5, 5)
    net = Network((Dense(weights, None),))
    found = maximize_activation(net, 0, generator(), decay=0, blur=0, rate=1)
    assert found.image[14] == 1
    assert found.image[21] == 0
    assert found.value == pytest.approx(10, abs=0.01)


def test_the_same_seed_gives_the_same_image_and_another_seed_another():
    net = small_network((36, 8, 4))
    one, same = (maximize_activation(net, 2, generator()).image for _ in range(2))
    other = maximize_activation(net, 2, np.random.default_rng(1)).image
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_blur_makes_the_image_smoother_and_decay_makes_it_fainter():
    net = small_network((64, 16, 4))

    def image(**regularizers):
        found = maximize_activation(net, 1, generator(), **{"decay": 0, "blur": 0, **regularizers})
        return found.image.reshape(8, 8)

    def variation(picture):
        return np.abs(np.diff(picture, axis=0)).sum() + np.abs(np.diff(picture, axis=1)).sum()

    assert variation(image(blur=0.2)) < 0.8 * variation(image())
    assert (image(decay=0.1) ** 2).sum() < 0.8 * (image() ** 2).sum()


def test_the_result_tells_the_regularizer():
    found = maximize_activation(small_network((36, 4)), 0, generator(), decay=0.02, blur=0.1)
    assert "2 %" in found.regularizer
    assert "10 %" in found.regularizer


def test_without_a_gradient_the_first_image_is_returned():
    net = Network((Dense(np.zeros((36, 4)), np.zeros(4)),))
    start = np.full(36, 0.5)
    found = maximize_activation(net, 0, generator(), start=start)
    assert found.value == found.start_value == 0
    assert np.abs(found.image - start).max() < 0.1


def test_a_diverged_network_returns_the_first_image_with_nan_as_its_value():
    net = small_network((36, 8, 4))
    net.layers[0].weights[:] = np.nan
    found = maximize_activation(net, 0, generator())
    assert np.isfinite(found.image).all()
    assert np.isnan(found.value)


def test_inputs_that_are_no_square_and_unknown_classes_are_refused():
    with pytest.raises(ValueError, match="found 35 inputs"):
        maximize_activation(small_network((35, 4)), 0, generator())
    with pytest.raises(ValueError, match="from 0 to 3 and found 4"):
        maximize_activation(small_network((36, 4)), 4, generator())
