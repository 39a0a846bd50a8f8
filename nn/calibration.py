"""Calibration: whether predicted probabilities match observed frequencies, and how to correct them.

A network that predicts 0.97 should be correct in 97 % of cases. Temperature scaling, fitted on
held-out samples, brings most networks close to that (Guo, Pleiss, Sun and Weinberger, "On
calibration of modern neural networks", 2017).
"""

from dataclasses import dataclass

import numpy as np

from nn.losses import check_labels, log_softmax, negative_log_likelihood
from nn.network import Network

BINS = 15
"""Bins of equal width over [0, 1], as in the paper."""

_MIN_TEMPERATURE, _MAX_TEMPERATURE = 0.05, 20.0
_GOLDEN_RATIO = (5**0.5 - 1) / 2


@dataclass(frozen=True, eq=False)
class ReliabilityDiagram:
    """Accuracy against the probability of the predicted class, in bins of that probability.

    Attributes
    ----------
    counts : (bins,) int
        Number of samples whose highest probability falls into the bin.
    confidences, accuracies : (bins,) float64
        Mean highest probability and fraction of correct samples of the bin; 0 in empty bins.
    """

    counts: np.ndarray
    confidences: np.ndarray
    accuracies: np.ndarray

    @property
    def expected_calibration_error(self) -> float:
        """Mean of |confidence - accuracy| over the bins, weighted by their counts, in [0, 1]."""
        gaps = np.abs(self.confidences - self.accuracies)
        return float(gaps @ self.counts / max(self.counts.sum(), 1))


def reliability_diagram(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS
) -> ReliabilityDiagram:
    """Return the reliability diagram of predictions.

    Parameters
    ----------
    probabilities : (n, classes) floats in [0, 1]
    labels : (n,) integers below the number of classes
    bins : int
        Number of bins of equal width.

    Raises
    ------
    ValueError
        When the labels do not fit.
    """
    labels = check_labels(labels, len(probabilities), probabilities.shape[1])
    highest = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    indices = np.minimum((highest * bins).astype(int), bins - 1)
    counts = np.bincount(indices, minlength=bins)
    divisor = np.maximum(counts, 1)
    return ReliabilityDiagram(
        counts,
        np.bincount(indices, weights=highest, minlength=bins) / divisor,
        np.bincount(indices, weights=correct, minlength=bins) / divisor,
    )


def fit_temperature(log_probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature that minimizes the negative log-likelihood of held-out samples.

    Parameters
    ----------
    log_probabilities : (n, classes) floats
        Logits serve as well.
    labels : (n,) integers below the number of classes

    Returns
    -------
    float
        In [0.05, 20], for `with_temperature`.

    Raises
    ------
    ValueError
        When the labels do not fit.

    Notes
    -----
    Golden-section search over the logarithm of the temperature, in which the loss has a single
    minimum.
    """
    labels = check_labels(labels, len(log_probabilities), log_probabilities.shape[1])
    logits = log_probabilities.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(log_softmax(logits / np.exp(log_temperature)), labels)

    low, high = np.log(_MIN_TEMPERATURE), np.log(_MAX_TEMPERATURE)
    for _ in range(40):
        left, right = high - _GOLDEN_RATIO * (high - low), low + _GOLDEN_RATIO * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def with_temperature(network: Network, temperature: float) -> Network:
    """Return a copy of a network whose logits are divided by a temperature.

    The division is folded into the last layer's parameters, so that neither files nor forward
    passes need to know of it. The predicted classes stay the same.

    Raises
    ------
    ValueError
        Unless `temperature` is above 0.
    """
    if not temperature > 0:
        raise ValueError(f"Expected a temperature above 0 and found {temperature}.")
    scaled = network.copy()
    for parameter in scaled.parameters()[-2 if network.has_biases else -1 :]:
        np.multiply(parameter, parameter.dtype.type(1 / temperature), out=parameter)
    return scaled


def confidence(probabilities: np.ndarray) -> np.ndarray:
    """Return one minus the normalized entropy of predictions.

    It separates digits from other images better than the highest probability does.

    Parameters
    ----------
    probabilities : (n, classes) floats in [0, 1]

    Returns
    -------
    (n,) float64 in [0, 1]
        1 when one class is certain, 0 when all classes are equally probable.
    """
    logarithms = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    entropy = -(probabilities * logarithms).sum(axis=1, dtype=np.float64)
    result: np.ndarray = np.clip(1 - entropy / np.log(probabilities.shape[1]), 0, 1)
    return result


def confidence_threshold(confidences: np.ndarray, true_positive_rate: float = 0.99) -> float:
    """Return the threshold that a given fraction of in-distribution samples reaches.

    Parameters
    ----------
    confidences : (n,) floats
        What `confidence` returns for samples that belong to the classes.
    true_positive_rate : float
        The fraction of them at or above the threshold, in [0, 1].

    Returns
    -------
    float
        0 without samples.
    """
    return float(np.quantile(confidences, 1 - true_positive_rate)) if len(confidences) else 0.0
