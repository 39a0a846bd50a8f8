"""Drives a run in time: one asyncio task that trains in short slices and publishes snapshots.

Between slices the event loop is free, so the page answers while the network learns; where the
slices are computed (in line, or in a thread) is decided by whoever makes the trainer.
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
VALIDATION_LIMIT = 1000
"""Digits of the validation part that are scored while training; the first ones, always the same."""


class HeldOut(Protocol):
    """Samples to score on: `images` (n, pixels) uint8 or inputs (n, inputs) float32, and labels."""

    @property
    def images(self) -> np.ndarray:
        """What is shown to the net."""
        ...

    @property
    def labels(self) -> np.ndarray:
        """What it should say, (n,) integers."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: slice, /) -> HeldOut: ...


SPEED_SECONDS = 0.3
"""How far back, about, the shown speed looks."""

CALM_SECONDS = 10.0
"""How long nobody must have asked for an answer until slices are of the calm kind."""

Result = TypeVar("Result")
AnyRun = TypeVar("AnyRun", bound=Run)
Execute = Callable[..., Awaitable[Any]]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Pace:
    """How long a slice of training takes, and how long, at least, between two snapshots of it.

    Where training and answering share one thread, as in a worker, whoever draws waits for the
    slice to end; while nobody does, slices are `calm_factor` times as long, because what comes
    between two of them costs as much as half a step. A snapshot costs as much as a step or two.
    """

    slice_seconds: float = 0.03
    snapshot_seconds: float = 0.0
    calm_factor: float = 1.0


async def execute_in_line(function: Callable[..., Result], *arguments: Any) -> Result:
    """Compute in the event loop's own thread, as the browser form must."""
    return function(*arguments)


