"""Drives a run in time: one asyncio task that trains in short slices and publishes snapshots.

Between slices the event loop is free, so the page responds while the network trains. The caller
decides where slices are computed: in the event loop's thread, or in another one.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from dashboard.training.history import Score
from dashboard.training.run import DivergenceError, Run
from dashboard.training.snapshot import Snapshot
from data_cache import to_float
from nn import ClassificationMetrics, Network, backend_name, scale_bytes

EVALUATION_CHUNK = 250
"""Samples that are scored in one call."""

VALIDATION_LIMIT = 1000
"""Validation samples that are scored during training: always the first ones."""

SPEED_SECONDS = 0.3
"""Time constant of the moving average of the training speed."""

IDLE_AFTER_SECONDS = 10.0
"""Time without interaction after which slices get their idle length."""

Result = TypeVar("Result")
AnyRun = TypeVar("AnyRun", bound=Run)
Execute = Callable[..., Awaitable[Any]]
Clock = Callable[[], float]


@dataclass(frozen=True)
class TimeBudget:
    """How long slices of training take, and how often snapshots are published.

    Attributes
    ----------
    slice_seconds
        Target length of a slice, in seconds. Where training shares its thread with the page, as
        in a worker, an interaction waits for the current slice.
    idle_slice_seconds
        Target length, in seconds, while nobody interacts: what happens between two slices costs
        about as much as half a training step. None: `slice_seconds`.
    snapshot_seconds
        Least time between two snapshots, in seconds; one costs as much as a step or two.
    pause_seconds
        Pause of training after an interaction, in seconds, in which the page begins to compute what
        follows from it. 0: none, as where training has a thread of its own.
    """

    slice_seconds: float = 0.03
    idle_slice_seconds: float | None = None
    snapshot_seconds: float = 0.0
    pause_seconds: float = 0.0


class HeldOut(Protocol):
    """Samples to score on: `images` (n, pixels) uint8 or (n, inputs) float32, and `labels` (n,)."""

    @property
    def images(self) -> np.ndarray:
        """Inputs of the network."""
        ...

    @property
    def labels(self) -> np.ndarray:
        """Integer class labels."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: slice, /) -> HeldOut: ...


