"""An evaluation adds up how well a network does on samples that it is shown.

It takes them in pieces, so that a page can stay alive while ten thousand are counted.
"""

from math import nan, sqrt

import numpy as np

from nn.losses import check_labels
from nn.network import Network

_TWO_SIDED_95 = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


class Evaluation:
    """Counts of true and predicted classes, and the summed loss, of all samples added so far.

    `confusion` is (classes, classes) integers, true class by row and predicted by column.
    """

    def __init__(self, classes: int) -> None:
        self.confusion = np.zeros((classes, classes), dtype=np.int64)
        self._loss_sum = 0.0

    def add(self, network: Network, x: np.ndarray, labels: np.ndarray) -> None:
        """Count `x`, (n, inputs) floats, with `labels`, (n,) integers below the classes."""
        self.count_predictions(network.predict_log_proba(x), labels)

    def count_predictions(self, log_probabilities: np.ndarray, labels: np.ndarray) -> None:
        """Count what a network made of samples: (n, classes) log-probabilities, (n,) labels."""
        labels = check_labels(labels, len(log_probabilities), len(self.confusion))
        rows = np.arange(len(labels))
        self._loss_sum -= float(log_probabilities[rows, labels].sum(dtype=np.float64))
        classes = len(self.confusion)
        # Counting places in a row takes a small part of the time of adding at pairs of them.
        places = labels.astype(np.intp) * classes + log_probabilities.argmax(axis=1)
        self.confusion += np.bincount(places, minlength=classes**2).reshape(classes, classes)

    @property
    def count(self) -> int:
        """Number of samples added."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """Number of samples whose most probable class is the true one."""
        return int(np.trace(self.confusion))

    @property
    def accuracy(self) -> float:
        """Correct samples as a fraction of all, in [0, 1]; NaN before the first sample."""
        return self.correct / self.count if self.count else nan

    @property
    def loss(self) -> float:
        """Mean negative log-likelihood, in nats; NaN before the first sample."""
        return self._loss_sum / self.count if self.count else nan

    def recall(self) -> np.ndarray:
        """Return for each class the fraction recognised, (classes,); NaN where none was seen."""
        seen = self.confusion.sum(axis=1)
        recognised = np.diagonal(self.confusion)
        return np.divide(recognised, seen, out=np.full(len(seen), nan), where=seen > 0)

    def interval(self) -> tuple[float, float]:
        """Return the 95 % Wilson interval of the accuracy (Wilson, 1927); (0, 1) when empty.

        Unlike the plain normal interval it stays inside [0, 1] and is right near both ends.
        """
        if not self.count:
            return 0.0, 1.0
        n, p, z = self.count, self.accuracy, _TWO_SIDED_95
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        # Rounding must neither leave [0, 1] nor shut the accuracy itself out.
        return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))
