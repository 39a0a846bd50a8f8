"""A network is a tuple of dense layers, perhaps behind a stem of convolutions.

It holds plain arrays and computes; it neither learns nor reads files, which others do with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from nn.activations import ACTIVATIONS, activation, activation_name
from nn.checks import check_inputs
from nn.initializers import initial_weights, initialization_name
from nn.layers import Layer, check_layers, check_stem_fits
from nn.log_softmax import log_softmax
from nn.products import product
from nn.stem import Stem, create_stem
from nn.stem_pass import StemPass
from nn.stem_plan import StemPlan, read_plan

PICTURES_AT_ONCE = 64
"""So many go through a stem together in a prediction, which bounds the memory it takes."""


@dataclass(frozen=True, eq=False)
class Forward:
    """All that a forward pass computed, and all that the backward pass needs.

    For n samples and layers 0 ... L: `layer_inputs[i]` (n, inputs of layer i) is what layer i
    was given, after dropout; for the hidden layers, `pre_activations[i]` and `activations[i]`
    are (n, outputs of layer i), before and after the activation and before dropout;
    `log_probabilities` is (n, classes). With a stem, `layer_inputs[0]` are its features, and
    `stem_pass` holds how they came about.
    """

    layer_inputs: tuple[np.ndarray, ...]
    pre_activations: tuple[np.ndarray, ...]
    activations: tuple[np.ndarray, ...]
    log_probabilities: np.ndarray
    stem_pass: StemPass | None = None


@dataclass(frozen=True, eq=False)
class Network:
    """Dense layers with `activation` after each but the last, whose output is a log-softmax.

    With a `stem`, pictures go through its convolutions first, with the same activation.
    `activation` is one of `ACTIVATIONS`. All arrays are C-contiguous and of one dtype, float32
    or float64; either every layer has a bias or none has. `ValueError` if they do not fit.
    """

    layers: tuple[Layer, ...]
    activation: str = "relu"
    stem: Stem | None = None

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            activation_name(self.activation)
            raise ValueError(f"Spell the activation as activation_name({self.activation!r}) does.")
        check_layers(self.layers)
        if self.stem is not None:
            check_stem_fits(self.stem, self.layers[0])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of inputs, of units in each hidden dense layer, and of classes."""
        stem, layers = self.stem, self.layers
        inputs = layers[0].weights.shape[0] if stem is None else stem.inputs
        return (inputs, *(layer.weights.shape[1] for layer in layers))

    @property
    def title(self) -> str:
        """The form in a few words: “784-128-10”, or “784 → conv5x8 pool2 → 10” with a stem."""
        return form_title(self.sizes, None if self.stem is None else self.stem.plan)

    @property
    def classes(self) -> int:
        """Number of classes, the width of the output."""
        return int(self.layers[-1].weights.shape[1])

    @property
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
        """Return the arrays themselves, W0, b0, W1, b1 ..., without the b where there are none.

        Those of a stem come first.
        """
        arrays = ((layer.weights, layer.bias) for layer in self.layers)
        of_stem = [] if self.stem is None else self.stem.parameters()
        return of_stem + [array for pair in arrays for array in pair if array is not None]

    def weights(self) -> list[np.ndarray]:
        """Return all weights without the biases, in the order of `parameters()`."""
        of_stem = () if self.stem is None else self.stem.weights
        return [*of_stem, *(layer.weights for layer in self.layers)]

    def with_parameters(self, parameters: Sequence[np.ndarray]) -> "Network":
        """Return a network of this form around other arrays, in the order of `parameters()`."""
        step = 2 if self.has_biases else 1
        first = len(parameters) - step * len(self.layers)
        layers = tuple(
            Layer(*parameters[start : start + step])
            for start in range(first, len(parameters), step)
        )
        stem = None if self.stem is None else self.stem.with_parameters(parameters[:first])
        return replace(self, layers=layers, stem=stem)

    def copy(self) -> "Network":
        """Return an independent network with equal numbers."""
        return self.with_parameters([parameter.copy() for parameter in self.parameters()])

    def astype(self, dtype: DTypeLike) -> "Network":
        """Return an independent network with the numbers converted to `dtype`."""
        return self.with_parameters([parameter.astype(dtype) for parameter in self.parameters()])

    def copy_from(self, other: "Network") -> None:
        """Overwrite the numbers in place with those of `other`; `ValueError` if forms differ."""
        if _form(self) != _form(other):
            raise ValueError(
                f"Expected a network of the form {_form(self)} and found {_form(other)}; "
                "only equal forms can be copied in place."
            )
        for mine, theirs in zip(self.parameters(), other.parameters(), strict=True):
            np.copyto(mine, theirs, casting="same_kind")

    def forward(self, x: np.ndarray, dropout_masks: Sequence[np.ndarray] | None = None) -> Forward:
        """Compute the log-probabilities of `x`, (n, inputs) floats, and keep what led there.

        `dropout_masks` holds for every hidden layer an array (n, units) of 0 for a dropped unit
        and 1 / (1 - rate) for a kept one (inverted dropout; Srivastava et al., 2014, section 10).
        Overflow gives infinities and NaN without a warning.
        """
        x = check_inputs(x, self.sizes[0]).astype(self.dtype, copy=False)
        with np.errstate(all="ignore"):
            if self.stem is None:
                return self._forward_dense(x, dropout_masks)
            stem_pass = StemPass(self.stem, self.activation, len(x))
            forward = self._forward_dense(stem_pass.forward(x), dropout_masks)
        return replace(forward, stem_pass=stem_pass)

    def _forward_dense(self, x: np.ndarray, masks: Sequence[np.ndarray] | None) -> Forward:
        layer_inputs, pre_activations, activations = [x], [], []
        apply = activation(self.activation).apply
        for index, layer in enumerate(self.layers[:-1]):
            z = _affine(layer_inputs[-1], layer)
            a = np.empty_like(z)
            apply(z, a)
            pre_activations.append(z)
            activations.append(a)
            layer_inputs.append(a if masks is None else a * masks[index])
        log_probabilities = log_softmax(_affine(layer_inputs[-1], self.layers[-1]))
        return Forward(
            tuple(layer_inputs), tuple(pre_activations), tuple(activations), log_probabilities
        )

    def predict_log_proba(self, x: np.ndarray) -> np.ndarray:
        """Return the log-probabilities (n, classes) of `x`, (n, inputs) floats."""
        if self.stem is None:
            return self.forward(x).log_probabilities
        x = check_inputs(x, self.sizes[0]).astype(self.dtype, copy=False)
        with np.errstate(all="ignore"):
            return np.concatenate([*self._log_probabilities_of_parts(x)])

    def _log_probabilities_of_parts(self, x: np.ndarray) -> Iterator[np.ndarray]:
        assert self.stem is not None, "dense layers take everything at once"
        stem_pass = StemPass(self.stem, self.activation, min(len(x), PICTURES_AT_ONCE))
        for start in range(0, max(len(x), 1), PICTURES_AT_ONCE):
            features = stem_pass.forward(x[start : start + PICTURES_AT_ONCE])
            yield self._forward_dense(features, None).log_probabilities

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities (n, classes) of `x`, (n, inputs) floats; rows sum to 1."""
        return np.exp(self.predict_log_proba(x))


def form_title(sizes: Sequence[int], plan: StemPlan | None) -> str:
    """Say in a few words what form networks of `sizes` have, behind the stem of a `plan`."""
    if plan is None:
        return "-".join(map(str, sizes))
    inputs, *others = sizes
    return f"{inputs} → {plan.text} → {'-'.join(map(str, others))}"


def create_network(
    sizes: Sequence[int],
    *,
    generator: np.random.Generator,
    activation: str = "relu",
    initialization: str = "he",
    biases: bool = True,
    dtype: DTypeLike = np.float32,
    stem: StemPlan | str | None = None,
) -> Network:
    """Create a network with random weights and biases of zero.

    `sizes` are the inputs, the hidden layers and the classes, for example (784, 128, 10); names
    may be spelt as in "re-lu". A `stem`, such as "conv5x8 pool2" (see `read_plan`), stands between
    the inputs, which are then the pixels of a square, and the hidden layers. Raises `ValueError`
    for fewer than two sizes, a size below 1, an unknown name or a stem that does not fit.
    """
    sizes = tuple(sizes)
    if len(sizes) < 2 or any(size < 1 or size != int(size) for size in sizes):
        raise ValueError(
            f"Expected at least two whole sizes from 1 up, such as (784, 128, 10), "
            f"and found {sizes}."
        )
    name = initialization_name(initialization)
    first = None
    if stem is not None:
        first = create_stem(
            read_plan(stem) if isinstance(stem, str) else stem,
            int(sizes[0]),
            generator=generator,
            initialization=name,
            biases=biases,
            dtype=dtype,
        )
        sizes = (first.features, *sizes[1:])
    layers = []
    for shape in pairwise(map(int, sizes)):
        weights = initial_weights(name, shape, generator).astype(dtype)
        layers.append(Layer(weights, np.zeros(shape[1], dtype) if biases else None))
    return Network(tuple(layers), activation_name(activation), first)


def _affine(x: np.ndarray, layer: Layer) -> np.ndarray:
    z = np.empty((len(x), layer.weights.shape[1]), dtype=x.dtype)
    product(x, layer.weights, z)
    if layer.bias is not None:
        z += layer.bias
    return z


def _form(network: Network) -> str:
    """Say all that two networks must share for their numbers to be exchanged."""
    biases = "with" if network.has_biases else "without"
    return f"{network.title} {network.activation} {biases} biases"
