"""Sees that training goes on while it is wanted, and that every single step asked for is taken.

There is never more than one training task at a time, however quickly people change their minds.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dashboard.shell.notices import Notice
from dashboard.training.background_tasks import BackgroundTasks
from dashboard.training.data_stall import DataStall
from dashboard.training.run import DivergenceError
from dashboard.training.trainer import Trainer
from data_cache import PrefetchError


class TrainingLoop:
    """Serves the wish to run, the parameter `running` of a state, and wishes for single steps.

    Parameters
    ----------
    state
        Has the parameters `running` and `notice`.
    trainer
        Whose run is trained.
    background_tasks
        Where the task of training belongs.
    """

    def __init__(
        self, state: Any, trainer: Trainer[Any], background_tasks: BackgroundTasks
    ) -> None:
        self._state = state
        self._trainer = trainer
        self._background_tasks = background_tasks
        self._data_stall = DataStall(state)
        self._task: asyncio.Task[None] | None = None
        self._steps_wanted = 0
        self._is_closed = False

    @property
    def is_idle(self) -> bool:
        """Whether no step is under way; a pause takes effect only after the present one."""
        return self._task is None or self._task.done()

    def is_training(self, task: asyncio.Task[Any]) -> bool:
        """Tell whether an errand is the training."""
        return task is self._task

    def ensure(self) -> None:
        """Begin to train if nothing does so yet; it ends by itself when nobody wants it."""
        if self.is_idle:
            self._task = self._background_tasks.begin(self._train())

    def data_may_be_back(self) -> None:
        """Try again at once, if it waits for data that could not be had."""
        self._data_stall.end()

    def add_step(self) -> None:
        """Take one more step than was asked for so far."""
        self._steps_wanted += 1
        self.ensure()

    def forget_steps(self) -> None:
        """Take none of the steps that were asked for."""
        self._steps_wanted = 0

    def shut(self) -> None:
        """Stop at once, for good."""
        self._is_closed = True
        self._trainer.stop()

    async def _train(self) -> None:
        """Serve the wish to run and the wished-for steps until neither is left."""
        while not self._is_closed and (self._state.running or self._steps_wanted):
            run = self._trainer.run
            try:
                if self._state.running:
                    await self._trainer.train()
                else:
                    self._steps_wanted -= 1
                    await self._trainer.train(steps=1)
            except DivergenceError as error:
                if run is self._trainer.run:  # else it was replaced meanwhile; nobody minds
                    self._stop_with(Notice(str(error), "warning"))
            except PrefetchError as error:
                if run is not self._trainer.run:
                    continue
                if self._state.running:
                    await self._data_stall.wait(error)
                else:
                    self._stop_with(Notice(f"No step: {error} Press Step again.", "error"))
        # A knob may have been turned while the last step was under way.
        self._trainer.run.apply_settings()

    def _stop_with(self, notice: Notice) -> None:
        self._steps_wanted = 0
        self._state.param.update(running=False, notice=notice)
