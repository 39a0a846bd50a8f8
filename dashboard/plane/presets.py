"""Settings that are worth a theme, under names that links and buttons can use.

A preset is complete: whatever it does not name goes back to its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """Settings by name, with a sentence of what there is to see."""

    title: str
    sentence: str
    settings: Mapping[str, Any] = field(default_factory=dict)


PRESETS = {
    "cs231n": Preset(
        "CS231n",
        "The case study of Stanford's CS231n with five arms: one hidden layer bends the plane.",
    ),
    "cs231n-3": Preset(
        "CS231n, 3 arms",
        "The case study as it was published: three arms of 100 points, and a learning rate of 1.",
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
        "Circles, four units",
        "Four tanh units fence a disc in. With two of them no fence closes: try it.",
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
        "XOR without hidden units",
        "A net without hidden layer cannot learn XOR from x₁ and x₂; given x₁x₂ it need not bend.",
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
        "Moons",
        "Two half moons, eight units, small batches: the loss trembles and still goes down.",
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
        "Checkerboard",
        "Sixteen squares need more than one layer: two of 32 units and Adam.",
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
        "Ten arms",
        "Ten arms that wind half a turn: as many classes as there are digits.",
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
"""The presets by name; the first is the one that the page begins with."""
