"""Settings of the plane pane, each with its default, its range and its explanation.

The defaults are those of the case study in Stanford's CS231n, with five arms instead of three.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import param

from dashboard.languages.text import gettext_noop
from dashboard.training.budget import PLANE_BUDGET, Budget, NetworkCost, network_cost
from dashboard.training.settings import LearningSettings
from data_cache import MAX_CLASSES, PLANE_INPUTS, PLANE_SHAPES
from nn import Network
from nn.initializers import NORMAL_SCALE

MAX_POINTS = 5000

LEAST_TRAIN_SHARE = 0.1
"""Of all points; the others are test points."""


class PlaneSettings(LearningSettings):
    """Settings of a network in the plane, of its training and of its points."""

    budget: ClassVar[Budget] = PLANE_BUDGET
    cost_settings: ClassVar[tuple[str, ...]] = (
        *("hidden_layers", "batch_size", "inputs", "classes", "points_count"),
    )

    learning_rate = param.Number(
        0.5,
        doc=gettext_noop(
            "Step size of the optimizer. With full batches 0.1 to 1 work well, with Adam 0.01, "
            "with Adadelta 1 or more."
        ),
    )
    batch_size = param.Integer(
        0,
        bounds=(0, 4096),
        label=gettext_noop("Batch size"),
        doc=gettext_noop("Points per step; 0 uses all points in every step (full batch)."),
    )
    optimizer = param.Selector(default="sgd")
    l2 = param.Number(0.001)
    hidden_layers = param.List([100])
    initialization = param.Selector(default="normal")
    weight_noise = param.Number(
        0.1,
        bounds=(0, 5),
        label=gettext_noop("Std. dev. of initial weights"),
        doc=gettext_noop(
            "Standard deviation of the initial weights with the initialisation “normal”; other "
            "initialisations do not use it."
        ),
    )
    shape = param.Selector(
        default="spiral",
        objects=list(PLANE_SHAPES),
        label=gettext_noop("Data"),
        doc=gettext_noop("Shape of the point clouds."),
    )
    points_count = param.Integer(
        500,
        bounds=(10, MAX_POINTS),
        label=gettext_noop("Points"),
        doc=gettext_noop("Number of training points; test points are added to them."),
    )
    classes = param.Integer(
        5,
        bounds=(2, MAX_CLASSES),
        label=gettext_noop("Classes"),
        doc=gettext_noop("Number of arms of the spiral, rings, blobs …"),
    )
    noise = param.Number(
        0.25,
        bounds=(0, 1),
        label=gettext_noop("Noise"),
        doc=gettext_noop(
            "Spread of the points: radians on the spiral; in other shapes 1 makes classes overlap."
        ),
    )
    arm_angle = param.Number(
        round(math.pi, 4),
        bounds=(0, 20),
        label=gettext_noop("Arm angle"),
        doc=gettext_noop(
            "Angle that an arm of the spiral covers, in radians; 6.28 is a whole turn."
        ),
    )
    train_share = param.Number(
        0.5,
        bounds=(LEAST_TRAIN_SHARE, 1),
        label=gettext_noop("Training fraction"),
        doc=gettext_noop(
            "Fraction of all points that are training points; the others are test points. 1: none."
        ),
    )
    inputs = param.ListSelector(
        default=["x1", "x2"],
        objects=list(PLANE_INPUTS),
        label=gettext_noop("Features"),
        doc=gettext_noop("Features of a point: its coordinates, or values derived from them."),
    )

    def network_cost(self, values: Mapping[str, Any]) -> NetworkCost:
        """Return what a network for points would cost; see `LearningSettings`."""
        inputs, classes = len(values["inputs"]), values["classes"]
        return network_cost(inputs, values["hidden_layers"], classes, None, 0)

    def step_samples(self, values: Mapping[str, Any]) -> int:
        """Return the points of one step; see `LearningSettings`."""
        return int(values["batch_size"] or values["points_count"])

    def make_network(self, inputs: int, classes: int, generator: np.random.Generator) -> Network:
        """Return a network of this architecture with weights drawn from `generator`."""
        network = super().make_network(inputs, classes, generator)
        if self.initialization == "normal":
            for layer in network.layers:
                np.multiply(layer.weights, self.weight_noise / NORMAL_SCALE, out=layer.weights)
        return network
