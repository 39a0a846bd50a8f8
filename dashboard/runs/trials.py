"""Runs that are trained beside that of a pane: with its settings or others, on its samples.

They are trained by the same code as the run of the pane, in slices between which the page answers.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import param

from dashboard.digits.controller import DigitsController
from dashboard.digits.models import StoredModel
from dashboard.digits.state import Origin
from dashboard.digits.training import NETWORK_SETTINGS, describe_settings
from dashboard.digits.training_subset import subset_name_of
from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop, pgettext
from dashboard.plane.controller import PlaneController
from dashboard.plane.dataset import inputs_of
from dashboard.plane.settings import PlaneSettings
from dashboard.plane.training import (
    PLANE_SETTINGS,
    StoredPlaneRun,
    make_run,
)
from dashboard.plane.training import describe_settings as describe_plane_settings
from dashboard.runs.records import KeptModel
from dashboard.training.block_run import EVERY_EPOCH, BlockRun
from dashboard.training.checkpoint import settings_values
from dashboard.training.run import DivergenceError, Run
from dashboard.training.run_state import RunState
from dashboard.training.settings import (
    LearningSettings,
    SettingError,
    TrainingSettings,
    format_value,
    shorten,
)
from dashboard.training.trainer import Clock, Execute, HeldOut, TimeBudget, Trainer
from nn import load_pretrained

LIVE = ("learning_rate", "batch_size", "optimizer", "dropout", "l1", "l2")
"""Settings that may change during a run, in both panes."""

SWITCH = {gettext_noop("on"): True, gettext_noop("off"): False}
"""What is typed for a setting that is on or off, in English or in the language of the page."""


class Trials(Protocol):
    """Makes runs with the settings and the samples of one pane."""

    controller: Any
    changeable: tuple[str, ...]
    """Settings that a fresh run may have another value of."""
    live: tuple[str, ...]
    """Settings that a run may have another value of from a checkpoint on."""
    epochs: int
    """A sensible length of a run."""

    def settings(self, **changes: Any) -> LearningSettings:
        """Return a copy of the settings of the pane, with some of them changed."""
        ...

    def make(self, settings: Any, state: RunState | None = None) -> Run:
        """Return a run: with fresh weights, or one that continues from a state."""
        ...

    def make_present(self, settings: Any) -> Run:
        """Return a run from where Train would begin one: fresh weights or the pretrained ones."""
        ...

    async def held_out(self) -> HeldOut | None:
        """Return the samples that runs are scored on."""
        ...

    def trainer(self, run: Any, held_out: HeldOut | None, **options: Any) -> Trainer[Any]:
        """Return what trains a run."""
        ...

    def keep(self, run: Any) -> tuple[dict[str, Any], KeptModel]:
        """Return the settings of a run for its record, and what brings it back."""
        ...


class DigitsTrials:
    """Runs on the opened data set of the digits pane; see `Trials`.

    Parameters
    ----------
    controller
        Of the digits pane.
    clock, execute, time_budget
        As `Trainer` takes them.
    """

    changeable: tuple[str, ...] = (
        *("learning_rate", "batch_size", "optimizer", "dropout", "l1", "l2", "augment"),
        *("hidden_layers", "activation", "initialization", "biases", "architecture"),
        *("label_smoothing", "weight_average"),
    )
    live: tuple[str, ...] = (*LIVE, "augment", "label_smoothing")
    epochs = 3

    def __init__(
        self, controller: DigitsController, clock: Clock, execute: Execute, time_budget: TimeBudget
    ) -> None:
        self.controller = controller
        self._options: dict[str, Any] = trainer_options(clock, execute, time_budget)

    def settings(self, **changes: Any) -> TrainingSettings:
        """Return a copy of the settings, with some changed; see `Trials`."""
        return TrainingSettings(**{**settings_values(self.controller.state), **changes})

    def make(self, settings: TrainingSettings, state: RunState | None = None) -> BlockRun:
        """Return a run; see `Trials`."""
        data = self.controller.data
        return BlockRun(
            settings,
            data.source,
            classes=len(data.class_names),
            validations=EVERY_EPOCH,
            state=state,
        )

    def make_present(self, settings: TrainingSettings) -> BlockRun:
        """Return a run from where Train would begin one; see `Trials`."""
        state, data = self.controller.state, self.controller.data
        if state.origin == Origin.PRETRAINED and state.fine_tune:
            network = load_pretrained(state.pretrained_model)
            return BlockRun(settings, data.source, network=network, validations=EVERY_EPOCH)
        return self.make(settings)

    async def held_out(self) -> HeldOut | None:
        """Return the validation samples; None, with a notice, if they cannot be fetched."""
        return await self.controller.training.fetch_validation(self.controller.data)

    def trainer(self, run: BlockRun, held_out: HeldOut | None, **options: Any) -> Trainer[BlockRun]:
        """Return what trains a run; see `Trials`."""
        return Trainer(run, validation=held_out, **self._options, **options)

    def keep(self, run: BlockRun) -> tuple[dict[str, Any], KeptModel]:
        """Return the settings of a run and what brings it back; see `Trials`."""
        data, state = self.controller.data, self.controller.state
        settings = settings_values(run.settings)
        built = {name: settings[name] for name in NETWORK_SETTINGS}
        origin = Origin.FINE_TUNED if state.origin == Origin.PRETRAINED else state.origin
        stored = StoredModel(
            number=0,
            record=run.state(fallback=True),
            origin=origin,
            data_set=data.name,
            training_samples=subset_name_of(data),
            pretrained_model=state.pretrained_model,
            built_settings=built if origin == Origin.FRESH else {"seed": settings["seed"]},
            settings=settings,
        )
        described = describe_settings(
            run,
            settings=settings,
            built_settings=stored.built_settings,
            data_set=stored.data_set,
            training_samples=stored.training_samples,
            origin=origin,
        )
        return described, stored


class PlaneTrials:
    """Runs on the points of the plane pane, which are the same for all seeds; see `Trials`.

    Parameters
    ----------
    controller
        Of the plane pane.
    clock, execute, time_budget
        As `Trainer` takes them.
    """

    changeable: tuple[str, ...] = (
        *LIVE,
        *("hidden_layers", "activation", "initialization", "weight_noise", "biases"),
    )
    live: tuple[str, ...] = LIVE
    epochs = 200

    def __init__(
        self, controller: PlaneController, clock: Clock, execute: Execute, time_budget: TimeBudget
    ) -> None:
        self.controller = controller
        self._options = {
            **trainer_options(clock, execute, time_budget), "validation_limit": None
        }  # fmt: skip

    def settings(self, **changes: Any) -> PlaneSettings:
        """Return a copy of the settings, with some changed; see `Trials`."""
        state = self.controller.state
        return PlaneSettings(**{name: getattr(state, name) for name in PLANE_SETTINGS} | changes)

    def make(self, settings: PlaneSettings, state: RunState | None = None) -> Run:
        """Return a run; see `Trials`."""
        run = make_run(settings, self.controller.state.points)
        if state is not None:
            run.load_state(state)
        return run

    def make_present(self, settings: PlaneSettings) -> Run:
        """Return a run with fresh weights; see `Trials`."""
        return self.make(settings)

    async def held_out(self) -> HeldOut | None:
        """Return the test points, with which this pane validates; None if there are none."""
        state = self.controller.state
        return inputs_of(state.points.test, state.inputs) if len(state.points.test) else None

    def trainer(self, run: Run, held_out: HeldOut | None, **options: Any) -> Trainer[Any]:
        """Return what trains a run; see `Trials`."""
        return Trainer(run, validation=held_out, **self._options, **options)

    def keep(self, run: Any) -> tuple[dict[str, Any], KeptModel]:
        """Return the settings of a run and what brings it back; see `Trials`."""
        values = {name: getattr(run.settings, name) for name in PLANE_SETTINGS}
        data = self.controller.state.points
        stored = StoredPlaneRun(values, data, run.state(fallback=True))
        return describe_plane_settings(run, values, data), stored


def trainer_options(clock: Clock, execute: Execute, time_budget: TimeBudget) -> dict[str, Any]:
    """Return the parameters of the trainers of trials, of which nobody watches snapshots."""
    return {
        "publish": lambda _snapshot: None,
        "clock": clock,
        "execute": execute,
        "time_budget": replace(time_budget, snapshot_seconds=math.inf),
    }


async def train_to_end(trainer: Trainer[Any], epochs: int) -> str:
    """Train a run for so many epochs in all, and score its last weights.

    Returns
    -------
    str
        Why it ended earlier; empty if it did not.
    """
    fault = ""
    try:
        await trainer.train(epochs=epochs)
    except DivergenceError as error:
        fault = str(error)
    await score_last(trainer)
    return fault


async def score_last(trainer: Trainer[Any]) -> None:
    """Score the present weights of a run, unless they are scored already."""
    run, scores = trainer.run, trainer.run.history.validation
    if not scores or scores[-1].iteration != run.iteration:
        run.validation_due = True
        await trainer.train(steps=0)


def changed_settings(trials: Trials, name: str, text: str) -> dict[str, Any]:
    """Return one changed setting from what was typed for it.

    Raises
    ------
    SettingError
        The text stands for no value of the setting, or the settings are beyond the budget with it.
    """
    state = trials.controller.state
    if isinstance(state.param[name], param.Boolean):
        words = {**{gettext(word): value for word, value in SWITCH.items()}, **SWITCH}
        if text.strip() not in words:
            raise SettingError(
                gettext(
                    "{setting} is on or off; found “{found}”.",
                    setting=label_of(trials, name),
                    found=shorten(text),
                )
            )
        value: Any = words[text.strip()]
    else:
        value = state.read(name, text)
    trials.settings(**{name: value})
    return {name: value}


def label_of(trials: Trials, name: str) -> str:
    """Return the label of a setting."""
    return gettext(trials.controller.state.param[name].label)


def value_text(value: Any) -> str:
    """Return the value of a setting as the page shows it; an empty one is “none”."""
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    if isinstance(value, float | np.floating):
        value = float(value)
        return format_number(value, "g" if float(f"{value:g}") == value else "")
    return format_value(value) or pgettext("value of a setting", "none")
