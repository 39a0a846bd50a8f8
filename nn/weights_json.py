"""Networks as JSON, in the layouts of the two systems that Inkling re-creates.

S4 writes flat lists under W0, b0, W1, ...; S0 writes nested lists under "weights".
"""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

from nn.activations import activation_name
from nn.network import Network
from nn.weights_arrays import network_from_arrays
from nn.weights_error import WeightsError

S0_INPUTS = 784
"""S0 reads pictures of 28 by 28 pixels and nothing else, which tells how to cut flat lists."""


def network_to_json_s4(network: Network) -> bytes:
    """Return S4's layout: W flat by rows (inputs × outputs), b as a list, for each layer.

    Only what the layout cannot say gets a key of its own: "activation" when it is not ReLU, and
    "biases": false, with zeros in every b, when there are none.
    """
    parts = []
    for index, layer in enumerate(network.layers):
        bias = np.zeros(layer.weights.shape[1]) if layer.bias is None else layer.bias
        parts.append(f'"W{index}": {_list_text(layer.weights.ravel())}')
        parts.append(f'"b{index}": {_list_text(bias)}')
    if not network.has_biases:
        parts.append('"biases": false')
    return _object_text([*parts, *_activation_part(network)])


def network_to_json_s0(network: Network) -> bytes:
    """Return S0's layout: for each layer a list of rows, one for each input.

    "activation" is added when it is not ReLU. Raises `WeightsError` for a network with biases.
    """
    if network.has_biases:
        raise WeightsError(
            "The layout of S0 has no room for biases, which this network has: "
            "save it as .npz or in the layout of S4."
        )
    layers = ("[" + ", ".join(map(_list_text, layer.weights)) + "]" for layer in network.layers)
    return _object_text([f'"weights": [{", ".join(layers)}]', *_activation_part(network)])


def network_from_json(data: bytes, name: str) -> Network:
    """Read either layout from the contents `data` of the file `name`, as float32.

    Raises `WeightsError` if it is not whole, of another layout, or if numbers are wrong.
    """
    content = _parse(data, name)
    if not isinstance(content, dict) or not ({"W0", "weights"} & content.keys()):
        raise WeightsError(
            f"{name}: expected an object with W0, b0, W1, ... (the layout of S4) or with weights "
            f"(the layout of S0) and found {_describe(content)}."
        )
    activation = _activation(content.pop("activation", "relu"), name)
    if "W0" in content:
        return _from_s4(content, activation, name)
    return _from_s0(content, activation, name)


def _from_s4(content: dict[str, Any], activation: str, name: str) -> Network:
    has_biases = content.pop("biases", True)
    depth = sum(key.startswith("W") for key in content)
    expected = [key for index in range(depth) for key in (f"W{index}", f"b{index}")]
    if sorted(content) != sorted(expected) or not isinstance(has_biases, bool):
        raise WeightsError(
            f"{name}: expected the keys {', '.join(expected)} and found {_describe(content)}."
        )
    biases = [_vector(content[f"b{index}"], f"b{index}", name) for index in range(depth)]
    weights = [
        _table(_vector(content[f"W{index}"], f"W{index}", name), len(b), index, name)
        for index, b in enumerate(biases)
    ]
    network = network_from_arrays(weights, biases, activation, name)
    if has_biases:
        return network
    if any(b.any() for b in biases):
        raise WeightsError(
            f'{name}: expected zeros in every b, since "biases" is false, and found others.'
        )
    return network_from_arrays(weights, None, activation, name)


def _table(flat: np.ndarray, outputs: int, index: int, name: str) -> np.ndarray:
    """Cut the flat list W of a layer into rows, one for each input."""
    if not outputs or not flat.size or flat.size % outputs:
        raise WeightsError(
            f"{name}: expected the length of W{index} to be a multiple of {outputs}, "
            f"the length of b{index}, and found {flat.size:,}."
        )
    return flat.reshape(-1, outputs)


def _from_s0(content: dict[str, Any], activation: str, name: str) -> Network:
    layers = content.pop("weights")
    if content or not isinstance(layers, list) or not layers:
        raise WeightsError(
            f"{name}: expected weights to be a list of layers and nothing beside it, "
            f"and found {_describe(content or layers)}."
        )
    arrays = [_numbers(layer, f"layer {index}", name) for index, layer in enumerate(layers)]
    if _is_flat(arrays):
        arrays = _cut_flat([array.ravel() for array in arrays], name)
    return network_from_arrays(arrays, None, activation, name)


def _is_flat(arrays: list[np.ndarray]) -> bool:
    """Tell whether the layers came without their rows: as plain lists, or one number to a row.

    S0's own server writes the latter. A true net of single columns has single rows after it.
    """
    if all(array.ndim == 1 for array in arrays):
        return True
    columns = all(array.ndim == 2 and array.shape[1] == 1 for array in arrays)
    return columns and any(array.shape[0] != 1 for array in arrays[1:])


def _cut_flat(arrays: list[np.ndarray], name: str) -> list[np.ndarray]:
    inputs, tables = S0_INPUTS, []
    for index, array in enumerate(arrays):
        if not array.size or array.size % inputs:
            raise WeightsError(
                f"{name}: expected the length of layer {index} to be a multiple of its {inputs} "
                f"inputs and found {array.size:,}."
            )
        tables.append(array.reshape(inputs, -1))
        inputs = tables[-1].shape[1]
    return tables


def _vector(values: Any, key: str, name: str) -> np.ndarray:
    array = _numbers(values, key, name)
    if array.ndim != 1:
        raise WeightsError(
            f"{name}: expected {key} as one flat list of numbers and found lists within it."
        )
    return array


def _numbers(values: Any, key: str, name: str) -> np.ndarray:
    """Convert a list of numbers, nested or not, to float32."""
    try:
        array = np.array(values)
    except ValueError as error:
        raise WeightsError(f"{name}: expected rows of equal length in {key}: {error}.") from error
    if not isinstance(values, list) or (array.size and array.dtype.kind not in "iuf"):
        raise WeightsError(f"{name}: expected {key} to be a list of numbers and nothing else.")
    # Too large for float32 becomes infinity, which is then refused with its position.
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def _parse(data: bytes, name: str) -> Any:
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise WeightsError(
            f"{name}: expected whole JSON and found {len(data):,} bytes that end early "
            f"or are something else ({error})."
        ) from error


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a finite number")


def _activation(text: Any, name: str) -> str:
    try:
        return activation_name(text)
    except ValueError as error:
        raise WeightsError(f"{name}: {error}") from error


def _activation_part(network: Network) -> list[str]:
    if network.activation == "relu":
        return []
    return [f'"activation": "{network.activation}"']


def _object_text(parts: Iterable[str]) -> bytes:
    return ("{" + ", ".join(parts) + "}").encode("ascii")


def _list_text(values: np.ndarray) -> str:
    # str of a NumPy number is the shortest text that reads back as the same number.
    return "[" + ", ".join(map(str, values)) + "]"


def _describe(content: Any) -> str:
    """Say in a few words what stands in the place of a layout."""
    if not isinstance(content, dict):
        return f"a {type(content).__name__}"
    keys = list(content)
    return ("the keys " + ", ".join(keys[:8]) + (", ..." if keys[8:] else "")) if keys else "{}"
