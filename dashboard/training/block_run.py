"""A run on samples that come in blocks through a prefetch queue: the digits and their kind.

It can be put away as a record between two steps and goes on from there with the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.training.divergence import DivergenceDetector
from dashboard.training.run import GOOD_EVERY, Mark, Run, run_generators
from dashboard.training.run_state import RunState
from dashboard.training.settings import TrainingSettings
from dashboard.training.validation_schedule import WHILE_WATCHED, ValidationSchedule
from data_cache import (
    Batch,
    Batcher,
    BlockFeed,
    PrefetchQueue,
    Source,
    create_augmentation,
)
from nn import Network, WeightAverage, scale_bytes


class BlockRun(Run):
    """A network in training on the blocks of a source.

    Parameters
    ----------
    settings
        Read before every slice, so each knob works while the run goes on.
    source
        Where blocks of training samples come from.
    network
        Trained in place; None makes a fresh one of the settings' architecture.
    inputs, classes
        The size of a sample and the number of classes, for a fresh network.
    binarize
        Passed on to the batcher.
    validations
        When `validation_due` is raised.
    state
        Where to go on, as `state` of another run gave it; then `network` is left out.
    """

    settings: TrainingSettings
    feed: BlockFeed

    def __init__(
        self,
        settings: TrainingSettings,
        source: Source[Any],
        *,
        network: Network | None = None,
        inputs: int = 784,
        classes: int = 10,
        binarize: int | None = None,
        validations: ValidationSchedule = WHILE_WATCHED,
        state: RunState | None = None,
    ) -> None:
        generators = run_generators(settings.seed)
        self.queue_generator = generators.feed
        self.augment_generator = generators.augment
        self.augment_name = settings.augment
        self.binarize = binarize
        super().__init__(
            settings,
            BlockFeed(
                source,
                settings.cache_size,
                settings.concurrency,
                generator=self.queue_generator,
                augment=create_augmentation(settings.augment, self.augment_generator),
                binarize=binarize,
                start=state.position if state else None,
                scale_bytes=scale_bytes,
            ),
            network=(state.network.copy() if state else network)
            or settings.make_network(inputs, classes, generators.weights),
            dropout_generator=generators.dropout,
            optimizer=state.optimizer if state else None,
        )
        self.validations = validations
        self._due_at = 0
        """After how many samples the next score is due, told as each batch is taken."""
        self._average: WeightAverage | None = None
        if state is not None:
            self._go_on(state)

    def _go_on(self, state: RunState) -> None:
        self.step.optimizer.load_state(state.optimizer_state)
        self.dropout_generator.bit_generator.state = state.dropout_state
        self.augment_generator.bit_generator.state = state.augment_state
        self.iteration, self.epoch, self.consumed = state.iteration, state.epoch, state.consumed
        self.loss, self.accuracy = state.loss.copy(), state.accuracy.copy()
        self._guard = DivergenceDetector(state.starting_loss, state.best_loss)
        self.validation_due = state.validation_due
        self.history = state.history.copy()
        self._good = self.mark()
        if state.averaged is not None and self.settings.weight_average:
            self._average = WeightAverage(
                state.averaged, self.settings.weight_average, steps=state.averaged_steps
            )

    def state(self) -> RunState:
        """Record where the run stands; call it only between slices."""
        return RunState(
            network=self.network.copy(),
            optimizer=self.optimizer_name,
            optimizer_state=self.step.optimizer.state(),
            position=self.feed.position,
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
            averaged=self._average.network.copy() if self._average else None,
            averaged_steps=self._average.steps if self._average else 0,
        )

    @property
    def judged(self) -> Network:
        """The network that scores and files are about: the mean of the weights, if there is one."""
        return self._average.network if self._average else self.network

    def _take(self, batch_size: int, wanted: int) -> Batch | None:
        self._due_at = self._next_validation()
        if self._average or self.batcher.augment:
            # The mean follows each step; what augmentation draws depends on how much it is given.
            return self.feed.take(batch_size)
        to_mark = GOOD_EVERY - self.iteration % GOOD_EVERY
        to_validation = self._due_at - self._samples_so_far()
        at_most = min(wanted // batch_size, to_mark, -(-to_validation // batch_size))
        return self.feed.take(batch_size, max(at_most, 1))

    def _take_steps(self, batch: Batch, learning_rate: Callable[[int], float]) -> None:
        super()._take_steps(batch, learning_rate)
        if self._average:
            self._average.update(self.network)

    def _give_back(self, batch: Batch, steps: int) -> None:
        self.feed.keep_first(batch, steps)

    def _advance(self, batch: Batch) -> None:
        super()._advance(batch)
        if self._samples_so_far() >= self._due_at:
            self.validation_due = True

    def _next_validation(self) -> int:
        return self.validations.next_after(self._samples_so_far(), self.feed.sample_count)

    def _samples_so_far(self) -> int:
        return self.epoch * self.feed.sample_count + self.consumed

    def return_to(self, mark: Mark) -> None:
        """Go back to an earlier step of this run; `note_slice` follows."""
        super().return_to(mark)
        if self._average:
            self._average.reset(self.network)

    @property
    def queue(self) -> PrefetchQueue:
        """Where blocks wait."""
        return self.feed.queue

    @property
    def batcher(self) -> Batcher:
        """What divides them into batches."""
        return self.feed.batcher

    def apply_settings(self) -> None:
        """Make the knobs take effect that a step does not read: those of the feed too."""
        self.queue.cache_size = self.settings.cache_size
        self.queue.concurrency = self.settings.concurrency
        if self.settings.augment != self.augment_name:
            self.augment_name = self.settings.augment
            self.batcher.augment = create_augmentation(self.augment_name, self.augment_generator)
        self.step.label_smoothing = self.settings.label_smoothing
        decay = self.settings.weight_average
        if decay != (self._average.decay if self._average else 0):
            self._average = WeightAverage(self.network, decay) if decay else None
        super().apply_settings()
