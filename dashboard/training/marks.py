"""What happened to a run at an iteration: settings that changed, and divergences.

Charts and the exported curve show them, so that a bend in a curve has its reason beside it.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import Any

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop

MARKED_SETTINGS = {
    "learning_rate": gettext_noop("learning rate"),
    "batch_size": gettext_noop("batch size"),
    "optimizer": gettext_noop("optimiser"),
    "dropout": gettext_noop("dropout"),
    "l1": gettext_noop("L1 penalty"),
    "l2": gettext_noop("L2 penalty"),
    "augment": gettext_noop("augmentation"),
    "label_smoothing": gettext_noop("label smoothing"),
    "weight_average": gettext_noop("weight average"),
}
"""The settings whose changes are marked, with their names in sentences."""

EXPLODED = "exploded to"
"""Begins the reason of a divergence that ends with the loss."""

Value = float | int | str


@dataclass(frozen=True)
class SettingChange:
    """A setting that changed during a run.

    Attributes
    ----------
    iteration
        Steps taken with the old value and those before; the next step has the new value.
    name
        Of the setting, one of `MARKED_SETTINGS`.
    old, new
        Its values.
    """

    iteration: int
    name: str
    old: Value
    new: Value

    def __post_init__(self) -> None:
        if self.name not in MARKED_SETTINGS:
            raise ValueError(f"expected a change of a marked setting, found {self.name!r}")
        _check_iteration(self.iteration)

    def text(self) -> str:
        """Return the change in words: “learning rate 0.002 → 0.01 at iteration 1,200”."""
        old, new = _format(self.old), _format(self.new)
        return gettext(
            "{setting} {old} → {new} at iteration {iteration}",
            setting=gettext(MARKED_SETTINGS[self.name]),
            old=old,
            new=new,
            iteration=format_number(self.iteration),
        )


@dataclass(frozen=True, eq=False)
class Divergence:
    """Steps that diverged, and were taken back.

    Attributes
    ----------
    iteration
        The step at which it was noticed.
    fallback
        The iteration whose weights the run returned to, before `iteration`.
    reason
        What was wrong with the loss, as the end of a sentence that begins with “the loss”.
    losses, accuracies
        Of the steps after `fallback`, (steps,) float32; the last one is left out if it is not a
        finite number.
    """

    iteration: int
    fallback: int
    reason: str
    losses: array[float] = field(default_factory=lambda: array("f"))
    accuracies: array[float] = field(default_factory=lambda: array("f"))

    def __post_init__(self) -> None:
        _check_iteration(self.fallback)
        steps = self.iteration - self.fallback
        counts = {len(self.losses), len(self.accuracies)}
        if len(counts) != 1 or not counts <= {steps - 1, steps}:
            raise ValueError(
                f"expected the values of {steps} steps after iteration {self.fallback}, of the "
                f"last one perhaps none; found {sorted(counts)}"
            )
        if not all(map(math.isfinite, (*self.losses, *self.accuracies))):
            raise ValueError("expected finite values of a divergence, found others")

    def text(self) -> str:
        """Return in words what happened, and which weights were restored."""
        return gettext(
            "diverged at iteration {iteration}: the loss {reason}; back to the weights of "
            "iteration {fallback}",
            iteration=format_number(self.iteration),
            reason=loss_fault(self.reason),
            fallback=format_number(self.fallback),
        )


def loss_fault(reason: str) -> str:
    """Return the reason of a divergence, which is kept in English, in the current language."""
    if reason.startswith(EXPLODED):
        return gettext("exploded to {loss}", loss=reason.removeprefix(EXPLODED).strip())
    return gettext(reason)


def _check_iteration(value: Any) -> None:
    if type(value) is not int or value < 0:
        raise ValueError(f"expected an iteration as a whole number from 0, found {value!r}")


def _format(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
