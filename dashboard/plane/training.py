"""Training in the plane pane: the run, the points it learns from, and the tasks around it.

All collaborators of the pane's controller share one `PlaneTraining`; it alone replaces the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from dashboard.plane.dataset import InputSamples, PlaneData, inputs_of, make_data, training_samples
from dashboard.plane.run import PlaneRun
from dashboard.plane.settings import PlaneSettings
from dashboard.plane.state import PlaneState
from dashboard.shell.notices import Notice
from dashboard.training.background_tasks import BackgroundTasks
from dashboard.training.snapshot import Snapshot
from dashboard.training.trainer import Clock, Execute, TimeBudget, Trainer
from dashboard.training.training_loop import TrainingLoop

NO_POINTS = "There are no training points. Paint some, or choose a data set."


class PlaneTraining:
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
    trainer, training_loop
        They train the run while `state.running` is set, or single steps are wanted.
    is_changing_settings
        Whether a command changes settings, after which it replaces the run itself.
    """

    def __init__(
        self,
        state: PlaneState,
        publish: Callable[[Snapshot], None],
        *,
        clock: Clock,
        execute: Execute,
        time_budget: TimeBudget | None = None,
    ) -> None:
        self.state = state
        self.is_changing_settings = False
        self._publish_snapshot = publish
        self._is_closed = False
        self._background_tasks = BackgroundTasks(self._background_task_failed)
        if state.points is None:
            state.points = make_data(state)
        self.trainer: Trainer[PlaneRun] = Trainer(
            make_run(state, state.points),
            validation=self._test_samples(),
            publish=self._publish,
            clock=clock,
            execute=execute,
            validation_limit=None,
            time_budget=time_budget,
        )
        self.training_loop = TrainingLoop(state, self.trainer, self._background_tasks)

    def replace_run(self) -> None:
        """Begin a new run with fresh weights on the points of the state."""
        self.adopt_run(make_run(self.state, self.state.points))

    def adopt_run(self, run: PlaneRun) -> None:
        """Put another run on the points of the state in place of the present one.

        Training that is under way continues with the new run.
        """
        self.trainer.stop()
        self.training_loop.forget_steps()
        self.trainer.adopt(run, self._test_samples())
        self.show_run()
        self.stop_without_points()
        if self.state.running:
            self.training_loop.ensure()

    def show_run(self) -> None:
        """Let the state show the whole run as it is now, without checkpoint or ablated units."""
        self.state.param.update(
            history=self.trainer.run.history, shown_checkpoint=None, ablated=frozenset()
        )
        self.publish()

    def train_on(self, data: PlaneData) -> None:
        """Continue the run with other points of the same classes."""
        self.state.points = data
        self.trainer.validation = self._test_samples()
        samples = training_samples(data.train, self.state.inputs)
        run = self.trainer.run
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

    def between_slices(self, change: Callable[[], None]) -> None:
        """Change the run now, or at the end of the slice that is being computed."""
        if self.training_loop.is_idle:
            change()
        else:
            self.trainer.run.call_soon(change)

    @contextmanager
    def changing_settings(self) -> Iterator[None]:
        """Change settings without the effects that the same change at the page has."""
        before, self.is_changing_settings = self.is_changing_settings, True
        try:
            yield
        finally:
            self.is_changing_settings = before

    def publish(self) -> None:
        """Publish a snapshot; call it only between slices."""
        self._publish(self.trainer.snapshot())

    def _publish(self, snapshot: Snapshot) -> None:
        if not self._is_closed:
            self._publish_snapshot(snapshot)

    def notify(self, text: str, kind: str = "info") -> None:
        """Show a message of the kind "info", "warning" or "error"."""
        if not self._is_closed:
            self.state.notice = Notice(text, kind)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a background task; its failure is shown as a notice."""
        self._background_tasks.begin(work)

    def shut(self) -> None:
        """Stop training and publishing immediately; `close` follows."""
        self._is_closed = True
        self.training_loop.shut()

    async def close(self) -> None:
        """Stop training and wait for the end of all tasks."""
        self.shut()
        await self.trainer.run.close()
        await self._background_tasks.close()

    def _test_samples(self) -> InputSamples:
        return inputs_of(self.state.points.test, self.state.inputs)

    def _background_task_failed(self, task: asyncio.Task[Any], error: BaseException) -> None:
        if self.training_loop.is_training(task):
            self.training_loop.forget_steps()
            self.state.running = False
        self.notify(f"Internal error in a background task: {error!r}", "error")


def make_run(settings: PlaneSettings, data: PlaneData) -> PlaneRun:
    """Make a run with fresh weights."""
    return PlaneRun(settings, training_samples(data.train, settings.inputs), data.classes)
