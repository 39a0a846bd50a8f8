"""The `.npz` form of a network: small, exact, with its activation and dtype.

The archive holds `format`, `activation`, `sizes`, `biases` (whether there are any), and the
parameters under their names in formulas: `W0`, `b0`, `W1`, .... Format 2 adds the text of the
`stem` (empty for none) with its parameters `K0`, `k0`, `K1`, ..., and may hold numbers of 16
bits, which are read as float32; format 1 is written where it suffices.
"""

import io
from dataclasses import dataclass
from math import isqrt

import numpy as np

from nn.activations import ACTIVATIONS
from nn.layer_spec import LayerSpec, read_layer_spec
from nn.layers import Conv2D
from nn.network import Network
from nn.npz import arrays_from_npz
from nn.weights_arrays import check_convolutions, network_from_arrays
from nn.weights_error import WeightsError

FORMATS = (1, 2)
"""Versions of the archive's layout that are read."""

_DTYPES = (np.float16, np.float32, np.float64)
_HEADER = ("format", "activation", "sizes", "biases")


def network_to_npz(network: Network, *, half: bool = False) -> bytes:
    """Return the archive; the same network gives the same bytes.

    With `half`, numbers are rounded to 16 bits. `WeightsError` if one is too large for them.
    """
    spec = network.layer_spec
    parameters = [_halved(array) for array in network.parameters()] if half else None
    arrays = {
        "format": np.array(1 if spec is None and not half else 2),
        "activation": np.array(network.activation),
        "sizes": np.array(network.sizes, dtype=np.int64),
        "biases": np.array(network.has_biases),
    }
    if spec is not None or half:
        arrays["stem"] = np.array("" if spec is None else spec.text)
    header = _Header(network.activation, list(network.sizes), network.has_biases, spec, "")
    keys = header.keys(len(network.layers))
    arrays.update(zip(keys, parameters or network.parameters(), strict=True))
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


@dataclass(frozen=True)
class _Header:
    """What an archive says of the network in it, before its numbers are looked at."""

    activation: str
    sizes: list[int]
    biases: bool
    spec: LayerSpec | None
    name: str

    @property
    def side(self) -> int:
        """Pixels of an image's side, for convolutions."""
        return isqrt(max(self.sizes[0], 0))

    def keys(self, most_layers: int) -> list[str]:
        """Return the names of the parameters, but not those of more than `most_layers`."""
        of_convolutions, of_layers = ("Kk", "Wb") if self.biases else ("K", "W")
        count = 0 if self.spec is None else len(self.spec.convolutions)
        depth = min(len(self.sizes) - 1, most_layers)
        return _parameter_keys(of_convolutions, count) + _parameter_keys(of_layers, depth)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter; `ValueError` if the images do not fit."""
        shapes: dict[str, tuple[int, ...]] = {}
        inputs = self.sizes[0]
        if self.spec is not None:
            for index, shape in enumerate(self.spec.weight_shapes(self.side)):
                shapes[f"K{index}"], shapes[f"k{index}"] = shape, shape[1:]
            inputs = self.spec.shapes(self.side)[-1].size
        for index, outputs in enumerate(self.sizes[1:]):
            shapes[f"W{index}"], shapes[f"b{index}"] = (inputs, outputs), (outputs,)
            inputs = outputs
        return shapes


def network_from_npz(data: bytes, name: str) -> Network:
    """Read the archive `data` of the file `name`; `WeightsError` if anything is wrong with it."""
    arrays = _read_archive(data, name)
    header = _read_header(arrays, name)
    _check_parameters(arrays, header)
    return _build(arrays, header)


def _read_header(arrays: dict[str, np.ndarray], name: str) -> _Header:
    """Take the header out of `arrays`."""
    missing = [key for key in _HEADER if key not in arrays]
    if missing:
        raise WeightsError(
            f"{name}: expected an archive with {', '.join(_HEADER)}, W0, ... "
            f"and found {', '.join(sorted(arrays)) or 'nothing in it'}."
        )
    version, activation, sizes, biases = (arrays.pop(key) for key in _HEADER)
    if version.shape != () or version.dtype.kind not in "iu" or version not in FORMATS:
        raise WeightsError(
            f"{name}: expected weights of format {' or '.join(map(str, FORMATS))} "
            f"and found {version}."
        )
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
    text = str(arrays.pop("stem", "")) if version == FORMATS[-1] else ""
    try:
        spec = read_layer_spec(text) if text else None
    except ValueError as error:
        raise WeightsError(f"{name}: {error}") from error
    return _Header(str(activation), sizes.tolist(), bool(biases), spec, name)


def _halved(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    if not np.isfinite(half).all():
        raise WeightsError(
            "A weight is too large for 16 bits, which end at 65,504: save the net in full."
        )
    return half


def _parameter_keys(letters: str, count: int) -> list[str]:
    return [f"{letter}{index}" for index in range(count) for letter in letters]


def _check_parameters(arrays: dict[str, np.ndarray], header: _Header) -> None:
    """Compare the parameters with the header, which a damaged list of contents would belie."""
    name, sizes = header.name, header.sizes
    # No more names than can be compared: a false header may speak of millions of layers.
    expected = header.keys(len(arrays) + 1)
    if len(sizes) < 2 or sorted(arrays) != sorted(expected):
        raise WeightsError(
            f"{name}: expected the arrays {', '.join(expected)} for the sizes {sizes} "
            f"and found {', '.join(sorted(arrays)) or 'none'}."
        )
    try:
        shapes = header.shapes()
    except ValueError as error:
        raise WeightsError(f"{name}: {error}") from error
    dtype = arrays["W0"].dtype.newbyteorder("=")
    for key, array in arrays.items():
        if array.dtype.newbyteorder("=") != dtype or dtype not in _DTYPES:
            raise WeightsError(
                f"{name}: expected all arrays as float32, or all as float64 or float16, "
                f"and found {array.dtype} in {key}."
            )
        if array.shape != shapes[key]:
            raise WeightsError(
                f"{name}: expected {key} to have the shape {shapes[key]} for the sizes {sizes} "
                f"and found {array.shape}."
            )


def _build(arrays: dict[str, np.ndarray], header: _Header) -> Network:
    """Build the network from arrays by columns or rows, in this machine's byte order or not."""
    dtype = arrays["W0"].dtype.newbyteorder("=")
    wide = np.float32 if dtype == np.float16 else dtype
    native = {key: np.ascontiguousarray(array, wide) for key, array in arrays.items()}

    def numbered(letter: str) -> list[np.ndarray]:
        count = sum(key[0] == letter for key in native)
        return [native[f"{letter}{index}"] for index in range(count)]

    convolutions: tuple[Conv2D, ...] = ()
    if header.spec is not None:
        weights = numbered("K")
        biases = numbered("k") if header.biases else [None] * len(weights)
        convolutions = header.spec.layers(header.side, weights, biases)
        check_convolutions(convolutions, header.name)
    return network_from_arrays(
        numbered("W"),
        numbered("b") if header.biases else None,
        header.activation,
        header.name,
        convolutions=convolutions,
    )


def _read_archive(data: bytes, name: str) -> dict[str, np.ndarray]:
    if not data.startswith(b"PK"):
        raise WeightsError(
            f"{name}: expected an .npz archive and found {len(data):,} bytes of something else; "
            "if it is JSON, give it the ending .json."
        )
    try:
        return arrays_from_npz(data)
    except ValueError as error:
        raise WeightsError(
            f"{name}: expected a whole .npz archive and found {len(data):,} bytes of a damaged "
            f"or truncated one ({error}); copy it again."
        ) from error
