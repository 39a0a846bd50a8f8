"""Probes of a network in the plane: probabilities, scores, activations, dead units, gradients.

All are functions of the network that they are given, so they serve the network in training, an
earlier checkpoint, and a network with ablated units alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.plane.dataset import InputSamples
from dashboard.plane.surface import grid_points
from dashboard.training.history import Score
from data_cache import PlanePoints, derive_inputs
from nn import SGD, Network, TrainingStep

MAP_SIDE = 24
MAX_MAPS = 64
CHUNK = 1024
"""Grid points whose hidden activations are computed in one call."""

Point = tuple[float, float]


@dataclass(frozen=True, eq=False)
class PointEvaluation:
    """The score of a network on points, and which of them, (n,) bool, it misclassifies."""

    score: Score
    wrong: np.ndarray


def probabilities_at(network: Network, inputs: Sequence[str], points: np.ndarray) -> np.ndarray:
    """Return the probabilities (n, classes) float32 at points (n, 2)."""
    return network.predict_proba(derive_inputs(np.asarray(points, np.float32), inputs))


def profile(
    network: Network, inputs: Sequence[str], start: Point, end: Point, count: int
) -> np.ndarray:
    """Return the probabilities (count, classes) at even distances from `start` to `end`."""
    fraction = np.linspace(0, 1, count)[:, np.newaxis]
    line = (1 - fraction) * np.array(start) + fraction * np.array(end)
    return probabilities_at(network, inputs, line)


def unit_maps(
    network: Network,
    inputs: Sequence[str],
    layer: int,
    *,
    side: int = MAP_SIDE,
    units: slice = slice(MAX_MAPS),
) -> np.ndarray:
    """Return the activations of units of a hidden layer, from 0, on a grid over the plane.

    Returns
    -------
    (units, side, side) float32, the lowest row of each map first; without units for a layer or
    units that the network does not have.
    """
    if not 0 <= layer < len(network.sizes) - 2:
        return np.empty((0, side, side), np.float32)
    grid = derive_inputs(grid_points(side), inputs)
    parts = [
        network.hidden_activations(grid[start : start + CHUNK])[layer][:, units]
        for start in range(0, len(grid), CHUNK)
    ]
    return np.ascontiguousarray(np.concatenate(parts).T).reshape(-1, side, side)


def evaluate_points(
    network: Network, inputs: Sequence[str], points: PlanePoints, iteration: int
) -> PointEvaluation:
    """Evaluate a network on points; without points the loss and the accuracy are NaN."""
    if not len(points):
        return PointEvaluation(Score(iteration, np.nan, np.nan, 0), np.zeros(0, bool))
    log_probabilities = network.predict_log_proba(derive_inputs(points.points, inputs))
    wrong = log_probabilities.argmax(axis=1) != points.labels
    likelihoods = log_probabilities[np.arange(len(points)), points.labels]
    loss = -float(likelihoods.mean(dtype=np.float64))
    return PointEvaluation(Score(iteration, loss, 1 - float(wrong.mean()), len(points)), wrong)


def dead_units(network: Network, x: np.ndarray) -> list[np.ndarray]:
    """Return for every hidden layer which units, (units,) bool, are at most 0 for all of `x`."""
    return [np.all(a <= 0, axis=0) for a in network.hidden_activations(x)]


def gradient_sizes(network: Network, samples: InputSamples) -> list[float]:
    """Return the mean magnitude of the loss's gradient for the weights of each layer.

    Notes
    -----
    Only the samples of one class count: over all classes the gradients of a network that guesses
    cancel in every layer, which hides how much gradient reaches a layer.
    """
    chosen = samples.labels == samples.labels[0]
    step = TrainingStep(network, SGD(network.parameters()))
    _, gradients = step.gradients(samples.images[chosen], samples.labels[chosen])
    return [float(np.abs(gradient).mean()) for gradient in gradients if gradient.ndim == 2]
