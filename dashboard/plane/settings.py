"""Every knob of the spiral controller, with its default, its range and its explanation.

The defaults are those of the case study in Stanford's CS231n, with five arms instead of three.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import param

from dashboard.training.settings import LearningSettings
from data_cache import MAX_CLASSES, PLANE_INPUTS, PLANE_SHAPES
from nn import Network
from nn.initializers import NORMAL_SCALE

MAX_POINTS = 5000

MAX_WEIGHTS = 100_000
"""A net with more would take too long to be drawn over the whole plane while it trains."""


class PlaneSettings(LearningSettings):
    """What a net in the plane and its points depend on."""

    learning_rate = param.Number(
        0.5, doc="How far one step moves the weights. Full batches like 0.1 to 1, Adam 0.01."
    )
    batch_size = param.Integer(
        0,
        bounds=(0, 4096),
        label="Batch size",
        doc="Points per step; 0 takes all of them in every step (full batch).",
    )
    optimizer = param.Selector(default="sgd")
    l2 = param.Number(0.001)
    hidden_layers = param.List([100])
    initialization = param.Selector(default="normal")
    weight_noise = param.Number(
        0.1,
        bounds=(0, 5),
        label="Weight noise",
        doc="Standard deviation of the weights at the start, for the initialisation “normal”.",
    )
    shape = param.Selector(
        default="spiral",
        objects=list(PLANE_SHAPES),
        label="Data",
        doc="How the points lie in the plane.",
    )
    points_count = param.Integer(
        500,
        bounds=(10, MAX_POINTS),
        label="Points",
        doc="Points to learn from; the points to test on come on top.",
    )
    classes = param.Integer(
        5, bounds=(2, MAX_CLASSES), label="Classes", doc="Arms of the spiral, rings, clouds …"
    )
    noise = param.Number(
        0.25,
        bounds=(0, 1),
        label="Noise",
        doc="How far points stray: radians on the spiral; elsewhere 1 blurs neighbouring classes.",
    )
    arm_angle = param.Number(
        round(math.pi, 4),
        bounds=(0, 20),
        label="Arm angle",
        doc="How far an arm of the spiral winds, in radians; 6.28 is a whole turn.",
    )
    train_share = param.Number(
        0.5,
        bounds=(0.2, 1),
        label="Training share",
        doc="Of all points, the share to learn from; on the rest the net is tested. 1: no test.",
    )
    inputs = param.ListSelector(
        default=["x1", "x2"],
        objects=list(PLANE_INPUTS),
        label="Inputs",
        doc="What the net is told about a point: its coordinates, or numbers derived from them.",
    )

    def count_weights(self) -> int:
        """Return how many weights, without biases, a net of these settings has."""
        return sum(
            a * b for a, b in pairwise((len(self.inputs), *self.hidden_layers, self.classes))
        )

    def make_network(self, inputs: int, classes: int, generator: np.random.Generator) -> Network:
        """Create a fresh network of this architecture, its weights drawn from `generator`."""
        network = super().make_network(inputs, classes, generator)
        if self.initialization == "normal":
            for layer in network.layers:
                np.multiply(layer.weights, self.weight_noise / NORMAL_SCALE, out=layer.weights)
        return network
