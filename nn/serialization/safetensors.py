"""Reads and writes the safetensors format, in PyTorch's naming and orientation.

A file holds a header of JSON (names, types, shapes, positions) and the values; nothing in it is
executed.

References
----------
https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from nn.layer_spec import read_layer_spec
from nn.network import Network
from nn.serialization.foreign import read_foreign_arrays
from nn.serialization.parameters import (
    NetworkStructure,
    Reading,
    WeightsError,
    named_parameters,
    network_from_parameters,
)
from nn.serialization.torch_layout import (
    MODULES,
    parameters_from_torch,
    torch_arrays,
    torch_code,
)
from nn.texts import gettext

_TYPES = {
    **{"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"},
    **{"I64": "<i8", "I32": "<i4", "I8": "i1", "U8": "u1", "BOOL": "?"},
}
_KEY = "inkling"


class _TypeError(ValueError):
    """A type of numbers that is not read."""


def arrays_to_safetensors(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """Return float32 or float64 arrays, and texts about them, as the contents of a file."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    position = 0
    for key, array in arrays.items():
        end = position + array.nbytes
        kind = "F64" if array.dtype == np.float64 else "F32"
        header[key] = {
            "dtype": kind,
            "shape": list(array.shape),
            "data_offsets": [position, end],
        }
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    values = (array.astype(array.dtype.newbyteorder("<")).tobytes() for array in arrays.values())
    return len(text).to_bytes(8, "little") + text + b"".join(values)


def arrays_from_safetensors(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the arrays, bfloat16 as float32, and the texts about them.

    Raises
    ------
    ValueError
        When the header or a position in it is impossible.
    """
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    if not isinstance(header, dict):
        raise ValueError(gettext("expected an object as the header and found something else"))
    metadata = header.pop("__metadata__", {})
    arrays = {}
    left = len(data) - 8 - length
    for key, entry in header.items():
        if not isinstance(entry, dict) or entry.get("dtype") not in _TYPES:
            kind = entry.get("dtype") if isinstance(entry, dict) else entry
            raise _TypeError(
                gettext(
                    "expected arrays of the types {names} and found {kind} in {key}",
                    names=", ".join(_TYPES),
                    kind=str(kind)[:20],
                    key=key[:60],
                )
            )
        kind = np.dtype(_TYPES[entry["dtype"]])
        shape = tuple(int(side) for side in entry["shape"])
        start, end = (int(place) for place in entry["data_offsets"])
        count = 1
        for side in shape:
            count *= side
        body = len(data) - 8 - length
        if (
            min(shape, default=0) < 0
            or not 0 <= start <= end <= body
            or (end - start != count * kind.itemsize)
        ):
            raise ValueError(
                gettext(
                    "expected {count:,} bytes for {key} and found {found:,} of {all:,}",
                    count=count * kind.itemsize,
                    key=key[:60],
                    found=end - start,
                    all=body,
                )
            )
        left -= end - start
        if left < 0:
            raise ValueError(gettext("expected arrays that do not overlap and found some that do"))
        values = np.frombuffer(data, kind, count, 8 + length + start).reshape(shape)
        if entry["dtype"] == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        arrays[key] = values
    texts = metadata if isinstance(metadata, dict) else {}
    return arrays, {str(key): str(value) for key, value in texts.items()}


def network_to_safetensors(network: Network) -> bytes:
    """Return a network as the contents of a safetensors file.

    The names and orientations are those of the `state_dict` of a `torch.nn.Sequential`, whose
    code is in the metadata under "pytorch".

    Raises
    ------
    WeightsError
        When a value is not finite.
    """
    named_parameters(network)  # checks that all are finite
    structure = NetworkStructure.of(network)
    own = {
        "sizes": list(structure.sizes),
        "activation": structure.activation,
        "biases": structure.has_biases,
        "layers": "" if structure.layer_spec is None else structure.layer_spec.text,
    }
    metadata = {"format": "pt", "pytorch": torch_code(network), _KEY: json.dumps(own)}
    return arrays_to_safetensors(torch_arrays(network), metadata)


def readings_from_safetensors(data: bytes, name: str) -> list[Reading]:
    """Return the networks that the contents `data` of the file `name` may mean.

    Raises
    ------
    WeightsError
        When the file is damaged or does not hold a network.
    """
    try:
        arrays, metadata = arrays_from_safetensors(data)
    except _TypeError as error:
        raise WeightsError(
            gettext("{name}: {error}; save it as float32.", name=name, error=error)
        ) from error
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise WeightsError(
            gettext(
                "{name}: expected a whole safetensors file and found {count:,} bytes of a "
                "damaged one ({error}).",
                name=name,
                count=len(data),
                error=str(error)[:120],
            )
        ) from error
    structure = _own_structure(metadata)
    if structure is None:
        return read_foreign_arrays(arrays, name)
    try:
        parameters = parameters_from_torch(arrays, structure)
    except (ValueError, TypeError, IndexError) as error:
        raise WeightsError(
            gettext(
                "{name}: expected the arrays that its header describes and found others ({error}).",
                name=name,
                error=str(error)[:120],
            )
        ) from error
    return [Reading(network_from_parameters(structure, parameters, name))]


def _own_structure(metadata: Mapping[str, str]) -> NetworkStructure | None:
    """Return the structure that this library wrote into the metadata; None if there is none."""
    try:
        own = json.loads(metadata[_KEY])
        spec = read_layer_spec(own["layers"]) if own["layers"] else None
        if own["activation"] not in MODULES:
            return None
        return NetworkStructure(
            tuple(int(size) for size in own["sizes"]), own["activation"], bool(own["biases"]), spec
        )
    except (KeyError, ValueError, TypeError):
        return None
