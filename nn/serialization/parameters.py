"""The parameters of a network as named arrays, and the checks that they pass when read from files.

All file formats go through this module, so that each check and each error is written once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isqrt

import numpy as np

from nn.convolution import Conv2D
from nn.layer_spec import LayerSpec
from nn.layers import Dense
from nn.network import Network
from nn.texts import gettext, gettext_noop

AS_WRITTEN = gettext_noop("Take the matrices as written")
"""The way of the reading of a file that others may turn."""
_SQUARES_TURNED = gettext_noop(
    "The square matrices were turned: so the network recognises digits far better."
)


class WeightsError(ValueError):
    """A weights file that cannot be read or written; the message names it and says why.

    Characters of the file that cannot be printed are shown as “·”.
    """

    def __init__(self, message: str) -> None:
        spaced = (" " if one.isspace() else one for one in message)
        super().__init__("".join(one if one.isprintable() else "·" for one in spaced))

    @classmethod
    def of(cls, name: str, error: ValueError) -> "WeightsError":
        """Return an error with the name of a file in front of another error's message."""
        message = str(error).removesuffix(".").removesuffix("。")
        fault = f"{message[:1].lower()}{message[1:]}"
        return cls(gettext("{name}: {fault}.", name=name, fault=fault))


@dataclass(frozen=True)
class Reading:
    """A network that a file may mean.

    Attributes
    ----------
    network : Network
    notes : tuple of str
        Sentences about what was assumed.
    way : str
        In what it differs from other readings of the file, in the words of a command: "Turn the
        matrices"; "" where it is the only one.
    other : Reading or None
        The next best one, where known samples were scored: the file as it is written if this one
        is not it, or one with a better score that is no clear one.
    """

    network: Network
    notes: tuple[str, ...] = ()
    way: str = ""
    other: "Reading | None" = None


