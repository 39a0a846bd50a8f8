"""Softmax cross-entropy, the loss of every network: loss, accuracy and gradient of the logits.

It stays in log space, so that the loss is finite even where a probability is exactly 0 or 1.
"""

from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np

from nn.denormals import smallest_probability


class StepResult(NamedTuple):
    """What the network gave for a batch before the update.

    `loss` is the mean cross-entropy in nats without penalties (NaN or infinite if the network has
    diverged), `correct` the number of samples whose most probable class was their label.
    """

    loss: float
    correct: int


@dataclass(frozen=True, eq=False)
class LossWorkspace:
    """Arrays for the loss of `count` samples, the first axis of each.

    `labels`, `flat_labels` and `predicted` (n,) are integers, `column` (n, 1) and `picked` (n,)
    floats; `row_starts` (n,) is 0, classes, 2 * classes, ....; `is_small` (n, classes) is bool.
    A probability below `smallest` counts as 0 in the gradients.
    """

    column: np.ndarray
    picked: np.ndarray
    labels: np.ndarray
    flat_labels: np.ndarray
    predicted: np.ndarray
    row_starts: np.ndarray
    is_small: np.ndarray
    smallest: float

    @classmethod
    def create(cls, count: int, classes: int, dtype: np.dtype) -> "LossWorkspace":
        """Allocate the arrays."""
        return cls(
            column=np.empty((count, 1), dtype),
            picked=np.empty(count, dtype),
            labels=np.empty(count, np.intp),
            flat_labels=np.empty(count, np.intp),
            predicted=np.empty(count, np.intp),
            row_starts=np.arange(count, dtype=np.intp) * classes,
            is_small=np.empty((count, classes), bool),
            smallest=smallest_probability(dtype),
        )

    def first(self, count: int) -> "LossWorkspace":
        """Return views of the first `count` rows."""
        return LossWorkspace(
            self.column[:count],
            self.picked[:count],
            self.labels[:count],
            self.flat_labels[:count],
            self.predicted[:count],
            self.row_starts[:count],
            self.is_small[:count],
            self.smallest,
        )


def softmax_cross_entropy(
    logits: np.ndarray,
    labels: np.ndarray,
    delta: np.ndarray,
    workspace: LossWorkspace,
    *,
    label_smoothing: float = 0.0,
    is_labelled: np.ndarray | None = None,
) -> StepResult:
    """Return the mean loss and the number of correct samples, and write the gradients.

    The targets are 1 - label_smoothing for the label plus label_smoothing / classes for every
    class, and 1 / classes everywhere for a sample without a label, which is never correct. The
    loss is measured without smoothing.

    Parameters
    ----------
    logits : (n, classes) float32 or float64
        Turned into log-probabilities.
    labels : (n,) integers in [0, classes)
        Those of samples without a label may be anything.
    delta : (n, classes)
        Gets the gradients with respect to the logits, (p - target) / n.
    workspace
        Of n samples.
    label_smoothing : float in [0, 1)
        Szegedy et al., 2016, section 7.
    is_labelled : (n,) bool, optional
        False for a sample that belongs to none of the classes: all are to be equally probable
        (Hendrycks, Mazeika and Dietterich, 2019, section 3). None: all are labelled.
    """
    count = len(logits)
    unlabelled = None if is_labelled is None else np.flatnonzero(~is_labelled)
    if unlabelled is not None or labels.dtype != np.intp:
        np.copyto(workspace.labels, labels, casting="same_kind")
        labels = workspace.labels
    if unlabelled is not None:
        labels[unlabelled] = 0
    loss = _labelled_loss(logits, labels, delta, workspace, label_smoothing)
    predicted = workspace.predicted
    if unlabelled is not None and unlabelled.size:
        log_probabilities, classes = logits[unlabelled], logits.shape[1]
        delta[unlabelled] = (np.exp(log_probabilities) - 1 / classes) / count
        workspace.picked[unlabelled] = log_probabilities.mean(axis=1)
        predicted[unlabelled] = -1
        loss = 0.0 - float(np.add.reduce(workspace.picked)) / count
    return StepResult(loss, int(np.count_nonzero(predicted == labels)))


