"""One training run: a network, the batches it learns from, and the curve it has drawn so far.

Everything random in it comes from one seed, so two runs with the same seed, data and settings
are the same to the bit; driving it in time is the trainer's affair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.training.divergence import DivergenceDetector
from dashboard.training.history import History, Score
from dashboard.training.run_state import Smoothed
from dashboard.training.settings import LearningSettings
from data_cache import Batch, Feed
from nn import Network, TrainingStep, create_optimizer

GOOD_EVERY = 50
"""Steps between two copies of the weights that a run can fall back to."""


class DivergenceError(ArithmeticError):
    """Training went out of hand; the run has already gone back to its last good weights."""


@dataclass(frozen=True, eq=False)
class Mark:
    """What a run needs to go back to an earlier step: weights, moments and averages, as copies."""

    iteration: int
    network: Network
    optimizer_state: dict[str, np.ndarray]
    loss: Smoothed
    accuracy: Smoothed


@dataclass(frozen=True, eq=False)
class RunGenerators:
    """The independent random generators of a run, all from one seed."""

    weights: np.random.Generator
    feed: np.random.Generator
    dropout: np.random.Generator
    augment: np.random.Generator


def run_generators(seed: int) -> RunGenerators:
    """Return the generators of a run of that seed."""
    return RunGenerators(*map(np.random.default_rng, np.random.SeedSequence(seed).spawn(4)))


class Run:
    """A network in training.

    Parameters
    ----------
    settings
        Read before every slice, so each knob works while the run goes on.
    feed
        Where its batches come from.
    network
        Trained in place.
    dropout_generator
        Draws the hidden units that dropout silences.
    optimizer
        Name of the optimiser to begin with; None: that of the settings.
    """

    binarize: int | None = None
    """The threshold that held-out pixels are put to, as those of the batches were."""

    def __init__(
        self,
        settings: LearningSettings,
        feed: Feed,
        *,
        network: Network,
        dropout_generator: np.random.Generator,
        optimizer: str | None = None,
    ) -> None:
        self.settings = settings
        self.feed: Feed = feed
        self.network = network
        self.dropout_generator = dropout_generator
        self.optimizer_name = optimizer or settings.optimizer
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
        self._guard = DivergenceDetector()
        self._good = self.mark()
        self._candidate: Mark | None = None

    @property
    def judged(self) -> Network:
        """The network that scores and files are about."""
        return self.network

    @property
    def epochs_done(self) -> float:
        """Passes over the training samples, with the fraction of the one under way."""
        return self.epoch + self.consumed / self.feed.sample_count

    def apply_settings(self) -> None:
        """Make the knobs take effect that a step does not read: the optimiser, penalties."""
        settings = self.settings
        if settings.optimizer != self.optimizer_name:
            self.optimizer_name = settings.optimizer
            self.step.optimizer = create_optimizer(settings.optimizer, self.network.parameters())
        self.step.l1, self.step.l2 = settings.l1, settings.l2
        self.step.dropout = settings.dropout

    def train_slice(
        self,
        room: Callable[[], int],
        learning_rate: Callable[[int], float],
        max_steps: int | None = None,
    ) -> tuple[int, int]:
        """Train until there is no more room, until samples run out, or a validation is due.

        `room()` says how many samples may be trained on before it is asked again; with 0 the slice
        ends, but never before its first step. The numbers are the same whatever it says.

        Returns
        -------
        Steps and samples trained on; `note_slice` enters them into the history.

        Raises
        ------
        DivergenceError
            When the loss is no longer finite or has exploded; the last good weights are back.
        """
        batch_size = self.settings.batch_size
        steps = samples = 0
        while steps != max_steps and not (steps and self.validation_due):
            wanted = room()
            if steps and wanted <= 0:
                break
            if max_steps is not None:
                wanted = min(wanted, (max_steps - steps) * batch_size)
            batch = self._take(batch_size, wanted)
            if batch is None:
                break
            self._take_steps(batch, learning_rate)
            steps += batch.steps
            samples += len(batch)
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

    def _take(self, batch_size: int, wanted: int) -> Batch | None:
        """Take the next batch, or some in one piece with `wanted` samples; None: no more now."""
        return self.feed.take(batch_size)

    def _take_steps(self, batch: Batch, learning_rate: Callable[[int], float]) -> None:
        """Train on a batch, or on those in it one after the other, and note what came of it."""
        if self.iteration % GOOD_EVERY == 0:
            self._candidate = self.mark()
        rates = [learning_rate(self.iteration + step) for step in range(batch.steps)]
        size = len(batch) // batch.steps
        results = self.step.take_steps(batch.images, batch.labels, rates, batch.is_labelled)
        for taken, (result, rate) in enumerate(zip(results, rates, strict=True), start=1):
            loss, accuracy = result.loss, result.correct / size
            self.loss.add(loss)
            self.accuracy.add(accuracy)
            fault = self._guard.find_fault(loss, self.loss.value, self.network.classes)
            if fault is not None:
                self._give_back(batch, taken)
                self._go_back(fault, rate)
            if self._candidate:
                self._promote_candidate(self._candidate, loss)
            self.iteration += 1
            self._unseen.append((loss, accuracy, rate))

    def _give_back(self, batch: Batch, steps: int) -> None:
        """Leave to the feed what lies behind so many steps of a batch that was meant for more."""

    def _advance(self, batch: Batch) -> None:
        if batch.is_last:
            self.epoch, self.consumed = batch.epoch + 1, 0
        else:
            self.epoch, self.consumed = batch.epoch, batch.consumed

    def _promote_candidate(self, candidate: Mark, loss: float) -> None:
        """Call the copied weights good, now that a batch has been scored with them."""
        smoothed, self._candidate = self.loss.value, None
        if smoothed is not None and self._guard.is_good(loss, smoothed):
            self._good = candidate

    def mark(self) -> Mark:
        """Record where the run stands, for `return_to`; call it only between slices."""
        return Mark(
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
        self.return_to(self._good)

    def return_to(self, mark: Mark) -> None:
        """Go back to an earlier step of this run; `note_slice` follows."""
        self.network.copy_from(mark.network)
        self.step.optimizer = create_optimizer(self.optimizer_name, self.network.parameters())
        if self.step.optimizer.state().keys() == mark.optimizer_state.keys():
            self.step.optimizer.load_state(mark.optimizer_state)
        self.iteration = mark.iteration
        self.loss, self.accuracy = mark.loss.copy(), mark.accuracy.copy()
        self._candidate = None

    def add_validation(self, score: Score) -> None:
        """Note a score on the validation samples."""
        self.history.validation.append(score)
        self.validation_due = False

    async def close(self) -> None:
        """End every fetch that is still under way."""
        await self.feed.close()
