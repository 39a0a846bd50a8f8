"""The settings of `inkling train`.

Defaults and bounds shared with the app come from `TrainingSettings`.
"""

from __future__ import annotations

from typing import ClassVar

import param

from dashboard.training.budget import COMMAND_BUDGET, Budget
from dashboard.training.settings import TrainingSettings
from data_cache.synthesis import SCHOOLS
from nn import SCHEDULES


class CommandSettings(TrainingSettings):
    """The settings of the network and its training that `inkling train` accepts."""

    budget: ClassVar[Budget] = COMMAND_BUDGET

    num_epochs = param.Integer(
        10, bounds=(1, 100_000), label="Number of epochs", doc="Passes over the training samples."
    )
    schedule = param.Selector(
        default="cosine",
        objects=list(SCHEDULES),
        label="Schedule",
        doc="How the learning rate, given as its maximum, changes over the run.",
    )
    binarize = param.Integer(
        None,
        bounds=(0, 255),
        allow_None=True,
        label="Binarize",
        doc="Pixels above this value become 255, all others 0.",
    )
    pen_digits = param.Integer(
        0,
        bounds=(0, 1_000_000),
        label="Synthetic digits",
        doc="Number of synthetic digits, in styles rare in MNIST, added to the training data.",
    )
    school_digits = param.Integer(
        0,
        bounds=(0, 1_000_000),
        label="School digits",
        doc="Number of synthetic digits, in the styles of schools of handwriting in several "
        "countries, added to the training data.",
    )
    without_school = param.Selector(
        default="none",
        objects=["none", *SCHOOLS],
        label="Without school",
        doc="A school whose styles no school digit has, to evaluate on styles that were not seen.",
    )
    non_digits = param.Integer(
        0,
        bounds=(0, 1_000_000),
        label="Non-digits",
        doc="Number of pictures without a digit (scribbles, letters, patterns) added to the "
        "training data with a uniform target.",
    )
    calibrate = param.Boolean(
        False,
        label="Calibrate",
        doc="At the end, fit a temperature to the validation samples and divide the logits by it.",
    )
    patience = param.Integer(
        0,
        bounds=(0, 100_000),
        label="Patience",
        doc="Early stopping: stop after this many epochs without a lower validation loss, and save "
        "the weights of the best epoch; 0 trains to the end and saves the last weights.",
    )

    @property
    def has_synthetic_samples(self) -> bool:
        """Whether synthetic digits or other images are added to the training samples."""
        return bool(self.pen_digits or self.non_digits or self.school_digits)
