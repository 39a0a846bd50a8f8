"""Probabilities that mean what they say."""

import numpy as np
import pytest

from nn import (
    create_network,
    fit_temperature,
    measure_reliability,
    sureness,
    sureness_threshold,
    with_temperature,
)
from nn.losses import log_softmax


def drawn(seed=0, count=4000, classes=5, spread=2.0):
    """Scores and labels that are drawn from their own softmax: perfectly calibrated."""
    generator = np.random.default_rng(seed)
    scores = spread * generator.standard_normal((count, classes))
    edges = np.exp(log_softmax(scores)).cumsum(axis=1)
    labels = (generator.random((count, 1)) > edges).sum(axis=1).clip(0, classes - 1)
    return scores, labels


@pytest.mark.parametrize("temperature", [0.3, 1, 4])
def test_the_temperature_that_was_put_on_is_found_again(temperature):
    scores, labels = drawn()
    found = fit_temperature(log_softmax(scores * temperature), labels)
    assert found == pytest.approx(temperature * fit_temperature(log_softmax(scores), labels), 1e-4)
    assert found == pytest.approx(temperature, rel=0.1)


def test_no_other_temperature_has_a_smaller_loss():
    scores, labels = drawn(1)
    found = fit_temperature(log_softmax(3 * scores), labels)
    rows = np.arange(len(labels))

    def loss(temperature):
        return -log_softmax(3 * scores / temperature)[rows, labels].mean()

    assert all(loss(found) <= loss(found * other) for other in (0.5, 0.9, 0.99, 1.01, 1.1, 2))


def test_a_calibrated_net_has_a_small_error_and_an_overconfident_one_a_large():
    scores, labels = drawn(count=20000)
    assert measure_reliability(np.exp(log_softmax(scores)), labels).error < 0.012
    assert measure_reliability(np.exp(log_softmax(5 * scores)), labels).error > 0.1


def test_the_bins_are_counted_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.95, 0.05], [0.3, 0.7], [0.0, 1.0]])
    found = measure_reliability(probabilities, np.array([0, 1, 1, 1]), bins=10)
    assert found.counts.tolist() == [0] * 7 + [1, 0, 3]
    assert found.confidences[9] == pytest.approx(2.85 / 3)
    assert found.accuracies[[7, 9]] == pytest.approx([1, 2 / 3])
    assert found.error == pytest.approx((0.3 * 1 + 3 * abs(2.85 / 3 - 2 / 3)) / 4)


@pytest.mark.parametrize("biases", [True, False])
def test_the_temperature_is_in_the_last_layer(biases):
    generator = np.random.default_rng(0)
    network = create_network((6, 4, 3), generator=generator, biases=biases, initialization="xavier")
    x = generator.random((20, 6), dtype=np.float32)
    cooled = with_temperature(network, 2.5)
    expected = log_softmax(network.predict_log_proba(x) / 2.5)
    assert np.allclose(cooled.predict_log_proba(x), expected, atol=1e-5)
    assert cooled.dtype == np.float32
    assert cooled.layers[0].weights is not network.layers[0].weights


@pytest.mark.parametrize("temperature", [0, -1, float("nan")])
def test_an_impossible_temperature_is_refused(temperature):
    network = create_network((2, 2), generator=np.random.default_rng(0))
    with pytest.raises(ValueError, match="a temperature above 0"):
        with_temperature(network, temperature)


def test_sureness_is_one_for_a_certain_class_and_none_when_all_are_alike():
    found = sureness(np.array([[0, 1, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]], np.float32))
    assert found == pytest.approx([1, 0, 0.5], abs=1e-6)


def test_the_threshold_keeps_the_share_that_was_asked_for():
    known = np.random.default_rng(0).random(1000)
    assert (known >= sureness_threshold(known, 0.99)).mean() == pytest.approx(0.99, abs=0.001)
    assert sureness_threshold(np.zeros(0)) == 0
