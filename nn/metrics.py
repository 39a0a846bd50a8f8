"""Classification metrics, accumulated batch by batch: confusion matrix, accuracy, recall, loss.

Accumulating lets a page stay responsive while thousands of samples are evaluated.
"""

from math import nan, sqrt

import numpy as np

from nn.losses import check_labels
from nn.network import Network

_NORMAL_975 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


class ClassificationMetrics:
    """Counts of true and predicted classes, and the summed loss, of all samples so far.

    Parameters
    ----------
    classes : int
        Number of classes.

    Attributes
    ----------
    confusion_matrix : (classes, classes) int64
        Number of samples by true class (row) and predicted class (column).
    """

    def __init__(self, classes: int) -> None:
        self.confusion_matrix = np.zeros((classes, classes), dtype=np.int64)
        self._loss_sum = 0.0

    def evaluate(self, network: Network, x: np.ndarray, labels: np.ndarray) -> None:
        """Add what a network predicts for samples.

        Parameters
        ----------
        network : Network
        x : (n, inputs) floats
        labels : (n,) integers below the number of classes
        """
        self.update(network.predict_log_proba(x), labels)

    def update(self, log_probabilities: np.ndarray, labels: np.ndarray) -> None:
        """Add predictions.

        Parameters
        ----------
        log_probabilities : (n, classes) floats
        labels : (n,) integers below the number of classes

        Raises
        ------
        ValueError
            When the labels do not fit; nothing is added then.
        """
        classes = len(self.confusion_matrix)
        labels = check_labels(labels, len(log_probabilities), classes)
        rows = np.arange(len(labels))
        self._loss_sum -= float(log_probabilities[rows, labels].sum(dtype=np.float64))
        # Counting flat indices takes a small part of the time of np.add.at on pairs of them.
        cells = labels.astype(np.intp) * classes + log_probabilities.argmax(axis=1)
        self.confusion_matrix += np.bincount(cells, minlength=classes**2).reshape(classes, classes)

    @property
    def count(self) -> int:
        """Number of samples."""
        return int(self.confusion_matrix.sum())

    @property
    def correct(self) -> int:
        """Number of samples whose most probable class is the true one."""
        return int(np.trace(self.confusion_matrix))

    @property
    def accuracy(self) -> float:
        """Fraction of correct samples, in [0, 1]; NaN without samples."""
        return self.correct / self.count if self.count else nan

    @property
    def loss(self) -> float:
        """Mean negative log-likelihood, in nats; NaN without samples."""
        return self._loss_sum / self.count if self.count else nan

    def recall(self) -> np.ndarray:
        """Return the recall of each class, (classes,) float64; NaN for a class without samples."""
        support = self.confusion_matrix.sum(axis=1)
        correct = np.diagonal(self.confusion_matrix)
        return np.divide(correct, support, out=np.full(len(support), nan), where=support > 0)

    def accuracy_interval(self) -> tuple[float, float]:
        """Return the 95 % Wilson score interval of the accuracy; (0, 1) without samples.

        Notes
        -----
        Unlike the normal approximation it stays inside [0, 1] and keeps its coverage near both
        ends.

        References
        ----------
        Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
        """
        if not self.count:
            return 0.0, 1.0
        n, p, z = self.count, self.accuracy, _NORMAL_975
        center = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        # Rounding must neither leave [0, 1] nor exclude the accuracy itself.
        return max(0.0, min(p, center - half)), min(1.0, max(p, center + half))
