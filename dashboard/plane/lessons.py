"""Lessons: ways in which training goes wrong, to be seen with one's own eyes, and one cure.

Each sets the controller up and says when what it is about has happened; it finds that out from
the net and its curve, not from the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Any

import numpy as np

from dashboard.plane.dataset import InputSamples
from dashboard.training.history import History, Score
from nn import SGD, Network, TrainingStep

DEAD_SHARE = 0.5
"""Of a layer's units; with so many dead the lesson on dead units is over."""

VANISHED = 1e-3
"""Of the last layer's gradient; a first layer with less hardly learns."""

OSCILLATION_STEPS = 40
SETTLED_SCORES = 12


@dataclass(frozen=True, eq=False)
class Scene:
    """What a lesson judges by: the net in training, what it learns from, and its curve."""

    network: Network
    train: InputSamples
    history: History


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes
    ----------
    title, watch
        What it is about, and what to watch.
    settings
        Whatever they do not name goes back to its default.
    check
        Says in a sentence that it has happened; None as long as it has not.
    """

    title: str
    watch: str
    settings: Mapping[str, Any]
    check: Callable[[Scene], str | None]


def dead_units(network: Network, x: np.ndarray) -> list[np.ndarray]:
    """Return for every hidden layer which units, (units,) booleans, answer 0 to all of `x`."""
    return [np.all(a <= 0, axis=0) for a in network.hidden_activations(x)]


def gradient_sizes(network: Network, samples: InputSamples) -> list[float]:
    """Return the mean size of the loss's gradient by the weights of each layer, first to last.

    It is that on the points of one class: over all classes the gradients of a net that guesses
    cancel out in every layer, which says nothing of what gets through.
    """
    chosen = samples.labels == samples.labels[0]
    step = TrainingStep(network, SGD(network.parameters()))
    _, gradients = step.gradients(samples.images[chosen], samples.labels[chosen])
    return [float(np.abs(gradient).mean()) for gradient in gradients if gradient.ndim == 2]


def has_oscillated(losses: np.ndarray) -> bool:
    """Tell whether losses go up and down by a tenth and more instead of down."""
    if len(losses) < OSCILLATION_STEPS:
        return False
    last = losses[-OSCILLATION_STEPS:]
    leaps = sum(after > 1.1 * before for before, after in pairwise(last.tolist()))
    return leaps >= OSCILLATION_STEPS // 5


def _lowest(scores: list[Score]) -> Score:
    return min(scores, key=lambda score: score.loss)


def _overfits(scene: Scene) -> str | None:
    scores, losses = scene.history.validation, scene.history.losses
    if len(scores) < 3:
        return None
    best, last = _lowest(scores), scores[-1]
    if last.loss < 1.5 * best.loss or losses[-1] > best.loss / 2:
        return None
    return (
        f"It happened: on the points to learn from the loss is {losses[-1]:.3f}, on the test "
        f"points {last.loss:.2f}, and at iteration {best.iteration:,} it was {best.loss:.2f}. "
        "The net learns the noise by heart. Now try “Cure it”."
    )


def _is_cured(scene: Scene) -> str | None:
    scores, losses = scene.history.validation, scene.history.losses
    if len(scores) < 3 * SETTLED_SCORES:
        return None
    best, last = _lowest(scores), scores[-1]
    recent = [score.loss for score in scores[-SETTLED_SCORES:]]
    if max(recent) > 1.3 * best.loss:
        return None
    return (
        f"Cured: the loss on the test points stays at {last.loss:.2f} (at its lowest it was "
        f"{best.loss:.2f}), though on those to learn from it is {losses[-1]:.2f}. "
        "The pull on the weights keeps the border smooth."
    )


def _leaps(scene: Scene) -> str | None:
    losses = np.array(scene.history.losses[-OSCILLATION_STEPS:])
    if not has_oscillated(losses):
        return None
    return (
        f"It happened: within {OSCILLATION_STEPS} steps the loss leapt between {losses.min():.2f} "
        f"and {losses.max():.2f}. Every step goes past the valley. Turn the learning rate down "
        "to 0.5 while it trains."
    )


def _has_died(scene: Scene) -> str | None:
    for layer, dead in enumerate(dead_units(scene.network, scene.train.images), 1):
        if dead.mean() >= DEAD_SHARE:
            return (
                f"It happened: {dead.sum()} of {len(dead)} units of hidden layer {layer} answer 0 "
                "to every point. No gradient passes through them, so they never come back."
            )
    return None


def _has_vanished(scene: Scene) -> str | None:
    if len(scene.history) < 50:
        return None
    sizes = gradient_sizes(scene.network, scene.train)
    guessing = log(scene.network.classes)
    if sizes[0] > VANISHED * sizes[-1] or scene.history.losses[-1] < 0.95 * guessing:
        return None
    share = f"1/{sizes[-1] / sizes[0]:,.0f} of" if sizes[0] else "nothing beside"
    return (
        f"It happened: the first layer's gradient is {share} the last one's, and the loss stays "
        f"at {scene.history.losses[-1]:.2f}, as by guessing. Choose ReLU and the initialisation "
        "“he”, and the same net learns."
    )


_NOISY = {
    "points_count": 60,
    "train_share": 0.2,
    "classes": 2,
    "noise": 0.7,
    "hidden_layers": [64, 64],
    "initialization": "he",
    "optimizer": "adam",
    "learning_rate": 0.01,
}

LESSONS = {
    "overfit": Lesson(
        "Overfit",
        "60 noisy points and thousands of weights. Watch the two losses part: training falls, "
        "test rises, and islands grow around single points.",
        {**_NOISY, "l2": 0.0},
        _overfits,
    ),
    "cure": Lesson(
        "Cure it",
        "The same points and the same net, but L2 pulls at the weights. Watch the test loss: "
        "it comes down and stays down.",
        {**_NOISY, "l2": 0.03},
        _is_cured,
    ),
    "rate": Lesson(
        "Too large a rate",
        "A learning rate of 4. Watch the loss leap instead of fall, and the borders flicker.",
        {"learning_rate": 4.0},
        _leaps,
    ),
    "dead": Lesson(
        "Dead ReLUs",
        "A few steps that are far too large throw units to where they answer 0 to every point. "
        "Watch the maps of the units go blank.",
        {
            "classes": 3,
            "points_count": 300,
            "hidden_layers": [40],
            "learning_rate": 5.0,
            "l2": 0.0,
        },
        _has_died,
    ),
    "vanishing": Lesson(
        "Vanishing gradients",
        "Six layers of sigmoids. Each passes on at most a quarter of the gradient; watch the "
        "loss stand still.",
        {
            "classes": 3,
            "points_count": 300,
            "hidden_layers": [10] * 6,
            "activation": "sigmoid",
            "initialization": "xavier",
            "l2": 0.0,
        },
        _has_vanished,
    ),
}
"""The lessons by name."""
