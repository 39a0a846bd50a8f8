"""Networks from the arrays of other programs: PyTorch's and Keras's names and orders, or none.

Shapes tell which array follows which and which way round a matrix is; what they leave open
(pooling between convolutions, the activation) is assumed, and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from math import isqrt

import numpy as np

from nn.layer_spec import read_layer_spec
from nn.serialization.parameters import (
    NetworkStructure,
    Reading,
    WeightsError,
    network_from_parameters,
    with_square_matrices_turned,
)
from nn.texts import gettext, gettext_noop

MAX_LAYERS = 24
MAX_READINGS = 64
_MAX_ORDERS = 6  # layers whose order is searched for
_WEIGHTS = ("weight", "weights", "kernel", "kernels", "coefs", "w")
_BIASES = ("bias", "biases", "intercepts", "b")
_NOT_READ = ("running_mean", "running_var", "num_batches_tracked", "moving_mean", "gamma", "beta")
PIXELS = 784
"""Inputs of a network for MNIST, which tell the way round of a single matrix."""
_OTHER_LAYERS = (
    (
        re.compile(r"weight_(ih|hh)_l\d|recurrent_kernel"),
        gettext_noop("recurrent layers"),
        gettext_noop("use dense ones"),
    ),
    (
        re.compile(r"weight_[gv]$|parametrizations\.weight\.original"),
        gettext_noop("weight normalisation"),
        gettext_noop("remove it before saving: torch.nn.utils.remove_weight_norm"),
    ),
)
_POOLINGS = ("", "pool2", "pool3", "pool3s2")
_ASSUMED = gettext_noop("ReLU is assumed as the activation, since the file does not name one.")


@dataclass(frozen=True)
class _Layer:
    """The arrays of one layer as they are in the file."""

    name: str
    weights: np.ndarray
    bias: np.ndarray | None = None


def read_foreign_arrays(
    arrays: Mapping[str, np.ndarray], name: str, activation: str | None = None
) -> list[Reading]:
    """Return the networks that arrays of another program may mean, the most likely first.

    Parameters
    ----------
    arrays : mapping of str to array
        Of one network: for each dense layer a matrix, (inputs, outputs) or (outputs, inputs), and
        perhaps a vector of biases; for each convolution four dimensions, as PyTorch (outputs,
        inputs, height, width) or Keras (height, width, inputs, outputs) has them.
    name : str
        The name of the file, for error messages.
    activation : str, optional
        One of `nn.ACTIVATIONS`, if the file names it.

    Raises
    ------
    WeightsError
        When the arrays do not follow each other, or are of layers that are not supported.
    """
    try:
        layers = _group(arrays)
        orders = [order for order in _orders(layers) if _directions(order)]
        if not orders:
            raise ValueError(
                gettext(
                    "expected layers whose outputs are the inputs of the next, and found the "
                    "shapes {shapes}",
                    shapes=", ".join(_shape_text(layer.weights.shape) for layer in layers[:8]),
                )
            )
        notes = () if activation else (gettext(_ASSUMED),)
        readings = []
        for order in _distinct(orders, is_certain=_is_numbered(layers)):
            has_kernels = any(layer.weights.ndim == 4 for layer in order)
            build = _convolutional_readings if has_kernels else _dense_readings
            readings += build(order, _directions(order), activation or "relu", name)
    except ValueError as error:
        if isinstance(error, WeightsError):
            raise
        raise WeightsError.of(name, error) from error
    return [replace(one, notes=(*notes, *one.notes)) for one in readings]


def _group(arrays: Mapping[str, np.ndarray]) -> list[_Layer]:
    """Return the layers in the order of their names, or of the file where names say nothing."""
    arrays = {key: array for key, array in arrays.items() if array.ndim or _is_not_read(key)}
    for key, array in arrays.items():
        for pattern, kind, advice in _OTHER_LAYERS:
            if pattern.search(key):
                raise ValueError(
                    gettext(
                        "expected dense layers and convolutions and found {kind} ({key}); {advice}",
                        kind=gettext(kind),
                        key=key[:60],
                        advice=gettext(advice),
                    )
                )
        if _is_not_read(key):
            raise ValueError(
                gettext(
                    "expected dense layers and convolutions and found batch normalisation "
                    "({key}), which is not supported; fold it into the layer before it",
                    key=key[:60],
                )
            )
        if array.dtype.kind not in "f" or array.ndim not in (1, 2, 4) or not array.size:
            is_samples = array.dtype == np.uint8 and array.shape[1:] in ((28, 28), (PIXELS,))
            hint = gettext("; these seem to be samples") if is_samples else ""
            raise ValueError(
                gettext(
                    "expected weights as floats in 1, 2 or 4 dimensions and found {dtype} "
                    "{shape} in {key}{hint}",
                    dtype=array.dtype,
                    shape=_shape_text(array.shape),
                    key=key[:60],
                    hint=hint,
                )
            )
    keys = list(arrays)
    stems = {_LETTERS.sub("#", key) for key in keys}
    if len({_split(key)[0] for key in keys}) > 1 and len({_split(key)[1] for key in keys}) == 1:
        # No two roles are named: arr_0, arr_1, …, or one letter for all.
        if len(stems) > 1:
            for key in keys:
                _refuse_vector_as_weights(key, arrays[key])
        keys.sort(key=_natural) if len(stems) == 1 else None
        return _by_position([(key, arrays[key]) for key in keys])
    parts: dict[str, dict[str, np.ndarray]] = {}
    for key in keys:
        prefix, role = _split(key)
        array = arrays[key]
        _refuse_vector_as_weights(key, array)
        if role == "bias" and array.ndim == 2 and 1 in array.shape:
            array = array.reshape(-1)  # a column or a row, as in programs without broadcasting
        parts.setdefault(prefix, {})[role or "weights"] = array
    if any("weights" not in part or part["weights"].ndim < 2 for part in parts.values()):
        return _by_position([(key, arrays[key]) for key in keys])
    layers = [_Layer(prefix, part["weights"], part.get("bias")) for prefix, part in parts.items()]
    if _is_numbered(layers):
        layers.sort(key=lambda layer: _natural(layer.name))
    _check_count(layers)
    return layers


_LETTERS = re.compile(r"\d+")
_LAST = re.compile(r"^(.*?)([A-Za-z]+)(?::\d+)?$")
_LETTER_AND_NUMBER = re.compile(
    r"^(.*?)(?<![A-Za-z])([WwBb]|weights?|kernels?|coefs|bias|biases|intercepts)_?(\d+)$"
)


def _refuse_vector_as_weights(key: str, array: np.ndarray) -> None:
    if _split(key)[1] == "weights" and array.ndim == 1:
        raise ValueError(
            gettext(
                "expected dense layers and convolutions and found a vector as the weights "
                "{key}, as of a normalisation, which is not supported; fold it into the "
                "layer before it",
                key=key[:60],
            )
        )


def _is_not_read(key: str) -> bool:
    """Tell whether an array is of batch normalisation."""
    return key.rsplit(".", 1)[-1].rsplit("/", 1)[-1].split(":", maxsplit=1)[0] in _NOT_READ


def _split(key: str) -> tuple[str, str]:
    """Return the name of the layer and the role, "weights", "bias" or "", that a key names."""
    if match := _LETTER_AND_NUMBER.match(key):
        return f"{match[1]}{match[3]}", "weights" if match[2].lower() in _WEIGHTS else "bias"
    if match := _LAST.match(key):
        for role, words in (("weights", _WEIGHTS), ("bias", _BIASES)):
            if match[2].lower() in words:
                return match[1].rstrip("./_"), role
    return key, ""


def _natural(key: str) -> list[tuple[int, str]]:
    """Sort key by which a number in a name counts as a number: arr_2 before arr_10."""
    return [
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.split(r"(\d+)", key)
        if part
    ]


def _by_position(arrays: Sequence[tuple[str, np.ndarray]]) -> list[_Layer]:
    """Return layers from arrays in order: each matrix or kernel, and the vector after it.

    All vectors may as well follow all matrices.
    """
    half = len(arrays) // 2
    if (
        2 * half == len(arrays)
        and [array.ndim > 1 for _, array in arrays] == [True] * half + [False] * half
    ):
        arrays = [one for pair in zip(arrays[:half], arrays[half:], strict=True) for one in pair]
    layers: list[_Layer] = []
    for key, array in arrays:
        if array.ndim > 1:
            layers.append(_Layer(key, array))
        elif layers and layers[-1].bias is None:
            layers[-1] = replace(layers[-1], bias=array)
        else:
            raise ValueError(
                gettext("expected a matrix before the vector {key} and found none", key=key[:60])
            )
    _check_count(layers)
    return layers


def _check_count(layers: Sequence[_Layer]) -> None:
    if not 1 <= len(layers) <= MAX_LAYERS:
        raise ValueError(
            gettext(
                "expected 1 to {max_layers} layers and found {count}",
                max_layers=MAX_LAYERS,
                count=len(layers),
            )
        )


def _orders(layers: Sequence[_Layer]) -> Iterator[Sequence[_Layer]]:
    """Yield the order as it is, with convolutions first, and others of few layers."""
    yield layers
    yield sorted(layers, key=lambda layer: layer.weights.ndim == 2)
    if len(layers) <= _MAX_ORDERS:
        yield from permutations(layers)


def _is_numbered(layers: Sequence[_Layer]) -> bool:
    """Tell whether numbers in the names of layers give their order."""
    return len({_LETTERS.sub("#", layer.name) for layer in layers}) == 1


def _distinct(orders: Sequence[Sequence[_Layer]], *, is_certain: bool) -> list[Sequence[_Layer]]:
    """Return different orders, the most likely first; a single one if it is certain."""
    distinct = {tuple(layer.name for layer in order): order for order in reversed(orders)}
    first = tuple(layer.name for layer in orders[0])
    others = [order for names, order in distinct.items() if names != first]
    return [orders[0], *([] if is_certain else others[: _MAX_ORDERS - 1])]


def _directions(layers: Sequence[_Layer]) -> list[bool]:
    """Return for every layer whether it is (outputs, inputs), as in PyTorch; [] if none fits.

    Layers that are not square decide for those that are.
    """
    found = []
    for turned in (False, True):
        sizes = [_inputs_outputs(layer, turned) for layer in layers]
        if _follow(layers, sizes):
            found.append((sizes[0][0] != PIXELS, turned))
    return [min(found)[1]] * len(layers) if found else []


def _inputs_outputs(layer: _Layer, turned: bool) -> tuple[int, int]:
    shape = layer.weights.shape
    if len(shape) == 4:
        return (shape[1], shape[0]) if turned else (shape[2], shape[3])
    return (shape[1], shape[0]) if turned else (shape[0], shape[1])


def _follow(layers: Sequence[_Layer], sizes: Sequence[tuple[int, int]]) -> bool:
    """Tell whether each layer takes what the one before gives."""
    if layers[-1].weights.ndim == 4:
        return False
    for layer, (_, outputs) in zip(layers, sizes, strict=True):
        if layer.bias is not None and layer.bias.shape != (outputs,):
            return False
    if layers[0].weights.ndim == 4 and sizes[0][0] != 1:
        return False
    for place in range(1, len(layers)):
        before, here = layers[place - 1].weights.ndim, layers[place].weights.ndim
        if here > before:
            return False  # a convolution behind a dense layer
        inputs, outputs = sizes[place][0], sizes[place - 1][1]
        is_flattening = before > here
        if inputs % outputs if is_flattening else inputs != outputs:
            return False
    return True


def _dense_arrays(
    layers: Sequence[_Layer], turned: Sequence[bool]
) -> tuple[list[np.ndarray], list[np.ndarray | None]]:
    """Return the matrices as (inputs, outputs) and the biases in a common float type."""
    dtype = np.result_type(np.float32, *(layer.weights.dtype for layer in layers))
    if dtype not in (np.float32, np.float64):
        dtype = np.dtype(np.float64)
    weights = [
        (layer.weights.T if is_turned else layer.weights).astype(dtype)
        for layer, is_turned in zip(layers, turned, strict=True)
    ]
    has_biases = any(layer.bias is not None for layer in layers)
    biases = [
        None
        if not has_biases
        else np.zeros(W.shape[1], dtype)
        if layer.bias is None
        else layer.bias.astype(dtype)
        for layer, W in zip(layers, weights, strict=True)
    ]
    return weights, biases


def _dense_readings(
    layers: Sequence[_Layer], turned: Sequence[bool], activation: str, name: str
) -> list[Reading]:
    weights, biases = _dense_arrays(layers, turned)
    sizes = (weights[0].shape[0], *(W.shape[1] for W in weights))
    structure = NetworkStructure(sizes, activation, biases[0] is not None)
    arrays = {f"W{index}": W for index, W in enumerate(weights)}
    arrays |= {f"b{index}": b for index, b in enumerate(biases) if b is not None}
    notes = (
        (gettext("The matrices are (outputs, inputs), as in PyTorch, and were turned."),)
        if turned[0]
        else ()
    )
    network = network_from_parameters(structure, arrays, name)
    return with_square_matrices_turned(Reading(network, notes))


def _convolutional_readings(
    layers: Sequence[_Layer], turned: Sequence[bool], activation: str, name: str
) -> list[Reading]:
    convolutions = [layer for layer in layers if layer.weights.ndim == 4]
    dense = [layer for layer in layers if layer.weights.ndim == 2]
    is_turned = turned[0]
    kernels = [
        layer.weights.transpose(2, 3, 1, 0) if is_turned else layer.weights
        for layer in convolutions
    ]
    if any(kernel.shape[0] != kernel.shape[1] for kernel in kernels):
        raise ValueError(gettext("expected square kernels and found others"))
    weights, biases = _dense_arrays(dense, turned[: len(dense)])
    channels = kernels[-1].shape[3]
    plans = _find_plans([kernel.shape for kernel in kernels], weights[0].shape[0] // channels)
    if not plans:
        raise ValueError(
            gettext(
                "expected convolutions of 28 × 28 pixels with max pooling that give the "
                "{inputs:,} inputs of the first dense layer, and found none that do",
                inputs=weights[0].shape[0],
            )
        )
    has_biases = any(layer.bias is not None for layer in layers)
    dtype = weights[0].dtype
    readings = []
    for plan, side in plans:
        W0 = weights[0]
        if is_turned:
            # PyTorch flattens channels first, this library flattens them last.
            shape = (channels, side, side, W0.shape[1])
            W0 = W0.reshape(shape).transpose(1, 2, 0, 3).reshape(W0.shape)
        arrays = {
            f"K{index}": kernel.reshape(-1, kernel.shape[3]).astype(dtype)
            for index, kernel in enumerate(kernels)
        }
        arrays |= {f"W{index}": W for index, W in enumerate([W0, *weights[1:]])}
        if has_biases:
            for index, layer in enumerate(convolutions):
                filters = kernels[index].shape[3]
                bias = np.zeros(filters) if layer.bias is None else layer.bias
                arrays[f"k{index}"] = bias.astype(dtype)
            for index, W in enumerate(weights):
                b = biases[index]
                arrays[f"b{index}"] = np.zeros(W.shape[1], dtype) if b is None else b
        sizes = (PIXELS, *(W.shape[1] for W in weights))
        spec = read_layer_spec(plan)
        structure = NetworkStructure(sizes, activation, has_biases, spec)
        note = gettext(
            "The file does not say how images are padded and pooled; “{text}” is assumed.",
            text=spec.text,
        )
        readings.append(Reading(network_from_parameters(structure, arrays, name), (note,)))
    return readings


def _find_plans(kernels: Sequence[tuple[int, ...]], positions: int) -> list[tuple[str, int]]:
    """Return the texts of layers, with their last side, that give so many positions.

    Uniform ones come first: one kind of padding and one of pooling, or a pooling after every
    other convolution.
    """
    side = isqrt(positions)
    if side * side != positions:
        return []
    found: list[tuple[int, str, int]] = []
    partial: list[tuple[list[str], int, list[tuple[bool, str]]]] = [([], 28, [])]
    for index, (size, _, _, filters) in enumerate(kernels):
        longer = []
        for words, before, choices in partial:
            paddings = (True, False) if size % 2 and size > 1 else (False,)
            for same, pooling in product(paddings, _POOLINGS):
                padding = size // 2 if same else 0
                after = _pooled(before + 2 * padding - size + 1, pooling)
                if after < side:
                    continue
                word = f"conv{size}x{filters}p{padding} {pooling}".strip()
                longer.append(([*words, word], after, [*choices, (same, pooling)]))
        partial = sorted(longer, key=lambda one: _irregularity(one[2]))[:4000]
        if index == len(kernels) - 1:
            found = [
                (_irregularity(choices), " ".join(words), after)
                for words, after, choices in partial
                if after == side
            ]
    found.sort(key=lambda one: one[0])
    return [(text, after) for _, text, after in found[:MAX_READINGS]]


def _pooled(side: int, pooling: str) -> int:
    if not pooling or side < 1:
        return side
    size = int(pooling[4])
    stride = int(pooling.partition("s")[2] or size)
    return (side - size) // stride + 1 if side >= size else 0


def _irregularity(choices: Sequence[tuple[bool, str]]) -> int:
    """Return how unlikely a plan is: different paddings, different and unusual poolings."""
    poolings = {pooling for _, pooling in choices if pooling}
    rare = sum(pooling not in ("", "pool2") for _, pooling in choices)
    missing = sum(not pooling for _, pooling in choices)
    return (
        3 * (len({same for same, _ in choices}) - 1)
        + 3 * max(0, len(poolings) - 1)
        + (2 * rare + missing)
    )


def _shape_text(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or gettext("one number")
