"""Arrays read from a weights file pass through here before they become a network.

The messages speak of the file and of its own names, W0 or b0, not of the code.
"""

import numpy as np

from nn.layers import Conv2D, Dense
from nn.network import Network
from nn.weights_error import WeightsError


def network_from_arrays(
    weights: list[np.ndarray],
    biases: list[np.ndarray] | None,
    activation: str,
    name: str,
    *,
    convolutions: tuple[Conv2D, ...] = (),
) -> Network:
    """Build the network of the file `name`; `WeightsError` if shapes or numbers are wrong.

    `weights[i]` should be (inputs, outputs) and `biases[i]` (outputs,), all of one float type.
    """
    for index, W in enumerate(weights):
        _check_weights(weights, index, name)
        _refuse_unless_finite(W, f"W{index}", name)
        if biases is not None:
            _check_shape(biases[index], W.shape[1:], f"b{index}", name)
            _refuse_unless_finite(biases[index], f"b{index}", name)
    bias_lists = [] if biases is None else [biases]
    layers = tuple(map(Dense, weights, *bias_lists))
    try:
        return Network((*convolutions, *layers), activation)
    except ValueError as error:
        raise WeightsError(f"{name}: {error}") from error


def check_convolutions(convolutions: tuple[Conv2D, ...], name: str) -> None:
    """Raise `WeightsError` if convolutions of the file `name` hold NaN or infinity."""
    for index, layer in enumerate(convolutions):
        _refuse_unless_finite(layer.weights, f"K{index}", name)
        if layer.bias is not None:
            _refuse_unless_finite(layer.bias, f"k{index}", name)


def _check_weights(weights: list[np.ndarray], index: int, name: str) -> None:
    shape = weights[index].shape
    if len(shape) != 2 or 0 in shape:
        raise WeightsError(
            f"{name}: expected W{index} to be a table of inputs by outputs "
            f"and found the shape {shape}."
        )
    if index > 0 and shape[0] != weights[index - 1].shape[1]:
        raise WeightsError(
            f"{name}: expected W{index} to have {weights[index - 1].shape[1]} rows, "
            f"the outputs of W{index - 1}, and found the shape {shape}."
        )


def _check_shape(array: np.ndarray, shape: tuple[int, ...], key: str, name: str) -> None:
    if array.shape != shape:
        raise WeightsError(
            f"{name}: expected {key} to have the shape {shape} and found {array.shape}."
        )


def _refuse_unless_finite(array: np.ndarray, key: str, name: str) -> None:
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise WeightsError(
            f"{name}: expected finite numbers and found {array.flat[bad[0]]} "
            f"at position {bad[0]} of {key} ({bad.size} in all)."
        )
