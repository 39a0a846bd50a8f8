"""One training run: a network, the batches it learns from, and the curve it has drawn so far.

Everything random in it comes from one seed, so two runs with the same seed, data and settings
are the same to the bit; driving it in time is the trainer's affair.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data_cache import (
    Augmentation,
    Batch,
    BatchCutter,
    BatchPosition,
    Block,
    PrefetchQueue,
    Source,
)
from nn import Network, StepResult, TrainingStep, create_network, create_optimizer

from .history import History, Score
from .loss_guard import LossGuard
from .run_state import RunState, Smoothed
from .settings import TrainingSettings

GOOD_EVERY = 50
"""Steps between two copies of the weights that a run can fall back to."""

VALIDATIONS_PER_EPOCH = 4
EARLY_EPOCHS = 2
"""Epochs in which the curve still falls so fast that one validation each would be too few."""


class DivergenceError(ArithmeticError):
    """Training went out of hand; the run has already gone back to its last good weights."""


@dataclass
class _Good:
    """What a run needs to go back to an earlier step."""

    iteration: int
    network: Network
    optimizer_state: dict[str, np.ndarray]
    loss: Smoothed
    accuracy: Smoothed


class Run:
    """A network in training.

    Parameters
    ----------
    settings
        Read before every step, so each knob works while the run goes on.
    source
        Where blocks of training samples come from.
    network
        Trained in place; None makes a fresh one of the settings' architecture.
    inputs, classes
        The size of a sample and the number of classes, for a fresh network.
    augment, binarize
        Passed on to the cutter of batches.
    validations_per_epoch
        How often `validation_due` is raised in an epoch, the last time at its end; 1 or more.
    state
        Where to go on, as `state` of another run gave it; then `network` is left out.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        source: Source,
        *,
        network: Network | None = None,
        inputs: int = 784,
        classes: int = 10,
        augment: bool = False,
        binarize: int | None = None,
        validations_per_epoch: int = VALIDATIONS_PER_EPOCH,
        state: RunState | None = None,
    ) -> None:
        weight_seed, queue_seed, dropout_seed, augment_seed = np.random.SeedSequence(
            settings.seed
        ).spawn(4)
        self.settings = settings
        self.source = source
        self.binarize = binarize
        self.validations_per_epoch = validations_per_epoch
        self.network = (state.network.copy() if state else network) or create_network(
            (inputs, *settings.hidden_layers, classes),
            generator=np.random.default_rng(weight_seed),
            activation=settings.activation,
            initialization=settings.initialization,
            biases=settings.biases,
        )
        self.queue_generator = np.random.default_rng(queue_seed)
        self.dropout_generator = np.random.default_rng(dropout_seed)
        self.augment_generator = np.random.default_rng(augment_seed)
        self.queue = PrefetchQueue(
            source,
            settings.cache_size,
            settings.concurrency,
            generator=self.queue_generator,
            start=state.position.queue if state else None,
        )
        self.cutter = BatchCutter(
            augment=Augmentation(self.augment_generator) if augment else None,
            binarize=binarize,
            start=state.position if state else None,
        )
        self.optimizer_name = state.optimizer if state else settings.optimizer
        self.step = TrainingStep(
            self.network,
            create_optimizer(self.optimizer_name, self.network.parameters()),
            batch_capacity=settings.batch_size,
            generator=self.dropout_generator,
        )
        self.history = History()
        self._unseen: list[tuple[float, float, float]] = []
        self.iteration = 0
        self.epoch = 0
        self.consumed = 0
        self.loss = Smoothed()
        self.accuracy = Smoothed()
        self.validation_due = False
        self.is_starved = True
        self._guard = LossGuard()
        if state is not None:
            self._go_on(state)
        self._good = self._copy_good()
        self._candidate: _Good | None = None

    def _go_on(self, state: RunState) -> None:
        self.step.optimizer.load_state(state.optimizer_state)
        self.dropout_generator.bit_generator.state = state.dropout_state
        self.augment_generator.bit_generator.state = state.augment_state
        self.iteration, self.epoch, self.consumed = state.iteration, state.epoch, state.consumed
        self.loss, self.accuracy = state.loss.copy(), state.accuracy.copy()
        self._guard = LossGuard(state.starting_loss, state.best_loss)
        self.validation_due = state.validation_due
        self.history = state.history.copy()

    def state(self) -> RunState:
        """Record where the run stands; call it only between slices."""
        return RunState(
            network=self.network.copy(),
            optimizer=self.optimizer_name,
            optimizer_state=self.step.optimizer.state(),
            position=self.position,
            dropout_state=dict(self.dropout_generator.bit_generator.state),
            augment_state=dict(self.augment_generator.bit_generator.state),
            iteration=self.iteration,
            epoch=self.epoch,
            consumed=self.consumed,
            loss=self.loss.copy(),
            accuracy=self.accuracy.copy(),
            starting_loss=self._guard.starting,
            best_loss=self._guard.best,
            validation_due=self.validation_due,
            history=self.history.copy(),
        )

    @property
    def epochs_done(self) -> float:
        """Passes over the training samples, with the fraction of the one under way."""
        return self.epoch + self.consumed / self.source.sample_count

    @property
    def position(self) -> BatchPosition:
        """Where in the stream of samples the next batch begins."""
        position = self.cutter.position(self.queue.position)
        if position is None:
            raise RuntimeError("the cutter holds a block that did not come from the queue")
        return position

    def take_ready(self, wanted: int) -> None:
        """Move blocks that are ready to the cutter until it holds `wanted` samples."""
        while self.is_starved or self.cutter.buffered < wanted:
            block = self.queue.take_ready()
            if block is None:
                return
            self.add_block(block)

    def add_block(self, block: Block) -> None:
        """Take in a block that the queue has delivered."""
        self.cutter.add(block)
        self.is_starved = False

    def apply_settings(self) -> None:
        """Make the knobs take effect that a step does not read: optimiser, queue, penalties."""
        settings = self.settings
        self.queue.cache_size = settings.cache_size
        self.queue.concurrency = settings.concurrency
        if settings.optimizer != self.optimizer_name:
            self.optimizer_name = settings.optimizer
            self.step.optimizer = create_optimizer(settings.optimizer, self.network.parameters())
        self.step.l1, self.step.l2 = settings.l1, settings.l2
        self.step.dropout = settings.dropout

    def train_slice(
        self,
        is_over: Callable[[], bool],
        learning_rate: Callable[[int], float],
        max_steps: int | None = None,
    ) -> tuple[int, int]:
        """Train until `is_over()`, until samples run out, or until a validation is due.

        Returns
        -------
        Steps and samples trained on; `note_slice` enters them into the history.

        Raises
        ------
        DivergenceError
            When the loss is no longer finite or has exploded; the last good weights are back.
        """
        steps = samples = 0
        while steps == 0 or not (self.validation_due or is_over()):
            if max_steps is not None and steps >= max_steps:
                break
            batch = self.cutter.take(self.settings.batch_size)
            if batch is None:
                self.is_starved = True
                break
            rate = learning_rate(self.iteration)
            result = self._take_step(batch, rate)
            steps += 1
            samples += len(batch)
            self._unseen.append((result.loss, result.correct / len(batch), rate))
            self._advance(batch)
        return steps, samples

    def note_slice(self) -> None:
        """Enter into the history what the last slice did, or took back.

        A slice may be computed in a thread; the history belongs to those who draw it, so this
        is to be called where they are.
        """
        for loss, accuracy, learning_rate in self._unseen:
            self.history.append(loss, accuracy, learning_rate)
        self._unseen.clear()
        if len(self.history) > self.iteration:
            self.history.forget_after(self.iteration)

    def _take_step(self, batch: Batch, learning_rate: float) -> StepResult:
        if self.iteration % GOOD_EVERY == 0:
            self._candidate = self._copy_good()
        result = self.step(batch.images, batch.labels, learning_rate)
        self.loss.add(result.loss)
        self.accuracy.add(result.correct / len(batch))
        fault = self._guard.find_fault(result.loss, self.loss.value, self.network.classes)
        if fault is not None:
            self._go_back(fault, learning_rate)
        self._promote_candidate(result.loss)
        self.iteration += 1
        return result

    def _advance(self, batch: Batch) -> None:
        before = self._validations_by_now()
        if batch.is_last:
            self.epoch, self.consumed = batch.epoch + 1, 0
        else:
            self.epoch, self.consumed = batch.epoch, batch.consumed
        if self._validations_by_now() > before:
            self.validation_due = True

    def _validations_by_now(self) -> int:
        """Count the validations due so far: several in each of the first epochs, then one."""
        early = min(self.epochs_done, EARLY_EPOCHS)
        return math.floor(self.validations_per_epoch * early) + math.floor(self.epochs_done - early)

    def _promote_candidate(self, loss: float) -> None:
        """Call the copied weights good, now that a batch has been scored with them."""
        candidate, smoothed = self._candidate, self.loss.value
        self._candidate = None
        if candidate and smoothed is not None and self._guard.is_good(loss, smoothed):
            self._good = candidate

    def _copy_good(self) -> _Good:
        return _Good(
            self.iteration,
            self.network.copy(),
            self.step.optimizer.state(),
            self.loss.copy(),
            self.accuracy.copy(),
        )

    def _go_back(self, fault: str, learning_rate: float) -> None:
        failed_at = self.iteration + 1
        self.restore_good()
        raise DivergenceError(
            f"Training paused itself: at iteration {failed_at} the loss {fault}. "
            f"The weights of iteration {self.iteration} are back. "
            f"Try a smaller learning rate than {learning_rate:g}."
        )

    def restore_good(self) -> None:
        """Go back to the last weights that were remembered as good; `note_slice` follows."""
        good = self._good
        self.network.copy_from(good.network)
        self.step.optimizer = create_optimizer(self.optimizer_name, self.network.parameters())
        if self.step.optimizer.state().keys() == good.optimizer_state.keys():
            self.step.optimizer.load_state(good.optimizer_state)
        self.iteration = good.iteration
        self.loss, self.accuracy = good.loss.copy(), good.accuracy.copy()
        self._candidate = None

    def add_validation(self, score: Score) -> None:
        """Note a score on the validation samples."""
        self.history.validation.append(score)
        self.validation_due = False

    async def close(self) -> None:
        """End every fetch that is still under way."""
        await self.queue.close()
