"""The layers of a network: `Dense` here, `Conv2D` in `nn.convolution`; their workspaces and fit.

A pass computes in a workspace: arrays that are allocated once and used again for every batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn import backends
from nn.activations import Activation
from nn.backends.numpy_backend import NumpyBackend
from nn.convolution import Conv2D, Conv2DWorkspace

_NOTHING = np.empty(0)
"""Stands for an array that a workspace does not need."""


@dataclass(frozen=True, eq=False)
class Dense:
    """A fully connected layer: x @ weights + bias.

    Parameters
    ----------
    weights : (inputs, outputs) float32 or float64
    bias : (outputs,), optional
        None for a layer without biases.
    """

    weights: np.ndarray
    bias: np.ndarray | None = None

    @property
    def inputs(self) -> int:
        """Number of values that the layer takes from each sample."""
        return int(self.weights.shape[0])

    @property
    def outputs(self) -> int:
        """Number of units."""
        return int(self.weights.shape[1])

    def parameters(self) -> list[np.ndarray]:
        """Return the arrays themselves: the weights, and the bias if there is one."""
        return [self.weights] if self.bias is None else [self.weights, self.bias]

    def with_parameters(self, weights: np.ndarray, bias: np.ndarray | None = None) -> Dense:
        """Return a layer of the same shape with other arrays."""
        return Dense(weights, bias)

    def workspace(
        self, count: int, backend: NumpyBackend, *, is_output: bool, for_training: bool
    ) -> DenseWorkspace:
        """Allocate the arrays for passes of up to `count` samples."""
        shape, dtype = (count, self.weights.shape[1]), self.weights.dtype
        sums = np.empty(shape, dtype)
        activations = sums if is_output else np.empty(shape, dtype)
        if not for_training:
            return DenseWorkspace(backend, sums, activations)
        delta = np.empty(shape, dtype)
        if is_output:
            return DenseWorkspace(backend, sums, activations, delta=delta)
        mask, dropped = np.empty(shape, dtype), np.empty(shape, dtype)
        return DenseWorkspace(backend, sums, activations, delta=delta, mask=mask, dropped=dropped)

    def forward(
        self, x: np.ndarray, workspace: DenseWorkspace, activation: Activation | None
    ) -> np.ndarray:
        """Return the activations (n, outputs) of `x` (n, inputs), stored in the workspace.

        Without an activation, as in the output layer, they are the sums: the logits.
        """
        z = workspace.sums
        workspace.backend.product(x, self.weights, z)
        if self.bias is not None:
            np.add(z, self.bias, out=z)
        if activation is not None:
            activation.apply(z, workspace.activations)
        return workspace.activations

    def backward(
        self,
        workspace: DenseWorkspace,
        activation: Activation | None,
        input_delta: np.ndarray | None,
    ) -> None:
        """Propagate the gradients of the loss from the activations to the sums and the inputs.

        Parameters
        ----------
        workspace
            As `forward` left it. Its `delta` holds the gradients with respect to the activations,
            and afterwards those with respect to the sums; `sums` is overwritten.
        activation
            As in `forward`.
        input_delta : (n, inputs), optional
            Gets the gradients with respect to the inputs; None if they are not needed.
        """
        delta = workspace.delta
        if activation is not None:
            z = workspace.sums
            activation.derivative(z, workspace.activations, z)
            np.multiply(delta, z, out=delta)
        if input_delta is not None:
            workspace.backend.product_with_transposed(delta, self.weights, input_delta)

    def gradients(self, x: np.ndarray, workspace: DenseWorkspace, out: Dense) -> None:
        """Write the gradients with respect to the parameters into the arrays of `out`.

        `x` is what `forward` was given; `backward` comes first.
        """
        workspace.backend.product_of_transposed(x, workspace.delta, out.weights)
        if out.bias is not None:
            np.add.reduce(workspace.delta, axis=0, out=out.bias)


class DenseWorkspace:
    """Arrays (n, outputs) for the passes of a dense layer, and the backend that computes them.

    `sums` are the values before the activation, `activations` those after it, and `delta` the
    gradients of the loss with respect to either. In hidden layers, `mask` holds 0 for a unit that
    dropout leaves out and 1 / (1 - rate) for a kept one, and `dropped` the masked activations.
    """

    # Not a dataclass, because every prediction makes some of them.
    __slots__ = ("activations", "backend", "delta", "dropped", "mask", "sums")

    def __init__(
        self,
        backend: NumpyBackend,
        sums: np.ndarray,
        activations: np.ndarray,
        *,
        delta: np.ndarray = _NOTHING,
        mask: np.ndarray | None = None,
        dropped: np.ndarray | None = None,
    ) -> None:
        self.backend = backend
        self.sums = sums
        self.activations = activations
        self.delta = delta
        self.mask = mask
        self.dropped = dropped

    def first(self, count: int) -> DenseWorkspace:
        """Return views of the first `count` rows."""
        return DenseWorkspace(
            self.backend,
            self.sums[:count],
            self.activations[:count],
            delta=self.delta[:count],
            mask=None if self.mask is None else self.mask[:count],
            dropped=None if self.dropped is None else self.dropped[:count],
        )


Layer = Dense | Conv2D
Workspace = DenseWorkspace | Conv2DWorkspace


def create_workspaces(
    layers: Sequence[Layer],
    count: int,
    *,
    for_training: bool = False,
    input_gradients: bool = False,
    backend: NumpyBackend | None = None,
) -> list[Workspace]:
    """Allocate the workspace of each layer of a network, for up to `count` samples.

    Those of dense layers have the arrays of the backward pass only with `for_training`. With
    `input_gradients`, the backward pass of a first convolution can go on to the inputs. `backend`
    is that of the process unless another one is given.
    """
    backend, last = backend or backends.current_backend(), len(layers) - 1
    if not isinstance(layers[0], Conv2D):
        patches = _NOTHING
    else:
        sizes = [
            layer.patch_buffer_size(input_gradients=input_gradients or index > 0)
            for index, layer in enumerate(layers)
            if isinstance(layer, Conv2D)
        ]
        patches = np.empty(max(sizes), layers[0].weights.dtype)
    return [
        layer.workspace(count, backend, is_output=index == last, for_training=for_training)
        if isinstance(layer, Dense)
        else layer.workspace(
            count, backend, patches=patches, input_gradients=input_gradients or index > 0
        )
        for index, layer in enumerate(layers)
    ]


def check_layers(layers: Sequence[Layer]) -> None:
    """Raise `ValueError` unless the layers fit each other and the last one is dense."""
    if not layers:
        raise ValueError("Expected at least one layer and found none.")
    if not isinstance(layers[-1], Dense):
        raise ValueError("Expected the last layer to be dense; its outputs are the classes.")
    inputs = layers[0].inputs if layers[0].weights.ndim else 0
    for index, layer in enumerate(layers):
        if isinstance(layer, Conv2D) and index and isinstance(layers[index - 1], Dense):
            raise ValueError(f"Expected convolutions before dense layers; layer {index} is one.")
        _check_layer(index, layer, inputs, layers[0])
        inputs = layer.outputs


def _check_layer(index: int, layer: Layer, inputs: int, first: Layer) -> None:
    weights, bias = layer.weights, layer.bias
    if weights.ndim != 2 or layer.inputs != inputs or 0 in weights.shape:
        raise ValueError(
            f"Expected the weights of layer {index} to have the shape ({inputs}, outputs) "
            f"and found {weights.shape}."
        )
    if (bias is None) != (first.bias is None):
        raise ValueError(f"Expected biases in all layers or in none; layer {index} differs.")
    if bias is not None and bias.shape != weights.shape[1:]:
        raise ValueError(
            f"Expected the bias of layer {index} to have the shape {weights.shape[1:]} "
            f"and found {bias.shape}."
        )
    for array in (weights, weights if bias is None else bias):
        if array.dtype != first.weights.dtype or array.dtype not in (np.float32, np.float64):
            raise ValueError(
                f"Expected all arrays to be float32, or all float64, and found {array.dtype} "
                f"in layer {index} after {first.weights.dtype}."
            )
        if not array.flags.c_contiguous:
            raise ValueError(f"Expected C-contiguous arrays; those of layer {index} are not.")
