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
class Prediction:
    """An evaluated sample: its index, both classes, and the probability of the predicted one."""

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
    correct : tuple of (count,) intp
        For each class, the indices of its samples that are predicted correctly, the least
        probable prediction first.
    probabilities : (n,) floats in [0, 1]
        Of the predicted class of every sample.
    """

    metrics: ClassificationMetrics
    reliability: ReliabilityDiagram
    confidences: np.ndarray
    mistakes: tuple[Prediction, ...]
    correct: tuple[np.ndarray, ...]
    probabilities: np.ndarray

    def predictions_in(self, label: int, predicted: int) -> tuple[Prediction, ...]:
        """Return the samples in one cell of the confusion matrix.

        Mistakes are in the order of `mistakes`, correct predictions in that of `correct`.
        """
        if label != predicted:
            return tuple(m for m in self.mistakes if (m.label, m.predicted) == (label, predicted))
        return tuple(
            Prediction(index, label, label, float(self.probabilities[index]))
            for index in self.correct[label].tolist()
        )


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
    predicted, highest = probabilities.argmax(axis=1), probabilities.max(axis=1)
    return EvaluationReport(
        metrics,
        reliability_diagram(probabilities, samples.labels),
        confidence(probabilities),
        _mistakes(predicted, highest, samples.labels),
        _correct(predicted, highest, samples.labels, network.classes),
        highest,
    )


def _correct(
    predicted: np.ndarray, highest: np.ndarray, labels: np.ndarray, classes: int
) -> tuple[np.ndarray, ...]:
    least_probable_first = np.argsort(highest, kind="stable")
    right = least_probable_first[(predicted == labels)[least_probable_first]]
    return tuple(right[labels[right] == label] for label in range(classes))


def _mistakes(
    predicted: np.ndarray, highest: np.ndarray, labels: np.ndarray
) -> tuple[Prediction, ...]:
    wrong = np.flatnonzero(predicted != labels)
    most_probable_first = wrong[np.argsort(-highest[wrong], kind="stable")]
    return tuple(
        Prediction(index, int(labels[index]), int(predicted[index]), float(highest[index]))
        for index in most_probable_first.tolist()
    )
