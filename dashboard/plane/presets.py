"""Presets: complete settings of the plane pane under the names that links and menus use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.languages.text import gettext_noop


@dataclass(frozen=True)
class Preset:
    """Settings by name, the others at their defaults, with a sentence on what they show."""

    title: str
    sentence: str
    settings: Mapping[str, Any] = field(default_factory=dict)


PRESETS = {
    "cs231n": Preset(
        gettext_noop("CS231n"),
        gettext_noop("The case study of Stanford's CS231n with five arms and one hidden layer."),
    ),
    "cs231n-3": Preset(
        gettext_noop("CS231n, 3 arms"),
        gettext_noop(
            "The case study as published: three arms of 100 points and a learning rate of 1."
        ),
        {
            "classes": 3,
            "points_count": 300,
            "noise": 0.2,
            "arm_angle": 4.0,
            "learning_rate": 1.0,
            "seed": 10,
        },
    ),
    "circles": Preset(
        gettext_noop("Circles, four units"),
        gettext_noop(
            "Four tanh units enclose a disc. Two units cannot form a closed boundary: try it."
        ),
        {
            "shape": "circles",
            "classes": 2,
            "points_count": 300,
            "hidden_layers": [4],
            "activation": "tanh",
            "initialization": "xavier",
            "optimizer": "adam",
            "learning_rate": 0.02,
            "l2": 0.0,
        },
    ),
    "xor": Preset(
        gettext_noop("XOR without hidden units"),
        gettext_noop(
            "Without a hidden layer XOR of x₁ and x₂ is not learnable; with the input x₁x₂ it is."
        ),
        {
            "shape": "xor",
            "classes": 2,
            "points_count": 300,
            "noise": 0.1,
            "inputs": ["x1", "x2", "x1x2"],
            "hidden_layers": [],
            "learning_rate": 1.0,
            "l2": 0.0,
        },
    ),
    "moons": Preset(
        gettext_noop("Moons"),
        gettext_noop(
            "Two half moons, eight units and small batches: the loss is noisy and still decreases."
        ),
        {
            "shape": "moons",
            "classes": 2,
            "points_count": 200,
            "hidden_layers": [8],
            "activation": "tanh",
            "initialization": "xavier",
            "optimizer": "adam",
            "learning_rate": 0.02,
            "batch_size": 10,
            "l2": 0.0,
        },
    ),
    "checkerboard": Preset(
        gettext_noop("Checkerboard"),
        gettext_noop(
            "Sixteen squares need more than one hidden layer: two of 32 units, trained by Adam."
        ),
        {
            "shape": "checkerboard",
            "classes": 2,
            "points_count": 1000,
            "noise": 0.1,
            "hidden_layers": [32, 32],
            "initialization": "he",
            "optimizer": "adam",
            "learning_rate": 0.01,
            "batch_size": 100,
            "l2": 0.0,
        },
    ),
    "ten-arms": Preset(
        gettext_noop("Ten arms"),
        gettext_noop("Ten arms of half a turn: as many classes as there are digits."),
        {
            "classes": 10,
            "points_count": 1000,
            "noise": 0.05,
            "hidden_layers": [64, 64],
            "initialization": "he",
            "optimizer": "adam",
            "learning_rate": 0.01,
            "l2": 0.0,
        },
    ),
}
"""The presets by name; the page begins with the first, whose settings are the defaults."""
