"""Repeats the run of a result that was handed in, and says whether the result holds.

On the same arithmetic everything must be equal to the bit; elsewhere, for example for a result from
a browser that is checked on a server, within a tolerance, and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.lessons.headless import make_training
from dashboard.lessons.lesson import LessonError, make_settings, read_settings
from dashboard.lessons.measures import MEASURES
from dashboard.lessons.result import Result, rounding, scores_of, weights_digest
from dashboard.lessons.task import Task
from dashboard.runs.trials import score_last
from dashboard.training.run import DivergenceError
from dashboard.training.settings import setting_names
from dashboard.training.trainer import Clock
from data_cache import DataSet
from nn import backend_name

TRACE_TOLERANCE = 1e-3
"""Relative, of the losses of the first steps on another arithmetic."""

SHARE_TOLERANCE = 0.02
"""Of accuracies and differences of them, on another arithmetic: ten of 500 digits."""

TOLERANCE = 0.1
"""Relative, of other measures."""


@dataclass(frozen=True)
class Verdict:
    """Whether a result holds.

    Attributes
    ----------
    faults
        Why it does not, in sentences; empty: it holds.
    is_exact
        Whether it was compared to the bit.
    scores
        Of the repeated run, by name; empty if it was not repeated.
    """

    faults: tuple[str, ...]
    is_exact: bool
    scores: Mapping[str, float]

    @property
    def holds(self) -> bool:
        """Whether the result holds."""
        return not self.faults


async def check_result(result: Result, task: Task, digits: DataSet, clock: Clock) -> Verdict:
    """Repeat a run, and return whether its result holds.

    Parameters
    ----------
    result
        That was handed in.
    task
        That it is to solve.
    digits
        The bundled digits.
    clock
        A monotonic clock, in seconds.
    """
    is_exact = (result.backend, result.rounding) == (backend_name(), rounding())
    faults = _rule_faults(result, task)
    if faults:
        return Verdict(tuple(faults), is_exact, {})
    changes = result.setting_changes()
    training = await make_training(task.pane, result.settings, digits, clock, changes=changes)
    run = training.observation.run
    try:
        await training.trainer.train(steps=result.iteration)
        await score_last(training.trainer)
    except DivergenceError as error:
        return Verdict((gettext("The repeated run diverged: {error}", error=error),), is_exact, {})
    finally:
        await run.close()
    scores = scores_of(task, training.observation)
    faults += _trace_faults(result, np.array(run.history.losses[: len(result.trace)]), is_exact)
    faults += _score_faults(result, scores, is_exact)
    if is_exact and weights_digest(training.observation.network) != result.weights:
        faults.append(gettext("The weights of the repeated run are others."))
    for condition in task.goal:
        if not condition.is_met_by(scores[condition.name]):
            found = condition.measure.format(scores[condition.name])
            faults.append(
                gettext(
                    "The goal is not met: {condition}; found {found}.",
                    condition=condition.text(),
                    found=found,
                )
            )
    return Verdict(tuple(faults), is_exact, scores)


def _rule_faults(result: Result, task: Task) -> list[str]:
    """Return what is wrong before anything is repeated."""
    if result.task != task.digest or result.pane != task.pane:
        return [
            gettext(
                "It belongs to another task ({found}; this one is {task}).",
                found=result.task,
                task=task.digest,
            )
        ]
    try:
        values = read_settings(dict(result.settings), task.pane, gettext("settings"))
        settings = make_settings(task.pane, values, gettext("settings"))
    except LessonError as error:
        return [str(error)]
    faults = []
    missing = [name for name in (*task.fixed, "seed") if name not in values]
    if missing:
        faults.append(gettext("Missing settings: {names}.", names=", ".join(missing)))
    changes, known = result.setting_changes(), setting_names(type(settings))
    if any(it.name not in known or it.iteration > result.iteration for it in changes):
        faults.append(gettext("It names changes of settings that the run cannot have had."))
    broken = task.broken(values, [change.name for change in changes])
    if broken:
        faults.append(gettext("Fixed settings were changed: {names}.", names=", ".join(broken)))
    if set(result.scores) != {condition.name for condition in task.goal}:
        faults.append(gettext("The scores are not those of the goal."))
    if not result.iteration or not result.trace:
        faults.append(gettext("The run has no training step."))
    return faults


def _trace_faults(result: Result, losses: Any, is_exact: bool) -> list[str]:
    handed_in = np.array(result.trace, np.float64)
    tolerance = 0.0 if is_exact else TRACE_TOLERANCE
    if len(losses) == len(handed_in) and np.allclose(losses, handed_in, tolerance, 0.0):
        return []
    return [
        gettext("The first steps of the repeated run have other losses: another seed or setting.")
    ]


def _score_faults(result: Result, scores: Mapping[str, float], is_exact: bool) -> list[str]:
    faults = []
    for name, value in scores.items():
        measure, said = MEASURES[name], result.scores[name]
        if is_exact or measure.unit == "count":
            is_same = said == value
        elif measure.unit in ("%", "points"):
            is_same = abs(said - value) <= SHARE_TOLERANCE
        else:
            is_same = abs(said - value) <= TOLERANCE * max(abs(value), 1e-3)
        if not is_same:
            text = gettext_noop("{quantity}: handed in {said}, repeated {repeated}.")
            if is_exact:
                text = gettext_noop(
                    "{quantity}: handed in {said}, repeated {repeated} (to the bit)."
                )
            faults.append(
                gettext(
                    text,
                    quantity=measure.title(),
                    said=measure.format(said),
                    repeated=measure.format(value),
                )
            )
    return faults


def describe_tolerance() -> str:
    """Return in words how results from another arithmetic are compared."""
    return gettext(
        "accuracies within {points} points, other numbers within {percent}, the first losses "
        "within {losses}; the weights are not compared",
        points=format_number(100 * SHARE_TOLERANCE, "g"),
        percent=format_percent(TOLERANCE, 0),
        losses=format_percent(TRACE_TOLERANCE, 1),
    )
