"""Reports, rejection and robustness of networks, compared with independent computations."""

import asyncio

import numpy as np
import pytest
from training_helpers import few_samples

from dashboard.evaluation.rejection import measure_rejection
from dashboard.evaluation.report import evaluate_network
from dashboard.evaluation.robustness import ADVERSARIAL, AMOUNTS, POINTS, measure_robustness
from data_cache import PERTURBATIONS, load_digits, to_float
from nn import ClassificationMetrics, create_network, load_pretrained
from nn.calibration import confidence
from nn.interpretation.adversarial import fast_gradient_sign


@pytest.fixture(scope="module")
def network():
    return load_pretrained()


@pytest.fixture(scope="module")
def digits():
    return load_digits().validation[:120]


def test_a_report_has_the_metrics_of_the_predictions_and_the_mistakes_in_order():
    network = create_network((784, 12, 10), generator=np.random.default_rng(0))
    samples = few_samples(600)
    shares = []
    found = asyncio.run(evaluate_network(network, samples, progress=shares.append))
    expected = ClassificationMetrics(10)
    expected.evaluate(network, to_float(samples.images), samples.labels)
    assert np.array_equal(found.metrics.confusion_matrix, expected.confusion_matrix)
    assert found.metrics.loss == pytest.approx(expected.loss)
    assert found.reliability.counts.sum() == 600
    probabilities = network.predict_proba(to_float(samples.images))
    assert found.confidences == pytest.approx(confidence(probabilities), abs=1e-5)
    assert len(found.mistakes) == 600 - expected.correct
    worst = found.mistakes[0]
    assert worst.probability == max(mistake.probability for mistake in found.mistakes)
    assert probabilities[worst.index].argmax() == worst.predicted != worst.label
    cell = found.predictions_in(worst.label, worst.predicted)
    assert len(cell) == expected.confusion_matrix[worst.label, worst.predicted]
    for label in range(10):
        correct = found.predictions_in(label, label)
        assert len(correct) == expected.confusion_matrix[label, label]
        assert len({one.index for one in correct}) == len(correct)
        for one in correct:
            assert samples.labels[one.index] == probabilities[one.index].argmax() == label
            assert one.probability == pytest.approx(probabilities[one.index].max(), abs=1e-6)
        confidences = [one.probability for one in correct]
        assert confidences == sorted(confidences)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_framing_makes_a_network_robust_to_shifts_and_noise(network, digits):
    async def measure():
        return [point async for point in measure_robustness(network, digits[:40])]

    points = {(point.kind, point.amount): point for point in asyncio.run(measure())}
    assert len(points) == POINTS
    assert set(AMOUNTS) == {*PERTURBATIONS, ADVERSARIAL}
    unchanged = points["shift", 0]
    assert unchanged.unframed > 0.9
    assert points["rotation", 0] == type(unchanged)(
        "rotation", 0, unchanged.unframed, unchanged.framed
    )
    assert points["shift", 8].framed > points["shift", 8].unframed + 0.2
    assert points["noise", 0.2].framed > points["noise", 0.2].unframed
    assert points[ADVERSARIAL, 0].unframed == unchanged.unframed
    attacked = fast_gradient_sign(network, to_float(digits[:40].images), digits[:40].labels, 0.1)
    correct = network.predict_proba(attacked).argmax(axis=1) == digits[:40].labels
    assert points[ADVERSARIAL, 0.1].unframed == correct.mean() < unchanged.unframed - 0.2


def test_robustness_is_measured_point_by_point(network, digits):
    async def measure():
        async for point in measure_robustness(network, digits[:10]):
            return point
        raise AssertionError

    assert asyncio.run(measure()).kind == "shift"


def test_rejection_keeps_the_true_positive_rate(network, digits):
    known = confidence(network.predict_proba(to_float(digits.images)))
    noise = np.random.default_rng(0).integers(0, 256, (300, 784), dtype=np.uint8)
    found = asyncio.run(measure_rejection(network, known, "noise", noise))
    assert (found.title, found.count) == ("noise", 300)
    assert (known >= found.threshold).mean() >= 0.98
    expected = (confidence(network.predict_proba(to_float(noise))) < found.threshold).mean()
    assert found.rejected == pytest.approx(expected)
