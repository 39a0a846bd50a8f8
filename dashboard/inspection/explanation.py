"""Why a network gives a drawing its answer: attributions of the pixels, and similar samples.

The functions compute outside the event loop; they use no state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_cache import Samples
from nn import Network
from nn.interpretation.input_gradients import logit_weights
from nn.interpretation.integrated_gradients import Attribution, integrated_gradients
from nn.interpretation.projection import last_hidden_activations, nearest_neighbours

NEIGHBOURS = 5
"""How many similar samples are shown."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """What in an image speaks for a class, or for one class against another.

    Attributes
    ----------
    image
        The input of the network, (784,) float32 in [0, 1].
    class_names
        Names of the classes.
    predicted, target
        The most probable class, and the class that is explained.
    against
        The class that the target is compared with; None: none.
    probability
        Of the target.
    attribution
        Contributions of the pixels to the logit of the target, or to the difference of the two
        logits.
    """

    image: NDArray[np.float32]
    class_names: tuple[str, ...]
    predicted: int
    target: int
    against: int | None
    probability: float
    attribution: Attribution


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A sample that is close to the drawing in the last hidden layer.

    Attributes
    ----------
    image
        (784,) uint8.
    label
        Name of its class.
    distance
        Euclidean distance of the activations.
    """

    image: NDArray[np.uint8]
    label: str
    distance: float


def explain(
    network: Network,
    image: NDArray[np.float32],
    class_names: tuple[str, ...],
    target: int | None,
    against: int | None,
) -> Explanation | None:
    """Explain the prediction of an image; None if the network has diverged.

    Parameters
    ----------
    target
        The class that is explained; None: the most probable one.
    against
        The class that it is compared with; none if it is the target itself.
    """
    probabilities = network.predict_proba(image[np.newaxis])[0]
    if not np.isfinite(probabilities).all():
        return None
    predicted = int(probabilities.argmax())
    target = predicted if target is None else target
    against = None if against == target else against
    weights = logit_weights(network.classes, target, against)
    return Explanation(
        image,
        class_names,
        predicted,
        target,
        against,
        float(probabilities[target]),
        integrated_gradients(network, image, weights),
    )


def find_neighbours(
    network: Network,
    image: NDArray[np.float32],
    samples: Samples,
    activations: NDArray[np.floating],
    class_names: tuple[str, ...],
) -> tuple[Neighbour, ...]:
    """Return the samples that are nearest to an image in the last hidden layer, at most five.

    Parameters
    ----------
    samples
        Those that may be returned.
    activations
        Of the last hidden layer for the samples, in their order.
    class_names
        Names of the classes.
    """
    query = last_hidden_activations(network, image[np.newaxis])[0]
    nearest = nearest_neighbours(activations, query, NEIGHBOURS)
    return tuple(
        Neighbour(samples.images[index], class_names[samples.labels[index]], float(distance))
        for index, distance in zip(*nearest, strict=True)
    )
