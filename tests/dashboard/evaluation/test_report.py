"""What a net can do and what it cannot, measured in slices."""

import asyncio

import numpy as np
import pytest
from training_helpers import few_samples

from dashboard.evaluation.rejection import measure_rejection
from dashboard.evaluation.report import examine
from dashboard.evaluation.robustness import AMOUNTS, POINTS, measure_robustness
from data_cache import PERTURBATIONS, crop, load_digits, perturb, to_float
from nn import ClassificationMetrics, create_network, load_pretrained
from nn.calibration import confidence


@pytest.fixture(scope="module")
def network():
    return load_pretrained()


@pytest.fixture(scope="module")
def digits():
    return load_digits().validation[:120]


def test_an_examination_counts_as_an_evaluation_does_and_lists_mistakes_worst_first():
    network = create_network((784, 12, 10), generator=np.random.default_rng(0))
    samples = few_samples(600)
    shares = []
    found = asyncio.run(examine(network, samples, progress=shares.append))
    expected = ClassificationMetrics(10)
    expected.evaluate(network, to_float(samples.images), samples.labels)
    assert np.array_equal(found.evaluation.confusion_matrix, expected.confusion_matrix)
    assert found.evaluation.loss == pytest.approx(expected.loss)
    assert found.reliability.counts.sum() == 600
    probabilities = network.predict_proba(to_float(samples.images))
    assert found.confidences == pytest.approx(confidence(probabilities), abs=1e-5)
    assert len(found.mistakes) == 600 - expected.correct
    worst = found.mistakes[0]
    assert worst.probability == max(mistake.probability for mistake in found.mistakes)
    assert probabilities[worst.index].argmax() == worst.predicted != worst.label
    cell = found.mistakes_in(worst.label, worst.predicted)
    assert len(cell) == expected.confusion_matrix[worst.label, worst.predicted]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_frame_bears_what_a_net_alone_does_not(network, digits):
    async def measure():
        return [point async for point in measure_robustness(network, digits[:40])]

    points = {(point.kind, point.amount): point for point in asyncio.run(measure())}
    assert len(points) == POINTS
    assert set(AMOUNTS) == set(PERTURBATIONS)
    unchanged = points["shift", 0]
    assert unchanged.alone > 0.9
    assert points["rotation", 0] == type(unchanged)(
        "rotation", 0, unchanged.alone, unchanged.framed
    )
    assert points["shift", 8].framed > points["shift", 8].alone + 0.2
    assert points["noise", 0.2].framed > points["noise", 0.2].alone


def test_measuring_can_be_left_at_any_point(network, digits):
    async def measure():
        async for point in measure_robustness(network, digits[:10]):
            return point
        raise AssertionError

    assert asyncio.run(measure()).kind == "shift"


def test_rejection_keeps_what_it_promised(network, digits):
    known = confidence(network.predict_proba(to_float(digits.images)))
    noise = np.random.default_rng(0).integers(0, 256, (300, 784), dtype=np.uint8)
    found = asyncio.run(measure_rejection(network, known, "noise", noise))
    assert (found.title, found.count) == ("noise", 300)
    assert (known >= found.threshold).mean() >= 0.98
    expected = (confidence(network.predict_proba(to_float(noise))) < found.threshold).mean()
    assert found.refused == pytest.approx(expected)


# Exact changes


def test_no_change_leaves_the_middle_as_it_was(digits):
    images = to_float(digits.images)
    neutral = {"shift": 0, "rotation": 0, "scale": 1, "thickness": 0, "noise": 0}
    for kind, amount in neutral.items():
        canvases = perturb(images, kind, amount, np.random.default_rng(0))
        assert canvases.shape == (len(images), 56, 56)
        assert np.allclose(crop(canvases), images, atol=1e-5)


def test_a_shift_is_exactly_as_far_and_loses_no_ink(digits):
    images = to_float(digits.images)
    steps = np.arange(56)

    def middles(canvases):
        total = canvases.sum(axis=(1, 2))
        return np.stack([canvases.sum(axis=k) @ steps for k in (1, 2)]) / total

    still, moved = (perturb(images, "shift", far, np.random.default_rng(0)) for far in (0, 8))
    far = np.hypot(*(middles(moved) - middles(still)))
    assert far == pytest.approx(8, abs=0.05)
    assert moved.sum() == pytest.approx(still.sum(), rel=1e-3)


def test_an_unknown_change_is_refused(digits):
    with pytest.raises(ValueError, match="shift, rotation, scale, thickness, noise, found “x”"):
        perturb(to_float(digits.images), "x", 1, np.random.default_rng(0))
