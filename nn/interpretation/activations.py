"""What every layer of a network computes for one input, and the terms of a single sum in it.

Images have the channels first here, (channels, height, width), because each channel is looked at by
itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn.activations import Activation, activation_function
from nn.convolution import Conv2D, Conv2DWorkspace
from nn.layers import create_workspaces
from nn.network import Network


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """What one layer computes for one input.

    Attributes
    ----------
    inputs
        What the layer is given: (inputs,), or (channels, height, width) for a convolution.
    sums
        Weighted sums with the bias, (units,) or (filters, height, width).
    values
        The same after the activation function; in the last layer the sums, which are the logits.
    pooled
        The values after the max pooling, (filters, height, width); None without one.
    """

    inputs: np.ndarray
    sums: np.ndarray
    values: np.ndarray
    pooled: np.ndarray | None = None

    @property
    def passed_on(self) -> np.ndarray:
        """What the next layer is given."""
        return self.values if self.pooled is None else self.pooled


@dataclass(frozen=True, eq=False)
class Terms:
    """One weighted sum, term by term: value = f(sum of inputs * weights + bias).

    Attributes
    ----------
    inputs, weights
        (inputs,), or (channels, kernel, kernel) for one pixel of a convolution, in which the
        inputs beyond the edge of the image are zeros.
    bias
        0 in a network without biases.
    total
        The sum with the bias.
    value
        The total after the activation function.
    """

    inputs: np.ndarray
    weights: np.ndarray
    bias: float
    total: float
    value: float

    @property
    def products(self) -> np.ndarray:
        """The terms of the sum, of the shape of the inputs."""
        with np.errstate(all="ignore"):
            return self.inputs * self.weights


def layer_outputs(network: Network, x: np.ndarray) -> list[LayerOutput]:
    """Compute what every layer makes of one input.

    Parameters
    ----------
    network : Network
    x : (inputs,) floats, or uint8
        Bytes are scaled by 1 / 255.

    Returns
    -------
    list of LayerOutput
        One for each layer. NaN or infinite, without a warning, if the network has diverged.

    Raises
    ------
    ValueError
        If `x` has another shape or type.
    """
    x = network.prepare_inputs(network.check_inputs(x[np.newaxis]))
    workspaces = create_workspaces(network.layers, 1)
    activation = activation_function(network.activation)
    outputs = []
    with np.errstate(all="ignore"):
        given = network.forward(x, workspaces)
        for layer, workspace, inputs in zip(network.layers, workspaces, given[:-1], strict=True):
            if isinstance(layer, Conv2D) and isinstance(workspace, Conv2DWorkspace):
                outputs.append(_convolution_output(layer, workspace, activation))
            else:
                outputs.append(LayerOutput(inputs[0], workspace.sums[0], workspace.activations[0]))
    return outputs


def layer_gradients(network: Network, x: np.ndarray, target: int) -> list[np.ndarray]:
    """Differentiate the logit of a class with respect to the values of every layer.

    Parameters
    ----------
    network : Network
    x : (inputs,) floats, or uint8
    target : int
        Index of the class.

    Returns
    -------
    list of arrays
        Of the shapes of `LayerOutput.values`. Of equal values in a pooling window the first gets
        the whole gradient. NaN, without a warning, if the network has diverged.

    Raises
    ------
    ValueError
        If `x` has another shape or type, or there is no such class.
    """
    if not 0 <= target < network.classes:
        raise ValueError(f"Expected a class from 0 to {network.classes - 1} and found {target}.")
    x = network.prepare_inputs(network.check_inputs(x[np.newaxis]))
    workspaces = create_workspaces(network.layers, 1, for_training=True)
    gradients: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        network.forward(x, workspaces)
        workspaces[-1].delta[...] = 0
        workspaces[-1].delta[0, target] = 1
        for index in reversed(range(len(network.layers))):
            layer, workspace = network.layers[index], workspaces[index]
            if isinstance(layer, Conv2D) and isinstance(workspace, Conv2DWorkspace):
                if layer.pool is not None:
                    layer.pool.backward(workspace)
                gradients.append(_channels_first(workspace.convolved_delta[0]).copy())
            else:
                gradients.append(workspace.delta[0].copy())
            is_last = index == len(network.layers) - 1
            activation = None if is_last else activation_function(network.activation)
            below = workspaces[index - 1].delta if index else None
            layer.backward(workspace, activation, below)  # type: ignore[arg-type]
    return gradients[::-1]


def unit_terms(network: Network, outputs: Sequence[LayerOutput], layer: int, unit: int) -> Terms:
    """Return the sum of one unit of a dense layer term by term.

    Parameters
    ----------
    network : Network
    outputs
        Of `layer_outputs`.
    layer, unit : int
        From 0.
    """
    chosen, output = network.layers[layer], outputs[layer]
    return Terms(
        inputs=output.inputs.reshape(-1),
        weights=chosen.weights[:, unit],
        bias=_bias(chosen.bias, unit),
        total=float(output.sums[unit]),
        value=float(output.values[unit]),
    )


def convolution_terms(
    network: Network, outputs: Sequence[LayerOutput], layer: int, unit: int, pixel: tuple[int, int]
) -> Terms:
    """Return the sum at one pixel of a feature map term by term.

    Parameters
    ----------
    network : Network
    outputs
        Of `layer_outputs`.
    layer, unit : int
        A convolution and one of its filters, from 0.
    pixel : (row, column)
        Of its values, before the pooling, from 0.
    """
    chosen, output = network.layers[layer], outputs[layer]
    assert isinstance(chosen, Conv2D)
    side, padding = chosen.kernel, chosen.padding
    row, column = pixel
    padded = np.pad(output.inputs, ((0, 0), (padding, padding), (padding, padding)))
    return Terms(
        inputs=padded[:, row : row + side, column : column + side],
        weights=filter_weights(chosen)[unit],
        bias=_bias(chosen.bias, unit),
        total=float(output.sums[unit, row, column]),
        value=float(output.values[unit, row, column]),
    )


def filter_weights(layer: Conv2D) -> np.ndarray:
    """Return the weights of a convolution as (filters, channels, kernel, kernel)."""
    shape = (layer.kernel, layer.kernel, layer.input_shape.channels, layer.weights.shape[1])
    return layer.weights.reshape(shape).transpose(3, 2, 0, 1)


def logit_shares(network: Network, outputs: Sequence[LayerOutput]) -> np.ndarray:
    """Return what every unit of the last hidden layer adds to the logit of every class.

    Parameters
    ----------
    network : Network
        With at least one hidden layer.
    outputs
        Of `layer_outputs`.

    Returns
    -------
    (units, classes)
        The activations times the outgoing weights, summed over the pixels of a filter's map if the
        last hidden layer is a convolution; the shares of all units and the biases add up to the
        logits.
    """
    given, weights = outputs[-2].passed_on, network.layers[-1].weights
    with np.errstate(all="ignore"):
        if given.ndim == 1:
            return given[:, np.newaxis] * weights
        filters, height, width = given.shape
        by_pixel = weights.reshape(height, width, filters, -1)
        return np.einsum("fhw,hwfc->fc", given, by_pixel)


def _convolution_output(
    layer: Conv2D, workspace: Conv2DWorkspace, activation: Activation
) -> LayerOutput:
    sums = workspace.convolved
    if layer.pool is not None and layer.bias is not None:
        # The layer adds the bias after the pooling; without a pooling it is in `convolved` already.
        sums = sums + layer.bias
    values = np.empty_like(sums)
    activation.apply(sums, values)
    padding, (height, width, _) = layer.padding, layer.input_shape
    image = workspace.padded[0, padding : padding + height, padding : padding + width]
    pooled = None if layer.pool is None else _channels_first(workspace.activations[0])
    return LayerOutput(
        _channels_first(image), _channels_first(sums[0]), _channels_first(values[0]), pooled
    )


def _bias(bias: np.ndarray | None, unit: int) -> float:
    return 0.0 if bias is None else float(bias[unit])


def _channels_first(image: np.ndarray) -> np.ndarray:
    return image.transpose(2, 0, 1)