@dataclass(frozen=True)
class NetworkStructure:
    """What a weights file says about its network beside the values of the parameters.

    Attributes
    ----------
    sizes : sequence of int
        Inputs, units of the hidden dense layers, classes.
    activation : str
        One of `nn.ACTIVATIONS`.
    has_biases : bool
        Whether all layers have biases.
    layer_spec : LayerSpec or None
        The convolutional layers before the dense ones.
    """

    sizes: tuple[int, ...]
    activation: str
    has_biases: bool
    layer_spec: LayerSpec | None = None

    @classmethod
    def of(cls, network: Network) -> "NetworkStructure":
        """Return the structure of a network."""
        return cls(network.sizes, network.activation, network.has_biases, network.layer_spec)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter by name, in the order of `Network.parameters()`.

        The parameters are called K0, k0, K1, ... in convolutions (filters and biases) and W0, b0,
        W1, ... in dense layers. Raises `ValueError` if the images are too small to be convolved.
        """
        shapes: dict[str, tuple[int, ...]] = {}
        inputs = self.sizes[0]
        if self.layer_spec is not None:
            for index, shape in enumerate(self.layer_spec.weight_shapes(self._side)):
                shapes |= self._pair("Kk", index, shape)
            inputs = self.layer_spec.shapes(self._side)[-1].size
        for index, outputs in enumerate(self.sizes[1:]):
            shapes |= self._pair("Wb", index, (inputs, outputs))
            inputs = outputs
        return shapes

    def build(self, arrays: Mapping[str, np.ndarray]) -> Network:
        """Return the network around `arrays`, which have the names and shapes of `shapes()`."""

        def numbered(letter: str) -> tuple[np.ndarray, ...]:
            return tuple(array for key, array in arrays.items() if key[0] == letter)

        convolutions: tuple[Conv2D, ...] = ()
        if self.layer_spec is not None:
            filters = numbered("K")
            filter_biases = numbered("k") if self.has_biases else [None] * len(filters)
            convolutions = self.layer_spec.layers(self._side, filters, filter_biases)
        biases = [numbered("b")] if self.has_biases else []
        dense = map(Dense, numbered("W"), *biases)
        return Network((*convolutions, *dense), self.activation)

    @property
    def _side(self) -> int:
        return isqrt(max(self.sizes[0], 0))

    def _pair(self, letters: str, index: int, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        weights = {f"{letters[0]}{index}": shape}
        return weights | ({f"{letters[1]}{index}": shape[1:]} if self.has_biases else {})


def with_square_matrices_turned(reading: Reading) -> list[Reading]:
    """Return a reading, and where it has square matrices, the one in which these are turned.

    Shapes do not tell which way round a square matrix is.
    """
    parameters = reading.network.parameters()
    squares = [W.ndim == 2 and W.shape[0] == W.shape[1] > 1 for W in parameters]
    if not any(squares):
        return [reading]
    turned = [
        W.T.copy() if is_square else W for W, is_square in zip(parameters, squares, strict=True)
    ]
    network = reading.network.with_parameters(turned)
    notes = (*reading.notes, gettext(_SQUARES_TURNED))
    as_written = replace(reading, way=AS_WRITTEN)
    return [as_written, Reading(network, notes, gettext_noop("Turn the square matrices"))]


def named_parameters(network: Network) -> dict[str, np.ndarray]:
    """Return the arrays of a network by their names in files: W0, b0, W1, ...

    Raises
    ------
    WeightsError
        When one of them holds NaN or infinity.
    """
    keys = NetworkStructure.of(network).shapes()
    arrays = dict(zip(keys, network.parameters(), strict=True))
    try:
        _check_finite(arrays)
    except ValueError as error:
        raise WeightsError(
            gettext(
                "The weights were not saved: {error}; go back to earlier weights and "
                "lower the learning rate.",
                error=error,
            )
        ) from error
    return arrays


def network_from_parameters(
    structure: NetworkStructure, arrays: Mapping[str, np.ndarray], name: str
) -> Network:
    """Return the network that a file describes, after checking its arrays.

    Parameters
    ----------
    structure : NetworkStructure
    arrays : mapping of str to array
        The parameters by name, in any order and memory layout, all float16 (read as float32),
        float32 or float64.
    name : str
        The name of the file, for error messages.

    Raises
    ------
    WeightsError
        When names, shapes or types do not fit the structure, or a value is not finite.
    """
    try:
        shapes = _expected_shapes(structure, arrays)
        for key, shape in shapes.items():
            if arrays[key].shape != shape:
                raise ValueError(
                    gettext(
                        "expected {key} to have the shape {shape} and found {found}",
                        key=key,
                        shape=shape,
                        found=arrays[key].shape,
                    )
                )
        dtype = _common_dtype(arrays)
        native = {key: np.ascontiguousarray(arrays[key], dtype) for key in shapes}
        _check_finite(native)
        return structure.build(native)
    except ValueError as error:
        raise WeightsError.of(name, error) from error


def _expected_shapes(
    structure: NetworkStructure, arrays: Mapping[str, np.ndarray]
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the parameters after comparing the names of the arrays with theirs."""
    layers = len(structure.sizes) - 1
    if layers < 1 or min(structure.sizes) < 1:
        raise ValueError(gettext("expected at least two sizes from 1 up, for inputs and classes"))
    # A damaged header may claim millions of layers: they are counted before they are named.
    found = sum(key.startswith("W") for key in arrays)
    if found != layers:
        raise ValueError(
            gettext(
                "expected the weights of {layers:,} dense layers, W0, W1, ..., and found "
                "those of {found:,} among the arrays {names}",
                layers=layers,
                found=found,
                names=", ".join(sorted(arrays)) or "(none)",
            )
        )
    shapes = structure.shapes()
    if arrays.keys() != shapes.keys():
        raise ValueError(
            gettext(
                "expected the arrays {names} and found {found}",
                names=", ".join(shapes),
                found=", ".join(sorted(arrays)),
            )
        )
    return shapes


def _common_dtype(arrays: Mapping[str, np.ndarray]) -> np.dtype:
    """Return the type of the network for arrays that all have one float type."""
    dtypes = {key: array.dtype.newbyteorder("=") for key, array in arrays.items()}
    first = dtypes["W0"]
    for key, dtype in dtypes.items():
        if dtype != first or dtype not in (np.float16, np.float32, np.float64):
            raise ValueError(
                gettext(
                    "expected all arrays as float32, or all as float64 or float16, and "
                    "found {dtype} in {key}",
                    dtype=dtype,
                    key=key,
                )
            )
    return np.promote_types(first, np.float32)


def _check_finite(arrays: Mapping[str, np.ndarray]) -> None:
    for key, array in arrays.items():
        bad = np.flatnonzero(~np.isfinite(array))
        if bad.size:
            raise ValueError(
                gettext(
                    "expected finite values and found {found} at position {position} of {key} "
                    "({count} in all)",
                    found=array.flat[bad[0]],
                    position=bad[0],
                    key=key,
                    count=bad.size,
                )
            )
