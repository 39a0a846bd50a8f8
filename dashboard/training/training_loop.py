"""Trains while training is wanted, until a goal, and waits for data that could not be fetched.

There is never more than one training task, however often Train and Pause are pressed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from dashboard.languages.text import gettext
from dashboard.shell.notices import Notice
from dashboard.training.background_tasks import BackgroundTasks
from dashboard.training.run import DivergenceError
from dashboard.training.trainer import Trainer
from data_cache import DataError, PrefetchError, TransientError, exponential_backoff


class TrainingLoop:
    """Trains while the parameter `running` of a state is set, and takes single requested steps.

    Parameters
    ----------
    state
        Has the parameters `running`, `snapshot` and `notice`.
    trainer
        Trains the run.
    background_tasks
        Owns the training task.
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
        """Whether no step is being computed; a pause takes effect after the current slice."""
        return self._task is None or self._task.done()

    def is_training(self, task: asyncio.Task[Any]) -> bool:
        """Return whether a background task is the training task."""
        return task is self._task

    def ensure(self) -> None:
        """Start the training task unless it runs; it ends when no training is wanted."""
        if self.is_idle:
            self._task = self._background_tasks.begin(self._train())

    async def wait_until_idle(self) -> None:
        """Wait for the end of the training task; training must not be wanted any more."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    def retry_now(self) -> None:
        """End a wait for data, for example when the network is back."""
        self._data_stall.end()

    def add_step(self) -> None:
        """Request one more step."""
        self._steps_wanted += 1
        self.ensure()

    def forget_steps(self) -> None:
        """Drop the requested steps."""
        self._steps_wanted = 0

    def shut(self) -> None:
        """Stop training for good, after the current slice."""
        self._is_closed = True
        self._trainer.stop()

    async def _train(self) -> None:
        while not self._is_closed and (self._state.running or self._steps_wanted):
            run = self._trainer.run
            try:
                if self._state.running:
                    await self._trainer.train()
                    self._stop_at_goal(run)
                else:
                    self._steps_wanted -= 1
                    await self._trainer.train(steps=1)
            except DivergenceError as error:
                if run is self._trainer.run:  # errors of a replaced run are ignored
                    self._stop_with(Notice(str(error), "warning"))
            except PrefetchError as error:
                if run is not self._trainer.run:
                    continue
                if not self._state.running:
                    self._stop_with(
                        Notice(gettext("No step: {error} Press Step again.", error=error), "error")
                    )
                elif is_permanent(error):
                    self._stop_with(
                        Notice(
                            gettext(
                                "Training paused, because its data cannot be loaded: {cause} Train "
                                "tries again; or choose another data set.",
                                cause=_cause(error),
                            ),
                            "error",
                        )
                    )
                else:
                    await self._data_stall.wait(error)
        # A setting may have been changed during the last step.
        self._trainer.run.apply_settings()

    def _stop_at_goal(self, run: Any) -> None:
        reason = self._trainer.reached_goal
        if reason is not None and run is self._trainer.run and self._state.running:
            self._stop_with(Notice(reason))

    def _stop_with(self, notice: Notice) -> None:
        self._steps_wanted = 0
        self._state.param.update(running=False, notice=notice)


class DataStall:
    """Waits, at growing intervals, while training has no data because fetches fail.

    Parameters
    ----------
    state
        Has the parameters `running`, `snapshot` and `notice`.
    pause
        Returns the seconds of the first, second, … consecutive wait.
    sleep
        Waits for some seconds.
    """

    def __init__(
        self,
        state: Any,
        pause: Callable[[int], float] = exponential_backoff,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._state = state
        self._pause, self._sleep = pause, sleep
        self._count = 0
        self._ended = asyncio.Event()

    def end(self) -> None:
        """End the current wait."""
        self._ended.set()

    async def wait(self, error: PrefetchError) -> None:
        """Wait until it is time to fetch again, or until training is not wanted any more."""
        state = self._state
        self._count += 1
        self._ended.clear()
        watcher = state.param.watch(lambda _event: self.end(), "running")
        if self._count == 1:
            self._notify_on_recovery()
        state.snapshot = replace(state.snapshot, waiting=True)
        state.notice = Notice(
            gettext(
                "Waiting for data: {cause} Training continues by itself as soon as they arrive; "
                "Pause and Train try again at once.",
                cause=_cause(error),
            ),
            "warning",
        )
        waits = (
            asyncio.ensure_future(self._ended.wait()),
            asyncio.ensure_future(self._sleep(self._pause(self._count))),
        )
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            state.param.unwatch(watcher)
            if not state.running:
                state.snapshot = replace(state.snapshot, waiting=False)

    def _notify_on_recovery(self) -> None:
        """Show a notice at the next step of the run; a step of another run ends the stall."""
        before = self._state.snapshot

        def check(event: Any) -> None:
            run, iteration = event.new.run, event.new.iteration
            if run == before.run and iteration <= before.iteration:
                return
            self._state.param.unwatch(watcher)
            self._count = 0
            if run == before.run:
                self._state.notice = Notice(gettext("Data arrive again; training continues."))

        watcher = self._state.param.watch(check, "snapshot")


def is_permanent(error: PrefetchError) -> bool:
    """Return whether the same request would fail again, such as one for a file that is missing."""
    cause = error.__cause__
    return isinstance(cause, DataError) and not isinstance(cause, TransientError)


def _cause(error: PrefetchError) -> str:
    text = str(error.__cause__ or error)
    return text if text.endswith(".") else f"{text}."
