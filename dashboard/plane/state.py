"""What the page shows of the spiral controller, as parameters that views watch.

There is no widget here; whoever changes a parameter need not know who draws it.
"""

from __future__ import annotations

import param

from dashboard.plane.dataset import PlaneData
from dashboard.plane.settings import PlaneSettings
from dashboard.shell.notices import Notice
from dashboard.training.history import History
from dashboard.training.snapshot import Snapshot

WELCOME = "A small net learns to tell the arms of a spiral apart. Press Train and watch the plane."


class PlaneState(PlaneSettings):
    """Everything that the spiral's page shows; views watch it and keep no state of their own."""

    running = param.Boolean(False, doc="Whether training is wanted; setting it starts or pauses.")
    smoothing = param.Number(0.0, bounds=(0, 0.99), label="Smoothing", doc="Of the drawn curves.")
    snapshot = param.ClassSelector(class_=Snapshot, doc="The newest finished record.")
    history = param.ClassSelector(class_=History, doc="The curve of the present run.")
    notice = param.ClassSelector(class_=Notice, default=Notice(WELCOME), doc="The latest sentence.")
    points = param.ClassSelector(class_=PlaneData, doc="What is learnt from and tested on.")
    surface_side = param.Integer(
        100, bounds=(64, 200), label="Resolution", doc="Pixels along a side of the picture."
    )
    surface_mode = param.Selector(
        default="soft",
        objects=["soft", "hard"],
        label="Colours",
        doc="Soft blends the colours of the classes by their probabilities.",
    )
    show_test = param.Boolean(False, label="Test points", doc="Whether to draw the test points.")
    checkpoints = param.ClassSelector(
        class_=tuple, default=(), doc="Iterations that one can go back to, the oldest first."
    )
    timeline_position = param.Integer(
        None, allow_None=True, doc="Which of the checkpoints is shown; None: the net in training."
    )
    ablated = param.ClassSelector(
        class_=frozenset,
        default=frozenset(),
        doc="Hidden units that are switched off for the picture, as pairs (layer, unit) from 0.",
    )
    preset = param.String("", doc="Name of the preset in use; empty once something was changed.")
    lesson = param.String("", doc="Name of the lesson under way; empty when there is none.")
    lesson_message = param.String("", doc="What to watch, or what has happened.")
