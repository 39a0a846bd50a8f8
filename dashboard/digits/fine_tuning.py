"""Fine-tuning on one sample: a single training step on one labelled drawing.

The step is small, so that a network learns the drawing without forgetting the other samples.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dashboard.languages.text import gettext
from dashboard.training.run import DivergenceError
from nn import Network, TrainingStep, create_optimizer

FINE_TUNING_RATE = 0.005
"""Learning rate of the step. With 0.05 a pretrained model lost a third of its accuracy at once."""


def fine_tune(network: Network, image: NDArray[np.float32], label: int) -> tuple[float, float]:
    """Take one step of gradient descent on one sample; the network is changed in place.

    Parameters
    ----------
    network
        Its weights.
    image
        (784,) float32 in [0, 1].
    label
        The index of the class.

    Returns
    -------
    tuple of float
        The cross-entropy loss on the sample before the step and after it.

    Raises
    ------
    DivergenceError
        The loss became infinite or not a number; the weights are as they were.
    """
    images = image[np.newaxis]
    backup = network.copy()
    step = TrainingStep(network, create_optimizer("sgd", network.parameters()))
    before = step(images, np.array([label]), FINE_TUNING_RATE).loss
    after = -float(network.predict_log_proba(images)[0, label])
    if not math.isfinite(after):
        network.copy_from(backup)
        raise DivergenceError(
            gettext(
                "The loss on the drawing became {loss} after a step that expected a finite one; "
                "the step was undone.",
                loss=after,
            )
        )
    return before, abs(after)
