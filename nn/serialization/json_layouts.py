"""Networks as JSON, in the layouts of the programs S0 and S4 that Inkling exchanges weights with.

S4 writes flat lists under W0, b0, W1, ...; S0 writes nested lists under "weights". Both have only
dense layers. Inkling adds "activation" to either when it is not ReLU.
"""

import json
import re
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np

from nn.activations import activation_name
from nn.network import Network
from nn.serialization.parameters import (
    AS_WRITTEN,
    NetworkStructure,
    Reading,
    WeightsError,
    named_parameters,
    network_from_parameters,
    with_square_matrices_turned,
)
from nn.texts import gettext, gettext_noop

LAYOUTS = ("s4", "s0", "s0-biases")
"""Names of the layouts. The last is that of S0 with biases under a key that S0 ignores."""

_TURNED = gettext_noop(
    "The flat lists have the matrices as (outputs, inputs) and were turned: so the "
    "network recognises digits far better."
)
_ONE_BASED = re.compile(r"([Wb])([1-9][0-9]?)")
_DESCRIPTIONS = {"modelTopology", "class_name", "keras_version"}
S0_INPUTS = 784
"""Inputs of every network of S0, from which the shapes of flat lists of weights follow."""


def network_to_json(network: Network, layout: str) -> bytes:
    """Return a network as the contents of a JSON file in one of `LAYOUTS`.

    In the layout of S4, W is flat by rows (inputs × outputs) and b a list; a network without
    biases gets zeros in every b and the key "biases": false. In the layout of S0, "weights" holds
    for each layer a list of rows, one for each input, and with "s0-biases", "biases" holds for
    each layer a list.

    Raises
    ------
    WeightsError
        When the network has convolutions, has biases and the layout is "s0", or is not finite.
    """
    structure, arrays = NetworkStructure.of(network), named_parameters(network)
    if structure.layer_spec is not None:
        raise WeightsError(
            gettext(
                "Expected a network without convolutions for JSON and found “{text}”; "
                "save it as .npz.",
                text=structure.layer_spec.text,
            )
        )
    if layout == "s0" and structure.has_biases:
        raise WeightsError(
            gettext(
                "Expected a network without biases for the layout of S0 and found one "
                "with them; save it as .npz or in the layout of S4."
            )
        )
    weights, biases = _of_layers(arrays, "W"), _of_layers(arrays, "b")
    parts = []
    if layout == "s4":
        for index, W in enumerate(weights):
            b = biases[index] if biases else np.zeros(W.shape[1])
            parts += [f'"W{index}": {_list_text(W.ravel())}', f'"b{index}": {_list_text(b)}']
        parts += [] if biases else ['"biases": false']
    else:
        tables = ("[" + ", ".join(map(_list_text, W)) + "]" for W in weights)
        parts.append(f'"weights": [{", ".join(tables)}]')
    if structure.activation != "relu":
        parts.append(f'"activation": "{structure.activation}"')
    if layout == "s0-biases" and biases:
        lists = [[float(str(value)) for value in b] for b in biases]
        parts.append(f'"biases": {json.dumps(lists)}')
    return ("{" + ", ".join(parts) + "}").encode("ascii")


def network_from_json(data: bytes, name: str) -> Network:
    """Return the float32 network in the contents `data` of the JSON file `name`, in any layout.

    Raises
    ------
    WeightsError
        When the JSON is truncated, has another layout, or holds impossible shapes or values.
    """
    return readings_from_json(data, name)[0].network


