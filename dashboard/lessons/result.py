"""The result of a task as a short text that a student hands in, and its reading.

The text says how the run can be repeated; that it is true is found out by repeating it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np

from dashboard.languages.text import gettext
from dashboard.lessons.lesson import PANES, LessonError
from dashboard.lessons.measures import MEASURES, Observation
from dashboard.lessons.task import Task
from dashboard.report.facts import inkling_version
from dashboard.training.marks import SettingChange
from dashboard.training.scheduled_changes import (
    changes_from_list,
    changes_to_list,
    values_at_start,
)
from dashboard.training.settings import setting_names, shorten
from nn import Network, backend_name
from nn.backends import matrix_product

BEGIN, END = "-----BEGIN INKLING RESULT-----", "-----END INKLING RESULT-----"
LINE = 76
CHECK_LENGTH = 8
TRACED_STEPS = 10
LONGEST_RUN = 1_000_000
"""Training steps of a run that is repeated, at most."""

UNIMPORTANT = ("cache_size", "concurrency")
"""Settings that change no number."""


@dataclass(frozen=True)
class Result:
    """What was handed in.

    Attributes
    ----------
    task
        Digest of the task.
    pane
        Name of the pane.
    settings
        All settings at the start of the run, the seed among them.
    changes
        Settings that were changed during the run: iteration, name, old and new value.
    iteration
        Steps of the run.
    scores
        Values of the measures of the goal, by name.
    trace
        Losses of the first batches.
    weights
        SHA-256 of the weights.
    version, backend, rounding
        Of Inkling; name of what computed; and a digest of its arithmetic.
    """

    task: str
    pane: str
    settings: Mapping[str, Any]
    changes: Sequence[Sequence[Any]]
    iteration: int
    scores: Mapping[str, float]
    trace: Sequence[float]
    weights: str
    version: str
    backend: str
    rounding: str

    def setting_changes(self) -> list[SettingChange]:
        """Return the changes; ValueError if they are none."""
        return changes_from_list(self.changes)


def make_result(
    task: Task, settings: Mapping[str, Any], changes: Sequence[SettingChange], observed: Observation
) -> Result:
    """Return the result of a run that is paused and scored.

    Parameters
    ----------
    task
        Its task.
    settings
        Of the run, by name, as they are now.
    changes
        Of settings during the run.
    observed
        The run.
    """
    names = [*setting_names(PANES[task.pane]), "training_samples"]
    kept = {name: settings[name] for name in names if name in settings and name not in UNIMPORTANT}
    run = observed.run
    return Result(
        task=task.digest,
        pane=task.pane,
        settings=values_at_start(kept, changes),
        changes=changes_to_list(changes),
        iteration=run.iteration,
        scores=scores_of(task, observed),
        trace=[float(loss) for loss in run.history.losses[:TRACED_STEPS]],
        weights=weights_digest(observed.network),
        version=inkling_version(),
        backend=backend_name(),
        rounding=rounding(),
    )


def scores_of(task: Task, observed: Observation, *, quick: bool = False) -> dict[str, float]:
    """Return the values of the measures of a goal, NaN where there is none; or the quick ones."""
    names = [it.name for it in task.goal if not (quick and it.measure.is_slow)]
    values = {name: MEASURES[name].compute(observed) for name in names}
    return {name: math.nan if value is None else float(value) for name, value in values.items()}


def weights_digest(network: Network) -> str:
    """Return the SHA-256 of the weights, in hexadecimal digits."""
    digest = sha256()
    for parameter in network.parameters():
        digest.update(np.ascontiguousarray(parameter).tobytes())
    return digest.hexdigest()


@cache
def rounding() -> str:
    """Return a digest of how products are rounded here.

    Two machines with the same one repeat a run to the bit, as a rule; another one differs in the
    last bits of every step, and after some hundred steps in the first digits.
    """
    generator = np.random.default_rng(0)
    digest = sha256()
    for rows, inner, columns in ((32, 784, 128), (32, 128, 10), (500, 784, 32), (300, 2, 100)):
        a = generator.standard_normal((rows, inner)).astype(np.float32)
        b = generator.standard_normal((inner, columns)).astype(np.float32)
        out = np.empty((rows, columns), np.float32)
        matrix_product(a, b, out)
        digest.update(out.tobytes())
        digest.update(np.exp(out[:, :2]).tobytes())
    return digest.hexdigest()[:12]


def write_result(result: Result) -> str:
    """Return the text of a result, in lines that mail programs leave alone."""
    body = json.dumps(asdict(result), separators=(",", ":"), sort_keys=True)
    lines = [body[start : start + LINE] for start in range(0, len(body), LINE)]
    return "\n".join([BEGIN, *lines, f"check {check_of(body)}", END]) + "\n"


def check_of(body: str) -> str:
    """Return the check of a text, which shows whether it was damaged on its way."""
    return sha256(body.encode()).hexdigest()[:CHECK_LENGTH]


def read_result(text: str, name: str) -> Result:
    """Return the result that a text contains, whatever stands around it.

    Raises
    ------
    LessonError
        There is none, or it was damaged on its way.
    """
    lines = [line.strip() for line in text.splitlines()]
    if lines.count(BEGIN) != 1 or lines.count(END) != 1:
        raise LessonError(
            gettext(
                "{name}: expected one result between “{begin}” and “{end}”.",
                name=name,
                begin=BEGIN,
                end=END,
            )
        )
    inside = lines[lines.index(BEGIN) + 1 : lines.index(END)]
    if not inside or not inside[-1].startswith("check "):
        raise LessonError(
            gettext("{name}: expected the check as the last line of the result.", name=name)
        )
    body = "".join(inside[:-1])
    if check_of(body) != inside[-1].removeprefix("check "):
        raise LessonError(
            gettext(
                "{name}: the text was damaged or changed: it does not fit its check.", name=name
            )
        )
    try:
        values = json.loads(body)
        result = Result(**values)
        _check_types(result)
    except (TypeError, ValueError, RecursionError) as error:
        reason = shorten(str(error), 120)
        raise LessonError(
            gettext("{name}: expected the values of a result: {reason}.", name=name, reason=reason)
        ) from error
    return result


def _check_types(result: Result) -> None:
    texts = (
        *(result.task, result.pane, result.weights, result.version),
        *(result.backend, result.rounding),
    )
    if not all(isinstance(text, str) for text in texts) or result.pane not in PANES:
        raise ValueError(gettext("texts and a pane"))
    if not isinstance(result.settings, dict) or not isinstance(result.scores, dict):
        raise ValueError(gettext("settings and scores by name"))
    if type(result.iteration) is not int or not 0 <= result.iteration <= LONGEST_RUN:
        raise ValueError(gettext("at most {count:,} iterations", count=LONGEST_RUN))
    numbers = [*result.scores.values(), *result.trace]
    if not all(isinstance(it, int | float) for it in numbers) or len(result.trace) > TRACED_STEPS:
        raise ValueError(gettext("numbers"))
    result.setting_changes()
