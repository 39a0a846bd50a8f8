"""Writes a network in the ONNX format, for ONNX Runtime and other programs.

The few messages of protocol buffers that a network needs are written by hand.

References
----------
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np

from nn.activations import LEAK
from nn.network import Network
from nn.serialization.parameters import named_parameters
from nn.serialization.torch_layout import torch_arrays

OPSET = 13
IR_VERSION = 8
INPUT, OUTPUT = "pixels", "probabilities"
"""Names of the input, (n, pixels) float32 in [0, 1], and of the output, (n, classes)."""

_FLOAT, _INT64 = 1, 7
_OPERATORS = {
    "relu": "Relu",
    "leaky-relu": "LeakyRelu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "linear": "Identity",
}
# Wire types of protocol buffers.
_VARINT, _BYTES, _FIXED32 = 0, 2, 5


def network_to_onnx(network: Network) -> bytes:
    """Return a network as the contents of an ONNX file that gives the probabilities.

    Raises
    ------
    WeightsError
        When a value is not finite.
    """
    named_parameters(network)  # checks that all are finite
    graph = _Graph()
    arrays = iter(torch_arrays(network).values())
    last = graph.value = INPUT
    layers = [*network.convolutions, *network.dense_layers]
    for index, layer in enumerate(network.convolutions):
        if index == 0:
            side = layer.image_side or layer.input_shape.height
            graph.add("Reshape", [graph.constant("image", [-1, 1, side, side])])
            if side != layer.input_shape.height:
                start = (side - layer.input_shape.height) // 2
                end = start + layer.input_shape.height
                places = ([start, start], [end, end], [2, 3])
                names = ("crop_start", "crop_end", "crop_axes")
                graph.add("Slice", [*map(graph.constant, names, places)])
        parameters = [graph.array(next(arrays)) for _ in layer.parameters()]
        graph.add("Conv", parameters, pads=[layer.padding] * 4, kernel_shape=[layer.kernel] * 2)
        graph.activate(network.activation)
        if layer.pool is not None:
            size, stride = layer.pool
            graph.add("MaxPool", kernel_shape=[size, size], strides=[stride, stride])
    if network.convolutions:
        graph.add("Flatten")
    for dense in network.dense_layers:
        parameters = [graph.array(next(arrays)) for _ in dense.parameters()]
        graph.add("Gemm", parameters, transB=1)
        if dense is not layers[-1]:
            graph.activate(network.activation)
    graph.add("Softmax", output=OUTPUT, axis=-1)
    body = graph.encode(last, network.inputs, network.classes)
    opset = _field(1, b"") + _field(2, OPSET)
    return b"".join(
        [_field(1, IR_VERSION), _field(2, b"inkling"), _field(7, body), _field(8, opset)]
    )


class _Graph:
    """A chain of nodes, each of which takes what the one before gives."""

    def __init__(self) -> None:
        self.value = INPUT
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, name: str, values: Sequence[int]) -> str:
        """Add whole numbers as a constant; return its name."""
        array = np.array(values, "<i8")
        self._constants.append(_tensor(name, array, _INT64))
        return name

    def array(self, array: np.ndarray) -> str:
        """Add an array of floats as a constant; return its name."""
        name = f"parameter_{len(self._constants)}"
        self._constants.append(_tensor(name, array.astype("<f4"), _FLOAT))
        return name

    def add(
        self, operator: str, constants: Iterable[str] = (), output: str = "", **attributes: object
    ) -> None:
        """Add a node; its first input is the value before it."""
        name = output or f"value_{len(self._nodes)}"
        node = [_field(1, text.encode()) for text in (self.value, *constants)]
        node += [_field(2, name.encode()), _field(4, operator.encode())]
        node += [_field(5, _attribute(key, value)) for key, value in attributes.items()]
        self._nodes.append(b"".join(node))
        self.value = name

    def activate(self, activation: str) -> None:
        """Add an activation."""
        if activation == "leaky-relu":
            self.add(_OPERATORS[activation], alpha=LEAK)
        else:
            self.add(_OPERATORS[activation])

    def encode(self, first: str, inputs: int, classes: int) -> bytes:
        """Return the graph with its input and output."""
        return b"".join(
            [
                *(_field(1, node) for node in self._nodes),
                _field(2, b"network"),
                *(_field(5, constant) for constant in self._constants),
                _field(11, _value_info(first, inputs)),
                _field(12, _value_info(self.value, classes)),
            ]
        )


def _field(number: int, value: int | float | bytes) -> bytes:
    if isinstance(value, bytes):
        return _varint(number << 3 | _BYTES) + _varint(len(value)) + value
    if isinstance(value, float):
        return _varint(number << 3 | _FIXED32) + struct.pack("<f", value)
    return _varint(number << 3 | _VARINT) + _varint(value)


def _varint(value: int) -> bytes:
    """Return a number in groups of seven bits; negative ones in 64 bits of two's complement."""
    value &= (1 << 64) - 1
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _tensor(name: str, array: np.ndarray, kind: int) -> bytes:
    dimensions = b"".join(_field(1, int(side)) for side in array.shape)
    return dimensions + _field(2, kind) + _field(8, name.encode()) + _field(9, array.tobytes())


def _attribute(name: str, value: object) -> bytes:
    head = _field(1, name.encode())
    if isinstance(value, float):
        return head + _field(2, value) + _field(20, 1)
    if isinstance(value, int):
        return head + _field(3, value) + _field(20, 2)
    assert isinstance(value, list)
    return head + b"".join(_field(8, int(entry)) for entry in value) + _field(20, 7)


def _value_info(name: str, columns: int) -> bytes:
    """Return the type of (n, columns) floats."""
    shape = _field(1, _field(2, b"n")) + _field(1, _field(1, columns))
    kind = _field(1, _field(1, _FLOAT) + _field(2, shape))
    return _field(1, name.encode()) + _field(2, kind)
