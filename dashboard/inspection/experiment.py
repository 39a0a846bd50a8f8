"""Experiments on a drawing: what changes of the input, and a small attack, make of the answer.

The functions compute outside the event loop; they use no state.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data_cache import Samples, frame_digit, to_float
from data_cache.augmentation.manipulation import Manipulation, manipulate
from data_cache.samples import SIDE
from nn import Network
from nn.interpretation.activation_maximization import maximize_activation
from nn.interpretation.adversarial import apply_signs, gradient_signs

NOISE_SEED = 0
MAXIMIZATION_SEED = 0

Image = NDArray[np.float32]


@dataclass(frozen=True)
class ExperimentSettings:
    """What is done to a drawing.

    Attributes
    ----------
    manipulation
        The changes of the input of the network.
    is_centred
        Whether the changed image is scaled and centred again, as drawings are.
    epsilon
        The largest change of a pixel by the attack, 0 for none.
    """

    manipulation: Manipulation = field(default_factory=Manipulation)
    is_centred: bool = False
    epsilon: float = 0.0


@dataclass(frozen=True, eq=False)
class Answer:
    """An input of the network, (784,) float32 in [0, 1], with the most probable class of it."""

    image: Image
    class_name: str
    probability: float


@dataclass(frozen=True, eq=False)
class Experiment:
    """The answers to a drawing, to the same after changes, and to that after an attack.

    Attributes
    ----------
    drawn, changed
        Before and after the changes.
    attacked
        After the attack; None without one.
    settings
        What was done.
    """

    drawn: Answer
    changed: Answer
    attacked: Answer | None
    settings: ExperimentSettings


@dataclass(frozen=True, eq=False)
class MaximizedClass:
    """The image that activation maximization found for a class.

    Attributes
    ----------
    target
        Name of the class.
    answer
        Of the network to the image.
    value, start_value
        The logit of the class minus the mean of the other logits, of the image and of the first
        one.
    began_at_mean
        Whether the first image was the mean of the validation images of the class; else it was
        blank.
    """

    target: str
    answer: Answer
    value: float
    start_value: float
    began_at_mean: bool


def experiment(
    network: Network,
    image: Image,
    class_names: tuple[str, ...],
    settings: ExperimentSettings,
) -> Experiment | None:
    """Change an image, attack it, and ask the network about each; None if it has diverged."""
    changed = manipulate(image, settings.manipulation, np.random.default_rng(NOISE_SEED))
    if settings.is_centred:
        centred = frame_digit(changed.reshape(SIDE, SIDE))
        changed = np.zeros_like(image) if centred is None else centred
    images = [image, changed]
    if settings.epsilon > 0:
        label = int(network.predict_log_proba(changed[np.newaxis])[0].argmax())
        signs = gradient_signs(network, changed, label)
        images.append(apply_signs(changed, signs.astype(np.float32), settings.epsilon))
    answers = [_answer(network, each, class_names) for each in images]
    drawn, after, *attacked = answers
    if drawn is None or after is None or None in attacked:
        return None
    return Experiment(drawn, after, attacked[0] if attacked else None, settings)


def class_mean(samples: Samples, label: int) -> Image | None:
    """Return the mean image of a class, (784,) float32 in [0, 1]; None without samples of it."""
    chosen = to_float(samples.images[samples.labels == label])
    return chosen.mean(axis=0) if len(chosen) else None


def maximize_class(
    network: Network, target: int, class_names: tuple[str, ...], start: Image | None
) -> MaximizedClass | None:
    """Return an image with a high logit of a class; None if the network has diverged.

    Parameters
    ----------
    start
        The first image; None: blank, with noise.
    """
    generator = np.random.default_rng(MAXIMIZATION_SEED)
    found = maximize_activation(network, target, generator, start=start)
    answer = _answer(network, found.image.astype(np.float32), class_names)
    if answer is None:
        return None
    return MaximizedClass(
        class_names[target],
        answer,
        found.value,
        found.start_value,
        began_at_mean=start is not None,
    )


def _answer(network: Network, image: Image, class_names: tuple[str, ...]) -> Answer | None:
    probabilities = network.predict_proba(image[np.newaxis])[0]
    if not np.isfinite(probabilities).all():
        return None
    best = int(probabilities.argmax())
    return Answer(image, class_names[best], float(probabilities[best]))
