"""A network: convolutional layers, if any, and dense ones, of plain arrays.

It computes predictions; training, evaluation and files are elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, zip_longest
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from nn import backends
from nn.activations import ACTIVATIONS, activation_function, activation_name
from nn.backends import scale_bytes
from nn.convolution import Conv2D
from nn.initializers import initial_weights, initialization_name
from nn.layer_spec import LayerSpec, layer_spec_of, read_layer_spec
from nn.layers import Dense, Layer, Workspace, check_layers, create_workspaces
from nn.losses import log_softmax_in_place

if TYPE_CHECKING:
    from nn.backends.wasm import FusedPrediction

BYTE_SCALE = 1 / 255
"""Factor for inputs of bytes: they are pixels from 0 to 255, which become floats in [0, 1]."""

FEW_ROWS = 8
"""Samples for which a backend's prediction in one call is looked up."""

CHUNK_ROWS = 8192
IMAGE_CHUNK_ROWS = 64
"""Samples that a prediction computes at a time, which bounds its memory; fewer if convolved."""


@dataclass(frozen=True, eq=False)
class Network:
    """A sequence of layers with `activation` after each but the last.

    The outputs of the last layer are the logits of the classes.

    Parameters
    ----------
    layers : tuple of Conv2D and Dense
        Convolutions first; the last layer is dense. All arrays are C-contiguous and of one
        dtype, float32 or float64; either every layer has a bias or none has.
    activation : str
        One of `ACTIVATIONS`.

    Raises
    ------
    ValueError
        If the layers do not fit each other.
    """

    layers: tuple[Layer, ...]
    activation: str = "relu"

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            name = activation_name(self.activation)
            raise ValueError(f"Expected the activation as {name!r} and found {self.activation!r}.")
        check_layers(self.layers)

    # Cached where a training step asks for it, because an attribute takes no time.

    @cached_property
    def inputs(self) -> int:
        """Number of values in a sample."""
        return self.layers[0].inputs

    @cached_property
    def classes(self) -> int:
        """Number of classes, the outputs of the last layer."""
        return self.layers[-1].outputs

    @property
    def convolutions(self) -> tuple[Conv2D, ...]:
        """The convolutional layers, which come first."""
        return tuple(layer for layer in self.layers if isinstance(layer, Conv2D))

    @property
    def dense_layers(self) -> tuple[Dense, ...]:
        """The dense layers, which come last."""
        return tuple(layer for layer in self.layers if isinstance(layer, Dense))

    @cached_property
    def layer_spec(self) -> LayerSpec | None:
        """The specification of the convolutional layers; None without any."""
        return layer_spec_of(self.layers)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of inputs, of units in each hidden dense layer, and of classes."""
        return (self.inputs, *(layer.outputs for layer in self.dense_layers))

    @property
    def title(self) -> str:
        """The architecture in a few words: “784-128-10”, or “784 → conv5x8 pool2 → 10”."""
        return network_title(self.sizes, self.layer_spec)

    @cached_property
    def dtype(self) -> np.dtype:
        """The type of every array, float32 or float64."""
        return self.layers[0].weights.dtype

    @property
    def has_biases(self) -> bool:
        """Whether the layers have biases: all of them, or none."""
        return self.layers[0].bias is not None

    @property
    def parameter_count(self) -> int:
        """Number of weights and biases."""
        return sum(parameter.size for parameter in self.parameters())

    def parameters(self) -> list[np.ndarray]:
        """Return the arrays themselves, W0, b0, W1, b1, ..., without the b if there are none."""
        return [array for layer in self.layers for array in layer.parameters()]

    def with_parameters(self, parameters: Sequence[np.ndarray]) -> "Network":
        """Return the same architecture with other arrays, in the order of `parameters()`."""
        step = 2 if self.has_biases else 1
        layers = tuple(
            layer.with_parameters(*parameters[step * index : step * (index + 1)])
            for index, layer in enumerate(self.layers)
        )
        return replace(self, layers=layers)

    def copy(self) -> "Network":
        """Return an independent network with equal values."""
        return self.with_parameters([parameter.copy() for parameter in self.parameters()])

    def equals(self, other: "Network") -> bool:
        """Return whether another network has the same architecture and equal values."""
        if (self.title, self.activation) != (other.title, other.activation):
            return False
        pairs = zip_longest(self.parameters(), other.parameters())  # perhaps one has no biases
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)

    def astype(self, dtype: DTypeLike) -> "Network":
        """Return an independent network with the values converted to `dtype`."""
        return self.with_parameters([parameter.astype(dtype) for parameter in self.parameters()])

    def copy_from(self, other: "Network") -> None:
        """Overwrite the values with those of `other`; `ValueError` if the architectures differ."""
        expected, found = _architecture(self), _architecture(other)
        if expected != found:
            raise ValueError(
                f"Expected a network of the architecture {expected} and found {found}; only equal "
                "architectures can be copied in place."
            )
        for mine, theirs in zip(self.parameters(), other.parameters(), strict=True):
            np.copyto(mine, theirs, casting="same_kind")

    def check_inputs(self, x: np.ndarray) -> np.ndarray:
        """Return `x` as an array (n, inputs) of floats, booleans or bytes (uint8).

        Raises
        ------
        ValueError
            If it has another shape or type. Other integers are refused, because pixels of 0 to
            255 would be inputs that are 255 times too large.
        """
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != self.inputs:
            raise ValueError(
                f"Expected inputs of shape (samples, {self.inputs}) and found {x.shape}; "
                "a single sample is x.reshape(1, -1)."
            )
        if x.dtype.kind not in "fb" and x.dtype != np.uint8:
            raise ValueError(
                f"Expected inputs of a float type, or pixels as uint8, and found {x.dtype}; "
                "convert pixels with x.astype(np.uint8)."
            )
        return x

    def prepare_inputs(self, x: np.ndarray, buffer: np.ndarray | None = None) -> np.ndarray:
        """Return checked inputs as a C-contiguous array of the network's dtype, bytes scaled.

        The result is `x` itself where it fits, else `buffer` (n, inputs), or a new array.
        """
        if x.dtype == self.dtype and x.flags.c_contiguous:
            return x
        if buffer is None:
            buffer = np.empty(x.shape, self.dtype)
        if x.dtype == np.uint8:
            scale_bytes(x, BYTE_SCALE, buffer)
        else:
            np.copyto(buffer, x, casting="same_kind")
        return buffer

    def forward(
        self, x: np.ndarray, workspaces: Sequence[Workspace], *, masked: bool = False
    ) -> list[np.ndarray]:
        """Compute the logits of `x`, and return what each layer was given, and the logits.

        Parameters
        ----------
        x : (n, inputs)
            As from `prepare_inputs`.
        workspaces
            Those of the layers, for n samples (see `create_workspaces`).
        masked : bool
            Whether to multiply the activations of hidden dense layers by the masks in the
            workspaces: inverted dropout (Srivastava et al., 2014, section 10).

        Returns
        -------
        list of arrays
            Stored in the workspaces. Overflow gives infinities and NaN; `np.errstate` decides
            whether NumPy warns.
        """
        activation = activation_function(self.activation)
        values = [x]
        for layer, workspace in zip(self.layers[:-1], workspaces, strict=False):
            a = layer.forward(values[-1], workspace, activation)  # type: ignore[arg-type]
            if masked and workspace.mask is not None:
                a = np.multiply(a, workspace.mask, out=workspace.dropped)
            values.append(a)
        values.append(self.layers[-1].forward(values[-1], workspaces[-1], None))  # type: ignore[arg-type]
        return values

    def predict_log_proba(self, x: np.ndarray) -> np.ndarray:
        """Return the log-probabilities of the classes.

        Parameters
        ----------
        x : (n, inputs) floats, or uint8
            Bytes are scaled by 1 / 255. Large arrays are computed in chunks.

        Returns
        -------
        (n, classes) of the network's dtype
            NaN, without a warning, if the network has diverged.
        """
        x = self.check_inputs(x)
        if len(x) <= FEW_ROWS:
            fused = self._fused_prediction()
            log_probabilities = None if fused is None else fused(x)
            if log_probabilities is not None:
                return log_probabilities
        chunk = IMAGE_CHUNK_ROWS if isinstance(self.layers[0], Conv2D) else CHUNK_ROWS
        workspaces = create_workspaces(self.layers, min(len(x), chunk))
        with np.errstate(all="ignore"):
            if len(x) <= chunk:
                return self._log_probabilities(x, workspaces)
            out = np.empty((len(x), self.classes), self.dtype)
            for start in range(0, len(x), chunk):
                part = x[start : start + chunk]
                if len(part) < chunk:
                    workspaces = [workspace.first(len(part)) for workspace in workspaces]
                out[start : start + chunk] = self._log_probabilities(part, workspaces)
        return out

    def _fused_prediction(self) -> "FusedPrediction | None":
        """Return the backend's prediction in one call, if it has one for this network."""
        backend = backends.current_backend()
        cached: tuple[object, FusedPrediction | None] = self.__dict__.get("_fused", (None, None))
        if cached[0] is not backend:
            fused = backend.fused_prediction(
                self.layers, activation=self.activation, byte_scale=BYTE_SCALE
            )
            # Beside the cached properties, since a frozen dataclass has no attributes to assign.
            cached = self.__dict__["_fused"] = backend, fused
        return cached[1]

    def _log_probabilities(self, x: np.ndarray, workspaces: Sequence[Workspace]) -> np.ndarray:
        """Return the log-probabilities of a chunk, stored in the workspaces."""
        logits = self.forward(self.prepare_inputs(x), workspaces)[-1]
        log_softmax_in_place(logits)
        return logits

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities (n, classes), whose rows sum to 1; `x` as above."""
        return np.exp(self.predict_log_proba(x))

    def hidden_activations(self, x: np.ndarray) -> list[np.ndarray]:
        """Return the activations (n, units) of every hidden dense layer; `x` as above."""
        x = self.check_inputs(x)
        workspaces = create_workspaces(self.layers, len(x))
        with np.errstate(all="ignore"):
            self.forward(self.prepare_inputs(x), workspaces)
        hidden = workspaces[len(self.convolutions) : -1]
        return [workspace.activations for workspace in hidden]


def network_title(sizes: Sequence[int], spec: LayerSpec | None) -> str:
    """Return the architecture of `sizes` with the convolutions of `spec` in a few words."""
    if spec is None:
        return "-".join(map(str, sizes))
    inputs, *others = sizes
    return f"{inputs} → {spec.text} → {'-'.join(map(str, others))}"


def create_network(
    sizes: Sequence[int],
    *,
    generator: np.random.Generator,
    activation: str = "relu",
    initialization: str = "he",
    biases: bool = True,
    dtype: DTypeLike = np.float32,
    layer_spec: LayerSpec | str | None = None,
) -> Network:
    """Create a network with random weights and biases of zero.

    Parameters
    ----------
    sizes : sequence of int
        The inputs, the hidden dense layers and the classes, for example (784, 128, 10).
    generator : numpy.random.Generator
        Draws the weights.
    activation, initialization : str
        One of `ACTIVATIONS` and of `INITIALIZATIONS`, in any spelling ("re-lu").
    biases : bool
    dtype : float32 or float64
    layer_spec : LayerSpec or str, optional
        Convolutional layers between the inputs, which are then the pixels of a square image, and
        the dense layers, such as "conv5x8 pool2" (see `read_layer_spec`).

    Raises
    ------
    ValueError
        For fewer than two sizes, a size below 1, an unknown name, or convolutions that do not
        fit the inputs.
    """
    sizes = tuple(sizes)
    if len(sizes) < 2 or any(size < 1 or size != int(size) for size in sizes):
        raise ValueError(
            f"Expected at least two whole sizes from 1 up, such as (784, 128, 10), "
            f"and found {sizes}."
        )
    name = initialization_name(initialization)
    spec = read_layer_spec(layer_spec) if isinstance(layer_spec, str) else layer_spec

    def draw(shapes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
        return [initial_weights(name, shape, generator).astype(dtype) for shape in shapes]

    def zeros(arrays: Sequence[np.ndarray]) -> list[np.ndarray | None]:
        return [np.zeros(W.shape[1], dtype) if biases else None for W in arrays]

    convolutions: tuple[Conv2D, ...] = ()
    inputs = int(sizes[0])
    if spec is not None:
        side = isqrt(inputs)
        if side * side != inputs:
            raise ValueError(f"Expected square images for convolutions and found {inputs} pixels.")
        weights = draw(spec.weight_shapes(side))
        convolutions = spec.layers(side, weights, zeros(weights))
        inputs = convolutions[-1].outputs
    weights = draw([*pairwise(map(int, (inputs, *sizes[1:])))])
    dense = map(Dense, weights, zeros(weights))
    return Network((*convolutions, *dense), activation_name(activation))


def _architecture(network: Network) -> str:
    """Return all that two networks must share for their values to be exchanged."""
    biases = "with" if network.has_biases else "without"
    return f"{network.title} {network.activation} {biases} biases"
