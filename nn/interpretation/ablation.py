"""Ablation: networks without some of their hidden units, and the accuracy that this costs.

A unit or a filter is ablated by setting its outgoing weights to zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np

from nn.activations import activation_function
from nn.layers import Layer, create_workspaces
from nn.network import Network

ROWS, CONVOLVED_ROWS = 64, 16
"""Samples in a chunk: about 25 ms for a network of four convolutions in a browser."""

Unit = tuple[int, int]
"""Index of a layer, and of a unit or filter in it, both from 0."""


def without_units(network: Network, units: Iterable[Unit]) -> Network:
    """Return a copy in which the outgoing weights of hidden units or filters are zero.

    Units that the network does not have are ignored; the other weights are shared.
    """
    layers = list(network.layers)
    for layer, unit in units:
        if has_unit(network, (layer, unit)):
            layers[layer + 1] = _without_inputs(layers[layer + 1], layers[layer], unit)
    return replace(network, layers=tuple(layers))


def has_unit(network: Network, unit: Unit) -> bool:
    """Return whether a network has such a unit or filter, and it is hidden."""
    layer, index = unit
    hidden = network.layers[:-1]
    return 0 <= layer < len(hidden) and 0 <= index < hidden[layer].weights.shape[1]


def _without_inputs(layer: Layer, before: Layer, unit: int) -> Layer:
    """Return a layer whose weights from one unit of the layer before are zero."""
    # What a convolution passes on has the channel as its last axis, in images and in rows.
    channels = before.weights.shape[1]
    weights = layer.weights.copy()
    weights.reshape(-1, channels, weights.shape[1])[:, unit] = 0
    return layer.with_parameters(weights, *layer.parameters()[1:])


class AblationStudy:
    """The accuracy of a network on samples without some of its units.

    What the layers before the first ablated one compute is kept, for one layer at a time, so
    further units of that layer take less time.

    Parameters
    ----------
    network : Network
        Its weights must not change.
    images : (n, inputs) floats, or uint8
    labels : (n,) integers

    Attributes
    ----------
    chunks
        The parts into which the samples are divided, for callers that compute one at a time.
    """

    def __init__(self, network: Network, images: np.ndarray, labels: np.ndarray) -> None:
        self.network = network
        self._images = network.check_inputs(images)
        self._labels = labels
        size = CONVOLVED_ROWS if network.convolutions else ROWS
        self.chunks = [
            slice(start, min(start + size, len(images))) for start in range(0, len(images), size)
        ]
        self._kept_layer = -1
        self._kept: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._labels)

    def count_correct(self, units: Collection[Unit], chunk: slice) -> int:
        """Return how many samples of a chunk are classified correctly without some units.

        Parameters
        ----------
        units
            Those that the network does not have are ignored.
        chunk
            One of `chunks`.
        """
        present = [unit for unit in units if has_unit(self.network, unit)]
        layer = min((layer for layer, _ in present), default=-1)
        network = without_units(self.network, present)
        with np.errstate(all="ignore"):
            values = self._outputs_of(layer, chunk)
            logits = _pass_through(network, values, layer + 1, len(network.layers))
        return int(np.sum(logits.argmax(axis=1) == self._labels[chunk]))

    def accuracy(self, units: Collection[Unit] = ()) -> float:
        """Return the accuracy on all samples without some units, in [0, 1]; NaN without samples."""
        if not len(self):
            return float("nan")
        return sum(self.count_correct(units, chunk) for chunk in self.chunks) / len(self)

    def _outputs_of(self, layer: int, chunk: slice) -> np.ndarray:
        """Return what a layer of the whole network passes on; the images for -1."""
        if layer < 0:
            return self.network.prepare_inputs(self._images[chunk])
        if layer != self._kept_layer:
            self._kept_layer, self._kept = layer, {}
        if chunk.start not in self._kept:
            images = self.network.prepare_inputs(self._images[chunk])
            self._kept[chunk.start] = _pass_through(self.network, images, 0, layer + 1)
        return self._kept[chunk.start]


def _pass_through(network: Network, values: np.ndarray, first: int, end: int) -> np.ndarray:
    """Return the outputs (n, outputs) of the layers from `first` to before `end`."""
    # The workspace of the last layer of a sequence has no place for activations, so hidden layers
    # are followed by one more.
    workspaces = create_workspaces(network.layers[first : end + 1], len(values))
    activation = activation_function(network.activation)
    for layer, workspace in zip(network.layers[first:end], workspaces, strict=False):
        is_output = layer is network.layers[-1]
        values = layer.forward(values, workspace, None if is_output else activation)  # type: ignore[arg-type]
    return values
