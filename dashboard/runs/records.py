"""The runs that are kept: what each was trained with, its curve, its scores and its weights.

Their number and memory are bounded; the oldest that is not pinned goes first.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import param

from dashboard.languages.text import gettext, gettext_noop
from dashboard.runs.curve import ITERATION, X_AXES, RunCurve
from dashboard.shell.colors import CLASS_COLORS
from dashboard.training.history import History, Score
from dashboard.training.run_state import RunState

MAX_RUNS = 40
MAX_PINNED = 20
MAX_BYTES = 64 * 2**20
"""Most memory of the weights, optimiser states and full curves of all kept runs."""

MAX_NAME = 60
"""Most characters of the name of a run."""

DASHES = ("solid", "dashed", "dotted", "dotdash")

LOSS, ACCURACY = "loss", "accuracy"
METRICS = (ACCURACY, LOSS)


class KeptModel(Protocol):
    """What brings a run back exactly."""

    def run_state(self) -> RunState:
        """Return the state to continue from."""
        ...


@dataclass(frozen=True)
class RunStyle:
    """How a run is drawn; no two of the forty have the same colour and the same dash."""

    number: int

    @property
    def color(self) -> str:
        """The colour, "#rrggbb"."""
        return CLASS_COLORS[self.number % len(CLASS_COLORS)]

    @property
    def dash(self) -> str:
        """The name of the dashes of the line."""
        return DASHES[(self.number + self.number // len(CLASS_COLORS)) % len(DASHES)]


@dataclass(frozen=True, eq=False, kw_only=True)
class RunRecord:
    """One run.

    Attributes
    ----------
    number
        Counts the runs of a collection, from 1; 0 is the run in training.
    name
        As shown; may be changed.
    style
        Its colour and dashes.
    settings
        What it was trained with and on: values that JSON can hold, by name.
    backend
        Name of what computed the matrix products.
    iteration, epochs, seconds
        Steps taken, passes over the training samples, and seconds of training.
    curve
        Its curve.
    best_loss, best_accuracy, last
        The best scores on validation samples and the last one; None without scores.
    model
        What brings the run back; None if there was no memory left for it.
    is_pinned, is_shown
        Whether it stays although others go, and whether its curve is drawn.
    """

    number: int
    name: str
    style: RunStyle
    settings: Mapping[str, Any]
    backend: str
    iteration: int
    epochs: float
    seconds: float
    curve: RunCurve
    best_loss: Score | None = None
    best_accuracy: Score | None = None
    last: Score | None = None
    model: KeptModel | None = None
    is_pinned: bool = False
    is_shown: bool = True

    @property
    def seed(self) -> int | None:
        """The seed of the run."""
        return self.settings.get("seed")

    @property
    def nbytes(self) -> int:
        """Memory of what brings the run back, in bytes."""
        return 0 if self.model is None else state_bytes(self.model.run_state())

    def best(self, metric: str) -> Score | None:
        """Return the best score by "loss" or "accuracy"."""
        return self.best_loss if metric == LOSS else self.best_accuracy


def state_bytes(state: RunState) -> int:
    """Return the memory of a state with its fallback and its full curve, in bytes."""
    steps = 0 if state.history is None else 12 * len(state.history)
    return state.nbytes + steps + (state.fallback.nbytes if state.fallback else 0)


def scores_of(history: History) -> dict[str, Score | None]:
    """Return the best and the last scores of a history, by the attributes of a record."""
    return {
        "best_loss": history.best_validation(LOSS),
        "best_accuracy": history.best_validation(ACCURACY),
        "last": history.validation[-1] if history.validation else None,
    }


class RunCollection(param.Parameterized):
    """The kept runs of one pane, and how they are shown."""

    records = param.List([], item_type=RunRecord, doc="The runs, the oldest first.")
    baseline = param.Integer(
        None, allow_None=True, doc="Number of the run that scores are compared with."
    )
    chosen = param.ClassSelector(
        class_=tuple, default=(), doc="Numbers of the two runs that are compared, at most two."
    )
    x_axis = param.Selector(
        default=ITERATION,
        objects=list(X_AXES),
        label=gettext_noop("x axis"),
        doc="Whether curves are drawn over iterations, epochs or seconds of training.",
    )
    metric = param.Selector(default=ACCURACY, objects=list(METRICS), label=gettext_noop("Curve"))
    smoothing = param.Number(
        0.9,
        bounds=(0, 0.999),
        label=gettext_noop("Smoothing"),
        doc="Decay rate per step of the exponential moving average over the training batches.",
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._numbers = itertools.count(1)

    def add(self, **values: Any) -> RunRecord:
        """Keep one more run, with the attributes of `RunRecord`; drop others if need be.

        Number, style and, where none is given, the name are chosen here.
        """
        number = next(self._numbers)
        others = bounded(self.records, MAX_RUNS - 1)
        style = unused_style(others)
        record = RunRecord(
            **{
                "name": gettext("Run {number}", number=number),
                **values,
                "number": number,
                "style": style,
            }
        )
        self._replace([*others, record])
        return record

    def restore(self, records: Sequence[RunRecord]) -> None:
        """Put saved runs before those that are here already, with numbers of their own."""
        kept: list[RunRecord] = []
        for record in records[max(len(records) + len(self.records) - MAX_RUNS, 0) :]:
            others = [*kept, *self.records]
            is_free = record.style.number not in {it.style.number for it in others}
            style = record.style if is_free else unused_style(others)
            kept.append(replace(record, number=next(self._numbers), style=style))
        self._replace([*kept, *self.records])

    def find(self, number: int | None) -> RunRecord | None:
        """Return the run of a number; None when it is not kept any more."""
        return next((record for record in self.records if record.number == number), None)

    def rename(self, number: int, name: str) -> None:
        """Give a run another name; an empty one changes nothing."""
        name = " ".join(name.split())[:MAX_NAME]
        if name:
            self._change(number, name=name)

    def show(self, number: int, is_shown: bool) -> None:
        """Draw the curve of a run, or do not."""
        self._change(number, is_shown=is_shown)

    def pin(self, number: int, is_pinned: bool) -> bool:
        """Keep a run whatever comes, or do not; return False when too many are pinned."""
        pinned = [record for record in self.records if record.is_pinned]
        record = self.find(number)
        if is_pinned and record is not None:
            size = sum(it.nbytes for it in pinned) + record.nbytes
            if len(pinned) >= MAX_PINNED or size > MAX_BYTES:
                return False
        self._change(number, is_pinned=is_pinned)
        return True

    def delete(self, number: int) -> None:
        """Delete a run."""
        self._replace([record for record in self.records if record.number != number])

    def choose(self, number: int, is_chosen: bool) -> None:
        """Choose a run for the comparison of two; the one that was chosen first gives way."""
        others = tuple(it for it in self.chosen if it != number)
        self.chosen = (*others, number)[-2:] if is_chosen else others

    def _change(self, number: int, **values: Any) -> None:
        self.records = [
            replace(record, **values) if record.number == number else record
            for record in self.records
        ]

    def _replace(self, records: list[RunRecord]) -> None:
        records = bounded(records)
        numbers = {record.number for record in records}
        self.param.update(
            records=records,
            baseline=self.baseline if self.baseline in numbers else None,
            # The run in training has the number 0.
            chosen=tuple(number for number in self.chosen if number in numbers or not number),
        )


def unused_style(records: Sequence[RunRecord]) -> RunStyle:
    """Return the first style that none of the runs has."""
    used = {record.style.number for record in records}
    return RunStyle(next(number for number in itertools.count() if number not in used))


def bounded(records: Sequence[RunRecord], most: int = MAX_RUNS) -> list[RunRecord]:
    """Return the runs that are kept, at most so many: the oldest go that are not pinned.

    Where memory is lacking, the oldest of them lose their weights; the newest run keeps its own.
    """
    kept = list(records)
    while len(kept) > most:
        kept.remove(next(it for it in kept if not it.is_pinned))
    size = sum(record.nbytes for record in kept)
    for index, record in enumerate(kept[:-1]):
        if size <= MAX_BYTES:
            break
        if not record.is_pinned:
            size -= record.nbytes
            kept[index] = replace(record, model=None)
    return kept


def differing_settings(records: Sequence[RunRecord]) -> list[str]:
    """Return the names of the settings in which runs differ, in the order of their first run."""
    names = dict.fromkeys(name for record in records for name in record.settings)
    missing = object()
    return [
        name
        for name in names
        if any(
            record.settings.get(name, missing) != records[0].settings.get(name, missing)
            for record in records
        )
    ]


def score_delta(record: RunRecord, baseline: RunRecord | None, metric: str) -> float | None:
    """Return how much greater the best score of a run is than that of the baseline."""
    score, other = record.best(metric), baseline and baseline.best(metric)
    if score is None or other is None or record is baseline:
        return None
    return float(np.float64(getattr(score, metric)) - getattr(other, metric))