async def evaluate(
    network: Network,
    samples: HeldOut,
    *,
    execute: Execute = execute_in_line,
    binarize: int | None = None,
) -> ClassificationMetrics:
    """Score a network on held-out samples in chunks, leaving the event loop free between them."""
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
        What is trained; replaced by `adopt`.
    validation
        Samples that the run never learns from, scored whenever the run says that it is time;
        None: no scores.
    validation_limit
        Score only so many of them, always the first ones; None: all.
    publish
        Called with a finished snapshot after every slice, in the event loop.
    execute
        Awaited with a function and its arguments; computes a slice.
    clock
        Seconds that only go up; used for the length of slices and the speed, never for numbers.
    learning_rate
        Rate for a step number; None reads the run's settings before every slice.
    pace
        How long the slices are, and how often a snapshot is published.
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
        pace: Pace | None = None,
    ) -> None:
        self.run = run
        self.run_number = 1
        self.validation = validation
        self.validation_coming: asyncio.Task[None] | None = None
        """What sets `validation`, while it is under way; the first score waits for it."""
        self._publish = publish
        self._clock = clock
        self._execute = execute
        self._learning_rate = learning_rate
        self._validation_limit = validation_limit
        self._pace = pace or Pace()
        self._stop = True
        self._waiting = False
        # What is shown counts the time between slices too; how long steps take, only a slice says.
        self._speed = self._slice_speed = 0.0
        self._last_slice = self._last_snapshot = 0.0
        self._asked_at = -math.inf

    def answer_soon(self) -> None:
        """Keep slices short for a while, because somebody waits for answers between them."""
        self._asked_at = self._clock()

    @property
    def _slice_seconds(self) -> float:
        is_calm = self._last_slice - self._asked_at >= CALM_SECONDS
        return self._pace.slice_seconds * (self._pace.calm_factor if is_calm else 1.0)

    @property
    def is_training(self) -> bool:
        """Whether `train` is under way and has not been told to stop."""
        return not self._stop

    def stop(self) -> None:
        """Make `train` return after the steps it is in; a wait for data ends at once."""
        self._stop = True
        if self._waiting:
            self._waiter.cancel()

    def adopt(self, run: AnyRun, validation: HeldOut | None) -> None:
        """Go on with another run; training must have stopped."""
        if self.is_training:
            raise RuntimeError("a run can only be replaced while training is stopped")
        self.run = run
        self.validation = validation
        self.run_number += 1
        self._speed = self._slice_speed = 0.0

    def snapshot(self) -> Snapshot:
        """Describe where the run stands now; call it only between slices."""
        run = self.run
        return Snapshot(
            run=self.run_number,
            network=run.network.copy(),
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
        )

    async def train(self, *, steps: int | None = None, epochs: int | None = None) -> None:
        """Train until `stop`, or for so many steps, or until so many epochs are complete.

        Raises
        ------
        DivergenceError
            The loss went out of hand; the last good weights are back.
        data_cache.PrefetchError
            Samples could not be fetched; calling `train` again tries again, nothing is lost.
        """
        self._stop = False
        self._last_slice = self._last_snapshot = self._clock()
        remaining = steps
        try:
            if self.run.validation_due:
                await self._validate()
            while not self._is_finished(remaining, epochs):
                await self._fill()
                if self._stop:
                    break
                done = await self._train_slice(remaining, epochs)
                remaining = None if remaining is None else remaining - done
                if self.run.validation_due:
                    await self._validate()
                await asyncio.sleep(0)
        finally:
            self._stop = True
            self._speed = 0.0
            self._publish(self.snapshot())

    def _is_finished(self, remaining: int | None, epochs: int | None) -> bool:
        enough_steps = remaining is not None and remaining <= 0
        return self._stop or enough_steps or (epochs is not None and self.run.epoch >= epochs)

    async def _fill(self) -> None:
        """See that the run has samples for a slice; wait only when not even one block is ready."""
        feed = self.run.feed
        # A batch more than it should take, or a quick slice would end before its time.
        expected = int(self._slice_speed * self._slice_seconds)
        feed.take_ready(expected + self.run.settings.batch_size)
        if not feed.is_starved:
            return
        try:
            await self._wait(asyncio.ensure_future(feed.wait()))
        except StopAsyncIteration:
            self._stop = True

    async def _wait(self, waiter: asyncio.Future[Any]) -> None:
        """Wait, for all to see, until something comes or `stop` is called."""
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

    async def _train_slice(self, max_steps: int | None, epochs: int | None) -> int:
        self.run.apply_settings()
        begun = self._clock()
        end = begun + self._slice_seconds

        def room() -> int:
            left = end - self._clock()
            if left <= 0 or self._is_finished(None, epochs):
                return 0
            if not self._slice_speed:
                return 1
            # Whole batches, as near to the end as they come: what is left is the page's.
            size = self.run.settings.batch_size or self.run.feed.sample_count
            return size * round(self._slice_speed * left / size)

        try:
            steps, samples = await self._execute(
                self.run.train_slice,
                room,
                self._rates(),
                max_steps,
            )
        except DivergenceError:
            self._stop = True
            raise
        finally:
            self.run.note_slice()
        now = self._clock()
        self._slice_speed = samples / (now - begun) if now > begun else 0.0
        self._measure(samples, now)
        if now - self._last_snapshot >= self._pace.snapshot_seconds:
            self._last_snapshot = now
            self._publish(self.snapshot())
        return int(steps)

    def _rates(self) -> Callable[[int], float]:
        """Return the rate for a step number, as it holds now."""
        if self._learning_rate is not None:
            return self._learning_rate
        rate = float(self.run.settings.learning_rate)
        return lambda iteration: rate

    def _measure(self, samples: int, now: float) -> None:
        elapsed, self._last_slice = now - self._last_slice, now
        if elapsed > 0:
            kept = math.exp(-elapsed / SPEED_SECONDS) if self._speed else 0.0
            self._speed = kept * self._speed + (1 - kept) * samples / elapsed

    async def _validate(self) -> None:
        run = self.run
        if self.validation_coming is not None:
            # The curve must not depend on whether the network was quick.
            await self._wait(asyncio.shield(self.validation_coming))
            if self._stop:
                return
        if self.validation is None or not len(self.validation):
            run.validation_due = False
            return
        evaluation = await evaluate(
            run.judged,
            self.validation[: self._validation_limit],
            execute=self._execute,
            binarize=run.binarize,
        )
        run.add_validation(
            Score(run.iteration, evaluation.loss, evaluation.accuracy, evaluation.count)
        )
