import numpy as np
import pytest
from network_helpers import small_network

from nn import ClassificationMetrics


def echo_network():
    """Make a network that predicts the largest of its three inputs."""
    network = small_network((3, 3), biases=False)
    return network.with_parameters([np.eye(3, dtype=np.float32)])


def evaluated(true, predicted):
    metrics = ClassificationMetrics(3)
    x = 5 * np.eye(3, dtype=np.float32)[predicted]
    metrics.evaluate(echo_network(), x, np.array(true))
    return metrics


def test_the_confusion_matrix_has_true_rows_and_predicted_columns():
    metrics = evaluated([0, 0, 0, 1, 2, 2], [0, 1, 1, 1, 2, 0])
    np.testing.assert_array_equal(metrics.confusion_matrix, [[1, 2, 0], [0, 1, 0], [1, 0, 1]])
    assert (metrics.count, metrics.correct, metrics.accuracy) == (6, 3, 0.5)
    np.testing.assert_allclose(metrics.recall(), [1 / 3, 1, 1 / 2])


def test_the_loss_is_the_mean_negative_log_likelihood():
    network = small_network((4, 3), dtype=np.float64)
    x, labels = np.random.default_rng(1).random((5, 4)), np.array([0, 1, 2, 1, 0])
    metrics = ClassificationMetrics(3)
    metrics.evaluate(network, x, labels)
    expected = -np.log(network.predict_proba(x)[np.arange(5), labels]).mean()
    assert metrics.loss == pytest.approx(expected)


def test_batches_add_up_to_the_whole():
    network, generator = small_network((4, 3)), np.random.default_rng(1)
    x, labels = generator.random((20, 4), dtype=np.float32), generator.integers(0, 3, 20)
    whole, batches = ClassificationMetrics(3), ClassificationMetrics(3)
    whole.update(network.predict_log_proba(x), labels)
    for start in range(0, 20, 7):
        batches.evaluate(network, x[start : start + 7], labels[start : start + 7].astype(np.uint8))
    np.testing.assert_array_equal(batches.confusion_matrix, whole.confusion_matrix)
    assert batches.loss == pytest.approx(whole.loss, rel=1e-6)


def test_without_samples_the_rates_are_nan_and_the_interval_is_everything():
    metrics = ClassificationMetrics(3)
    assert metrics.count == metrics.correct == 0
    assert np.isnan([metrics.accuracy, metrics.loss, *metrics.recall()]).all()
    assert metrics.accuracy_interval() == (0.0, 1.0)


def test_the_recall_of_a_class_without_samples_is_nan():
    recall = evaluated([0, 0, 2], [0, 1, 1]).recall()
    np.testing.assert_array_equal(recall, [0.5, np.nan, 0.0])


@pytest.mark.parametrize("correct", [0, 1, 40, 79, 80])
def test_the_ends_of_the_interval_are_the_rates_at_the_edge_of_the_normal_test(correct):
    # Wilson's bounds p are the two solutions of (k/n - p)² = z² p (1 - p) / n.
    metrics = evaluated([0] * 80, [0] * correct + [1] * (80 - correct))
    z2 = 1.959964**2 / 80
    roots = np.roots([1 + z2, -2 * correct / 80 - z2, (correct / 80) ** 2])
    low, high = metrics.accuracy_interval()
    assert [low, high] == pytest.approx(sorted(roots), abs=1e-6)
    assert 0 <= low <= metrics.accuracy <= high <= 1


def test_labels_beyond_the_classes_are_refused_and_not_counted():
    metrics = ClassificationMetrics(3)
    with pytest.raises(ValueError, match="from 0 to 2 and found 3 at position 1"):
        metrics.evaluate(echo_network(), np.eye(3, dtype=np.float32), np.array([0, 3, 1]))
    assert metrics.count == 0


def test_a_network_of_nan_has_a_loss_of_nan_and_raises_no_warning():
    network = echo_network()
    network.parameters()[0].fill(np.nan)
    metrics = ClassificationMetrics(3)
    metrics.evaluate(network, np.eye(3, dtype=np.float32), np.arange(3))
    assert np.isnan(metrics.loss)
    assert metrics.count == 3
