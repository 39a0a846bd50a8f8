"""A race from a checkpoint: one run has the present settings, another one a setting changed.

Both are trained in lockstep on the same batches, so that only the setting makes the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.languages.text import gettext
from dashboard.runs.trials import Trials, score_last
from dashboard.training.marks import SettingChange
from dashboard.training.run import DivergenceError, Run
from dashboard.training.run_state import RunState
from dashboard.training.trainer import Trainer

REPORTS = 50
"""Times that the progress of a race is told, at most."""

STEPS_AT_A_TIME = 10
"""Steps that one run takes before the other one follows."""


@dataclass(eq=False)
class Racer:
    """One of both runs.

    Attributes
    ----------
    title
        What is different about it.
    run, trainer
        The run, and what trains it.
    fault
        Why it ended early; empty if it did not.
    """

    title: str
    run: Run
    trainer: Trainer[Any]
    fault: str = ""


@dataclass(eq=False)
class Race:
    """Two runs from one state.

    Attributes
    ----------
    start
        The iteration of the state.
    steps
        Steps that each run takes.
    racers
        The run with the present settings, and the other one.
    taken
        Steps that both have taken.
    """

    start: int
    steps: int
    racers: list[Racer] = field(default_factory=list)
    taken: int = 0


async def make_race(
    trials: Trials,
    state: RunState,
    changes: Mapping[str, Any],
    title: str,
    steps: int,
    *,
    before: Mapping[str, Any] | None = None,
) -> Race:
    """Return a race that has not begun.

    Parameters
    ----------
    trials
        Makes the runs.
    state
        Where both begin.
    changes
        The changed setting; empty: both are the same.
    title
        What the second run is called.
    steps
        Steps that each run takes.
    before
        Marked settings of the run that led to the state; others from now on are marked in the
        histories.
    """
    held_out = await trials.held_out()
    race = Race(state.iteration, steps)
    for name, values in ((gettext("present settings"), {}), (title, changes)):
        run = trials.make(trials.settings(**values), state)
        now = run.marked_settings
        for setting, old in (before or {}).items():
            if state.iteration and now[setting] != old:
                run.history.add_change(SettingChange(state.iteration, setting, old, now[setting]))
        race.racers.append(Racer(name, run, trials.trainer(run, held_out)))
    return race


async def run_race(race: Race, progress: Callable[[], None] = lambda: None) -> None:
    """Train both runs in turn, a few steps each, and score both at the end.

    Parameters
    ----------
    race
        From `make_race`.
    progress
        Called a number of times.
    """
    try:
        while race.taken < race.steps:
            steps = min(STEPS_AT_A_TIME, race.steps - race.taken)
            for racer in race.racers:
                if not racer.fault:
                    try:
                        await racer.trainer.train(steps=steps)
                    except DivergenceError as error:
                        racer.fault = str(error)
            told = race.taken * REPORTS // race.steps
            race.taken += steps
            if race.taken * REPORTS // race.steps > told:
                progress()
        for racer in race.racers:
            await score_last(racer.trainer)
        progress()
    finally:
        for racer in race.racers:
            await racer.run.close()
