"""A run on samples that arrive in blocks, such as digits, and the schedule of its validations.

Blocks come through a prefetch queue, so that training seldom waits for the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dashboard.training.run import FALLBACK_EVERY, Run, RunGenerators
from dashboard.training.run_state import ModelState, RunState
from dashboard.training.settings import TrainingSettings
from data_cache import (
    Batch,
    Batcher,
    BlockFeed,
    PointPosition,
    PrefetchQueue,
    Source,
    create_augmentation,
)
from nn import Network, WeightAverage, scale_bytes

EARLY_EPOCHS = 2
"""Epochs in which the curve falls so fast that one validation in each would be too few."""


@dataclass(frozen=True)
class ValidationSchedule:
    """When a run is scored on validation samples, counted in training samples and never in time.

    Validations divide each early epoch into equal parts; later they come at the ends of epochs, at
    growing distances.

    Attributes
    ----------
    per_early_epoch
        Validations in each of the first `EARLY_EPOCHS` epochs, the last one at its end; at least 1.
    largest_gap
        Samples between two later validations, at most, rounded up to whole epochs; until then the
        number of samples grows by half from one validation to the next.
    """

    per_early_epoch: int
    largest_gap: int

    def next_after(self, samples: int, epoch: int) -> int:
        """Return after how many samples in all the next validation is due.

        Parameters
        ----------
        samples
            Trained on so far.
        epoch
            Samples in an epoch.
        """
        due = EARLY_EPOCHS * epoch
        if samples < due:
            parts = samples * self.per_early_epoch // epoch + 1
            # Rounded up: a validation is due once its part of the epoch is complete.
            return -(-parts * epoch // self.per_early_epoch)
        while due // 2 < self.largest_gap:
            due += _whole_epochs(due // 2, epoch)
            if due > samples:
                return due
        gap = _whole_epochs(self.largest_gap, epoch)
        return due + max((samples - due) // gap + 1, 0) * gap


def _whole_epochs(samples: int, epoch: int) -> int:
    return max(-(-samples // epoch), 1) * epoch


WHILE_WATCHED = ValidationSchedule(per_early_epoch=4, largest_gap=30_000)
"""For the page: often while the curve falls, later at about a hundredth of the training time."""

EVERY_EPOCH = ValidationSchedule(per_early_epoch=1, largest_gap=0)
"""Once at the end of each epoch."""


class BlockRun(Run):
    """A run on samples that come in blocks through a prefetch queue, such as digits.

    Parameters
    ----------
    settings
        Read before every slice.
    source
        Delivers blocks of training samples.
    network
        Trained in place; None makes a fresh one of the settings' architecture.
    inputs, classes
        Values per sample and number of classes of a fresh network.
    binarize
        Threshold in [0, 255] for pixels; None: none.
    validations
        When `validation_due` is set.
    state
        State to continue from; `network` is left out then.
    threads
        Compute convolutions natively; all bits of the run are the same with any number.
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
        threads: int = 1,
    ) -> None:
        generators = RunGenerators.from_seed(settings.seed)
        self.augment_name = settings.augment
        self.binarize = binarize
        super().__init__(
            settings,
            BlockFeed(
                source,
                settings.cache_size,
                settings.concurrency,
                generator=generators.feed,
                augment=create_augmentation(settings.augment, generators.augment),
                binarize=binarize,
                scale_bytes=scale_bytes,
            ),
            network=(state.network.copy() if state else network)
            or settings.make_network(inputs, classes, generators.weights),
            generators=generators,
            optimizer=state.optimizer if state else None,
            threads=threads,
        )
        self.validations = validations
        self._due_at = 0
        """Samples trained on in all when the next validation is due; read before each batch."""
        self._average: WeightAverage | None = None
        if state is not None:
            self.load_state(state)

    @property
    def evaluated_network(self) -> Network:
        """The running mean of the weights if there is one, else the network itself."""
        return self._average.network if self._average else self.network

    @property
    def queue(self) -> PrefetchQueue:
        """The queue that fetches blocks ahead."""
        return self.feed.queue

    @property
    def batcher(self) -> Batcher:
        """What cuts blocks into batches."""
        return self.feed.batcher

    def apply_settings(self) -> None:
        """Apply the settings that a step does not read by itself, also those of the feed."""
        self._make_due_changes()
        self.queue.cache_size = self.settings.cache_size
        self.queue.concurrency = self.settings.concurrency
        if self.settings.augment != self.augment_name:
            self.augment_name = self.settings.augment
            self.batcher.augment = create_augmentation(self.augment_name, self.generators.augment)
        self.step.label_smoothing = self.settings.label_smoothing
        decay = self.settings.weight_average
        if decay != (self._average.decay if self._average else 0):
            self._average = WeightAverage(self.network, decay) if decay else None
        super().apply_settings()

    def state(self, *, history: bool = True, fallback: bool = False) -> RunState:
        """Return a copy of everything that the next step depends on; see `Run.state`."""
        state = super().state(history=history, fallback=fallback)
        if self._average is None:
            return state
        return replace(
            state, averaged=self._average.network.copy(), averaged_steps=self._average.steps
        )

    def load_state(self, state: RunState) -> None:
        """Continue from a state of a run on the same samples; see `Run.load_state`."""
        assert not isinstance(state.position, PointPosition), "a state of a run on points"
        super().load_state(state)
        self.feed.seek(state.position)
        if state.averaged is not None and self.settings.weight_average:
            self._average = WeightAverage(
                state.averaged, self.settings.weight_average, steps=state.averaged_steps
            )

    def _load_model_state(self, state: ModelState) -> None:
        super()._load_model_state(state)
        if self._average:
            self._average.reset(self.network)

    def _steps_at_once(self, batch_size: int, wanted: int) -> int:
        self._due_at = self.validations.next_after(self._samples_done, self.feed.sample_count)
        if self._average or self.batcher.augment:
            # The mean is updated after each step; augmentation draws differently for larger parts.
            return 1
        to_candidate = FALLBACK_EVERY - self.iteration % FALLBACK_EVERY
        to_validation = self._due_at - self._samples_done
        at_most = min(wanted // batch_size, to_candidate, -(-to_validation // batch_size))
        return max(at_most, 1)

    def _take_steps(self, batch: Batch, learning_rate: Callable[[int], float]) -> None:
        super()._take_steps(batch, learning_rate)
        if self._average:
            self._average.update(self.network)

    def _advance(self, batch: Batch) -> None:
        super()._advance(batch)
        if self._samples_done >= self._due_at:
            self.validation_due = True

    @property
    def _samples_done(self) -> int:
        return self.epoch * self.feed.sample_count + self.consumed
