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
from nn import Network, TrainingStep, create_optimizer

LARGEST_FALL = 0.002
"""The validation accuracy has to fall by less than this; otherwise the weights are not used."""

AUGMENTATION = Strengths(
    shift=1.0, rotation=10.0, scale=0.1, stretch=0.15, shear=0.15, elastic=1.0, thickness=0.6
)
"""How the own digits are varied: one hand never writes a digit twice alike."""


@dataclass(frozen=True)
class FineTuningRecipe:
    """How much is trained, and on what.

    Attributes
    ----------
    steps
        Training steps.
    batch_size
        Samples of a step.
    own_share
        Fraction of own digits in each batch; the others are training digits.
    learning_rate
        Of the first step; it falls linearly towards 0.
    optimizer
        Name of the optimiser.
    """

    steps: int = 60
    batch_size: int = 64
    own_share: float = 0.25
    learning_rate: float = 0.001
    optimizer: str = "adam"


RECIPE = FineTuningRecipe()


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
        How much is trained, and on what.

    Attributes
    ----------
    network
        The copy.
    """

    def __init__(
        self,
        network: Network,
        own: Samples,
        replay: Samples,
        generator: np.random.Generator,
        recipe: FineTuningRecipe = RECIPE,
    ) -> None:
        self.network = network.copy()
        self._own, self._replay = own, replay
        self._generator = generator
        self._recipe = recipe
        self._augment = RandomDistortion(generator, AUGMENTATION)
        optimizer = create_optimizer(recipe.optimizer, self.network.parameters())
        self._step = TrainingStep(self.network, optimizer, batch_capacity=recipe.batch_size)
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

    def _batch(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return own digits, varied, and training digits as they are."""
        size = self._recipe.batch_size
        own_count = round(self._recipe.own_share * size)
        own = self._own.take(self._generator.integers(len(self._own), size=own_count))
        replay = self._replay.take(
            self._generator.integers(len(self._replay), size=size - own_count)
        )
        images = np.concatenate([self._augment(to_float(own.images)), to_float(replay.images)])
        return images, np.concatenate([own.labels, replay.labels])


async def fine_tune_on(
    tuning: FineTuning, *, execute: Execute = execute_in_line, is_wanted: Callable[[], bool]
) -> bool:
    """Take all steps, between which the event loop is free; return False if they became unwanted.

    Parameters
    ----------
    tuning
        What to do.
    execute
        Awaited with a function; computes a step.
    is_wanted
        Asked before every step.
    """
    while not tuning.is_done:
        if not is_wanted():
            return False
        await execute(tuning.take_step)
        await asyncio.sleep(0)
    return True


async def validation_accuracy(
    network: Network, validation: Samples | None, execute: Execute = execute_in_line
) -> float:
    """Return the accuracy of a network on validation samples; 0 without samples."""
    if validation is None or not len(validation):
        return 0.0
    return float((await evaluate(network, validation, execute=execute)).accuracy)


def count_read(network: Network, own: Samples) -> int:
    """Return how many own digits a network recognises."""
    predicted = network.predict_proba(to_float(own.images)).argmax(axis=1)
    return int((predicted == own.labels).sum())
