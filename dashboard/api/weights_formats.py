"""The forms in which weights travel: S0's JSON, S4's JSON, and NumPy's archive.

S0's layout has no place for biases; ours stand beside the weights under a key of their own, which
clients of S0 do not look at.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from dashboard.api.errors import ApiError
from dashboard.api.payloads import CLASSES, kind_of
from dashboard.api.strict_json import read_json
from dashboard.digits.weights_file import check_compatible
from nn import Layer, Network, WeightsError, weights_from_bytes, weights_to_bytes

S0 = "application/json"
S4 = "application/vnd.inkling.s4+json"
NPZ = "application/x-npz"
FORMATS = (S0, S4, NPZ)
SUFFIXES = {S0: "s0", S4: "s4", NPZ: "npz"}
"""What each form adds to the entity tag."""
NAME = "the body"
TITLE = "this server"
MAX_ENTRIES = 64
_STORED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def write_weights(network: Network, form: str) -> bytes:
    """Write a network in one of FORMATS; ApiError 406 when its layout has no room for it."""
    try:
        if form == NPZ:
            return weights_to_bytes(network, ".npz")
        if form == S4:
            return weights_to_bytes(network, ".json", layout="s4")
        return _write_s0(network)
    except WeightsError as error:
        raise ApiError(406, f"{error} Ask for {NPZ}.") from error


def _write_s0(network: Network) -> bytes:
    if network.stem is not None:
        raise ApiError(406, f"S0's layout has no place for convolutions; ask for {NPZ}.")
    if not network.has_biases:
        return weights_to_bytes(network, ".json", layout="s0")
    bare = Network(tuple(Layer(layer.weights) for layer in network.layers), network.activation)
    # Through text, the shortest that reads back as the same 32-bit number.
    biases = [[float(str(b)) for b in layer.bias] for layer in network.layers]  # type: ignore[union-attr]
    content = weights_to_bytes(bare, ".json", layout="s0")
    return content[:-1] + f', "biases": {json.dumps(biases)}}}'.encode()


def read_weights(body: bytes, form: str, limit: int) -> Network:
    """Read a network from a body.

    Parameters
    ----------
    form
        One of FORMATS; JSON of either layout is known by its keys.
    limit
        How many bytes an archive may hold when it is unpacked.

    Raises
    ------
    ApiError
        400 when the body is not what its type says, 422 when its network cannot be used.
    """
    try:
        network = _read_npz(body, limit) if form == NPZ else _read_json(body)
        return check_compatible(network, NAME, TITLE, CLASSES)
    except (WeightsError, ValueError) as error:
        raise ApiError(422, str(error)) from error


def _read_npz(body: bytes, limit: int) -> Network:
    if not body.startswith(b"PK"):
        raise ApiError(400, f"An archive of NumPy was expected, as {NPZ} says, and is not there.")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            _refuse_bomb(archive, limit)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as error:
        raise ApiError(400, f"A whole archive of NumPy was expected: {error}.") from error
    return weights_from_bytes(body, f"{NAME}.npz")


def _refuse_bomb(archive: zipfile.ZipFile, limit: int) -> None:
    """Look at what the archive claims to hold before anything is unpacked.

    Not more is read than an entry claims, so the claims are a bound.
    """
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    odd = any(entry.compress_type not in _STORED or entry.flag_bits & 1 for entry in entries)
    if len(entries) > MAX_ENTRIES or total > limit or odd:
        raise ApiError(
            413 if total > limit else 422,
            f"An archive of at most {MAX_ENTRIES} arrays and {limit:,} bytes was expected; "
            f"this one claims {len(entries):,} and {total:,}.",
        )
    for entry in entries:
        with archive.open(entry) as file:
            _refuse_false_header(file, entry)


def _refuse_false_header(file: Any, entry: zipfile.ZipInfo) -> None:
    """NumPy makes room for as many numbers as a header claims, so these must be there."""
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read(file)
        claimed = dtype.itemsize * int(np.prod([int(side) for side in shape], dtype=object))
    except Exception as error:  # many kinds, from zlib, zipfile, ast and NumPy
        raise ApiError(
            400, f"The archive's entry “{entry.filename[:40]}” is no array of NumPy."
        ) from error
    if dtype.hasobject or not 0 <= claimed <= entry.file_size:
        raise ApiError(
            422, f"The archive's array “{entry.filename[:40]}” is not as large as it says."
        )


def _read_json(body: bytes) -> Network:
    content = read_json(body)
    if isinstance(content, dict) and "weights" in content:
        return _read_s0(content)
    return weights_from_bytes(body, f"{NAME}.json")


def _read_s0(content: dict[str, Any]) -> Network:
    unknown = content.keys() - {"weights", "biases", "activation"}
    if unknown:
        raise ApiError(422, f"There is no place for “{min(unknown)[:40]}” beside “weights”.")
    weights = _read_tables(content["weights"], "weights", 2)
    biases = _read_tables(content["biases"], "biases", 1) if "biases" in content else None
    if biases is not None and len(biases) != len(weights):
        raise ApiError(422, f"{len(weights)} layers have {len(biases)} lists of biases.")
    layers = map(Layer, weights, *([] if biases is None else [biases]))
    return Network(tuple(layers), _read_activation(content))


def _read_activation(content: dict[str, Any]) -> str:
    activation = content.get("activation", "relu")
    if not isinstance(activation, str):
        raise ApiError(422, f"“activation” has to be a text; found {kind_of(activation)}.")
    return activation


def _read_tables(values: Any, key: str, dimensions: int) -> list[np.ndarray]:
    if not isinstance(values, list) or not values:
        raise ApiError(422, f"“{key}” has to be a list with one entry for each layer.")
    return [_read_table(value, f"{key}[{i}]", dimensions) for i, value in enumerate(values)]


def _read_table(value: Any, what: str, dimensions: int) -> np.ndarray:
    rows = value if dimensions == 2 else [value]
    if not isinstance(value, list) or not all(isinstance(row, list) for row in rows):
        raise ApiError(
            422, f"{what} has to be a list of {'rows' if dimensions == 2 else 'numbers'}."
        )
    if not all({type(number) for number in row} <= {int, float} for row in rows):
        raise ApiError(422, f"{what} has to hold numbers alone.")
    if len({len(row) for row in rows}) > 1:
        raise ApiError(422, f"The rows of {what} have to be equally long.")
    try:
        with np.errstate(over="ignore"):
            table = np.array(value, np.float64).astype(np.float32)
    except OverflowError as error:
        raise ApiError(422, f"A number in {what} is too large.") from error
    if not np.isfinite(table).all():
        raise ApiError(422, f"The numbers in {what} have to be below 3.4e38.")
    return table
