"""The `.npz` form of a network: small, exact, with its activation and dtype.

The archive holds `format` (1), `activation`, and per layer `W0`, `b0`, ... as in a formula.
"""

import io

import numpy as np

from nn.activations import ACTIVATIONS
from nn.network import Network
from nn.weights_arrays import network_from_arrays
from nn.weights_error import WeightsError

FORMAT = 1
"""Version of the archive's layout."""


def network_to_npz(network: Network) -> bytes:
    """Return the archive; the same network gives the same bytes."""
    arrays = {"format": np.array(FORMAT), "activation": np.array(network.activation)}
    for index, layer in enumerate(network.layers):
        arrays[f"W{index}"] = layer.weights
        if layer.bias is not None:
            arrays[f"b{index}"] = layer.bias
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def network_from_npz(data: bytes, name: str) -> Network:
    """Read the archive `data` of the file `name`; `WeightsError` if anything is wrong with it."""
    arrays = _read_archive(data, name)
    if "format" not in arrays or "activation" not in arrays:
        raise WeightsError(
            f"{name}: expected an archive with format, activation, W0, b0, ... "
            f"and found {', '.join(sorted(arrays)) or 'nothing in it'}."
        )
    version, activation = arrays.pop("format"), str(arrays.pop("activation"))
    if version.shape != () or version.dtype.kind not in "iu" or version != FORMAT:
        raise WeightsError(f"{name}: expected weights format {FORMAT} and found {version}.")
    if activation not in ACTIVATIONS:
        raise WeightsError(
            f"{name}: expected the activation to be one of {', '.join(ACTIVATIONS)} "
            f"and found {activation!r}."
        )
    return _network_from_archive(arrays, activation, name)


def _network_from_archive(arrays: dict[str, np.ndarray], activation: str, name: str) -> Network:
    biases = "b0" in arrays
    depth = sum(key.startswith("W") for key in arrays)
    weight_keys = [f"W{index}" for index in range(depth)]
    bias_keys = [f"b{index}" for index in range(depth)] if biases else []
    if not depth or sorted(arrays) != sorted(weight_keys + bias_keys):
        raise WeightsError(
            f"{name}: expected the arrays W0, b0, W1, ... without a gap "
            f"and found {', '.join(sorted(arrays)) or 'none'}."
        )
    dtype = arrays["W0"].dtype.newbyteorder("=")
    for key, array in arrays.items():
        if array.dtype.newbyteorder("=") != dtype or dtype not in (np.float32, np.float64):
            raise WeightsError(
                f"{name}: expected all arrays as float32, or all as float64, "
                f"and found {array.dtype} in {key}."
            )
    native = {key: np.ascontiguousarray(array, dtype) for key, array in arrays.items()}
    bias_arrays = [native[key] for key in bias_keys] if biases else None
    return network_from_arrays([native[key] for key in weight_keys], bias_arrays, activation, name)


def _read_archive(data: bytes, name: str) -> dict[str, np.ndarray]:
    """Read every array at once, so that a broken one is found before anything is built."""
    if not data.startswith(b"PK"):
        raise WeightsError(
            f"{name}: expected an .npz archive and found {len(data):,} bytes of something else; "
            "if it is JSON, give it the ending .json."
        )
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {key: np.asarray(archive[key]) for key in archive.files}
    # zipfile, zlib and NumPy between them raise a dozen kinds of errors for damaged archives.
    except Exception as error:
        raise WeightsError(
            f"{name}: expected a whole .npz archive and found {len(data):,} bytes of a damaged "
            f"or truncated one ({error}); copy it again."
        ) from error
