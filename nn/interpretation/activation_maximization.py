"""Activation maximization: an image that a network assigns to a class as strongly as possible.

The idea is that of Erhan et al., "Visualizing higher-layer features of a deep network", 2009, and
Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", 2014; the regularizers, L2
decay and blur, are those of Yosinski et al., "Understanding neural networks through deep
visualization", 2015.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.interpretation.input_gradients import create_gradient_workspaces, input_gradients
from nn.network import Network

STEPS = 40
RATE = 0.1
DECAY = 0.01
BLUR = 0.08
"""Tuned by eye on the pretrained models; the images of all ten classes are recognised."""

NOISE = 0.02
"""Standard deviation of the noise that is added to the first image."""


@dataclass(frozen=True, eq=False)
class MaximizedImage:
    """The result of activation maximization.

    Attributes
    ----------
    image : (inputs,) of the network's dtype, in [0, 1]
    value, start_value : float
        The logit of the class minus the mean of the other logits, of the image and of the first
        image. They are equal where the gradient of the first image is zero.
    regularizer : str
        What kept the image smooth and its values small, for people to read.
    """

    image: np.ndarray
    value: float
    start_value: float
    regularizer: str


def maximize_activation(
    network: Network,
    target: int,
    generator: np.random.Generator,
    *,
    start: np.ndarray | None = None,
    steps: int = STEPS,
    rate: float = RATE,
    decay: float = DECAY,
    blur: float = BLUR,
) -> MaximizedImage:
    """Return an image with a high logit of a class, by gradient ascent.

    Parameters
    ----------
    network : Network
        Its inputs are the pixels of a square image.
    target : int
        The class.
    generator : numpy.random.Generator
        Draws the noise in the first image.
    start : (inputs,) floats in [0, 1], optional
        The first image, to which noise is added; None: blank. Networks that were trained to be
        undecided about other images have no gradient at most images, and need one near their
        class.
    steps : int
        Number of steps of gradient ascent.
    rate : float
        Root mean square change of a pixel by the gradient in the first step; it falls linearly to
        0.
    decay : float in [0, 1)
        The share of every pixel that is taken away in each step: the L2 penalty.
    blur : float in [0, 1/4]
        The share of every pixel that goes to each neighbour in a row, and then in a column, in
        each step.

    Returns
    -------
    MaximizedImage
        The best of all steps; the first image if the network has diverged.

    Raises
    ------
    ValueError
        If the inputs are not a square image, or there is no such class.

    Notes
    -----
    The value is the logit of the class minus the mean of the other logits, because a constant that
    is added to all logits changes no probability. The gradient is smoothed by the kernel 1 2 1
    along both axes and divided by its root mean square before each step.
    """
    if not 0 <= target < network.classes:
        raise ValueError(f"Expected a class from 0 to {network.classes - 1} and found {target}.")
    side = round(network.inputs**0.5)
    if side * side != network.inputs:
        raise ValueError(f"Expected the pixels of a square image, found {network.inputs} inputs.")
    weights = np.full(network.classes, -1 / max(network.classes - 1, 1))
    weights[target] = 1
    workspaces = create_gradient_workspaces(network, 1)
    image = np.zeros(network.inputs) if start is None else np.asarray(start, np.float64)
    image = np.clip(image + NOISE * generator.standard_normal(network.inputs), 0, 1)
    best, best_value, start_value = image, -np.inf, np.nan
    for step in range(steps + 1):
        found = input_gradients(
            network, image.astype(network.dtype)[np.newaxis], weights, workspaces
        )
        value = float(found.values[0])
        if step == 0:
            start_value = value
        if value > best_value:
            best, best_value = image, value
        gradient = _smooth(found.gradients[0].astype(np.float64), side, 1 / 4)
        size = np.sqrt(np.mean(gradient**2))
        if not 0 < size < np.inf:  # flat here, or diverged
            break
        image = (1 - decay) * image + rate * (1 - step / max(steps, 1)) * gradient / size
        image = np.clip(_smooth(image, side, blur), 0, 1)
    return MaximizedImage(
        best.astype(network.dtype),
        best_value if np.isfinite(best_value) else start_value,
        start_value,
        f"L2 decay of {100 * decay:g} % and a blur of {100 * blur:g} % per step",
    )


def _smooth(values: np.ndarray, side: int, share: float) -> np.ndarray:
    """Convolve a square image with the kernel share, 1 - 2 share, share along both axes."""
    padded = np.pad(values.reshape(side, side), 1)
    rows = share * (padded[:-2] + padded[2:]) + (1 - 2 * share) * padded[1:-1]
    smooth = share * (rows[:, :-2] + rows[:, 2:]) + (1 - 2 * share) * rows[:, 1:-1]
    return smooth.reshape(-1)
