"""State of the plane pane as parameters that views watch, and the values derived from them.

It contains no widgets, so tests and commands need no page.
"""

from __future__ import annotations

import param

from dashboard.languages.text import gettext_noop
from dashboard.plane.dataset import PlaneData
from dashboard.plane.presets import PRESETS
from dashboard.plane.probes import PointEvaluation, evaluate_points
from dashboard.plane.settings import PlaneSettings
from dashboard.shell.notices import Notice
from dashboard.training.history import History
from dashboard.training.run_options import RunOptions
from dashboard.training.scheduled_changes import ScheduledChanges
from dashboard.training.snapshot import Snapshot
from dashboard.training.time_travel import ShownCheckpoint
from nn import Network
from nn.interpretation.ablation import without_units

WELCOME = gettext_noop(
    "A small network learns to separate the arms of a spiral. Press Train and watch."
)


class PlaneState(PlaneSettings, RunOptions, ShownCheckpoint, ScheduledChanges):
    """The settings of the pane, what is trained on, and what is shown."""

    running = param.Boolean(False, doc="Whether to train; setting it starts or pauses training.")
    smoothing = param.Number(
        0.0,
        bounds=(0, 0.99),
        label=gettext_noop("Smoothing"),
        doc=gettext_noop("Of the drawn curves."),
    )
    snapshot = param.ClassSelector(class_=Snapshot, doc="The newest snapshot of the run.")
    history = param.ClassSelector(class_=History, doc="The curves of the run.")
    notice = param.ClassSelector(class_=Notice, default=Notice(WELCOME), doc="The last message.")
    points = param.ClassSelector(class_=PlaneData, doc="Training and test points.")
    surface_side = param.Integer(
        100,
        bounds=(64, 200),
        label=gettext_noop("Resolution"),
        doc=gettext_noop("Pixels along a side of the picture."),
    )
    surface_mode = param.Selector(
        default="soft",
        objects=["soft", "hard"],
        label=gettext_noop("Colors"),
        doc=gettext_noop(
            "“soft” blends the colors of the classes by their probabilities; “hard” shows that of "
            "the predicted class."
        ),
    )
    show_test = param.Boolean(
        False,
        label=gettext_noop("Test points"),
        doc=gettext_noop("Whether to draw the test points."),
    )
    ablated = param.ClassSelector(
        class_=frozenset,
        default=frozenset(),
        doc="Hidden units that are ablated in all views, as pairs (layer, unit) from 0.",
    )
    pointed_at = param.NumericTuple(
        None, length=2, allow_None=True, doc="Coordinates of the pointer on the plane."
    )
    probe = param.NumericTuple(
        None, length=2, allow_None=True, doc="Where the pointer was on the plane last."
    )
    profile_line = param.NumericTuple(
        None, length=4, allow_None=True, doc="x and y of both ends of the line that was drawn."
    )
    shown_unit = param.NumericTuple(
        None,
        length=2,
        allow_None=True,
        doc="Unit (layer, unit) shown in place of the surface: layer −1 are the features, from 0 "
        "the hidden layers, then the classes.",
    )
    shown_weight = param.NumericTuple(
        None,
        length=3,
        allow_None=True,
        doc="Layer, row and column of the weight that is pointed at; the last row is the bias.",
    )
    preset = param.Selector(
        default="",
        objects=["", *PRESETS],
        doc="Name of the preset in use; setting it begins a new run, any other change empties it.",
    )

    @property
    def network(self) -> Network:
        """The network of the newest snapshot."""
        network: Network = self.snapshot.network
        return network

    @param.depends("snapshot", "shown_checkpoint", "ablated")
    def shown_network(self) -> Network:
        """Return the network of the shown checkpoint or the newest one, without ablated units."""
        network = self.whole_network()
        return without_units(network, self.ablated) if self.ablated else network

    @param.depends("snapshot", "shown_checkpoint")
    def whole_network(self) -> Network:
        """Return the network of the shown checkpoint or the newest one, with all units."""
        return self.network if self.shown_checkpoint is None else self.shown_checkpoint.network

    @param.depends("snapshot", "shown_checkpoint")
    def shown_iteration(self) -> int:
        """Return the iteration of the network that is shown."""
        return int((self.shown_checkpoint or self.snapshot).iteration)

    @param.depends("snapshot", "shown_checkpoint", "ablated", "points", "inputs")
    def evaluation(self, part: str) -> PointEvaluation:
        """Return how the shown network does on the part "train" or "test" of the points."""
        return evaluate_points(
            self.shown_network(), self.inputs, self.points.part(part), self.shown_iteration()
        )
