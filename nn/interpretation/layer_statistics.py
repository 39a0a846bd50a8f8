"""Statistics of the layers of a network: weights, activations, gradients, dead and saturated units.

They show how a network in training fares: gradients that vanish or explode, units that have died,
updates that are too large.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from nn.layers import create_workspaces
from nn.network import Network
from nn.optimizers import SGD
from nn.training import TrainingStep

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of every distribution."""

SATURATION = 0.05
"""A unit is saturated for a sample where the derivative of its activation function is below this
share of the largest one."""

MAX_VALUES = 100_000
"""Values of a layer of which quantiles are computed, at most; evenly chosen rows of more."""


@dataclass(frozen=True, eq=False)
class LayerStatistics:
    """The statistics of one layer on some samples.

    Attributes
    ----------
    weights, activations, gradients : (5,) float64
        `QUANTILES` of the weights, of what the layer puts out (of the last layer: the logits), and
        of the gradients of the mean loss with respect to the weights. NaN if they are not finite.
    weight_norm, gradient_norm : float
        Euclidean norms of the weights and of these gradients.
    gradient_rms : float
        Root mean square of these gradients.
    dead : float or None
        Share of the units, of filters in a convolution, whose output is zero for all samples and
        everywhere; None where the activation function is not ReLU, and for the last layer.
    saturated : float or None
        Share of the outputs where the derivative of sigmoid or tanh is small (`SATURATION`); None
        for other activation functions, and for the last layer.
    """

    weights: np.ndarray
    activations: np.ndarray
    gradients: np.ndarray
    weight_norm: float
    gradient_norm: float
    gradient_rms: float
    dead: float | None
    saturated: float | None


class LayerMeter:
    """Measures the layers of a network on samples, which may come in parts.

    Parameters
    ----------
    network : Network
        Must not change meanwhile.
    count : int
        Samples in all, at least 1; quantiles of activations are those of evenly chosen ones.
    """

    def __init__(self, network: Network, count: int) -> None:
        self._network = network
        self._count = count
        self._step = TrainingStep(network, SGD(network.parameters()))
        self._gradient_sums = [np.zeros(layer.weights.shape) for layer in network.layers]
        self._chosen: list[list[np.ndarray]] = [[] for _ in network.layers]
        hidden = network.layers[:-1]
        self._is_alive = [np.zeros(layer.weights.shape[1], bool) for layer in hidden]
        self._saturated = [0 for _ in hidden]
        self._seen = 0

    def add(self, x: np.ndarray, labels: np.ndarray) -> None:
        """Measure further samples.

        Parameters
        ----------
        x : (n, inputs) floats, or uint8
        labels : (n,) integers below the number of classes
        """
        network = self._network
        x = network.check_inputs(x)
        _, gradients = self._step.gradients(x, labels)
        weights_only = [gradient for gradient in gradients if gradient.ndim == 2]
        for total, gradient in zip(self._gradient_sums, weights_only, strict=True):
            np.add(total, len(x) * gradient.astype(np.float64), out=total)
        with np.errstate(all="ignore"):
            values = network.forward(
                network.prepare_inputs(x), create_workspaces(network.layers, len(x))
            )
        for index, outputs in enumerate(values[1:]):
            self._chosen[index].append(outputs[self._rows(outputs)].ravel())
            if index < len(self._is_alive):
                self._add_hidden(index, outputs)
        self._seen += len(x)

    def result(self) -> tuple[LayerStatistics, ...]:
        """Return the statistics of every layer on the samples that were added, at least one."""
        activation, seen = self._network.activation, max(self._seen, 1)
        found = []
        for index, layer in enumerate(self._network.layers):
            is_hidden = index < len(self._is_alive)
            gradient = self._gradient_sums[index] / seen
            dead = saturated = None
            if is_hidden and activation == "relu":
                dead = 1 - float(self._is_alive[index].mean())
            if is_hidden and activation in _LARGEST_DERIVATIVE:
                saturated = self._saturated[index] / (seen * layer.outputs)
            with np.errstate(all="ignore"):
                found.append(
                    LayerStatistics(
                        _quantiles(_some_rows(layer.weights)),
                        _quantiles(np.concatenate(self._chosen[index])),
                        _quantiles(_some_rows(gradient)),
                        _norm(layer.weights),
                        _norm(gradient),
                        _norm(gradient) / gradient.size**0.5,
                        dead,
                        saturated,
                    )
                )
        return tuple(found)

    def _rows(self, outputs: np.ndarray) -> slice:
        """Return which samples of a part are chosen for the quantiles."""
        step = -(-self._count * outputs.shape[1] // MAX_VALUES)
        return slice(-self._seen % step, None, step)

    def _add_hidden(self, index: int, outputs: np.ndarray) -> None:
        activation = self._network.activation
        if activation == "relu":
            units = len(self._is_alive[index])  # of a convolution: the filters, which come last
            self._is_alive[index] |= (outputs.reshape(-1, units) != 0).any(axis=0)
        elif activation in _LARGEST_DERIVATIVE:
            with np.errstate(all="ignore"):
                derivative = outputs * (1 - outputs) if activation == "sigmoid" else 1 - outputs**2
            limit = SATURATION * _LARGEST_DERIVATIVE[activation]
            self._saturated[index] += int(np.count_nonzero(derivative < limit))


def measure_layers(
    network: Network, x: np.ndarray, labels: np.ndarray
) -> tuple[LayerStatistics, ...]:
    """Return the statistics of every layer on samples (n, inputs), n at least 1, with labels."""
    meter = LayerMeter(network, len(x))
    meter.add(x, labels)
    return meter.result()


def update_ratios(before: Network, after: Network, steps: int) -> list[float]:
    """Return how much the weights of every layer changed, relative to their norm, per step.

    Parameters
    ----------
    before, after : Network
        Of the same architecture.
    steps : int, at least 1
        Training steps between them.

    Returns
    -------
    list of float
        ‖W_after − W_before‖ / (steps · ‖W_before‖) of every layer: for one step the ratio of the
        update to the weights, for several ones a lower bound of its mean, because updates in
        opposite directions cancel. NaN if the weights are zero, or not finite.
    """
    ratios = []
    for old, new in zip(before.layers, after.layers, strict=True):
        with np.errstate(all="ignore"):
            change, size = _norm(new.weights - old.weights), _norm(old.weights)
        ratio = change / (steps * size) if size else nan
        ratios.append(ratio if isfinite(ratio) else nan)
    return ratios


_LARGEST_DERIVATIVE = {"sigmoid": 0.25, "tanh": 1.0}


def _norm(values: np.ndarray) -> float:
    return float(np.linalg.norm(values.astype(np.float64)))


def _some_rows(matrix: np.ndarray) -> np.ndarray:
    return matrix[:: -(-matrix.size // MAX_VALUES)]


def _quantiles(values: np.ndarray | Iterable[float]) -> np.ndarray:
    values = np.asarray(values, np.float64).ravel()
    if not values.size or not np.isfinite(values).all():
        return np.full(len(QUANTILES), nan)
    found: np.ndarray = np.quantile(values, QUANTILES)
    return found
