"""Two runs on the same held-out samples: both confusion matrices, and where they disagree."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.runs.records import RunRecord
from dashboard.training.trainer import EVALUATION_CHUNK, Execute, HeldOut
from data_cache import Samples, to_float
from nn import Network


@dataclass(frozen=True)
class Disagreement:
    """A sample that both networks answer differently: its index, its class, and both answers."""

    index: int
    label: int
    answers: tuple[int, int]


@dataclass(frozen=True, eq=False)
class RunComparison:
    """What two runs predict.

    Attributes
    ----------
    records
        Both runs.
    class_names
        Of the data.
    confusion
        The confusion matrix of each, (classes, classes) int64.
    samples
        Those that were predicted, if they can be put on the drawing pad.
    disagreements
        Samples that they answer differently; first those that one of them is right about.
    drawing
        Probabilities of the classes of the drawing by each of both; empty without a drawing.
    """

    records: tuple[RunRecord, RunRecord]
    class_names: Sequence[str]
    confusion: tuple[NDArray[np.int64], NDArray[np.int64]]
    samples: Samples | None
    disagreements: Sequence[Disagreement]
    drawing: Sequence[NDArray[np.float32]] = field(default_factory=tuple)

    @property
    def count(self) -> int:
        """Samples that were predicted."""
        return int(self.confusion[0].sum())

    def accuracy(self, index: int) -> float:
        """Return the accuracy in [0, 1] of one of both runs."""
        matrix = self.confusion[index]
        return float(np.trace(matrix) / max(matrix.sum(), 1))


async def predict(network: Network, samples: HeldOut, execute: Execute) -> NDArray[np.intp]:
    """Return the predicted class of every sample, computed in chunks."""
    parts = [np.zeros(0, np.intp)]
    for start in range(0, len(samples), EVALUATION_CHUNK):
        images = samples.images[start : start + EVALUATION_CHUNK]
        x = to_float(images) if images.dtype == np.uint8 else images
        parts.append((await execute(network.predict_proba, x)).argmax(axis=1))
        await asyncio.sleep(0)
    return np.concatenate(parts)


async def compare_runs(
    records: tuple[RunRecord, RunRecord],
    networks: tuple[Network, Network],
    samples: tuple[HeldOut, HeldOut],
    class_names: Sequence[str],
    *,
    execute: Execute,
    drawing: NDArray[np.float32] | None = None,
) -> RunComparison:
    """Return what two networks predict for the same samples.

    Parameters
    ----------
    records, networks
        The runs and their networks.
    samples
        The inputs of each; they belong to the same samples in the same order.
    class_names
        Of the data.
    execute
        Computes a chunk: in line, or in a thread.
    drawing
        The model input of the drawing, (784,); None: none.
    """
    labels = np.asarray(samples[0].labels, np.intp)
    first = await predict(networks[0], samples[0], execute)
    second = await predict(networks[1], samples[1], execute)
    classes = len(class_names)

    def confusion(answers: NDArray[np.intp]) -> NDArray[np.int64]:
        counts = np.bincount(labels * classes + answers, minlength=classes**2)
        return counts.reshape(classes, classes).astype(np.int64)

    different = np.flatnonzero(first != second)
    one_is_right = (first[different] == labels[different]) | (
        second[different] == labels[different]
    )
    order = different[np.argsort(~one_is_right, kind="stable")]
    answers: list[Any] = []
    if drawing is not None:
        answers = [network.predict_proba(drawing[np.newaxis])[0] for network in networks]
    return RunComparison(
        records,
        class_names,
        (confusion(first), confusion(second)),
        samples[0] if isinstance(samples[0], Samples) else None,
        [Disagreement(int(it), int(labels[it]), (int(first[it]), int(second[it]))) for it in order],
        answers,
    )
