"""The workbench of the spiral controller: its run, its points, and how either is replaced.

The commands that people give stand on it, each kind in a module of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from dashboard.plane.dataset import (
    InputSamples,
    PlaneData,
    inputs_of,
    make_data,
    samples_to_train_on,
)
from dashboard.plane.inspection import without_units
from dashboard.plane.run import PlaneRun
from dashboard.plane.settings import PlaneSettings
from dashboard.plane.state import PlaneState
from dashboard.plane.timeline import Timeline
from dashboard.shell.notices import Notice
from dashboard.training.background_tasks import BackgroundTasks
from dashboard.training.run_state import RunState
from dashboard.training.snapshot import Snapshot
from dashboard.training.trainer import Clock, Execute, TimeBudget, Trainer
from dashboard.training.training_loop import TrainingLoop
from data_cache import DataError
from nn import Network

NO_POINTS = "There are no points to learn from. Paint some, or choose data."


class Bench:
    """What all commands share.

    Parameters
    ----------
    state
        Shared with the views.
    clock
        Seconds that only go up.
    execute
        Computes a slice of training: in line, or in a thread.
    pace
        How long slices and how frequent snapshots are; None: the trainer's own.
    """

    def __init__(
        self, state: PlaneState, *, clock: Clock, execute: Execute, pace: TimeBudget | None = None
    ) -> None:
        self.state = state
        self.timeline = Timeline()
        self._shown: RunState | None = None
        self._quiet = 0
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
            time_budget=pace,
        )
        self.training_loop = TrainingLoop(state, self.trainer, self._background_tasks)
        self._begin_history()

    # What there is

    @property
    def network(self) -> Network:
        """The network of the newest snapshot."""
        network: Network = self.state.snapshot.network
        return network

    @property
    def shown_network(self) -> Network:
        """The network that pictures show: of the chosen checkpoint or the newest, ablated."""
        network = self._shown.network if self._shown else self.network
        return without_units(network, self.state.ablated) if self.state.ablated else network

    @property
    def shown_iteration(self) -> int:
        """The step that pictures show."""
        return self._shown.iteration if self._shown else int(self.state.snapshot.iteration)

    def _train_samples(self) -> InputSamples:
        return inputs_of(self.state.points.train, self.state.inputs)

    def _test_samples(self) -> InputSamples:
        return inputs_of(self.state.points.test, self.state.inputs)

    # Replacing the run and the points

    def _replace_run(self) -> None:
        """Begin anew with a fresh net."""
        self._adopt_run(make_run(self.state, self.state.points))

    def _adopt_run(self, run: PlaneRun) -> None:
        """Go on with another run on the points; training that goes on goes on with that."""
        self.trainer.stop()
        self.training_loop.forget_steps()
        self.trainer.adopt(run, self._test_samples())
        self.timeline = Timeline()
        self._begin_history()
        self._stop_without_points()
        if self.state.running:
            self.training_loop.ensure()

    def _begin_history(self) -> None:
        self._shown = None
        self.state.param.update(
            history=self.trainer.run.history,
            timeline_position=None,
            ablated=frozenset(),
        )
        self._publish(self.trainer.snapshot())

    def _learn_from(self, data: PlaneData) -> None:
        """Let the net in training go on with other points of the same classes."""
        self.state.points = data
        self.trainer.validation = self._test_samples()
        samples = samples_to_train_on(data.train, self.state.inputs)
        run = self.trainer.run
        self._between_slices(lambda: run.replace_samples(samples))
        self._stop_without_points()

    def _stop_without_points(self) -> bool:
        if len(self.state.points.train):
            return False
        self.state.running = False
        self.training_loop.forget_steps()
        self._tell(NO_POINTS, "warning")
        return True

    def _between_slices(self, change: Callable[[], None]) -> None:
        """Change the run now, or at the end of the slice that is under way."""
        if self.training_loop.is_idle:
            change()
        else:
            self.trainer.run.call_soon(change)

    # What the trainer tells

    def _publish(self, snapshot: Snapshot) -> None:
        if self._is_closed:
            return
        if self.timeline.iterations[-1:] > (snapshot.iteration,):
            # The run went back to its last good weights.
            self.timeline.forget_after(snapshot.iteration)
            self._show_timeline()
        if self.timeline.wants(snapshot.iteration):
            self._remember()
        self.state.snapshot = snapshot

    def _remember(self) -> None:
        self.timeline.add(self.trainer.run.state(history=False))
        self._show_timeline()

    def _show_timeline(self) -> None:
        """Tell of the checkpoints; the one that is shown may have another number now."""
        with self._without_watching():
            position = self.timeline.nearest(self._shown.iteration) if self._shown else None
            self.state.param.update(
                checkpoints=self.timeline.iterations, timeline_position=position
            )

    # Housekeeping

    @contextmanager
    def _without_watching(self) -> Iterator[None]:
        """Change settings without what a change by somebody at the page would bring about."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell of data that cannot be used, as a notice."""
        try:
            yield
        except DataError as error:
            self._tell(str(error), "warning")

    def _tell(self, text: str, kind: str = "info") -> None:
        if not self._is_closed:
            self.state.notice = Notice(text, kind)

    def _background_task_failed(self, task: asyncio.Task[Any], error: BaseException) -> None:
        if self.training_loop.is_training(task):
            self.training_loop.forget_steps()
            self.state.running = False
        self._tell(f"Something went wrong inside Inkling: {error!r}", "error")

    def warn(self, sentence: str) -> None:
        """Show a warning to the person at the page."""
        self._tell(sentence, "warning")

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do asynchronous work of a command; errors of it are told, never swallowed."""
        self._background_tasks.begin(work)

    def shut(self) -> None:
        """Stop at once to train and to tell anything; `close` follows."""
        self._is_closed = True
        self.training_loop.shut()

    async def close(self) -> None:
        """End training, as when the page is closed; return when it has ended."""
        self.shut()
        await self.trainer.run.close()
        await self._background_tasks.close()


def make_run(settings: PlaneSettings, data: PlaneData) -> PlaneRun:
    """Make a run with a fresh net."""
    return PlaneRun(settings, samples_to_train_on(data.train, settings.inputs), data.classes)
