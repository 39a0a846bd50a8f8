"""Trains the server's net on samples that somebody sent: plain gradient descent, as in S0.

The samples are taken once, in the order they came in, so that the same call does the same.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dashboard.api.errors import ApiError
from nn import Network, TrainingStep, create_optimizer


def learn(
    network: Network,
    images: NDArray[np.float32],
    labels: NDArray[np.intp],
    *,
    learning_rate: float,
    batch_size: int,
) -> float:
    """Train a network in place on images (n, 784) in [0, 1] and labels (n,).

    Returns
    -------
    The mean loss of the samples, each before its batch was learnt.

    Raises
    ------
    ApiError
        422 when the weights would become useless; the network is then to be thrown away.
    """
    step = TrainingStep(network, create_optimizer("sgd", network.parameters()))
    total = 0.0
    for start in range(0, len(labels), batch_size):
        part = slice(start, start + batch_size)
        total += step(images[part], labels[part], learning_rate).loss * len(labels[part])
    finite = all(np.isfinite(parameter).all() for parameter in network.parameters())
    if not (finite and math.isfinite(total)):
        raise ApiError(422, "These samples would make the weights useless; nothing was learnt.")
    return total / len(labels)
