"""The training of one pane: its run and trainer, the background tasks, and the notices about them.

Each pane's own class derives from it and decides which run is trained, and on which samples.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from dashboard.languages.text import gettext
from dashboard.shell.notices import Mend, Notice
from dashboard.training.background_tasks import BackgroundTasks
from dashboard.training.run import Run
from dashboard.training.snapshot import Snapshot
from dashboard.training.trainer import AnyRun, Trainer
from dashboard.training.training_loop import TrainingLoop


@dataclass(frozen=True, eq=False)
class LeftRun:
    """A run that another one takes the place of.

    Attributes
    ----------
    run
        The run; a slice of it may still be computed.
    settings
        What it was trained with and on: values that JSON can hold, by name.
    capture
        Returns what brings the run back; call it when no slice is computed.
    """

    run: Run
    settings: Mapping[str, Any]
    capture: Callable[[], Any]


class PaneTraining(Generic[AnyRun]):
    """What a pane trains, and what must end with the pane.

    Parameters
    ----------
    state
        Shared with the views; `RunOptions` with the parameters `running`, `snapshot`, `notice`.
    run
        The first run.
    publish
        Called with every snapshot between two slices of training, until `shut`.
    trainer_options
        Further parameters of `Trainer`.

    Attributes
    ----------
    trainer, training_loop
        They train the run while `state.running` is set, or single steps are requested.
    background_tasks
        All tasks of the pane.
    run_left
        Called with every run that another one takes the place of.
    """

    def __init__(
        self, state: Any, run: AnyRun, publish: Callable[[Snapshot], None], **trainer_options: Any
    ) -> None:
        self.state = state
        self._publish_snapshot = publish
        self._is_closed = False
        self.run_left: Callable[[LeftRun], None] = lambda _left: None
        self.background_tasks = BackgroundTasks(self._background_task_failed)
        self.trainer: Trainer[AnyRun] = Trainer(
            run,
            publish=self.publish,
            steps_per_second=lambda: state.steps_per_second,
            **trainer_options,
        )
        state.param.watch(lambda _event: self.trainer.change_pace(), "speed")
        self.training_loop = TrainingLoop(state, self.trainer, self.background_tasks)

    def publish(self, snapshot: Snapshot | None = None) -> None:
        """Publish a snapshot, between two slices; None: that of the present run."""
        if not self._is_closed:
            self._publish_snapshot(snapshot or self.trainer.snapshot())

    def between_slices(self, change: Callable[[], None]) -> None:
        """Change the run now, or at the end of the slice that is being computed."""
        if self.training_loop.is_idle:
            change()
        else:
            self.trainer.run.call_soon(change)

    def notify(self, text: str, kind: str = "info", mend: Mend | None = None) -> None:
        """Show a message of the kind "info", "warning" or "error", with a button for a mend."""
        if not self._is_closed:
            self.state.notice = Notice(text, kind, mend)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a background task; its failure is shown as a notice."""
        self.background_tasks.begin(work)

    def shut(self) -> None:
        """Stop training, publishing and notices immediately; `close` follows."""
        self._is_closed = True
        self.training_loop.shut()

    async def close(self) -> None:
        """Stop training and wait for the end of all tasks."""
        self.shut()
        await self.trainer.run.close()
        await self.background_tasks.close()

    def _background_task_failed(self, task: asyncio.Task[Any], error: BaseException) -> None:
        if self.training_loop.is_training(task):
            self.training_loop.forget_steps()
            self.state.running = False
        self.notify(
            gettext("Internal error in a background task: {error}", error=repr(error)), "error"
        )
