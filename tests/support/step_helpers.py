"""What tests of training steps share, natively and inside Pyodide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nn import StepResult, TrainingStep


def call_by_call(
    step: TrainingStep, x: np.ndarray, labels: np.ndarray, learning_rates: Sequence[float]
) -> list[StepResult]:
    """Do what `step.take_steps` does with a call for each part."""
    count = len(learning_rates)
    parts = zip(np.split(x, count), np.split(labels, count), learning_rates, strict=True)
    return [step(*part) for part in parts]
