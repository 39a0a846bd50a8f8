import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_helpers import small_network

from data_cache import load_digits, to_float
from nn import ACTIVATIONS, Dense, Network, create_network, load_pretrained
from nn.interpretation.input_gradients import input_gradients, logit_weights
from nn.interpretation.integrated_gradients import integrated_gradients

FORMS = (None, "conv3x4p1 pool2 conv2x3", "crop4 conv2x4 pool2", "conv3x3 pool3s2")


def random_network(seed, activation, layer_spec, dtype=np.float64):
    generator = np.random.default_rng(seed)
    net = create_network(
        (36, 12, 7, 4),
        generator=generator,
        activation=activation,
        layer_spec=layer_spec,
        dtype=dtype,
    )
    for layer in net.layers:
        layer.bias[:] = generator.normal(0, 0.5, layer.bias.shape)
    return net


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    activation=st.sampled_from(ACTIVATIONS),
    layer_spec=st.sampled_from(FORMS),
    against=st.sampled_from([None, 1, 2, 3]),
)
def test_the_contributions_sum_to_the_difference_of_the_logits(
    seed, activation, layer_spec, against
):
    net = random_network(seed, activation, layer_spec)
    image = np.random.default_rng(seed).random(36)
    weights = logit_weights(4, 0, against)
    found = integrated_gradients(net, image, weights)
    at_both = input_gradients(net, np.stack([image, np.zeros(36)]), weights).values
    assert found.difference == pytest.approx(at_both[0] - at_both[1])
    assert found.contributions.sum() == pytest.approx(found.difference, rel=0.01, abs=1e-9)


@pytest.mark.parametrize("name", ["mlp", "best"])
@pytest.mark.parametrize("compared", [False, True], ids=["one class", "class against class"])
def test_the_attributions_of_the_pretrained_models_are_complete_to_one_per_cent(name, compared):
    net = load_pretrained(name)
    for image in to_float(load_digits().validation.images[:8]):
        order = np.argsort(-net.predict_proba(image[np.newaxis])[0])
        weights = logit_weights(10, order[0], order[1] if compared else None)
        found = integrated_gradients(net, image, weights)
        assert found.contributions.sum() == pytest.approx(found.difference, rel=0.01)
        assert found.points < 100


def test_a_linear_network_attributes_weight_times_input():
    net = random_network(3, "linear", None)
    product = net.layers[0].weights @ net.layers[1].weights @ net.layers[2].weights
    image = np.random.default_rng(1).random(36)
    found = integrated_gradients(net, image, logit_weights(4, 2, against=1), intervals=1)
    np.testing.assert_allclose(
        found.contributions, (product[:, 2] - product[:, 1]) * image, atol=1e-12
    )
    assert found.points == 2


def test_a_single_breakpoint_of_relu_is_integrated_exactly_from_both_ends():
    # max(0, x0 + x1 - 1) and the path from (0, 0) to (2, 1): active for the last two thirds.
    hidden = Dense(np.ones((2, 1)), np.array([-1.0]))
    net = Network((hidden, Dense(np.array([[1.0, 0.0]]), np.zeros(2))))
    found = integrated_gradients(net, np.array([2.0, 1]), np.array([1.0, 0]), intervals=1)
    np.testing.assert_allclose(found.contributions, [4 / 3, 2 / 3])
    assert found.points == 2


def test_the_attributions_are_those_of_a_fine_midpoint_rule():
    net, image = random_network(5, "relu", "conv3x4p1 pool2"), np.random.default_rng(2).random(36)
    weights = logit_weights(4, 1)
    positions = (np.arange(20_000) + 0.5) / 20_000
    gradients = sum(
        input_gradients(net, part[:, np.newaxis] * image, weights).gradients.sum(axis=0)
        for part in np.split(positions, 100)
    )
    expected = gradients / 20_000 * image
    coarse, fine = (
        integrated_gradients(net, image, weights, intervals=intervals).contributions - expected
        for intervals in (8, 512)
    )
    assert np.abs(fine).sum() < 0.002 * np.abs(expected).sum()
    assert np.abs(fine).sum() < 0.2 * np.abs(coarse).sum()


def test_the_path_may_begin_at_another_baseline():
    net, generator = random_network(7, "tanh", None), np.random.default_rng(3)
    image, baseline = generator.random((2, 36))
    weights = logit_weights(4, 3)
    there = integrated_gradients(net, image, weights, baseline=baseline)
    back = integrated_gradients(net, baseline, weights, baseline=image)
    np.testing.assert_allclose(there.contributions, -back.contributions)
    assert there.baseline_value == pytest.approx(back.value)
    still = integrated_gradients(net, image, weights, baseline=image)
    assert not still.contributions.any()
    assert still.difference == pytest.approx(0, abs=1e-12)


def test_refinement_ends_at_the_limit_of_points():
    net = random_network(11, "relu", None)
    image = np.random.default_rng(4).random(36)
    found = integrated_gradients(
        net, image, logit_weights(4, 0), intervals=2, tolerance=0, max_points=9
    )
    assert found.points <= 9


def test_an_untrained_float32_network_needs_no_refinement():
    net = small_network((36, 20, 10, 4))  # without biases it is linear along the path
    image = np.random.default_rng(5).random(36)
    assert integrated_gradients(net, image, logit_weights(4, 0, against=1)).points == 33


def test_a_diverged_network_gives_nan_without_a_warning():
    net = random_network(1, "relu", None)
    net.layers[0].weights[:] = np.nan
    found = integrated_gradients(net, np.ones(36), logit_weights(4, 0))
    assert np.isnan(found.contributions).all()
    assert np.isnan(found.residual)


def test_images_of_another_size_are_refused():
    net = random_network(1, "relu", None)
    with pytest.raises(ValueError, match=r"shape \(36,\) and found \(35,\)"):
        integrated_gradients(net, np.ones(35), logit_weights(4, 0))
