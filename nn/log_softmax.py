"""The output of every network is a log-softmax with negative log-likelihood as its loss.

Staying in log space keeps the loss finite even where a probability is exactly 0 or 1.
"""

import numpy as np


def log_softmax_in_place(scores: np.ndarray, probabilities: np.ndarray, column: np.ndarray) -> None:
    """Turn `scores` into log-probabilities and fill `probabilities` with their exponentials.

    `scores` and `probabilities` are (n, classes), all of one dtype; `column` is (n, 1), the largest
    score of each row, and scratch. It is subtracted first, so that no exponential overflows.
    """
    np.subtract(scores, column, out=scores)
    np.exp(scores, out=probabilities)
    np.add.reduce(probabilities, axis=1, out=column, keepdims=True)
    np.divide(probabilities, column, out=probabilities)
    np.log(column, out=column)
    np.subtract(scores, column, out=scores)


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Return the log-probabilities of `scores`, both (n, classes); `scores` stay as they are."""
    log_probabilities = scores.copy()
    column = scores.max(axis=1, keepdims=True)
    log_softmax_in_place(log_probabilities, np.empty_like(scores), column)
    return log_probabilities


def negative_log_likelihood(log_probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean of -log p(label) over the rows of (n, classes); labels are (n,) integers."""
    rows = np.arange(len(labels))
    # Subtracting from 0 instead of negating turns the -0.0 of a perfect prediction into 0.0.
    return 0.0 - float(log_probabilities[rows, labels].mean(dtype=np.float64))
