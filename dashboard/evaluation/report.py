"""Examines a net on held-out samples: what it takes for what, how sure it is, what it gets wrong.

It goes in chunks and leaves the event loop free between them, so that a page stays alive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.training.trainer import EVALUATION_CHUNK, Execute, execute_in_line
from data_cache import Samples, to_float
from nn import ClassificationMetrics, Network
from nn.calibration import ReliabilityDiagram, confidence, reliability_diagram

Progress = Callable[[float], None]
"""Told the share that is done, from 0 to 1."""


@dataclass(frozen=True)
class Mistake:
    """A sample that a net took for another class, and how probable it held that."""

    index: int
    label: int
    predicted: int
    probability: float


@dataclass(frozen=True, eq=False)
class Examination:
    """Sums, bins, `confidences` (n,) of every sample, and mistakes, worst first."""

    evaluation: ClassificationMetrics
    reliability: ReliabilityDiagram
    confidences: np.ndarray
    mistakes: tuple[Mistake, ...]

    def mistakes_in(self, label: int, predicted: int) -> tuple[Mistake, ...]:
        """Return the mistakes of one cell of the confusion matrix, worst first."""
        return tuple(m for m in self.mistakes if (m.label, m.predicted) == (label, predicted))


def ignore_progress(_share: float) -> None:
    """Tell nobody."""


async def examine(
    network: Network,
    samples: Samples,
    *,
    execute: Execute = execute_in_line,
    progress: Progress = ignore_progress,
    binarize: int | None = None,
) -> Examination:
    """Examine a network on samples that it did not learn from."""
    evaluation = ClassificationMetrics(network.classes)
    probabilities = np.zeros((len(samples), network.classes), np.float32)
    for start in range(0, len(samples), EVALUATION_CHUNK):
        part = slice(start, start + EVALUATION_CHUNK)
        images = to_float(samples.images[part], binarize=binarize)
        logarithms = await execute(network.predict_log_proba, images)
        evaluation.update(logarithms, samples.labels[part])
        probabilities[part] = np.exp(logarithms)
        progress(min(1.0, part.stop / len(samples)))
        await asyncio.sleep(0)
    return Examination(
        evaluation,
        reliability_diagram(probabilities, samples.labels),
        confidence(probabilities),
        _mistakes(probabilities, samples.labels),
    )


def _mistakes(probabilities: np.ndarray, labels: np.ndarray) -> tuple[Mistake, ...]:
    predicted, highest = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    worst_first = wrong[np.argsort(-highest[wrong], kind="stable")]
    return tuple(
        Mistake(index, int(labels[index]), int(predicted[index]), float(highest[index]))
        for index in worst_first.tolist()
    )
