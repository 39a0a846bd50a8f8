"""Robustness of a network to shifted, rotated, scaled, thickened, noisy and adversarial digits.

Accuracy is measured on the transformed images as they are, and after `frame_digits`, which
normalizes drawings on the pad as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from dashboard.languages.text import gettext_noop
from dashboard.training.trainer import Execute, execute_in_line
from data_cache import Samples, crop, frame_digits, perturb, to_float
from data_cache.samples import SIDE
from nn import Network
from nn.interpretation.adversarial import fast_gradient_sign

ADVERSARIAL = gettext_noop("adversarial")
"""The fast gradient sign method, with the true classes and the network without framing."""

AMOUNTS: dict[str, tuple[float, ...]] = {
    "shift": (0, 1, 2, 3, 4, 6, 8),
    "rotation": (0, 8, 15, 25, 35, 45),
    "scale": (0.5, 0.7, 0.85, 1, 1.2, 1.5),
    "thickness": (-1.5, -0.75, 0, 1, 2, 4),
    "noise": (0, 0.05, 0.1, 0.2, 0.35, 0.5),
    ADVERSARIAL: (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3),
}
"""Amounts of every transformation: in the units of `perturb`; adversarial: ε of every pixel."""

UNITS = {
    "shift": gettext_noop("pixels"),
    "rotation": gettext_noop("degrees"),
    "scale": gettext_noop("times the size"),
    "thickness": gettext_noop("pixels of stroke width"),
    "noise": "σ",
    ADVERSARIAL: "ε",
}
POINTS = sum(map(len, AMOUNTS.values()))
CHUNK = 100
NOISE_SEED = 0


@dataclass(frozen=True)
class RobustnessPoint:
    """Accuracies in [0, 1] at one amount of one transformation, without and with framing."""

    kind: str
    amount: float
    unframed: float
    framed: float


async def measure_robustness(
    network: Network, samples: Samples, *, execute: Execute = execute_in_line
) -> AsyncIterator[RobustnessPoint]:
    """Yield `POINTS` measurements, each computed when it is asked for."""
    for kind, amounts in AMOUNTS.items():
        for amount in amounts:
            correct = np.zeros(2)
            generator = np.random.default_rng(NOISE_SEED)
            for start in range(0, len(samples), CHUNK):
                part = samples[start : start + CHUNK]
                correct += await execute(_count_correct, network, part, kind, amount, generator)
                await asyncio.sleep(0)
            unframed, framed = (correct / max(len(samples), 1)).tolist()
            yield RobustnessPoint(kind, amount, unframed, framed)


def _count_correct(
    network: Network, samples: Samples, kind: str, amount: float, generator: np.random.Generator
) -> np.ndarray:
    """Count correct predictions (2,): without and with framing."""
    images = to_float(samples.images)
    if kind == ADVERSARIAL:
        changed = fast_gradient_sign(network, images, samples.labels, amount)
        canvases = changed.reshape(-1, SIDE, SIDE)
    else:
        canvases = perturb(images, kind, amount, generator)
        changed = crop(canvases)
    inputs = (changed, frame_digits(canvases)[0])
    return np.array(
        [(network.predict_log_proba(x).argmax(axis=1) == samples.labels).sum() for x in inputs]
    )
