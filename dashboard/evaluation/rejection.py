"""How well a net knows what is no digit: the share it refuses when it keeps 99 % of real digits.

A picture is refused when the net is less sure of it than a threshold.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from dashboard.training.trainer import EVALUATION_CHUNK, Execute, execute_in_line
from data_cache import to_float
from nn import Network
from nn.calibration import confidence, confidence_threshold

KEPT = 0.99
"""The share of real samples that a threshold keeps."""


@dataclass(frozen=True)
class Rejection:
    """Pictures of one kind that are none of the classes, and the share of them refused."""

    title: str
    count: int
    threshold: float
    refused: float


async def measure_rejection(
    network: Network,
    known: np.ndarray,
    title: str,
    images: np.ndarray,
    *,
    execute: Execute = execute_in_line,
) -> Rejection:
    """Measure how many of some pictures a network refuses.

    Parameters
    ----------
    network : Network
    known : (n,)
        Its confidences for samples of its classes; they set the threshold.
    title : str
        What the pictures are.
    images : (m, 784) uint8
    """
    threshold = confidence_threshold(known, KEPT)
    refused = 0
    for start in range(0, len(images), EVALUATION_CHUNK):
        pictures = to_float(images[start : start + EVALUATION_CHUNK])
        probabilities = await execute(network.predict_proba, pictures)
        refused += int((confidence(probabilities) < threshold).sum())
        await asyncio.sleep(0)
    return Rejection(title, len(images), threshold, refused / max(len(images), 1))
