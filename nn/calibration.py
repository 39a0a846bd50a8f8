"""Whether a network's probabilities mean what they say, and how to mend them.

A net that says "97 %" should be right 97 times in 100. One number, the temperature, fitted on
digits that took no part in training, brings most nets close to that (Guo, Pleiss, Sun and
Weinberger, "On calibration of modern neural networks", 2017).
"""

from dataclasses import dataclass, replace

import numpy as np

from nn.layers import Dense
from nn.losses import check_labels, log_softmax, negative_log_likelihood
from nn.network import Network

BINS = 15
"""Bins of equal width over [0, 1], as in the paper."""

_COLDEST, _HOTTEST = 0.05, 20.0
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, eq=False)
class Reliability:
    """How often a network was right, by how sure it was.

    `counts`, `confidences` and `accuracies` are (bins,): the samples whose highest probability
    falls into a bin, and the means of that probability and of being right; 0 in empty bins.
    """

    counts: np.ndarray
    confidences: np.ndarray
    accuracies: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error, in [0, 1]: the mean gap, weighted by the counts."""
        gaps = np.abs(self.confidences - self.accuracies)
        return float(gaps @ self.counts / max(self.counts.sum(), 1))


def measure_reliability(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS
) -> Reliability:
    """Sort samples into bins by their highest probability.

    `probabilities` is (n, classes) in [0, 1], `labels` (n,) integers below classes.
    """
    labels = check_labels(labels, len(probabilities), probabilities.shape[1])
    highest = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    places = np.minimum((highest * bins).astype(int), bins - 1)
    counts = np.bincount(places, minlength=bins)
    divisor = np.maximum(counts, 1)
    return Reliability(
        counts,
        np.bincount(places, weights=highest, minlength=bins) / divisor,
        np.bincount(places, weights=right, minlength=bins) / divisor,
    )


def fit_temperature(log_probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature in [0.05, 20] that makes held-out labels most probable.

    Golden-section search over its logarithm, in which the loss has a single minimum.
    `log_probabilities` is (n, classes), `labels` (n,) integers below classes.
    """
    labels = check_labels(labels, len(log_probabilities), log_probabilities.shape[1])
    scores = log_probabilities.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(log_softmax(scores / np.exp(log_temperature)), labels)

    low, high = np.log(_COLDEST), np.log(_HOTTEST)
    for _ in range(40):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def with_temperature(network: Network, temperature: float) -> Network:
    """Return a copy whose scores are divided by `temperature`, above 0.

    It takes the same classes for the most probable, and the division is in the last layer's
    weights, so that files and forward passes need to know nothing of it.
    """
    if not temperature > 0:
        raise ValueError(f"Expected a temperature above 0, found {temperature}.")
    last = network.layers[-1]
    scale = last.weights.dtype.type(1 / temperature)
    bias = None if last.bias is None else last.bias * scale
    layers = (*network.layers[:-1], Dense(last.weights * scale, bias))
    return replace(network, layers=layers).copy()


def sureness(probabilities: np.ndarray) -> np.ndarray:
    """Return how sure of any class a network is, (n,) in [0, 1], from (n, classes) probabilities.

    One minus the entropy over its largest value: 1 for a certain class, 0 when all are alike. It
    tells digits from other things better than the highest probability does.
    """
    logarithms = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    entropy = -(probabilities * logarithms).sum(axis=1, dtype=np.float64)
    result: np.ndarray = np.clip(1 - entropy / np.log(probabilities.shape[1]), 0, 1)
    return result


def sureness_threshold(known: np.ndarray, kept: float = 0.99) -> float:
    """Return the sureness below which a share of 1 - `kept` of known samples lies.

    `known` is (n,), the sureness of samples that do belong to the classes.
    """
    return float(np.quantile(known, 1 - kept)) if len(known) else 0.0
