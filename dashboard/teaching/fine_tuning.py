"""Fine-tuning on own digits, mixed with training digits so that the network does not forget those.

Mixing in samples of the earlier task is called rehearsal or replay (Robins, "Catastrophic
forgetting, rehearsal and pseudorehearsal", 1995). All numbers follow from the weights, the samples
and a seed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.training.trainer import Execute, evaluate, execute_in_line
from data_cache import RandomDistortion, Samples, Strengths, to_float
from data_cache.samples import concatenate_samples
from nn import Network, TrainingStep, create_optimizer

LARGEST_FALL = 0.002
"""The validation accuracy has to fall by less than this; otherwise the weights are not used."""

PREFERRED_FALL = 0.003
"""Weights are preferred whose accuracy falls by less than this on validation digits and varied
training digits together."""

OWN_SHARE = 0.25
"""Fraction of own digits in each batch, unless another one is chosen."""

AUGMENTATION = Strengths(
    shift=1.0, rotation=10.0, scale=0.1, stretch=0.15, shear=0.15, elastic=1.0, thickness=0.6
)
"""How digits are varied: the own ones, because a hand writes no digit twice alike, and the others,
because those that a network knows by heart protect nothing."""


@dataclass(frozen=True)
class FineTuningRecipe:
    """How much is trained, and on what; chosen on styles other than those of the tests.

    Attributes
    ----------
    steps
        Training steps.
    batch_size
        Samples of a step.
    learning_rate
        Of the first step; it falls linearly towards 0.
    recognised
        Fractions of varied copies of the own digits: that the weights have to recognise, and that
        is enough.
    own_share
        Fraction of own digits in each batch; the others are training digits.
    optimizer
        Name of the optimiser.
    weight_shares
        How far the weights may go from those of before, 0, to the trained ones, 1; ascending.
    copies
        Varied copies of the own digits, in all.
    """

    steps: int
    batch_size: int
    learning_rate: float
    recognised: tuple[float, float]
    own_share: float = OWN_SHARE
    optimizer: str = "momentum"
    weight_shares: tuple[float, ...] = (0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.85, 1.0)
    copies: int = 200


DENSE_RECIPE = FineTuningRecipe(100, 256, 0.05, recognised=(0.75, 0.95))
"""An MLP forgets more, and large batches cost it little."""

CONVOLUTIONAL_RECIPE = FineTuningRecipe(60, 64, 0.02, recognised=(0.75, 0.97))


def recipe_for(network: Network) -> FineTuningRecipe:
    """Return the recipe for a kind of network."""
    return DENSE_RECIPE if network.layer_spec is None else CONVOLUTIONAL_RECIPE


@dataclass(frozen=True)
class FineTuningResult:
    """What fine-tuning did.

    Attributes
    ----------
    count
        Own digits.
    read_before, read_after
        Own digits that were recognised before and are recognised after it.
    validation_count
        Validation samples.
    validation_before, validation_after
        Validation accuracies, in [0, 1].
    """

    count: int
    read_before: int
    read_after: int
    validation_count: int
    validation_before: float
    validation_after: float

    @property
    def is_kept(self) -> bool:
        """Whether the validation accuracy fell so little that the new weights are used."""
        fall = self.validation_before - self.validation_after
        return not self.validation_count or fall < LARGEST_FALL


@dataclass(frozen=True, eq=False)
class FineTuned:
    """Weights after fine-tuning.

    Attributes
    ----------
    network
        The weights.
    before, after
        Validation accuracy of the weights before it and of these, in [0, 1]; 0 without samples.
    loss
        Mean validation loss of these weights; 0 without samples.
    """

    network: Network
    before: float
    after: float
    loss: float


class FineTuning:
    """Fine-tunes a copy of a network.

    Parameters
    ----------
    network
        The weights to start from; they are not changed.
    own
        The own digits, at least one.
    replay
        Training digits that are mixed in, at least one.
    generator
        Draws the batches and their augmentation.
    recipe
        How much is trained, and on what; None: that for the kind of network.

    Attributes
    ----------
    base
        The weights to start from.
    """

    def __init__(
        self,
        network: Network,
        own: Samples,
        replay: Samples,
        generator: np.random.Generator,
        recipe: FineTuningRecipe | None = None,
    ) -> None:
        self.base = network
        self._trained = network.copy()
        self._own, self._replay = own, replay
        self._generator = generator
        self._recipe = recipe = recipe or recipe_for(network)
        self._augment = RandomDistortion(generator, AUGMENTATION)
        optimizer = create_optimizer(recipe.optimizer, self._trained.parameters())
        self._step = TrainingStep(self._trained, optimizer, batch_capacity=recipe.batch_size)
        self._done = 0

    @property
    def is_done(self) -> bool:
        """Whether all steps are taken."""
        return self._done >= self._recipe.steps

    def take_step(self) -> None:
        """Take the next step."""
        recipe = self._recipe
        images, labels = self._batch()
        rate = recipe.learning_rate * (1 - self._done / recipe.steps)
        self._step(images, labels, rate)
        self._done += 1

    def candidates(self) -> list[Network]:
        """Return the weights that may be used, those first that have learnt most.

        They lie between the weights of before and the trained ones: what a network forgets grows
        faster with the distance than what it learns (Wortsman et al., "Robust fine-tuning of
        zero-shot models", 2022).
        """
        recipe = self._recipe
        least, enough = recipe.recognised
        repeated = self._own.take(np.arange(recipe.copies) % len(self._own))
        copies = self._augment(to_float(repeated.images))
        found: list[Network] = []
        for share in recipe.weight_shares:
            network = interpolate(self.base, self._trained, share)
            predicted = network.predict_proba(copies).argmax(axis=1)
            recognised = (predicted == repeated.labels).mean()
            if recognised >= least or share == recipe.weight_shares[-1]:
                found.insert(0, network)
            if recognised >= enough:
                break
        return found

    def vary(self, samples: Samples) -> Samples:
        """Return samples varied as the own digits are, so that fewer are recognised by heart."""
        images = np.round(255 * self._augment(to_float(samples.images))).astype(np.uint8)
        return Samples(images, samples.labels, samples.is_labelled)

    def _batch(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return own digits and training digits, all of them varied."""
        size = self._recipe.batch_size
        own_count = round(self._recipe.own_share * size)
        own = self._own.take(self._generator.integers(len(self._own), size=own_count))
        replay = self._replay.take(
            self._generator.integers(len(self._replay), size=size - own_count)
        )
        batch = concatenate_samples([own, replay])
        return self._augment(to_float(batch.images)), batch.labels


async def fine_tune_on(
    tuning: FineTuning,
    validation: Samples | None,
    held_back: Samples | None = None,
    *,
    execute: Execute = execute_in_line,
    is_wanted: Callable[[], bool] = lambda: True,
) -> FineTuned | None:
    """Take all steps and choose the weights; the event loop is free between the steps.

    Parameters
    ----------
    tuning
        What to do.
    validation
        Samples whose accuracy decides which weights are used; None: there are none.
    held_back
        Training samples that are not mixed in, which make that choice less a matter of chance.
    execute
        Awaited with a function and its arguments; computes a step.
    is_wanted
        Asked before every step.

    Returns
    -------
    FineTuned or None
        The first candidate that forgets little, or the last one; None if it became unwanted.
    """
    while not tuning.is_done:
        if not is_wanted():
            return None
        await execute(tuning.take_step)
        await asyncio.sleep(0)
    varied = None if held_back is None else await execute(tuning.vary, held_back)
    parts = [part for part in (validation, varied) if part is not None and len(part)]
    both = concatenate_samples(parts) if parts else None
    before, _ = await sample_scores(tuning.base, validation, execute)
    before_both, _ = await sample_scores(tuning.base, both, execute)
    for network in await execute(tuning.candidates):
        after, loss = await sample_scores(network, validation, execute)
        found = FineTuned(network, before, after, loss)
        after_both, _ = await sample_scores(network, both, execute)
        if before - after < LARGEST_FALL and before_both - after_both < PREFERRED_FALL:
            break
    return found


def interpolate(base: Network, other: Network, share: float) -> Network:
    """Return a network whose weights are (1 − share) · base + share · other."""
    network = base.copy()
    for values, target in zip(network.parameters(), other.parameters(), strict=True):
        np.add(values, np.float32(share) * (target - values), out=values)
    return network


async def sample_scores(
    network: Network, samples: Samples | None, execute: Execute = execute_in_line
) -> tuple[float, float]:
    """Return the accuracy and the mean loss of a network on samples; zeros without samples."""
    if samples is None or not len(samples):
        return 0.0, 0.0
    evaluation = await evaluate(network, samples, execute=execute)
    return float(evaluation.accuracy), float(evaluation.loss)


def count_read(network: Network, own: Samples) -> int:
    """Return how many own digits a network recognises."""
    predicted = network.predict_proba(to_float(own.images)).argmax(axis=1)
    return int((predicted == own.labels).sum())
