"""What a batch's scores say: the loss, how many are right, and which way each score should move.

The training step calls it between its way forward and its way back, in the batch's own arrays.
"""

from math import isfinite
from typing import NamedTuple

import numpy as np

from nn.batch_buffers import BatchBuffers
from nn.checks import NO_CLASS
from nn.log_softmax import log_softmax_in_place


class StepResult(NamedTuple):
    """What the network made of the batch before it learnt from it.

    `loss` is the mean negative log-likelihood without penalties (NaN or infinite if the network
    has blown up), `correct` the number of samples whose most probable class was their label.
    """

    loss: float
    correct: int


def score(batch: BatchBuffers, label_smoothing: float) -> StepResult:
    """Turn the scores into log-probabilities, the last deltas into (p - target) / n, and count."""
    scores, delta, count = batch.scores, batch.deltas[-1], batch.count
    scores.argmax(axis=1, out=batch.predicted)
    # Looking the largest scores up where they were found takes less time than a second search.
    np.add(batch.row_starts, batch.predicted, out=batch.flat_labels)
    # mode="clip" because "raise" copies `out` first; the places and the labels are known to fit.
    scores.take(batch.flat_labels, out=batch.column[:, 0], mode="clip")
    log_softmax_in_place(scores, delta, batch.column)
    np.add(batch.row_starts, batch.labels, out=batch.flat_labels)
    scores.take(batch.flat_labels, out=batch.picked, mode="clip")
    if label_smoothing:
        np.subtract(delta, label_smoothing / delta.shape[1], out=delta)
    np.divide(delta, count, out=delta)
    delta.reshape(-1)[batch.flat_labels] -= (1 - label_smoothing) / count
    loss = 0.0 - float(np.add.reduce(batch.picked)) / count
    if not isfinite(loss):
        # Where all that is left is NaN, the first class is the answer, as everywhere else.
        scores.argmax(axis=1, out=batch.predicted)
    return StepResult(loss, int(np.count_nonzero(batch.predicted == batch.labels)))


def score_some(batch: BatchBuffers, label_smoothing: float) -> StepResult:
    """Do what `score` does where labels may be `NO_CLASS`; such samples are never correct."""
    nameless = np.flatnonzero(batch.labels == NO_CLASS)
    batch.labels[nameless] = 0
    result = score(batch, label_smoothing)
    if not nameless.size:
        return result
    log_probabilities, classes = batch.scores[nameless], batch.scores.shape[1]
    batch.deltas[-1][nameless] = (np.exp(log_probabilities) - 1 / classes) / batch.count
    batch.picked[nameless] = log_probabilities.mean(axis=1)
    batch.predicted[nameless] = -1
    loss = 0.0 - float(np.add.reduce(batch.picked)) / batch.count
    return StepResult(loss, int(np.count_nonzero(batch.predicted == batch.labels)))