async def execute_in_line(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function in the event loop's own thread."""
    return function(*arguments)


async def evaluate(
    network: Network,
    samples: HeldOut,
    *,
    execute: Execute = execute_in_line,
    binarize: int | None = None,
) -> ClassificationMetrics:
    """Return the scores of a network on held-out samples.

    They are scored in chunks, between which the event loop is free.

    Parameters
    ----------
    network
        Must not change meanwhile.
    samples
        At least one.
    execute
        Awaited with a function and its arguments; scores a chunk.
    binarize
        Threshold in [0, 255] for pixels; None: none.
    """
    evaluation = ClassificationMetrics(network.classes)
    for start in range(0, len(samples), EVALUATION_CHUNK):
        if start:
            await asyncio.sleep(0)
        part = slice(start, start + EVALUATION_CHUNK)
        images = samples.images[part]
        is_pixels = images.dtype == np.uint8
        x = to_float(images, binarize, scale=scale_bytes) if is_pixels else images
        await execute(evaluation.evaluate, network, x, samples.labels[part])
    return evaluation


class Trainer(Generic[AnyRun]):
    """Trains a run until it is told to stop.

    Parameters
    ----------
    run
        The run that is trained; `adopt` replaces it.
    validation
        Samples that the run never trains on, scored whenever a validation is due; None: no scores.
    publish
        Called in the event loop with a snapshot after slices and at the end.
    clock
        A monotonic clock in seconds; it decides the length of slices, never the numbers.
    execute
        Awaited with a function and its arguments; computes a slice.
    learning_rate
        Returns the rate of a step, given its number from 0; None: that of the settings.
    validation_limit
        Score only so many of the validation samples, the first ones; None: all.
    time_budget
        Length of slices and frequency of snapshots.
    steps_per_second
        Returns the speed of training; None: as fast as possible.
    goal
        Returns why training ends before the next step, in a sentence; None: it does not.
    sleep
        Waits for some seconds.
    """

    def __init__(
        self,
        run: AnyRun,
        *,
        validation: HeldOut | None,
        publish: Callable[[Snapshot], None],
        clock: Clock,
        execute: Execute = execute_in_line,
        learning_rate: Callable[[int], float] | None = None,
        validation_limit: int | None = VALIDATION_LIMIT,
        time_budget: TimeBudget | None = None,
        steps_per_second: Callable[[], float | None] = lambda: None,
        goal: Callable[[AnyRun], str | None] = lambda _run: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.run = run
        self.run_number = 1
        self.validation = validation
        self.validation_coming: asyncio.Task[None] | None = None
        """Task that sets `validation`, while it runs; the first validation waits for it."""
        self.further_goal: Callable[[AnyRun], str | None] = lambda _run: None
        """As `goal`, and may be replaced at any time."""
        self.between_slices = asyncio.Lock()
        """Held while a slice is computed; whoever holds it sees the run between two slices."""
        self._publish = publish
        self._clock = clock
        self._execute = execute
        self._learning_rate = learning_rate
        self._validation_limit = validation_limit
        self._time_budget = time_budget or TimeBudget()
        self._steps_per_second = steps_per_second
        self._goal = goal
        self._sleep = sleep
        self._pace_changed = asyncio.Event()
        self._stop = True
        self._waiting = False
        # The published speed includes the time between slices; a slice is planned without it.
        self._speed = self._slice_speed = 0.0
        self._last_slice = self._last_snapshot = 0.0
        self._last_due = -math.inf
        self._last_interaction = -math.inf
        self._is_answering = False

    def note_interaction(self) -> None:
        """Keep slices short for the next seconds, because the user waits between them."""
        self._last_interaction = self._clock()
        self._is_answering = True

    @property
    def _slice_seconds(self) -> float:
        budget = self._time_budget
        is_idle = self._last_slice - self._last_interaction >= IDLE_AFTER_SECONDS
        if is_idle and budget.idle_slice_seconds is not None:
            return budget.idle_slice_seconds
        return budget.slice_seconds

    @property
    def is_training(self) -> bool:
        """Whether `train` is running and has not been told to stop."""
        return not self._stop

    def stop(self) -> None:
        """Make `train` return after the current slice; a wait for data ends at once."""
        self._stop = True
        self._pace_changed.set()
        if self._waiting:
            self._waiter.cancel()

    def change_pace(self) -> None:
        """Apply another `steps_per_second` at once; a pause before a slow step ends."""
        self._pace_changed.set()

    @property
    def reached_goal(self) -> str | None:
        """Why training ends before the next step; None when no goal is reached."""
        return self._goal(self.run) or self.further_goal(self.run)

    def adopt(self, run: AnyRun, validation: HeldOut | None) -> None:
        """Replace the run and its validation samples; RuntimeError while training is running."""
        if self.is_training:
            raise RuntimeError(
                "Trainer.adopt: expected training to be stopped, found it running; call stop first."
            )
        self.run = run
        self.validation = validation
        self.run_number += 1
        self._speed = self._slice_speed = 0.0

    def snapshot(self) -> Snapshot:
        """Return what views show of the run; call it between slices."""
        run = self.run
        return Snapshot(
            run=self.run_number,
            network=run.present_network(),
            iteration=run.iteration,
            epoch=run.epochs_done,
            progress=run.consumed / run.feed.sample_count,
            loss=run.loss.value,
            accuracy=run.accuracy.value,
            samples_per_second=self._speed,
            cached=run.feed.ready,
            in_flight=run.feed.in_flight,
            waiting=self._waiting,
            learning_rate=self._rates()(run.iteration),
            batch_size=run.settings.batch_size,
            optimizer=run.settings.optimizer,
            backend=backend_name(),
            threads=run.step.threads,
        )

    async def train(self, *, steps: int | None = None, epochs: int | None = None) -> None:
        """Train until `stop`, for so many steps, or until so many epochs are complete in all.

        Without a number of steps it ends at the goal too.

        Raises
        ------
        DivergenceError
            Training diverged; the run has returned to its fallback weights.
        data_cache.PrefetchError
            Samples could not be fetched; calling `train` again retries, and nothing is lost.
        """
        self._stop = False
        self._last_slice = self._last_snapshot = self._clock()
        remaining = steps
        try:
            if self.run.validation_due:
                await self._validate()
            while not self._is_finished(remaining, epochs):
                await self._fill()
                is_paced = await self._wait_for_due_step() if steps is None else False
                if self._stop:
                    break
                at_most = 1 if is_paced else remaining
                done = await self._train_slice(at_most, epochs, show=is_paced)
                remaining = None if remaining is None else remaining - done
                if self.run.validation_due:
                    await self._validate()
                await asyncio.sleep(0)
                await self._let_answer_go_first()
        finally:
            self._stop = True
            self._speed = 0.0
            self._publish(self.snapshot())

    def _is_finished(self, remaining: int | None, epochs: int | None) -> bool:
        if self._stop or (epochs is not None and self.run.epoch >= epochs):
            return True
        return self.reached_goal is not None if remaining is None else remaining <= 0

    async def _let_answer_go_first(self) -> None:
        """Pause after an interaction, so that what follows from it does not wait for a slice."""
        is_answering, self._is_answering = self._is_answering, False
        if is_answering and self._time_budget.pause_seconds:
            await self._sleep(self._time_budget.pause_seconds)

    async def _wait_for_due_step(self) -> bool:
        """Wait until the next step is due; return whether the speed is limited."""
        while not self._stop and (speed := self._steps_per_second()) is not None:
            now, interval = self._clock(), 1 / speed
            due = self._last_due + interval
            if now >= due:
                # A step that comes a little late does not delay the ones after it.
                self._last_due = due if now < due + interval else now
                return True
            self._pace_changed.clear()
            waits = (
                asyncio.ensure_future(self._sleep(due - now)),
                asyncio.ensure_future(self._pace_changed.wait()),
            )
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        return False

    async def _fill(self) -> None:
        """Give the feed samples for a slice; wait only when not even one block is ready."""
        feed = self.run.feed
        # One batch more than expected, or a fast slice would end before its time.
        expected = int(self._slice_speed * self._slice_seconds)
        feed.take_ready(expected + self.run.settings.batch_size)
        if not feed.is_starved:
            return
        try:
            await self._wait(asyncio.ensure_future(feed.wait()))
        except StopAsyncIteration:
            self._stop = True

    async def _wait(self, waiter: asyncio.Future[Any]) -> None:
        """Wait for data or for `stop`, and publish that training waits."""
        self._waiting = True
        self._publish(self.snapshot())
        self._waiter = waiter
        try:
            await waiter
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._stop or (task is not None and task.cancelling()):
                raise
        finally:
            self._waiting = False

    async def _train_slice(
        self, max_steps: int | None, epochs: int | None, *, show: bool = False
    ) -> int:
        """Train one slice; with `show` a snapshot of it is published in any case."""
        async with self.between_slices:
            if self._stop:
                return 0
            steps, samples, now = await self._compute_slice(max_steps, epochs)
        self._measure_speed(samples, now)
        if show or now - self._last_snapshot >= self._time_budget.snapshot_seconds:
            self._last_snapshot = now
            self._publish(self.snapshot())
        return steps

    async def _compute_slice(
        self, max_steps: int | None, epochs: int | None
    ) -> tuple[int, int, float]:
        """Train one slice; return its steps, its samples, and when it ended."""
        run = self.run
        run.apply_settings()
        begun, epoch = self._clock(), run.epoch
        end = begun + self._slice_seconds

        def sample_budget() -> int:
            left = end - self._clock()
            # A goal is reached at the end of an epoch, or between slices.
            is_later = self.run.epoch != epoch
            if left <= 0 or self._stop or (is_later and self._is_finished(max_steps, epochs)):
                return 0
            if not self._slice_speed:
                return 1
            # The number of whole batches that ends nearest to the end of the slice.
            size = self.run.settings.batch_size or self.run.feed.sample_count
            return size * round(self._slice_speed * left / size)

        try:
            steps, samples = await self._execute(
                run.train_slice, sample_budget, self._rates(), max_steps
            )
        except DivergenceError:
            self._stop = True
            raise
        finally:
            # Also if another run has taken its place meanwhile.
            run.record_slice()
            now = self._clock()
            run.times.add(run.iteration, now - begun)
        self._slice_speed = samples / (now - begun) if now > begun else 0.0
        return int(steps), int(samples), now

    def _rates(self) -> Callable[[int], float]:
        """Return the learning rate as a function of the step's number."""
        if self._learning_rate is not None:
            return self._learning_rate
        rate = float(self.run.settings.learning_rate)
        return lambda iteration: rate

    def _measure_speed(self, samples: int, now: float) -> None:
        elapsed, self._last_slice = now - self._last_slice, now
        if elapsed > 0:
            decay = math.exp(-elapsed / SPEED_SECONDS) if self._speed else 0.0
            self._speed = decay * self._speed + (1 - decay) * samples / elapsed

    async def _validate(self) -> None:
        run = self.run
        if self.validation_coming is not None:
            # The curve must not depend on the speed of the network.
            await self._wait(asyncio.shield(self.validation_coming))
            if self._stop:
                return
        if self.validation is None or not len(self.validation):
            run.validation_due = False
            return
        evaluation = await evaluate(
            run.evaluated_network,
            self.validation[: self._validation_limit],
            execute=self._execute,
            binarize=run.binarize,
        )
        run.add_validation(
            Score(run.iteration, evaluation.loss, evaluation.accuracy, evaluation.count)
        )
