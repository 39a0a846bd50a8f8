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

CHUNK = 1024
"""Grid points whose outputs are computed in one call."""

Point = tuple[float, float]
FEATURES = -1
"""The layer of the features, before the hidden layers, which count from 0; the classes follow."""


@dataclass(frozen=True, eq=False)
class Links:
    """Weights between two layers, the largest magnitudes first.

    Attributes
    ----------
    layer
        The layer that the weights lead into, from 0; the classes follow the hidden layers.
    sources, targets : (n,) intp
        The units that they connect.
    weights : (n,) float32
    largest
        The largest finite magnitude among all weights between the two layers.
    total
        How many weights there are between the two layers.
    """

    layer: int
    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    largest: float
    total: int


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


def layer_outputs(network: Network, inputs: Sequence[str], points: np.ndarray) -> list[np.ndarray]:
    """Return the outputs of all units at points (n, 2), layer by layer, each (n, units) float32.

    The first layer are the features, the last one the probabilities of the classes.
    """
    x = derive_inputs(np.asarray(points, np.float32), inputs)
    return [x, *network.hidden_activations(x), network.predict_proba(x)]


def network_maps(
    network: Network, inputs: Sequence[str], *, side: int, most: int
) -> list[np.ndarray]:
    """Return the outputs of the first `most` units of every layer on a grid over the plane.

    Returns
    -------
    One (units, side, side) float32 for each layer of `layer_outputs`, the lowest row of each map
    first.
    """
    grid = grid_points(side)
    parts = [
        layer_outputs(network, inputs, grid[start : start + CHUNK])
        for start in range(0, len(grid), CHUNK)
    ]
    layers = [
        np.concatenate([outputs[:, :most] for outputs in same]) for same in zip(*parts, strict=True)
    ]
    return [np.ascontiguousarray(layer.T).reshape(-1, side, side) for layer in layers]


def unit_map(
    network: Network, inputs: Sequence[str], layer: int, unit: int, *, side: int
) -> np.ndarray | None:
    """Return the output of one unit on a grid over the plane.

    Parameters
    ----------
    layer, unit
        `FEATURES`, a hidden layer from 0, or the number of hidden layers for the classes.

    Returns
    -------
    (side, side) float32, the lowest row first; None if the network has no such unit.
    """
    if not has_unit(network, layer, unit):
        return None
    grid = grid_points(side)
    parts = [
        layer_outputs(network, inputs, grid[start : start + CHUNK])[layer + 1][:, unit]
        for start in range(0, len(grid), CHUNK)
    ]
    return np.concatenate(parts).reshape(side, side)


def has_unit(network: Network, layer: int, unit: int) -> bool:
    """Return whether the network has that unit; the layers are numbered as in `unit_map`."""
    sizes = network.sizes
    return FEATURES <= layer < len(sizes) - 1 and 0 <= unit < sizes[layer + 1]


def strongest_links(network: Network, *, most: int, units: int) -> list[Links]:
    """Return the weights of largest magnitude between each two layers.

    Parameters
    ----------
    most
        How many between two layers.
    units
        Only the first units of each layer count.
    """
    found = []
    for layer, dense in enumerate(network.layers):
        shown = np.nan_to_num(dense.weights[:units, :units], nan=0, posinf=0, neginf=0)
        order = np.argsort(-np.abs(shown), axis=None, kind="stable")[:most]
        sources, targets = np.unravel_index(order, shown.shape)
        weights = shown[sources, targets]
        largest = float(np.abs(weights).max(initial=0))
        found.append(Links(layer, sources, targets, weights, largest, dense.weights.size))
    return found


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
    """Return for every hidden layer which units, (units,) bool, are dead.

    A ReLU is dead if its output is 0 for all of `x`; other activations have no dead units.
    """
    is_relu = network.activation == "relu"
    return [np.all(a <= 0, axis=0) & is_relu for a in network.hidden_activations(x)]


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
