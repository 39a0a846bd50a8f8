"""Dense layers, and the checks that layers and a stem fit each other.

They stand apart from the network, which is built of them.
"""

from dataclasses import dataclass

import numpy as np

from nn.stem import Stem


@dataclass(frozen=True, eq=False)
class Layer:
    """One dense layer: `weights` (inputs, outputs) and `bias` (outputs,), or None without."""

    weights: np.ndarray
    bias: np.ndarray | None = None


def check_stem_fits(stem: Stem, first: Layer) -> None:
    """Refuse a stem that does not fit the first layer with a `ValueError`."""
    if stem.features != first.weights.shape[0]:
        raise ValueError(
            f"Expected the weights of layer 0 to have {stem.features} rows, the features of the "
            f"stem “{stem.plan.text}”, and found {first.weights.shape[0]}."
        )
    if (stem.biases is None) != (first.bias is None):
        raise ValueError("Expected biases in the stem and in all layers, or nowhere.")
    for array in stem.parameters():
        if array.dtype != first.weights.dtype or not array.flags.c_contiguous:
            raise ValueError(
                f"Expected C-contiguous {first.weights.dtype} arrays in the stem as in the "
                f"layers; one of {array.dtype} is not."
            )


def check_layers(layers: tuple[Layer, ...]) -> None:
    """Refuse layers that do not fit each other with a `ValueError`."""
    if not layers:
        raise ValueError("Expected at least one layer and found none.")
    inputs = layers[0].weights.shape[0] if layers[0].weights.ndim else 0
    for index, layer in enumerate(layers):
        _check_layer(index, layer, inputs, layers[0])
        inputs = layer.weights.shape[1]


def _check_layer(index: int, layer: Layer, inputs: int, first: Layer) -> None:
    weights, bias = layer.weights, layer.bias
    if weights.ndim != 2 or weights.shape[0] != inputs or 0 in weights.shape:
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
