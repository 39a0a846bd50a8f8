"""Rejection of images that belong to no class, at a fixed true-positive rate.

A prediction is rejected if its confidence is below a threshold that 99 % of real samples pass.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from dashboard.training.trainer import EVALUATION_CHUNK, Execute, execute_in_line
from data_cache import to_float
from nn import Network
from nn.calibration import confidence, confidence_threshold

TRUE_POSITIVE_RATE = 0.99
"""Share of real samples whose predictions are accepted."""


@dataclass(frozen=True)
class Rejection:
    """How many images of one kind are rejected.

    Attributes
    ----------
    title, count
        What the images are, and how many.
    threshold
        Confidence below which a prediction is rejected.
    rejected
        Share of the images that are rejected, in [0, 1].
    """

    title: str
    count: int
    threshold: float
    rejected: float


async def measure_rejection(
    network: Network,
    confidences: np.ndarray,
    title: str,
    images: np.ndarray,
    *,
    execute: Execute = execute_in_line,
) -> Rejection:
    """Measure the share of images of no class that a network rejects.

    Parameters
    ----------
    network : Network
    confidences : (n,)
        Confidences of the network for samples of its classes; they set the threshold.
    title : str
        What the images are.
    images : (m, 784) uint8
    execute
        Computes a chunk: in line, or in a thread.
    """
    threshold = confidence_threshold(confidences, TRUE_POSITIVE_RATE)
    rejected = 0
    for start in range(0, len(images), EVALUATION_CHUNK):
        chunk = to_float(images[start : start + EVALUATION_CHUNK])
        probabilities = await execute(network.predict_proba, chunk)
        rejected += int((confidence(probabilities) < threshold).sum())
        await asyncio.sleep(0)
    return Rejection(title, len(images), threshold, rejected / max(len(images), 1))
