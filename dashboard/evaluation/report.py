"""Evaluation report of a network: metrics, reliability diagram, confidences and mistakes.

Samples are evaluated in chunks between which the event loop runs, so that a page stays responsive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.training.trainer import EVALUATION_CHUNK, Execute, HeldOut, execute_in_line
from data_cache import to_float
from nn import ClassificationMetrics, Network
from nn.calibration import ReliabilityDiagram, confidence, reliability_diagram

Progress = Callable[[float], None]
"""Called with the share that is done, in [0, 1]."""


@dataclass(frozen=True)
class Mistake:
    """A misclassified sample: its index, both classes, and the probability of the predicted one."""

    index: int
    label: int
    predicted: int
    probability: float


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """What the predictions of a network on n samples are worth.

    Attributes
    ----------
    metrics
        Accuracy, loss, recall and confusion matrix.
    reliability
        Accuracy by the probability of the predicted class.
    confidences : (n,) floats in [0, 1]
        Confidence of every prediction, see `measure_rejection`.
    mistakes
        Misclassified samples, the most probable prediction first.
    """

    metrics: ClassificationMetrics
    reliability: ReliabilityDiagram
    confidences: np.ndarray
    mistakes: tuple[Mistake, ...]

    def mistakes_in(self, label: int, predicted: int) -> tuple[Mistake, ...]:
        """Return the mistakes in one cell of the confusion matrix."""
        return tuple(m for m in self.mistakes if (m.label, m.predicted) == (label, predicted))


async def evaluate_network(
    network: Network,
    samples: HeldOut,
    *,
    execute: Execute = execute_in_line,
    progress: Progress | None = None,
    binarize: int | None = None,
) -> EvaluationReport:
    """Evaluate a network on samples that it was not trained on.

    Parameters
    ----------
    network, samples
        Samples of the classes and the input size of the network.
    execute
        Computes a chunk: in line, or in a thread.
    progress
        Called after every chunk.
    binarize
        Threshold in [0, 255] of black and white images; None: images in shades of gray.
    """
    metrics = ClassificationMetrics(network.classes)
    probabilities = np.zeros((len(samples), network.classes), np.float32)
    for start in range(0, len(samples), EVALUATION_CHUNK):
        part = slice(start, start + EVALUATION_CHUNK)
        images = samples.images[part]
        if images.dtype == np.uint8:
            images = to_float(images, binarize=binarize)
        log_probabilities = await execute(network.predict_log_proba, images)
        metrics.update(log_probabilities, samples.labels[part])
        probabilities[part] = np.exp(log_probabilities)
        if progress is not None:
            progress(min(1.0, part.stop / len(samples)))
        await asyncio.sleep(0)
    return EvaluationReport(
        metrics,
        reliability_diagram(probabilities, samples.labels),
        confidence(probabilities),
        _mistakes(probabilities, samples.labels),
    )


def _mistakes(probabilities: np.ndarray, labels: np.ndarray) -> tuple[Mistake, ...]:
    predicted, highest = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    most_probable_first = wrong[np.argsort(-highest[wrong], kind="stable")]
    return tuple(
        Mistake(index, int(labels[index]), int(predicted[index]), float(highest[index]))
        for index in most_probable_first.tolist()
    )
