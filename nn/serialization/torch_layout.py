"""The parameters of a network as PyTorch names and orients them, and the module that takes them.

PyTorch stores a dense layer as (outputs, inputs), a convolution as (filters, channels, height,
width), and flattens images channel by channel.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nn.activations import LEAK
from nn.network import Network
from nn.serialization.parameters import NetworkStructure

MODULES = {
    "relu": "ReLU()",
    "leaky-relu": f"LeakyReLU({LEAK})",
    "tanh": "Tanh()",
    "sigmoid": "Sigmoid()",
    "linear": "Identity()",
}
"""The module of `torch.nn` for each activation."""


def torch_modules(network: Network) -> list[str]:
    """Return the modules of a `torch.nn.Sequential` for inputs (n, pixels), as code."""
    modules = []
    activation = MODULES[network.activation]
    bias = "" if network.has_biases else ", bias=False"
    for index, layer in enumerate(network.convolutions):
        shape = layer.input_shape
        if index == 0:
            side = layer.image_side or shape.height
            modules.append(f"Unflatten(1, (1, {side}, {side}))")
            if side != shape.height:
                before = (side - shape.height) // 2
                after = side - shape.height - before
                modules.append(f"ZeroPad2d(({-before}, {-after}, {-before}, {-after}))")
        filters = layer.weights.shape[1]
        padding = f", padding={layer.padding}" if layer.padding else ""
        modules += [
            f"Conv2d({shape.channels}, {filters}, {layer.kernel}{padding}{bias})",
            activation,
        ]
        if layer.pool is not None:
            modules.append(f"MaxPool2d({layer.pool.size}, {layer.pool.stride})")
    if network.convolutions:
        modules.append("Flatten()")
    for dense in network.dense_layers:
        modules += [f"Linear({dense.inputs}, {dense.outputs}{bias})", activation]
    return modules[:-1]


def torch_code(network: Network) -> str:
    """Return the expression that makes the module for `torch_arrays`; its outputs are logits."""
    modules = ", ".join(f"torch.nn.{module}" for module in torch_modules(network))
    return f"torch.nn.Sequential({modules})"


def torch_arrays(network: Network) -> dict[str, np.ndarray]:
    """Return the `state_dict` of that module: "1.weight", "1.bias", …."""
    places = [
        index
        for index, module in enumerate(torch_modules(network))
        if module.startswith(("Conv2d", "Linear"))
    ]
    arrays = {}
    for place, (weights, bias) in zip(places, _channels_first(network), strict=True):
        arrays[f"{place}.weight"] = np.ascontiguousarray(weights)
        if bias is not None:
            arrays[f"{place}.bias"] = bias
    return arrays


def parameters_from_torch(
    arrays: Mapping[str, np.ndarray], structure: NetworkStructure
) -> dict[str, np.ndarray]:
    """Return the parameters by their names in files from `torch_arrays` of that structure.

    Raises
    ------
    ValueError
        If the arrays do not fit the structure.
    """
    shapes = structure.shapes()
    expected = [name for name in shapes if name[0] in "KW"]
    weights = [arrays[key] for key in sorted(arrays, key=_place) if key.endswith(".weight")]
    biases = [arrays[key] for key in sorted(arrays, key=_place) if key.endswith(".bias")]
    if len(weights) != len(expected) or len(biases) != (len(expected) * structure.has_biases):
        raise ValueError(f"expected the weights of {len(expected)} layers, found {len(weights)}")
    parameters = {}
    spec = structure.layer_spec
    for name, array in zip(expected, weights, strict=True):
        if name.startswith("K"):
            value = array.transpose(2, 3, 1, 0).reshape(-1, array.shape[0])
        else:
            value = array.T
            if name == "W0" and spec is not None:
                last = spec.shapes(round(structure.sizes[0] ** 0.5))[-1]
                shape = (last.channels, last.height, last.width, value.shape[1])
                value = value.reshape(shape).transpose(1, 2, 0, 3).reshape(value.shape)
        parameters[name] = value
    for name, bias in zip(expected, biases, strict=False):
        parameters[f"{'k' if name[0] == 'K' else 'b'}{name[1:]}"] = bias
    return {name: parameters[name] for name in shapes}


def _place(key: str) -> int:
    number = key.split(".", 1)[0]
    return int(number) if number.isascii() and number.isdigit() else -1


def _channels_first(network: Network) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Return weights and bias of every layer, channels first."""
    pairs = []
    shape = None
    for layer in network.convolutions:
        kernel = layer.weights.reshape(layer.kernel, layer.kernel, layer.input_shape.channels, -1)
        pairs.append((kernel.transpose(3, 2, 0, 1), layer.bias))
        shape = layer.output_shape
    for index, dense in enumerate(network.dense_layers):
        weights = dense.weights
        if index == 0 and shape is not None:
            parts = weights.reshape(shape.height, shape.width, shape.channels, -1)
            weights = parts.transpose(2, 0, 1, 3).reshape(weights.shape)
        pairs.append((weights.T, dense.bias))
    return pairs
