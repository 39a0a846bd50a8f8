"""Tells whether a pretrained model is sure of its answer to a drawing, by thresholds on its card.

The pad and `inkling predict` ask the same question, so their answers agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data_cache.augmentation.manipulation import make_views
from nn import Network, PretrainedCard
from nn.calibration import confidence


def is_answer_sure(
    network: Network,
    image: NDArray[np.float32],
    card: PretrainedCard | None,
    *,
    probabilities: NDArray[np.float32] | None = None,
    is_picture: bool = False,
    has_warning: bool = False,
) -> bool:
    """Return whether the class that a network predicts for a drawing is an answer.

    Parameters
    ----------
    network
    image
        The framed drawing, (784,) float32 in [0, 1].
    card
        Of the pretrained model whose thresholds apply; None: they are not known, and every answer
        counts.
    probabilities
        Of the classes for the drawing itself, (classes,), where they are known already.
    is_picture
        Whether the drawing is from a photograph or another file, which may show anything: then the
        predictions are averaged over slight changes of it, and the threshold for pictures applies.
    has_warning
        Whether there is a warning about the picture, as of a digit that its edge cuts.
    """
    if has_warning:
        return False
    if card is None:
        return True
    if is_picture:
        probabilities, threshold = mean_over_views(network, image), card.picture_threshold
    else:
        if probabilities is None:
            probabilities = network.predict_proba(image[np.newaxis])[0]
        threshold = card.confidence_threshold
    return bool(confidence(probabilities[np.newaxis])[0] >= threshold)


def mean_over_views(network: Network, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities, (classes,), averaged over slight changes of an image, (784,)."""
    mean: NDArray[np.float32] = network.predict_proba(make_views(image)).mean(axis=0)
    return mean