def readings_from_json(data: bytes, name: str) -> list[Reading]:
    """Return the networks that a JSON file may mean; see `network_from_json`.

    The first has the matrices of flat lists as (inputs, outputs), the second as (outputs, inputs),
    as some programs write them.
    """
    try:
        content = json.loads(data, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        raise WeightsError(
            gettext(
                "{name}: expected whole JSON and found {count:,} bytes that end early or "
                "are something else ({error}).",
                name=name,
                count=len(data),
                error=str(error)[:100],
            )
        ) from error
    return readings_from_json_object(content, name)


def readings_from_json_object(content: Any, name: str) -> list[Reading]:
    """Return the networks that parsed JSON may mean; like `readings_from_json`."""
    content = _unwrapped(content)
    arrays = _arrays_by_name(content)
    if arrays:
        from nn.serialization.foreign import read_foreign_arrays  # noqa: PLC0415 - rarely used, and imports delay the start of the page

        return read_foreign_arrays(arrays, name, _named_activation(content, name))
    network = network_from_json_object(content, name)
    if "W0" not in content and not _has_flat_lists(content):
        return [Reading(network)]
    turned = [
        np.ascontiguousarray(array.reshape(array.shape[::-1]).T) if array.ndim == 2 else array
        for array in network.parameters()
    ]
    as_written = Reading(network, way=AS_WRITTEN)
    other = Reading(
        network.with_parameters(turned), (gettext(_TURNED),), gettext_noop("Turn the matrices")
    )
    return [*with_square_matrices_turned(as_written), other]


def _unwrapped(content: Any) -> Any:
    """Return what is inside objects with a single name, as {"state_dict": ...}, counted from W0."""
    while isinstance(content, dict) and len(content) == 1:
        (inner,) = content.values()
        if not isinstance(inner, dict):
            break
        content = inner
    if isinstance(content, dict) and "W0" not in content and {"W1", "b1"} <= content.keys():
        numbered = {key: _ONE_BASED.fullmatch(key) for key in content}
        content = {
            f"{match[1]}{int(match[2]) - 1}" if match else key: content[key]
            for key, match in numbered.items()
        }
    return content


def _arrays_by_name(content: Any) -> dict[str, np.ndarray]:
    """Return nested lists, whose shapes tell their layers, as arrays by name; else {}."""
    if isinstance(content, list):
        return _nested_arrays({f"arr_{index}": values for index, values in enumerate(content)})
    if not isinstance(content, dict):
        return {}
    if "weights" in content:
        return _turned_lists(content)
    lists = {key: value for key, value in content.items() if key not in ("activation", "biases")}
    matrices = [value for key, value in lists.items() if key.startswith("W")]
    if "W0" in content and not all(map(_is_nested, matrices)):
        return {}  # flat lists, whose shapes follow from those of the biases
    return _nested_arrays(lists)


def _turned_lists(content: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays of "weights" and "biases" where rows are outputs, as in Nielsen's book."""
    weights, biases = content.get("weights"), content.get("biases", [])
    known = {"weights", "biases", "sizes", "cost", "activation"}
    if content.keys() - known or not (isinstance(weights, list) and isinstance(biases, list)):
        return {}
    if not all(map(_is_nested, weights)):
        return {}
    matrices = {f"W{index}": rows for index, rows in enumerate(weights)}
    arrays = _nested_arrays(matrices | {f"b{index}": b for index, b in enumerate(biases)})
    shapes = [arrays[key].shape for key in matrices] if arrays else []
    is_turned = [before[0] == after[1] for before, after in pairwise(shapes)]
    is_forward = [before[1] == after[0] for before, after in pairwise(shapes)]
    is_one = len(shapes) == 1 and shapes[0][1] == S0_INPUTS
    return arrays if (all(is_turned) and not all(is_forward)) or is_one else {}


def _is_nested(values: Any) -> bool:
    """Tell whether a value is a list of rows of more than one number."""
    return (
        isinstance(values, list)
        and bool(values)
        and isinstance(values[0], list)
        and len(values[0]) > 1
    )


def _named_activation(content: Any, name: str) -> str | None:
    """Return the activation of an object of another program, if it names it."""
    if not isinstance(content, dict):
        return None
    if "cost" in content and "activation" not in content:
        return "sigmoid"  # the only one of the program that writes this
    try:
        return activation_name(content["activation"]) if "activation" in content else None
    except ValueError as error:
        raise WeightsError.of(name, error) from error


def network_from_json_object(content: Any, name: str) -> Network:
    """Return the network in parsed JSON; like `network_from_json`."""
    if isinstance(content, dict) and _DESCRIPTIONS & content.keys():
        raise WeightsError(
            gettext(
                "{name}: expected weights and found the description of a Keras or "
                "TensorFlow.js model, which has none; in Keras, save them with "
                'np.savez("weights.npz", *model.get_weights()).',
                name=name,
            )
        )
    if not isinstance(content, dict) or not ({"W0", "weights"} & content.keys()):
        raise WeightsError(
            gettext(
                "{name}: expected an object with W0, b0, W1, ... (the layout of S4) or "
                "with weights (the layout of S0) and found {found}.",
                name=name,
                found=_describe(content),
            )
        )
    try:
        activation = activation_name(content.get("activation", "relu"))
        lists = {key: value for key, value in content.items() if key != "activation"}
        has_biases, arrays = _read_s4(lists) if "W0" in lists else _read_s0(lists)
    except ValueError as error:
        raise WeightsError.of(name, error) from error
    weights = _of_layers(arrays, "W")
    sizes = (weights[0].shape[0], *(W.shape[1] for W in weights))
    return network_from_parameters(NetworkStructure(sizes, activation, has_biases), arrays, name)


def _read_s4(lists: dict[str, Any]) -> tuple[bool, dict[str, np.ndarray]]:
    """Return whether there are biases, and the arrays."""
    has_biases = lists.pop("biases", True)
    depth = sum(key.startswith("W") for key in lists)
    expected = [f"{letter}{index}" for index in range(depth) for letter in "Wb"]
    if lists.keys() != set(expected) or not isinstance(has_biases, bool):
        raise ValueError(
            gettext(
                "expected the keys {names} and found {found}",
                names=", ".join(expected),
                found=_describe(lists),
            )
        )
    arrays = {}
    for index in range(depth):
        b = _read_array(lists[f"b{index}"], f"b{index}", dimensions=1)
        W = _read_array(lists[f"W{index}"], f"W{index}", dimensions=1)
        if not b.size or not W.size or W.size % b.size:
            raise ValueError(
                gettext(
                    "expected the length of W{index} to be a multiple of {size}, the "
                    "length of b{index}, and found {found:,}",
                    index=index,
                    size=b.size,
                    found=W.size,
                )
            )
        if not has_biases and b.any():
            raise ValueError(
                gettext(
                    'expected zeros in b{index}, since "biases" is false, and found other values',
                    index=index,
                )
            )
        arrays[f"W{index}"] = W.reshape(-1, b.size)
        if has_biases:
            arrays[f"b{index}"] = b
    return has_biases, arrays


def _read_s0(lists: dict[str, Any]) -> tuple[bool, dict[str, np.ndarray]]:
    """Return whether there are biases, and the arrays."""
    for key, value in lists.items():
        if key not in ("weights", "biases") or not isinstance(value, list) or not value:
            raise ValueError(
                gettext(
                    'expected "weights", and perhaps "biases", with a list for each '
                    "layer, and found {found}",
                    found=_describe(lists),
                )
            )
    weights = [
        _read_array(values, f"weights[{index}]") for index, values in enumerate(lists["weights"])
    ]
    if _is_flat(weights):
        weights = _reshape_flat(weights)
    if any(W.ndim != 2 for W in weights):
        raise ValueError(gettext("expected rows in all layers or in none, and found both"))
    biases = [
        _read_array(values, f"biases[{index}]", dimensions=1)
        for index, values in enumerate(lists.get("biases", []))
    ]
    arrays = {f"W{index}": W for index, W in enumerate(weights)}
    arrays |= {f"b{index}": b for index, b in enumerate(biases)}
    return bool(biases), arrays


def _is_flat(arrays: list[np.ndarray]) -> bool:
    """Tell whether the layers come without rows: as plain lists, or with one value to a row.

    S0's own server writes the latter. A network with a single output has single rows after it.
    """
    if all(array.ndim == 1 for array in arrays):
        return True
    columns = all(array.ndim == 2 and array.shape[1] == 1 for array in arrays)
    return columns and any(array.shape[0] != 1 for array in arrays[1:])


def _reshape_flat(arrays: list[np.ndarray]) -> list[np.ndarray]:
    inputs, tables = S0_INPUTS, []
    for index, array in enumerate(arrays):
        if not array.size or array.size % inputs:
            raise ValueError(
                gettext(
                    "expected the length of weights[{index}] to be a multiple of its "
                    "{inputs} inputs and found {found:,}",
                    index=index,
                    inputs=inputs,
                    found=array.size,
                )
            )
        tables.append(array.reshape(inputs, -1))
        inputs = tables[-1].shape[1]
    return tables


def _has_flat_lists(content: dict[str, Any]) -> bool:
    """Tell whether the layers of S0 come without rows."""
    lists = content.get("weights")
    return isinstance(lists, list) and any(
        isinstance(values, list) and values and not (isinstance(values[0], list) and values[0][1:])
        for values in lists
    )


def _nested_arrays(content: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return nested lists by name, as of a `state_dict`, as arrays; {} if they are none."""
    arrays = {}
    for key, values in content.items():
        if not isinstance(values, list) or not values:
            return {}
        try:
            array = np.array(values)
        except ValueError:
            return {}
        if array.dtype.kind not in "if" or array.ndim not in (1, 2, 4):
            return {}
        # What is too large becomes infinity, which is then reported with its position.
        with np.errstate(over="ignore"):
            arrays[str(key)] = array.astype(np.float32)
    return arrays


def _read_array(values: Any, key: str, dimensions: int | None = None) -> np.ndarray:
    """Convert a list of numbers, or a list of equally long rows of numbers, to float32.

    The types are checked first: NumPy would convert texts and booleans too, and reserves memory
    for the longest text in every element.
    """
    has_rows = isinstance(values, list) and bool(values) and isinstance(values[0], list)
    rows = values if has_rows else [values]
    if (has_rows and dimensions == 1) or not all(
        isinstance(row, list) and set(map(type, row)) <= {int, float} for row in rows
    ):
        shape = (
            gettext("one flat list")
            if dimensions == 1
            else gettext("a list of numbers, or of rows")
        )
        raise ValueError(
            gettext(
                "expected {key} as {shape} of numbers and found something else in it",
                key=key,
                shape=shape,
            )
        )
    if len({len(row) for row in rows}) > 1:
        raise ValueError(
            gettext("expected rows of equal length in {key} and found different ones", key=key)
        )
    # A number too large for float32 becomes infinity, which is then reported with its position.
    with np.errstate(over="ignore"):
        try:
            return np.array(values, np.float64).astype(np.float32)
        except OverflowError as error:
            raise ValueError(
                gettext(
                    "expected finite values of 32 bits in {key} and found a larger whole number",
                    key=key,
                )
            ) from error


def _of_layers(arrays: dict[str, np.ndarray], letter: str) -> list[np.ndarray]:
    return [array for key, array in arrays.items() if key.startswith(letter)]


def _reject_constant(text: str) -> NoReturn:
    raise ValueError(gettext("{text} is not a finite number", text=text))


def _list_text(values: np.ndarray) -> str:
    # str of a NumPy number is the shortest text that reads back as the same number.
    return "[" + ", ".join(map(str, values)) + "]"


def _describe(content: Any) -> str:
    """Name the keys of an object, or the type of another value."""
    if not isinstance(content, dict):
        return gettext("a {kind}", kind=type(content).__name__)
    keys = list(content)
    if not keys:
        return "{}"
    return gettext("the keys {keys}", keys=", ".join([*keys[:8], *(["..."] if keys[8:] else [])]))
