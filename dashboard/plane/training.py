"""Training in the plane pane: the run, the points it learns from, and the tasks around it.

All collaborators of the pane's controller share one `PlaneTraining`; it alone replaces the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dashboard.languages.text import gettext_noop
from dashboard.plane.dataset import (
    OWN,
    InputSamples,
    PlaneData,
    inputs_of,
    make_data,
    training_samples,
)
from dashboard.plane.run import PlaneRun
from dashboard.plane.settings import PlaneSettings
from dashboard.plane.state import PlaneState
from dashboard.training.pane_training import LeftRun, PaneTraining
from dashboard.training.run_state import RunState
from dashboard.training.settings import setting_names
from dashboard.training.snapshot import Snapshot
from dashboard.training.trainer import Clock, Execute, TimeBudget


@dataclass(frozen=True, eq=False)
class StoredPlaneRun:
    """A run that was replaced, and what brings it back exactly.

    Attributes
    ----------
    values
        Its settings by name.
    data
        The points that it was trained on.
    state
        The state of the run.
    """

    values: Mapping[str, Any]
    data: PlaneData
    state: RunState

    def run_state(self) -> RunState:
        """Return the state to continue from."""
        return self.state


PLANE_SETTINGS = setting_names(PlaneSettings)

GENERATION_SETTINGS = ("points_count", "noise", "arm_angle", "train_share")
"""Settings of generated points alone."""

NO_POINTS = gettext_noop("There are no training points. Paint some, or choose a data set.")


class PlaneTraining(PaneTraining[PlaneRun]):
    """The run in training and its points.

    Parameters
    ----------
    state
        Shared with the views.
    publish
        Called with every snapshot between two slices of training, until `shut`.
    clock
        A monotonic clock, in seconds.
    execute
        Computes a slice of training: in line, or in a thread.
    time_budget
        Length of slices and interval of snapshots; None: the trainer's default.

    Attributes
    ----------
    is_changing_settings
        Whether a command changes settings, after which it replaces the run itself.
    """

    state: PlaneState

    def __init__(
        self,
        state: PlaneState,
        publish: Callable[[Snapshot], None],
        *,
        clock: Clock,
        execute: Execute,
        time_budget: TimeBudget | None = None,
    ) -> None:
        self.is_changing_settings = False
        self.execute = execute
        self._made_with: dict[str, Any] = {}
        if state.points is None:
            state.points = make_data(state)
        super().__init__(
            state,
            make_run(state, state.points),
            publish,
            validation=inputs_of(state.points.test, state.inputs),
            clock=clock,
            execute=execute,
            validation_limit=None,
            time_budget=time_budget,
        )
        self._note_settings()

    def replace_run(self) -> None:
        """Begin a new run with fresh weights on the points of the state."""
        self.adopt_run(make_run(self.state, self.state.points))

    def adopt_run(self, run: PlaneRun) -> None:
        """Put another run on the points of the state in place of the present one.

        Training that is under way continues with the new run.
        """
        self.trainer.stop()
        self.training_loop.forget_steps()
        self._leave(self.trainer.run)
        self.state.keep_curve(self.trainer.run.history)
        self.state.scheduled_changes = []
        self.trainer.adopt(run, self._test_samples())
        self._note_settings()
        self.show_run()
        self.stop_without_points()
        if self.state.running:
            self.training_loop.ensure()

    def current_settings(self) -> dict[str, Any]:
        """Return what the run in training is trained with and on."""
        return describe_settings(self.trainer.run, self._made_with, self._data)

    def _note_settings(self) -> None:
        """Note what the run is made with and on, because the settings change before it is left."""
        self._made_with = {name: getattr(self.state, name) for name in PLANE_SETTINGS}
        self._data = self.state.points

    def _leave(self, run: PlaneRun) -> None:
        data, values = self._data, {**self._made_with, **run.marked_settings}
        self.run_left(
            LeftRun(
                run,
                describe_settings(run, self._made_with, data),
                lambda: StoredPlaneRun(values, data, run.state(fallback=True)),
            )
        )

    def show_run(self) -> None:
        """Let the state show the whole run as it is now, without checkpoint or ablated units."""
        self.state.param.update(
            history=self.trainer.run.history, shown_checkpoint=None, ablated=frozenset()
        )
        self.publish()

    def train_on(self, data: PlaneData) -> None:
        """Continue the run with other points of the same classes."""
        self.state.points = data
        self._note_settings()
        self.trainer.validation = self._test_samples()
        samples = training_samples(data.train, self.state.inputs)
        run = self.trainer.run
        # When only test points differ, the order of the batches stays as it is.
        if run.has_pending_calls or not run.has_samples(samples):
            if run.iteration:
                run.history.note_intervention(
                    gettext_noop("points that were changed during the run")
                )
            self.between_slices(lambda: run.replace_samples(samples))
        self.stop_without_points()

    def stop_without_points(self) -> bool:
        """Pause with a notice if there are no training points; return whether that is so."""
        if len(self.state.points.train):
            return False
        self.state.running = False
        self.training_loop.forget_steps()
        self.notify(NO_POINTS, "warning")
        return True

    @contextmanager
    def changing_settings(self) -> Iterator[None]:
        """Change settings without the effects that the same change at the page has."""
        before, self.is_changing_settings = self.is_changing_settings, True
        try:
            yield
        finally:
            self.is_changing_settings = before

    def _test_samples(self) -> InputSamples:
        return inputs_of(self.state.points.test, self.state.inputs)


def describe_settings(
    run: PlaneRun, made_with: Mapping[str, Any], data: PlaneData
) -> dict[str, Any]:
    """Return the settings that a run was trained with, by name.

    Parameters
    ----------
    run
        The run.
    made_with
        All settings, when the run began.
    data
        The points; of a person's own points the settings of generated ones are left out.
    """
    values = {**made_with, **run.marked_settings}
    if data.origin == OWN:
        values = {name: it for name, it in values.items() if name not in GENERATION_SETTINGS}
        values["shape"] = OWN
        values["points_count"] = len(data.train)
    return values


def make_run(settings: PlaneSettings, data: PlaneData) -> PlaneRun:
    """Make a run with fresh weights."""
    return PlaneRun(settings, training_samples(data.train, settings.inputs), data.classes)
