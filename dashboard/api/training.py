"""Trains the server's network on the samples of a request, by plain gradient descent.

The samples are used once, in their order, so that the same request gives the same weights.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dashboard.api.errors import ApiError
from nn import Network, TrainingStep, create_optimizer


def train_on_samples(
    network: Network,
    images: NDArray[np.float32],
    labels: NDArray[np.intp],
    *,
    learning_rate: float,
    batch_size: int,
) -> float:
    """Train a network in place for one pass over the samples.

    Parameters
    ----------
    network
        Changed in place; to be discarded after an error.
    images
        (n, 784) float32 in [0, 1].
    labels
        (n,) integers below the number of classes.
    learning_rate, batch_size
        Of the gradient descent.

    Returns
    -------
    float
        The mean loss of the samples, each before the step on its batch.

    Raises
    ------
    ApiError
        422 if weights or loss become NaN or infinite.
    """
    step = TrainingStep(network, create_optimizer("sgd", network.parameters()))
    total = 0.0
    for start in range(0, len(labels), batch_size):
        part = slice(start, start + batch_size)
        total += step(images[part], labels[part], learning_rate).loss * len(labels[part])
    finite = all(np.isfinite(parameter).all() for parameter in network.parameters())
    if not (finite and math.isfinite(total)):
        raise ApiError(
            422,
            "Training on these samples makes the weights NaN or infinite; nothing was changed.",
        )
    return total / len(labels)
