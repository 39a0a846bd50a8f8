"""What the page shows of a controller, as parameters that views watch; there is no widget here.

Whoever changes a parameter need not know who draws it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import param
from numpy.typing import NDArray

from dashboard.training.history import History
from dashboard.training.settings import TrainingSettings
from dashboard.training.snapshot import Snapshot
from data_cache import DATA_SETS
from nn import PRETRAINED

READY = "ready-trained"
"""The net of the package, as it is."""
TUNED = "tuned"
"""The net of the package after further lessons."""
FRESH = "fresh"
LOADED = "loaded"

WELCOME = "A neural net, written by hand, learns to read your digits. Draw one, or press Train."


@dataclass(frozen=True)
class Notice:
    """A sentence for the person at the screen; `kind` is "info", "warning" or "error"."""

    text: str
    kind: str = "info"


@dataclass(frozen=True)
class Answer:
    """What the net makes of the pad: its input (784,) and probabilities (classes,), or None.

    `is_sure` is false when the drawing is probably none of the classes.
    """

    framed: NDArray[np.float32] | None = None
    probabilities: NDArray[np.float32] | None = None
    is_sure: bool = True


class DigitsState(TrainingSettings):
    """Everything that the page shows; views watch it and never keep a state of their own."""

    data_set = param.Selector(default="digits", objects=list(DATA_SETS), label="Data set")
    running = param.Boolean(False, doc="Whether training is wanted; setting it starts or pauses.")
    keep_ready = param.Boolean(
        False,
        label="Go on from the ready-trained net",
        doc="Off: Train begins with fresh weights, so that learning can be watched from zero.",
    )
    ready_net = param.Selector(
        default=PRETRAINED[-1],
        objects=list(PRETRAINED),
        label="Drawings are read by",
        doc="A ready-trained net, until you train, teach or load another; then by that one.",
    )
    smoothing = param.Number(0.9, bounds=(0, 0.99), label="Smoothing", doc="Of the drawn curves.")
    origin = param.String(READY, doc="Where the weights come from.")
    snapshot = param.ClassSelector(class_=Snapshot, doc="The newest finished record.")
    history = param.ClassSelector(class_=History, doc="The curve of the present run.")
    answer = param.ClassSelector(class_=Answer, default=Answer(), doc="About the drawing.")
    class_names = param.Tuple(tuple(str(digit) for digit in range(10)), doc="Of the data set.")
    notice = param.ClassSelector(class_=Notice, default=Notice(WELCOME), doc="The latest sentence.")
    busy = param.String("", doc="What is being waited for; empty when nothing is.")
