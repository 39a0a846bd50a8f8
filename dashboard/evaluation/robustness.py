"""How a net's accuracy falls as digits are shifted, turned, scaled, written thicker or spoiled.

Each curve has two lines: what the net alone makes of the changed picture, and what it makes of it
after `frame_digit`, as with a drawing on the pad.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from dashboard.training.trainer import Execute, execute_in_line
from data_cache import Samples, crop, frame_digits, perturb, to_float
from nn import Network

AMOUNTS: dict[str, tuple[float, ...]] = {
    "shift": (0, 1, 2, 3, 4, 6, 8),
    "rotation": (0, 8, 15, 25, 35, 45),
    "scale": (0.5, 0.7, 0.85, 1, 1.2, 1.5),
    "thickness": (-1.5, -0.75, 0, 1, 2, 4),
    "noise": (0, 0.05, 0.1, 0.2, 0.35, 0.5),
}
"""What is tried of each kind, in the units of `perturb`."""

UNITS = {
    "shift": "pixels",
    "rotation": "degrees",
    "scale": "times the size",
    "thickness": "pixels thicker",
    "noise": "noise (σ)",
}
POINTS = sum(map(len, AMOUNTS.values()))
CHUNK = 100
NOISE_SEED = 0


@dataclass(frozen=True)
class RobustnessPoint:
    """Accuracy in [0, 1] at one amount of one kind: of the net alone, and behind the frame."""

    kind: str
    amount: float
    alone: float
    framed: float


async def measure_robustness(
    network: Network, samples: Samples, *, execute: Execute = execute_in_line
) -> AsyncIterator[RobustnessPoint]:
    """Measure all `POINTS`, one after the other; leaving the loop early costs nothing more."""
    for kind, amounts in AMOUNTS.items():
        for amount in amounts:
            right = np.zeros(2)
            generator = np.random.default_rng(NOISE_SEED)
            for start in range(0, len(samples), CHUNK):
                part = samples[start : start + CHUNK]
                right += await execute(_count_right, network, part, kind, amount, generator)
                await asyncio.sleep(0)
            alone, framed = (right / max(len(samples), 1)).tolist()
            yield RobustnessPoint(kind, amount, alone, framed)


def _count_right(
    network: Network, samples: Samples, kind: str, amount: float, generator: np.random.Generator
) -> np.ndarray:
    """Count digits read right (2,): by the net alone, and behind the frame."""
    canvases = perturb(to_float(samples.images), kind, amount, generator)
    pictures = (crop(canvases), frame_digits(canvases)[0])
    return np.array(
        [(network.predict_log_proba(x).argmax(axis=1) == samples.labels).sum() for x in pictures]
    )
