"""The training of a lesson without a page: for the tests of its claims, and to check results.

It trains by the same code as the page, in steps whose number does not depend on the time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.digits.datasets import InMemoryDataSet, OpenedDataSet
from dashboard.digits.training_subset import with_training_samples
from dashboard.lessons.lesson import DIGITS, Claim, Lesson, training_samples_of
from dashboard.lessons.measures import MEASURES, Condition, Observation
from dashboard.plane.dataset import inputs_of, make_data
from dashboard.plane.settings import PlaneSettings
from dashboard.plane.training import make_run
from dashboard.runs.trials import score_last
from dashboard.training.block_run import BlockRun
from dashboard.training.marks import SettingChange
from dashboard.training.run import DivergenceError
from dashboard.training.scheduled_changes import ScheduledChanges
from dashboard.training.settings import TrainingSettings
from dashboard.training.trainer import Clock, TimeBudget, Trainer
from data_cache import DataSet

STEPS_BETWEEN_CHECKS = 20
"""Training steps between two checks of the conditions, at most."""


@dataclass(eq=False)
class LessonTraining:
    """A run of a lesson that can be trained.

    Attributes
    ----------
    trainer
        Trains it.
    observation
        The run and its samples.
    """

    trainer: Trainer[Any]
    observation: Observation

    async def train(self, conditions: Sequence[Condition], epochs: int) -> bool:
        """Train until all conditions hold, or so many epochs are complete; return which.

        A run that diverges is not trained on; the weights at the end are scored.
        """
        try:
            return await self._train(conditions, epochs)
        finally:
            await score_last(self.trainer)

    async def _train(self, conditions: Sequence[Condition], epochs: int) -> bool:
        run = self.observation.run
        try:
            if not conditions:
                await self.trainer.train(epochs=epochs)
            while run.epoch < epochs and not self._hold(conditions):
                await self.trainer.train(steps=STEPS_BETWEEN_CHECKS)
        except DivergenceError:
            return bool(conditions) and self._hold(conditions)
        return self._hold(conditions)

    def _hold(self, conditions: Sequence[Condition]) -> bool:
        return all(condition.holds(self.observation) for condition in conditions)


class ReplayedDigits(TrainingSettings, ScheduledChanges):
    """Settings on digits that change by themselves during the run."""


class ReplayedPoints(PlaneSettings, ScheduledChanges):
    """Settings on points that change by themselves during the run."""


async def make_training(
    pane: str,
    settings: Mapping[str, Any],
    digits: DataSet,
    clock: Clock,
    *,
    changes: Sequence[SettingChange] = (),
) -> LessonTraining:
    """Return a fresh run of a pane with some settings.

    Parameters
    ----------
    pane
        Its name.
    settings
        By name; others have their defaults.
    digits
        The data set of the digits.
    clock
        A monotonic clock, in seconds; it changes no number.
    changes
        Of settings, which the run makes by itself.
    """
    budget = TimeBudget(slice_seconds=1.0, snapshot_seconds=math.inf)
    common: dict[str, Any] = {
        "publish": lambda _snapshot: None, "clock": clock, "time_budget": budget
    }  # fmt: skip
    if pane == DIGITS:
        whole = InMemoryDataSet(digits)
        data: OpenedDataSet = await with_training_samples(whole, training_samples_of(settings))
        values = {name: it for name, it in settings.items() if name != "training_samples"}
        run = BlockRun(ReplayedDigits(**values, scheduled_changes=list(changes)), data.source)
        held_out = await data.part("validation")
        trainer: Trainer[Any] = Trainer(run, validation=held_out, **common)
        test = await data.part("test")
        return LessonTraining(trainer, Observation(run, held_out, test))
    plane = ReplayedPoints(**settings, scheduled_changes=list(changes))
    points = make_data(plane)
    plane_run = make_run(plane, points)
    test_points = inputs_of(points.test, plane.inputs) if len(points.test) else None
    trainer = Trainer(plane_run, validation=test_points, validation_limit=None, **common)
    return LessonTraining(trainer, Observation(plane_run, test_points, test_points))


class ClaimValues:
    """The values that the claims of a lesson are about, for one seed.

    Parameters
    ----------
    lesson
        Its steps are trained when a claim asks for them, each once.
    seed
        Of all runs.
    digits
        The data set of the digits.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(self, lesson: Lesson, seed: int, digits: DataSet, clock: Clock) -> None:
        self._lesson = lesson
        self._seed = seed
        self._digits = digits
        self._clock = clock
        self._trained: dict[int, tuple[Observation, bool]] = {}

    async def of(self, claim: Claim) -> float:
        """Return the value of a claim; NaN where a measure has none."""
        value = await self._measure(claim.measure, claim.step)
        if claim.minus_step is not None:
            return value - await self._measure(claim.minus or claim.measure, claim.minus_step)
        return value - await self._measure(claim.minus, claim.step) if claim.minus else value

    async def reached(self, step: int) -> bool:
        """Return whether what a step waits for has happened in its run."""
        return (await self._train(step))[1]

    async def _measure(self, name: str, step: int) -> float:
        observation, _reached = await self._train(step)
        value = MEASURES[name].compute(observation)
        return math.nan if value is None else value

    async def _train(self, step: int) -> tuple[Observation, bool]:
        number = self.run_of(step)
        if number not in self._trained:
            run = self._lesson.steps[number - 1].run
            assert run is not None
            training = await make_training(
                self._lesson.pane, {**run.settings, "seed": self._seed}, self._digits, self._clock
            )
            reached = await training.train(run.pause_when, run.epochs)
            await training.observation.run.close()
            self._trained[number] = (training.observation, reached)
        return self._trained[number]

    def run_of(self, step: int) -> int:
        """Return the number of the step whose run is there in a step."""
        return max(
            number
            for number in range(1, step + 1)
            if self._lesson.steps[number - 1].run is not None
        )


def is_kept(claim: Claim, values: Sequence[float]) -> bool:
    """Return whether the values of some seeds keep the bounds of a claim."""
    compared = values if claim.in_every_seed else [sum(values) / len(values)]
    low = -math.inf if claim.at_least is None else claim.at_least
    high = math.inf if claim.at_most is None else claim.at_most
    return all(low <= value <= high for value in compared)
