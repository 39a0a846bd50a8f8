"""A training run: a network, the batches it learns from, and the curve recorded so far.

All randomness comes from one seed: equal seed, data and settings give equal numbers, to the bit.
The trainer decides when a run takes its steps.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop
from dashboard.training.history import History, Score
from dashboard.training.marks import (
    EXPLODED,
    MARKED_SETTINGS,
    Divergence,
    SettingChange,
    loss_fault,
)
from dashboard.training.run_state import ModelState, MovingAverage, RunState
from dashboard.training.scheduled_changes import (
    apply_due_changes,
    drop_changes,
    due_names,
    steps_until_change,
)
from dashboard.training.settings import LearningSettings
from dashboard.training.step_times import StepTimes
from data_cache import Batch, Feed
from nn import Network, TrainingStep, create_optimizer

FALLBACK_EVERY = 50
"""Steps between two copies of the weights that a diverging run can fall back to."""

EXPLOSION_FACTOR = 10.0
"""A moving average of the loss above this multiple of the starting loss counts as diverged."""


class DivergenceError(ArithmeticError):
    """Training diverged; the run has already returned to its fallback weights."""


@dataclass
class DivergenceDetector:
    """Decides from the losses alone whether training diverged, relative to the run's own past.

    Attributes
    ----------
    starting
        Loss of the first batch, at least that of guessing; None before it.
    best
        Lowest moving average of the loss at which weights were checked; infinity before that.
    """

    starting: float | None = None
    best: float = math.inf

    def find_fault(self, loss: float, average: float | None, classes: int) -> str | None:
        """Return what is wrong with a batch's loss, in words; None when training may continue.

        The moving average decides, because a single hard sample may have any loss.
        """
        if not math.isfinite(loss) or average is None:
            return gettext_noop("became infinite or not a number")
        if self.starting is None:
            self.starting = max(loss, math.log(classes))
        if average > EXPLOSION_FACTOR * self.starting:
            return f"{EXPLODED} {loss:,.0f}"
        return None

    def is_good(self, loss: float, average: float) -> bool:
        """Return whether the weights that gave this loss are worth falling back to."""
        self.best = min(self.best, average)
        return average <= 1.5 * self.best + 0.1 and loss <= 2 * average + 0.5


@dataclass(frozen=True)
class _Fault:
    """A step whose loss showed that training diverged, and what was wrong with it."""

    iteration: int
    reason: str
    loss: float
    accuracy: float

    def divergence(self, history: History, fallback: int) -> Divergence:
        """Return the divergence, given the curve up to the step before it."""
        losses, accuracies = history.losses[fallback:], history.accuracies[fallback:]
        loss = array("f", [self.loss])
        if math.isfinite(loss[0]):
            losses, accuracies = losses + loss, accuracies + array("f", [self.accuracy])
        return Divergence(self.iteration, fallback, self.reason, losses, accuracies)


@dataclass(frozen=True, eq=False)
class RunGenerators:
    """The independent random generators of a run, spawned from one seed."""

    weights: np.random.Generator
    feed: np.random.Generator
    dropout: np.random.Generator
    augment: np.random.Generator

    @classmethod
    def from_seed(cls, seed: int) -> RunGenerators:
        """Return the generators of a run with that seed."""
        return cls(*map(np.random.default_rng, np.random.SeedSequence(seed).spawn(4)))


class Run:
    """A network in training.

    Parameters
    ----------
    settings
        Read before every slice, so every setting takes effect while the run continues.
    feed
        Delivers the batches.
    network
        Trained in place.
    generators
        Of the run's seed.
    optimizer
        Name of the first optimiser; None: that of the settings.
    threads
        Compute convolutions natively.
    """

    times: StepTimes
    """How long its steps took; who drives the run in time adds them."""
    initial_network: Network | None = None
    """An equal network that nobody changes, if the run began with one that others show too."""
    binarize: int | None = None
    """Threshold in [0, 255] that is applied to held-out pixels, as to those of the batches."""

    def __init__(
        self,
        settings: LearningSettings,
        feed: Feed,
        *,
        network: Network,
        generators: RunGenerators,
        optimizer: str | None = None,
        threads: int = 1,
    ) -> None:
        self.settings = settings
        self.feed: Feed = feed
        self.network = network
        self.generators = generators
        self.optimizer_name = optimizer or settings.optimizer
        self.step = TrainingStep(
            self.network,
            create_optimizer(self.optimizer_name, self.network.parameters()),
            batch_capacity=settings.batch_size,
            generator=generators.dropout,
            threads=threads,
        )
        self.history = History()
        self.iteration = 0
        self.epoch = 0
        self.consumed = 0
        self.loss = MovingAverage()
        self.accuracy = MovingAverage()
        self.validation_due = False
        self._unrecorded: list[tuple[float, float, float]] = []
        self._pending: list[Callable[[], None]] = []
        self._epoch_ends: list[tuple[int, int]] = []
        self._fault: _Fault | None = None
        self._marked_names = [name for name in MARKED_SETTINGS if hasattr(settings, name)]
        self._marked: dict[str, Any] | None = None
        """The values of the marked settings in the last slice; None before the first one."""
        self._trained: dict[str, Any] | None = None
        """Their values in the last slice that took steps."""
        self.times = StepTimes()
        self._loaded_state: ref[RunState] | None = None
        self._scheduled_names: set[str] = set()
        """Settings that were changed as scheduled, and are not marked yet."""
        self._detector = DivergenceDetector()
        self._fallback: ModelState | None = None
        """Copied before the first step: many pages never train, and it is as large as the run."""
        self._fallback_candidate: ModelState | None = None

    @property
    def evaluated_network(self) -> Network:
        """The network that is scored and saved."""
        return self.network

    def present_network(self) -> Network:
        """Return a network with the present values that training does not change."""
        initial = self.initial_network
        if self.iteration == 0 and initial is not None and initial.equals(self.network):
            return initial
        return self.network.copy()

    @property
    def epochs_done(self) -> float:
        """Passes over the training samples, with the fraction of the current one."""
        return self.epoch + self.consumed / self.feed.sample_count

    @property
    def marked_settings(self) -> dict[str, Any]:
        """The values of the marked settings in the newest step; those set now before the first."""
        now = {name: getattr(self.settings, name) for name in self._marked_names}
        return now if self._trained is None else dict(self._trained)

    @property
    def loaded_state(self) -> RunState | None:
        """The state that was loaded last, as long as somebody else holds it."""
        return None if self._loaded_state is None else self._loaded_state()

    @property
    def has_pending_calls(self) -> bool:
        """Whether functions passed to `call_soon` have not been called yet."""
        return bool(self._pending)

    def call_soon(self, change: Callable[[], None]) -> None:
        """Call a function at the next `apply_settings`, when no slice is being computed."""
        self._pending.append(change)

    def apply_settings(self) -> None:
        """Call the pending functions, and apply the settings that a step does not read by itself.

        These are the optimiser, the penalties and the dropout rate.
        """
        self._make_due_changes()
        settings = self.settings
        if settings.optimizer != self.optimizer_name:
            self.optimizer_name = settings.optimizer
            self.step.optimizer = create_optimizer(settings.optimizer, self.network.parameters())
        self.step.l1, self.step.l2 = settings.l1, settings.l2
        self.step.dropout = settings.dropout
        self._mark_changes()

    def _make_due_changes(self) -> None:
        """Call the pending functions, and change the settings that are scheduled to change now."""
        while self._pending:
            self._pending.pop(0)()
        for name in set(self._changed_names()) - self._scheduled_names:
            drop_changes(self.settings, name)
        self._scheduled_names |= due_names(self.settings, self.iteration)
        apply_due_changes(self.settings, self.iteration)

    def _changed_names(self) -> list[str]:
        """Return the marked settings that differ from those of the last slice."""
        before = self._marked or {}
        return [name for name, value in before.items() if getattr(self.settings, name) != value]

    def changes_so_far(self) -> list[SettingChange]:
        """Return the changes of settings during the run, also those of the step to come."""
        before = self._marked or {}
        pending = [
            SettingChange(self.iteration, name, before[name], getattr(self.settings, name))
            for name in (self._changed_names() if self.iteration else ())
        ]
        return [*self.history.changes, *pending]

    def _mark_changes(self) -> None:
        """Mark the settings that differ from those of the last slice."""
        settings, before = self.settings, self._marked
        self._scheduled_names.clear()
        self._marked = {name: getattr(settings, name) for name in self._marked_names}
        if before is None or before == self._marked or not self.iteration:
            return
        for name, value in self._marked.items():
            if value != before[name]:
                change = SettingChange(self.iteration, name, before[name], value)
                self.history.add_change(change)
        if before["batch_size"] != self._marked["batch_size"]:
            self.history.epochs.add(self.iteration, self.epochs_done)

    def train_slice(
        self,
        sample_budget: Callable[[], int],
        learning_rate: Callable[[int], float],
        max_steps: int | None = None,
    ) -> tuple[int, int]:
        """Train until the budget is used up, no samples are ready, or a validation is due.

        The budget only decides where the slice ends, never the numbers. A slice may be computed in
        a thread; `record_slice` must follow it, in the thread that reads the history.

        Parameters
        ----------
        sample_budget
            Returns how many samples may be trained on before it is called again; 0 ends the
            slice, but never before its first step.
        learning_rate
            Returns the rate of a step, given its number from 0.
        max_steps
            Most steps of the slice; None: no limit.

        Returns
        -------
        tuple of int
            Steps and samples trained on.

        Raises
        ------
        DivergenceError
            The loss is no longer finite or has exploded; the fallback weights are restored.
        """
        batch_size = self.settings.batch_size
        until_change = steps_until_change(self.settings, self.iteration)
        if until_change is not None:
            max_steps = until_change if max_steps is None else min(max_steps, until_change)
        steps = samples = 0
        while steps != max_steps and not (steps and self.validation_due):
            wanted = sample_budget()
            if steps and wanted <= 0:
                break
            if max_steps is not None:
                wanted = min(wanted, (max_steps - steps) * batch_size)
            batch = self.feed.take(batch_size, self._steps_at_once(batch_size, wanted))
            if batch is None:
                break
            self._take_steps(batch, learning_rate)
            steps += batch.steps
            samples += len(batch)
            self._advance(batch)
        return steps, samples

    def record_slice(self) -> None:
        """Add the last slice to the history, and mark what a fallback took back."""
        history = self.history
        if self._unrecorded:
            self._trained = self._marked
        for loss, accuracy, learning_rate in self._unrecorded:
            history.append(loss, accuracy, learning_rate)
        self._unrecorded.clear()
        for end in self._epoch_ends:
            history.epochs.add(*end)
        self._epoch_ends.clear()
        if self._fault is not None:
            history.add_divergence(self._fault.divergence(history, self.iteration))
            self._fault = None
        if len(history) > self.iteration:
            for change in reversed(history.truncate(self.iteration)):
                if self._marked is not None:
                    self._marked[change.name] = change.old
        history.epochs.end = (self.iteration, self.epochs_done)

    def _steps_at_once(self, batch_size: int, wanted: int) -> int:
        """Return how many consecutive steps may be taken in one call, on `wanted` samples."""
        return 1

    def _take_steps(self, batch: Batch, learning_rate: Callable[[int], float]) -> None:
        """Take the consecutive steps that a batch is for, and check the loss of each."""
        if self.iteration % FALLBACK_EVERY == 0:
            self._fallback_candidate = self._model_state()
        if self._fallback is None:
            self._fallback = self._fallback_candidate or self._model_state()
        rates = [learning_rate(self.iteration + step) for step in range(batch.steps)]
        size = len(batch) // batch.steps
        results = self.step.take_steps(batch.images, batch.labels, rates, batch.is_labelled)
        for taken, (result, rate) in enumerate(zip(results, rates, strict=True), start=1):
            loss, accuracy = result.loss, result.correct / size
            self.loss.add(loss)
            self.accuracy.add(accuracy)
            fault = self._detector.find_fault(loss, self.loss.value, self.network.classes)
            if fault is not None:
                self.feed.keep_first(batch, taken)
                self._fall_back(_Fault(self.iteration + 1, fault, loss, accuracy), rate)
            if self._fallback_candidate:
                self._check_candidate(self._fallback_candidate, loss)
            self.iteration += 1
            self._unrecorded.append((loss, accuracy, rate))

    def _advance(self, batch: Batch) -> None:
        """Count the samples of a batch that was trained on."""
        if batch.is_last:
            self.epoch, self.consumed = batch.epoch + 1, 0
            self._epoch_ends.append((self.iteration, self.epoch))
        else:
            self.epoch, self.consumed = batch.epoch, batch.consumed

    def _check_candidate(self, candidate: ModelState, loss: float) -> None:
        """Make the candidate the fallback if a batch scored well with its weights."""
        average, self._fallback_candidate = self.loss.value, None
        if average is not None and self._detector.is_good(loss, average):
            self._fallback = candidate

    def _fall_back(self, fault: _Fault, learning_rate: float) -> None:
        self._fault = fault
        self.restore_fallback()
        raise DivergenceError(
            gettext(
                "Training paused itself: at iteration {iteration} the loss {reason}. The weights "
                "of iteration {fallback} are back. Try a smaller learning rate than {rate}.",
                iteration=fault.iteration,
                reason=loss_fault(fault.reason),
                fallback=self.iteration,
                rate=format_number(learning_rate, "g"),
            )
        )

    def restore_fallback(self) -> None:
        """Return to the fallback weights; call `record_slice` afterwards."""
        if self._fallback is not None:
            self._load_model_state(self._fallback)

    def _model_state(self) -> ModelState:
        return ModelState(
            iteration=self.iteration,
            network=self.network.copy(),
            optimizer_state=self.step.optimizer.state(),
            loss=self.loss.copy(),
            accuracy=self.accuracy.copy(),
        )

    def _load_model_state(self, state: ModelState) -> None:
        self.network.copy_from(state.network)
        self.step.optimizer = create_optimizer(self.optimizer_name, self.network.parameters())
        # The optimiser may have been changed since; a state of another one is dropped.
        if self.step.optimizer.state().keys() == state.optimizer_state.keys():
            self.step.optimizer.load_state(state.optimizer_state)
        self.iteration = state.iteration
        self.loss, self.accuracy = state.loss.copy(), state.accuracy.copy()
        self._fallback_candidate = None

    def state(self, *, history: bool = True, fallback: bool = False) -> RunState:
        """Return a copy of everything that the next step depends on; call it between slices.

        Parameters
        ----------
        history
            Whether to include the curve.
        fallback
            Whether to include the fallback weights, which doubles the size; without them, as before
            the first step, a run that loads the state falls back to the state itself.
        """
        return RunState(
            **vars(self._model_state()),
            optimizer=self.optimizer_name,
            position=self.feed.position,
            dropout_state=dict(self.generators.dropout.bit_generator.state),
            augment_state=dict(self.generators.augment.bit_generator.state),
            epoch=self.epoch,
            consumed=self.consumed,
            starting_loss=self._detector.starting,
            best_loss=self._detector.best,
            validation_due=self.validation_due,
            history=self.history.copy() if history else None,
            fallback=self._fallback if fallback else None,
            times=self.times.copy(),
        )

    def load_state(self, state: RunState) -> None:
        """Continue from a state of a run with the same data; its own history if it has none.

        Raises
        ------
        ValueError
            The network or a generator's state is of another kind.
        """
        self.optimizer_name = state.optimizer
        self._load_model_state(state)
        self.generators.dropout.bit_generator.state = state.dropout_state
        self.generators.augment.bit_generator.state = state.augment_state
        self.epoch, self.consumed = state.epoch, state.consumed
        self._detector = DivergenceDetector(state.starting_loss, state.best_loss)
        self._fallback = state.fallback or state
        self._loaded_state = ref(state)
        if state.history is not None:
            self.history = state.history.copy()
            self._marked = self._trained = None
            self.times = state.times.copy() if state.times else StepTimes(state.iteration)
        self.record_slice()
        scored = any(score.iteration == self.iteration for score in self.history.validation)
        self.validation_due = state.validation_due and not scored

    def add_validation(self, score: Score) -> None:
        """Record a score on the validation samples."""
        self.history.validation.append(score)
        self.validation_due = False

    async def close(self) -> None:
        """End every fetch that is still in flight."""
        await self.feed.close()
