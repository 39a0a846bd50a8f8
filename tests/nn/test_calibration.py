import numpy as np
import pytest
from network_helpers import small_network

from nn.calibration import (
    confidence,
    confidence_threshold,
    fit_temperature,
    reliability_diagram,
    with_temperature,
)


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def calibrated(seed=0, count=4000, classes=5, spread=2.0):
    """Return logits, and labels that are drawn from their softmax."""
    generator = np.random.default_rng(seed)
    logits = spread * generator.standard_normal((count, classes))
    edges = np.exp(log_softmax(logits)).cumsum(axis=1)
    labels = (generator.random((count, 1)) > edges).sum(axis=1).clip(0, classes - 1)
    return logits, labels


@pytest.mark.parametrize("temperature", [0.3, 1, 4])
def test_the_temperature_that_logits_were_multiplied_by_is_found(temperature):
    logits, labels = calibrated()
    found = fit_temperature(log_softmax(logits * temperature), labels)
    assert found == pytest.approx(temperature * fit_temperature(log_softmax(logits), labels), 1e-4)
    assert found == pytest.approx(temperature, rel=0.1)


def test_no_other_temperature_has_a_smaller_loss():
    logits, labels = calibrated(1)
    found = fit_temperature(log_softmax(3 * logits), labels)
    rows = np.arange(len(labels))

    def loss(temperature):
        return -log_softmax(3 * logits / temperature)[rows, labels].mean()

    assert all(loss(found) <= loss(found * other) for other in (0.5, 0.9, 0.99, 1.01, 1.1, 2))


def test_calibrated_predictions_have_a_small_error_and_overconfident_ones_a_large_one():
    logits, labels = calibrated(count=20000)
    errors = [
        reliability_diagram(np.exp(log_softmax(scale * logits)), labels).expected_calibration_error
        for scale in (1, 5)
    ]
    assert errors[0] < 0.012
    assert errors[1] > 0.1


def test_the_bins_agree_with_a_count_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.95, 0.05], [0.3, 0.7], [0.0, 1.0]])
    found = reliability_diagram(probabilities, np.array([0, 1, 1, 1]), bins=10)
    assert found.counts.tolist() == [0] * 7 + [1, 0, 3]
    assert found.confidences[9] == pytest.approx(2.85 / 3)
    assert found.accuracies[[7, 9]] == pytest.approx([1, 2 / 3])
    assert found.expected_calibration_error == pytest.approx(
        (0.3 * 1 + 3 * abs(2.85 / 3 - 2 / 3)) / 4
    )


@pytest.mark.parametrize("biases", [True, False])
def test_the_temperature_divides_the_logits_of_a_copy(biases):
    network = small_network((6, 4, 3), biases=biases, initialization="xavier")
    before = [parameter.copy() for parameter in network.parameters()]
    x = np.random.default_rng(0).random((20, 6), dtype=np.float32)
    scaled = with_temperature(network, 2.5)
    expected = log_softmax(network.predict_log_proba(x) / 2.5)
    np.testing.assert_allclose(scaled.predict_log_proba(x), expected, atol=1e-5)
    assert scaled.dtype == np.float32
    for found, unchanged in zip(network.parameters(), before, strict=True):
        np.testing.assert_array_equal(found, unchanged)


@pytest.mark.parametrize("temperature", [0, -1, float("nan")])
def test_an_impossible_temperature_is_refused(temperature):
    with pytest.raises(ValueError, match="a temperature above 0"):
        with_temperature(small_network(), temperature)


def test_confidence_is_1_for_a_certain_class_and_0_for_equally_probable_ones():
    found = confidence(np.array([[0, 1, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]], np.float32))
    assert found == pytest.approx([1, 0, 0.5], abs=1e-6)


def test_the_threshold_keeps_the_requested_share_of_samples():
    known = np.random.default_rng(0).random(1000)
    assert (known >= confidence_threshold(known, 0.99)).mean() == pytest.approx(0.99, abs=0.001)
    assert confidence_threshold(np.zeros(0)) == 0