def _labelled_loss(
    logits: np.ndarray,
    labels: np.ndarray,
    delta: np.ndarray,
    workspace: LossWorkspace,
    label_smoothing: float,
) -> float:
    count, flat_labels = len(logits), workspace.flat_labels
    predicted, column = workspace.predicted, workspace.column
    logits.argmax(axis=1, out=predicted)
    # Looking up the largest logits where they were found takes less time than a second search.
    np.add(workspace.row_starts, predicted, out=flat_labels)
    # mode="clip" because "raise" copies `out` first; the positions and labels are known to fit.
    logits.take(flat_labels, out=column[:, 0], mode="clip")
    _log_softmax(logits, column, delta)
    # Products with denormal numbers would take much longer.
    np.less(delta, workspace.smallest, out=workspace.is_small)
    np.copyto(delta, 0, where=workspace.is_small)
    np.add(workspace.row_starts, labels, out=flat_labels)
    logits.take(flat_labels, out=workspace.picked, mode="clip")
    if label_smoothing:
        np.subtract(delta, label_smoothing / delta.shape[1], out=delta)
    if count > 1:
        np.divide(delta, count, out=delta)
    delta.reshape(-1)[flat_labels] -= (1 - label_smoothing) / count
    # Subtracting from 0 instead of negating turns the -0.0 of a perfect prediction into 0.0.
    loss = 0.0 - float(np.add.reduce(workspace.picked)) / count
    if not isfinite(loss):
        # Where all log-probabilities are NaN, the first class is the prediction, as elsewhere.
        logits.argmax(axis=1, out=predicted)
    return loss


def log_softmax_in_place(logits: np.ndarray) -> None:
    """Turn logits (n, classes) into log-probabilities."""
    _log_softmax(logits, np.maximum.reduce(logits, axis=1, keepdims=True), None)


def _log_softmax(logits: np.ndarray, column: np.ndarray, probabilities: np.ndarray | None) -> None:
    """Turn logits into log-probabilities and, where wanted, write their exponentials.

    `column` (n, 1) holds the largest logits, which are subtracted first so that no exponential
    overflows; afterwards it is scratch.
    """
    np.subtract(logits, column, out=logits)
    exponentials = np.exp(logits, out=probabilities)
    np.add.reduce(exponentials, axis=1, out=column, keepdims=True)
    if probabilities is not None:
        np.divide(exponentials, column, out=probabilities)
    np.log(column, out=column)
    np.subtract(logits, column, out=logits)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return the log-probabilities of `logits`, both (n, classes)."""
    log_probabilities = logits.copy()
    log_softmax_in_place(log_probabilities)
    return log_probabilities


def negative_log_likelihood(log_probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean of -log p(label), from (n, classes) and (n,) integers in [0, classes)."""
    rows = np.arange(len(labels))
    return 0.0 - float(log_probabilities[rows, labels].mean(dtype=np.float64))


def check_labels(
    labels: np.ndarray, count: int, classes: int, is_labelled: np.ndarray | None = None
) -> np.ndarray:
    """Return labels as an array of `count` integers in [0, classes).

    Parameters
    ----------
    labels : (count,) integers
    count, classes : int
    is_labelled : (count,) bool, optional
        Where it is False, the label may be anything.

    Raises
    ------
    ValueError
        If the shape or the type is another, a label is out of range, or there are none.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"Expected labels of an integer type and found {labels.dtype}; "
            "convert them with labels.astype(int)."
        )
    if labels.shape != (count,):
        raise ValueError(
            f"Expected one label for each of the {count} samples, shape ({count},), "
            f"and found {labels.shape}."
        )
    if count == 0:
        raise ValueError("Expected at least one sample and found an empty batch.")
    if is_labelled is not None and (
        is_labelled.dtype != np.bool_ or is_labelled.shape != labels.shape
    ):
        raise ValueError(
            f"Expected is_labelled as ({count},) booleans and found {is_labelled.dtype} "
            f"{is_labelled.shape}."
        )
    # One reduction finds negative labels too: read as unsigned they are the largest values.
    if np.maximum.reduce(labels.view(labels.dtype.str.replace("i", "u"))) >= classes:
        wrong = (labels < 0) | (labels >= classes)
        if is_labelled is not None:
            wrong &= is_labelled
        positions = np.flatnonzero(wrong)
        if positions.size:
            raise ValueError(
                f"Expected labels from 0 to {classes - 1} and found {labels[positions[0]]} "
                f"at position {positions[0]}; the network has {classes} classes."
            )
    return labels
