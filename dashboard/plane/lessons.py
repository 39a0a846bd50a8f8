"""Guided lessons: failures of training to observe, and one remedy.

A lesson sets the pane up and detects from the network and its curves, not from the time, when
what it demonstrates has occurred.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Any

import numpy as np

from dashboard.plane.dataset import InputSamples
from dashboard.plane.probes import dead_units, gradient_sizes
from dashboard.training.history import History, Score
from nn import Network

DEAD_SHARE = 0.5
"""Share of the units of a layer that must be dead."""

VANISHED = 1e-3
"""Ratio of the first layer's gradient to the last one's below which it has vanished."""

OSCILLATION_STEPS = 40
SETTLED_SCORES = 12


@dataclass(frozen=True, eq=False)
class Observation:
    """What a lesson checks: the network in training, its training samples, its curves."""

    network: Network
    train: InputSamples
    history: History


@dataclass(frozen=True)
class Lesson:
    """One guided lesson.

    Attributes
    ----------
    title, watch
        Its topic, and what to watch for.
    settings
        Settings by name; the others get their defaults.
    check
        Returns a sentence once what it demonstrates has occurred, and None before.
    """

    title: str
    watch: str
    settings: Mapping[str, Any]
    check: Callable[[Observation], str | None]


def has_oscillated(losses: np.ndarray) -> bool:
    """Return whether a fifth of the last 40 losses exceed the one before by more than 10 %."""
    if len(losses) < OSCILLATION_STEPS:
        return False
    last = losses[-OSCILLATION_STEPS:]
    increases = sum(after > 1.1 * before for before, after in pairwise(last.tolist()))
    return increases >= OSCILLATION_STEPS // 5


def _lowest(scores: list[Score]) -> Score:
    return min(scores, key=lambda score: score.loss)


def _check_overfitting(observed: Observation) -> str | None:
    scores, losses = observed.history.validation, observed.history.losses
    if len(scores) < 3:
        return None
    best, last = _lowest(scores), scores[-1]
    if last.loss < 1.5 * best.loss or losses[-1] > best.loss / 2:
        return None
    return (
        f"Observed: the training loss is {losses[-1]:.3f}, the test loss {last.loss:.2f}; its "
        f"minimum was {best.loss:.2f} at iteration {best.iteration:,}. The network memorizes the "
        "noise of the training points. Now try “L2 regularization”."
    )


def _check_regularization(observed: Observation) -> str | None:
    scores, losses = observed.history.validation, observed.history.losses
    if len(scores) < 3 * SETTLED_SCORES:
        return None
    best, last = _lowest(scores), scores[-1]
    recent = [score.loss for score in scores[-SETTLED_SCORES:]]
    if max(recent) > 1.3 * best.loss:
        return None
    return (
        f"Observed: the test loss stays at {last.loss:.2f} (minimum {best.loss:.2f}), while the "
        f"training loss is {losses[-1]:.2f}. Small weights give a smooth decision boundary."
    )


def _check_oscillation(observed: Observation) -> str | None:
    losses = np.array(observed.history.losses[-OSCILLATION_STEPS:])
    if not has_oscillated(losses):
        return None
    return (
        f"Observed: within {OSCILLATION_STEPS} steps the loss oscillated between "
        f"{losses.min():.2f} and {losses.max():.2f}. Every step overshoots the minimum. Reduce "
        "the learning rate to 0.5 while it trains."
    )


def _check_dead_units(observed: Observation) -> str | None:
    for layer, dead in enumerate(dead_units(observed.network, observed.train.images), 1):
        if dead.mean() >= DEAD_SHARE:
            return (
                f"Observed: {dead.sum()} of {len(dead)} units of hidden layer {layer} output 0 "
                "for every training point. Their gradient is 0 too, so they stay dead."
            )
    return None


def _check_vanishing_gradient(observed: Observation) -> str | None:
    if len(observed.history) < 50:
        return None
    sizes = gradient_sizes(observed.network, observed.train)
    guessing = log(observed.network.classes)
    if sizes[0] > VANISHED * sizes[-1] or observed.history.losses[-1] < 0.95 * guessing:
        return None
    ratio = f"{sizes[-1] / sizes[0]:,.0f} times smaller than" if sizes[0] else "0, unlike"
    return (
        f"Observed: the gradient of the first layer is {ratio} that of the last one, and the loss "
        f"stays at {observed.history.losses[-1]:.2f}, as for guessing. With ReLU and the "
        "initialization “he” the same network learns."
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
        "Overfitting",
        "60 noisy points and thousands of weights. Watch the losses diverge: the training loss "
        "falls, the test loss rises, and islands appear around single points.",
        {**_NOISY, "l2": 0.0},
        _check_overfitting,
    ),
    "cure": Lesson(
        "L2 regularization",
        "The same points and network with an L2 penalty on the weights. Watch the test loss: it "
        "falls and stays low.",
        {**_NOISY, "l2": 0.03},
        _check_regularization,
    ),
    "rate": Lesson(
        "Learning rate too large",
        "A learning rate of 4. Watch the loss oscillate and the decision boundaries jump.",
        {"learning_rate": 4.0},
        _check_oscillation,
    ),
    "dead": Lesson(
        "Dead ReLUs",
        "A few steps that are far too large move units to where they output 0 for every point. "
        "Watch the maps of these units go blank.",
        {
            "classes": 3,
            "points_count": 300,
            "hidden_layers": [40],
            "learning_rate": 5.0,
            "l2": 0.0,
        },
        _check_dead_units,
    ),
    "vanishing": Lesson(
        "Vanishing gradients",
        "Six layers of sigmoid units. Each passes on at most a quarter of the gradient; watch the "
        "loss stay where it is.",
        {
            "classes": 3,
            "points_count": 300,
            "hidden_layers": [10] * 6,
            "activation": "sigmoid",
            "initialization": "xavier",
            "l2": 0.0,
        },
        _check_vanishing_gradient,
    ),
}
"""The lessons by name."""
