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

RECOVERED = 0.5
"""Share of the loss of guessing below which a network has left the plateau."""

MAX_ACCURACY_LOSS = 0.05
"""How far the test accuracy may fall below that at the lowest test loss."""

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
    checks
        Return a sentence once what the lesson demonstrates has occurred, and None before. They are
        asked in this order, each after the one before has occurred in the same run.
    show_test
        Whether it needs the test points to be shown.
    """

    title: str
    watch: str
    settings: Mapping[str, Any]
    checks: tuple[Callable[[Observation], str | None], ...]
    show_test: bool = False


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
        f"Observed at iteration {len(losses):,}: training loss {losses[-1]:.3f}, test loss "
        f"{last.loss:.2f} after a minimum of {best.loss:.2f} at iteration {best.iteration:,}; test "
        f"accuracy {100 * last.accuracy:.1f} %, at that minimum {100 * best.accuracy:.1f} %. The "
        "network memorises the noise of the training points. Now try “L2 regularisation”."
    )


def _check_regularization(observed: Observation) -> str | None:
    scores, losses = observed.history.validation, observed.history.losses
    if len(scores) < 3 * SETTLED_SCORES:
        return None
    best, last = _lowest(scores), scores[-1]
    recent = scores[-SETTLED_SCORES:]
    if max(score.loss for score in recent) > 1.3 * best.loss:
        return None
    if min(score.accuracy for score in recent) < best.accuracy - MAX_ACCURACY_LOSS:
        return None
    return (
        f"Observed at iteration {len(losses):,}: test loss {last.loss:.2f} (minimum "
        f"{best.loss:.2f}), test accuracy {100 * last.accuracy:.1f} % (at that minimum "
        f"{100 * best.accuracy:.1f} %), training loss {losses[-1]:.2f}. The penalty keeps the "
        "weights small, and small weights give a smooth decision boundary."
    )


def _check_oscillation(observed: Observation) -> str | None:
    losses = np.array(observed.history.losses[-OSCILLATION_STEPS:])
    if not has_oscillated(losses):
        return None
    return (
        f"Observed at iteration {len(observed.history):,}: within {OSCILLATION_STEPS} steps the "
        f"loss oscillated between {losses.min():.2f} and {losses.max():.2f}; steps overshoot the "
        "minimum. Reduce the learning rate to 0.5 while it trains."
    )


def _check_dead_units(observed: Observation) -> str | None:
    for layer, dead in enumerate(dead_units(observed.network, observed.train.images), 1):
        if dead.mean() >= DEAD_SHARE:
            return (
                f"Observed at iteration {len(observed.history):,}: {dead.sum()} of {len(dead)} "
                f"units of hidden layer {layer} output 0 for every training point, whatever they "
                "output elsewhere. For these points the gradient of their weights is 0 too, so "
                "training does not bring them back."
            )
    return None


def _check_vanishing_gradient(observed: Observation) -> str | None:
    if len(observed.history) < 50:
        return None
    sizes = gradient_sizes(observed.network, observed.train)
    guessing, loss = log(observed.network.classes), observed.history.losses[-1]
    if sizes[0] > VANISHED * sizes[-1] or loss < 0.95 * guessing:
        return None
    ratio = f"{sizes[-1] / sizes[0]:,.0f} times smaller than" if sizes[0] else "0, unlike"
    return (
        f"Observed at iteration {len(observed.history):,}: the gradient of the first layer is "
        f"{ratio} that of the last one, and the loss is {loss:.2f}; guessing has "
        f"{guessing:.2f}. With the activation ReLU and the initialisation He the same network "
        "learns at once."
    )


def _check_recovery(observed: Observation) -> str | None:
    losses = observed.history.losses
    if losses[-1] > RECOVERED * log(observed.network.classes):
        return None
    sizes = gradient_sizes(observed.network, observed.train)
    ratio = f"{sizes[-1] / sizes[0]:,.0f} times smaller than" if sizes[0] else "0, unlike"
    return (
        f"Observed at iteration {len(losses):,}: the loss has fallen to {losses[-1]:.2f} after a "
        "long plateau. The small gradients of the first layers added up; that of the first layer "
        f"is now {ratio} that of the last one. With the activation ReLU and the initialisation He "
        "the same network learns without the plateau."
    )


_OVERLAPPING = {
    "shape": "blobs",
    "points_count": 60,
    "train_share": 0.2,
    "classes": 2,
    "noise": 0.8,
    "seed": 2,
    "hidden_layers": [64, 64],
    "initialization": "he",
    "optimizer": "adam",
    "learning_rate": 0.01,
}

LESSONS = {
    "overfit": Lesson(
        "Overfitting",
        "60 training points of two classes that overlap, and thousands of weights. Watch the "
        "losses diverge: the training loss falls, the test loss rises, and islands of one class "
        "appear within the other.",
        {**_OVERLAPPING, "l2": 0.0},
        (_check_overfitting,),
        show_test=True,
    ),
    "cure": Lesson(
        "L2 regularisation",
        "The same points and network with an L2 penalty on the weights. Watch the test loss stay "
        "near its minimum, and the test accuracy.",
        {**_OVERLAPPING, "l2": 0.03},
        (_check_regularization,),
        show_test=True,
    ),
    "rate": Lesson(
        "Learning rate too large",
        "A learning rate of 4. Watch the loss oscillate and the decision boundaries jump.",
        {"learning_rate": 4.0},
        (_check_oscillation,),
    ),
    "dead": Lesson(
        "Dead ReLUs",
        "A few steps that are far too large move units to where they output 0 for every training "
        "point. Watch these units turn grey.",
        {
            "classes": 3,
            "points_count": 300,
            "hidden_layers": [40],
            "learning_rate": 5.0,
            "l2": 0.0,
        },
        (_check_dead_units,),
    ),
    "vanishing": Lesson(
        "Vanishing gradients",
        "Six layers of sigmoid units. Each passes on at most a quarter of the gradient; watch how "
        "long the loss stays where it is.",
        {
            "classes": 3,
            "points_count": 300,
            "hidden_layers": [10] * 6,
            "activation": "sigmoid",
            "initialization": "xavier",
            "l2": 0.0,
        },
        (_check_vanishing_gradient, _check_recovery),
    ),
}
"""The lessons by name."""
