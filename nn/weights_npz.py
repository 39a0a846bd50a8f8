"""The `.npz` form of a network: small, exact, with its activation and dtype.

The archive holds `format` (1), `activation`, `sizes`, `biases` (whether there are any), and the
parameters under their names in formulas: `W0`, `b0`, `W1`, ....
"""

import io

import numpy as np

from nn.activations import ACTIVATIONS
from nn.network import Network
from nn.weights_arrays import network_from_arrays
from nn.weights_error import WeightsError

FORMAT = 1
"""Version of the archive's layout."""

_HEADER = ("format", "activation", "sizes", "biases")


def network_to_npz(network: Network) -> bytes:
    """Return the archive; the same network gives the same bytes."""
    arrays = {
        "format": np.array(FORMAT),
        "activation": np.array(network.activation),
        "sizes": np.array(network.sizes, dtype=np.int64),
        "biases": np.array(network.has_biases),
    }
    keys = _parameter_keys(len(network.layers), network.has_biases)
    arrays.update(zip(keys, network.parameters(), strict=True))
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def network_from_npz(data: bytes, name: str) -> Network:
    """Read the archive `data` of the file `name`; `WeightsError` if anything is wrong with it."""
    arrays = _read_archive(data, name)
    missing = [key for key in _HEADER if key not in arrays]
    if missing:
        raise WeightsError(
            f"{name}: expected an archive with {', '.join(_HEADER)}, W0, ... "
            f"and found {', '.join(sorted(arrays)) or 'nothing in it'}."
        )
    version, activation, sizes, biases = (arrays.pop(key) for key in _HEADER)
    if version.shape != () or version.dtype.kind not in "iu" or version != FORMAT:
        raise WeightsError(f"{name}: expected weights format {FORMAT} and found {version}.")
    if str(activation) not in ACTIVATIONS:
        raise WeightsError(
            f"{name}: expected the activation to be one of {', '.join(ACTIVATIONS)} "
            f"and found {str(activation)!r}."
        )
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or biases.dtype != np.bool_ or biases.ndim:
        raise WeightsError(
            f"{name}: expected sizes as a list of whole numbers and biases as true or false "
            f"and found {sizes} and {biases}."
        )
    _check_parameters(arrays, sizes.tolist(), bool(biases), name)
    return _build(arrays, str(activation), bool(biases), name)


def _parameter_keys(depth: int, biases: bool) -> list[str]:
    letters = "Wb" if biases else "W"
    return [f"{letter}{index}" for index in range(depth) for letter in letters]


def _check_parameters(
    arrays: dict[str, np.ndarray], sizes: list[int], biases: bool, name: str
) -> None:
    """Compare the parameters with the header, which a damaged list of contents would belie."""
    # No more names than can be compared: a false header may speak of millions of layers.
    expected = _parameter_keys(min(len(sizes) - 1, len(arrays) + 1), biases)
    if len(sizes) < 2 or sorted(arrays) != sorted(expected):
        raise WeightsError(
            f"{name}: expected the arrays {', '.join(expected)} for the sizes {sizes} "
            f"and found {', '.join(sorted(arrays)) or 'none'}."
        )
    dtype = arrays["W0"].dtype.newbyteorder("=")
    for key, array in arrays.items():
        if array.dtype.newbyteorder("=") != dtype or dtype not in (np.float32, np.float64):
            raise WeightsError(
                f"{name}: expected all arrays as float32, or all as float64, "
                f"and found {array.dtype} in {key}."
            )
        index = int(key[1:])
        shape = tuple(sizes[index : index + 2]) if key[0] == "W" else (sizes[index + 1],)
        if array.shape != shape:
            raise WeightsError(
                f"{name}: expected {key} to have the shape {shape} for the sizes {sizes} "
                f"and found {array.shape}."
            )


def _build(arrays: dict[str, np.ndarray], activation: str, biases: bool, name: str) -> Network:
    """Build the network from arrays by columns or rows, in this machine's byte order or not."""
    dtype = arrays["W0"].dtype.newbyteorder("=")
    native = {key: np.ascontiguousarray(array, dtype) for key, array in arrays.items()}
    layers = range(len(arrays) // 2 if biases else len(arrays))
    bias_arrays = [native[f"b{index}"] for index in layers] if biases else None
    return network_from_arrays(
        [native[f"W{index}"] for index in layers], bias_arrays, activation, name
    )


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
