"""One lesson: a single drawing with its label, and one step of training on it.

The step is small, so that a net learns from one drawing without forgetting the rest.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dashboard.training.run import DivergenceError
from nn import Network, TrainingStep, create_optimizer

TEACHING_RATE = 0.005
"""Learning rate of the step. At 0.05 a ready-trained net forgot a third of its digits at once."""


def give_lesson(network: Network, drawing: NDArray[np.float32], label: int) -> tuple[float, float]:
    """Train the network in place on one drawing, (784,) in [0, 1].

    Returns
    -------
    The loss on the drawing before the step and after it.

    Raises
    ------
    DivergenceError
        When the weights would become useless; they are then as they were.
    """
    image = drawing[np.newaxis]
    untaught = network.copy()
    step = TrainingStep(network, create_optimizer("sgd", network.parameters()))
    before = step(image, np.array([label]), TEACHING_RATE).loss
    after = -float(network.predict_log_proba(image)[0, label])
    if not math.isfinite(after):
        network.copy_from(untaught)
        raise DivergenceError("That step would have made the weights useless; it was undone.")
    return before, abs(after)
