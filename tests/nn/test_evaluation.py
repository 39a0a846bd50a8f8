import numpy as np
import pytest

from nn import Dense, Evaluation, Network, create_network


def echo_network(classes=3):
    """Make a network that believes in the largest of its inputs."""
    return Network((Dense(np.eye(classes, dtype=np.float32)),), "linear")


def evaluate(true, predicted):
    evaluation = Evaluation(3)
    x = 5 * np.eye(3, dtype=np.float32)[predicted]
    evaluation.add(echo_network(), x, np.array(true))
    return evaluation


def test_the_confusion_matrix_has_true_rows_and_predicted_columns():
    evaluation = evaluate([0, 0, 0, 1, 2, 2], [0, 1, 1, 1, 2, 0])
    np.testing.assert_array_equal(evaluation.confusion, [[1, 2, 0], [0, 1, 0], [1, 0, 1]])
    assert evaluation.count == 6
    assert evaluation.correct == 3
    assert evaluation.accuracy == 0.5
    np.testing.assert_allclose(evaluation.recall(), [1 / 3, 1, 1 / 2])


def test_the_loss_is_the_mean_negative_log_likelihood():
    network = create_network((4, 3), generator=np.random.default_rng(0), dtype=np.float64)
    x, labels = np.random.default_rng(1).random((5, 4)), np.array([0, 1, 2, 1, 0])
    evaluation = Evaluation(3)
    evaluation.add(network, x, labels)
    probabilities = network.predict_proba(x)
    expected = -np.mean([np.log(probabilities[i, labels[i]]) for i in range(5)])
    assert evaluation.loss == pytest.approx(expected)


def test_pieces_add_up_to_the_whole():
    network = create_network((4, 3), generator=np.random.default_rng(0))
    generator = np.random.default_rng(1)
    x, labels = generator.random((20, 4), dtype=np.float32), generator.integers(0, 3, 20)
    whole, pieces = Evaluation(3), Evaluation(3)
    whole.add(network, x, labels)
    for start in range(0, 20, 7):
        pieces.add(network, x[start : start + 7], labels[start : start + 7].astype(np.uint8))
    np.testing.assert_array_equal(pieces.confusion, whole.confusion)
    assert pieces.loss == pytest.approx(whole.loss, rel=1e-6)


def test_an_empty_evaluation_knows_nothing():
    evaluation = Evaluation(3)
    assert evaluation.count == evaluation.correct == 0
    assert np.isnan(evaluation.accuracy)
    assert np.isnan(evaluation.loss)
    assert np.isnan(evaluation.recall()).all()
    assert evaluation.interval() == (0.0, 1.0)


def test_a_class_that_was_not_seen_has_no_recall():
    recall = evaluate([0, 0, 2], [0, 1, 1]).recall()
    np.testing.assert_array_equal(recall, [0.5, np.nan, 0.0])


@pytest.mark.parametrize("right", [0, 1, 40, 79, 80])
def test_the_interval_holds_the_rates_whose_normal_test_the_count_passes(right):
    # Wilson's bounds p are the two solutions of (k/n - p)² = z² p (1 - p) / n.
    evaluation = evaluate([0] * 80, [0] * right + [1] * (80 - right))
    low, high = evaluation.interval()
    roots = np.roots([1 + 1.959964**2 / 80, -2 * right / 80 - 1.959964**2 / 80, (right / 80) ** 2])
    assert [low, high] == pytest.approx(sorted(roots), abs=1e-6)
    assert 0 <= low <= evaluation.accuracy <= high <= 1


def test_labels_beyond_the_classes_are_refused_and_not_counted():
    evaluation = Evaluation(3)
    with pytest.raises(ValueError, match="from 0 to 2 and found 3 at position 1"):
        evaluation.add(echo_network(), np.eye(3, dtype=np.float32), np.array([0, 3, 1]))
    assert evaluation.count == 0


def test_a_blown_up_network_has_a_loss_of_nan_and_raises_no_warning():
    network = echo_network()
    network.layers[0].weights.fill(np.nan)
    evaluation = Evaluation(3)
    evaluation.add(network, np.eye(3, dtype=np.float32), np.arange(3))
    assert np.isnan(evaluation.loss)
    assert evaluation.count == 3
