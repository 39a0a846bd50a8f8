"""Looks into a net: what it says along a line, at a place and for its points, and what units do.

It takes whatever network it is shown, also one from the past or one with units switched off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.plane.surface import Surface, SurfaceMaker, grid_points
from dashboard.training.history import Score
from data_cache import PlanePoints, derive_inputs
from nn import Dense, Network

MAP_SIDE = 24
MAX_MAPS = 64
CHUNK = 1024
"""Places whose hidden activations are computed at once."""

Place = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Verdict:
    """How a net does on points: its `score`, and which points, (n,) booleans, it takes wrongly."""

    score: Score
    wrong: np.ndarray


class Lens:
    """Evaluates nets in the plane; keeps what can be used again for the next picture."""

    def __init__(self) -> None:
        self._maker: SurfaceMaker | None = None

    def surface(self, network: Network, side: int, inputs: Sequence[str]) -> Surface:
        """Return what the network says on a grid; it overwrites the surface returned before."""
        maker = self._maker
        if maker is None or (maker.side, maker.inputs) != (side, tuple(inputs)):
            maker = self._maker = SurfaceMaker(side, inputs)
        return maker(network)


def probabilities_at(network: Network, inputs: Sequence[str], places: np.ndarray) -> np.ndarray:
    """Return the probabilities (n, classes) of places (n, 2)."""
    return network.predict_proba(derive_inputs(np.asarray(places, np.float32), inputs))


def profile(
    network: Network, inputs: Sequence[str], start: Place, end: Place, count: int
) -> np.ndarray:
    """Return the probabilities (count, classes) at even steps along a line, its ends included."""
    way = np.linspace(0, 1, count)[:, np.newaxis]
    return probabilities_at(network, inputs, (1 - way) * np.array(start) + way * np.array(end))


def unit_maps(
    network: Network,
    inputs: Sequence[str],
    layer: int,
    *,
    side: int = MAP_SIDE,
    units: slice = slice(MAX_MAPS),
) -> np.ndarray:
    """Return the activations of hidden units over the plane.

    Returns
    -------
    (units, side, side) float32, each map row by row from below.
    """
    grid = derive_inputs(grid_points(side), inputs)
    parts = [
        network.hidden_activations(grid[start : start + CHUNK])[layer][:, units]
        for start in range(0, len(grid), CHUNK)
    ]
    return np.ascontiguousarray(np.concatenate(parts).T).reshape(-1, side, side)


def judge(network: Network, inputs: Sequence[str], points: PlanePoints, iteration: int) -> Verdict:
    """Score a network on points; without points the loss and the accuracy are NaN."""
    if not len(points):
        return Verdict(Score(iteration, np.nan, np.nan, 0), np.zeros(0, bool))
    log_probabilities = network.predict_log_proba(derive_inputs(points.points, inputs))
    wrong = log_probabilities.argmax(axis=1) != points.labels
    own = log_probabilities[np.arange(len(points)), points.labels]
    loss = -float(own.mean(dtype=np.float64))
    return Verdict(Score(iteration, loss, 1 - float(wrong.mean()), len(points)), wrong)


def without_units(network: Network, units: Iterable[tuple[int, int]]) -> Network:
    """Return a network in which hidden units (layer, unit) have no say; the original stays.

    The weights that go out of them are zero; units that the network does not have are passed over.
    """
    layers = list(network.layers)
    hidden = network.sizes[1:-1]
    for layer, unit in units:
        if layer < len(hidden) and unit < hidden[layer]:
            weights = layers[layer + 1].weights.copy()
            weights[unit] = 0
            layers[layer + 1] = Dense(weights, layers[layer + 1].bias)
    return Network(tuple(layers), network.activation)
