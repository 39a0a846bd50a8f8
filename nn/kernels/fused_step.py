"""Whole training steps in one call of a compiled module, which small batches need most.

Without it the calls themselves would take longer than the arithmetic of a small batch.
"""

from collections.abc import Sequence

import numpy as np

from nn.addresses import address
from nn.batch_buffers import BatchBuffers
from nn.kernels.library import (
    LayerRecord,
    Library,
    OutcomeRecord,
    RuleRecord,
    StepRecord,
    rule_record,
)
from nn.kernels.rule import UpdateRule
from nn.layers import Layer
from nn.network import Network

ACTIVATIONS = ("relu", "leaky-relu", "tanh", "sigmoid", "linear")
"""The activations in the order of dense.c."""

_OUTCOME = np.dtype(OutcomeRecord)


class FusedStep:
    """Trains arrays that stay where they are, on batches of at most the size of `room`.

    `moments` holds the optimiser's moments of each parameter, in the order of
    `network.parameters()`; all arrays are float32. With `masked`, the masks of `room` are applied
    to the hidden activations; the caller fills them before each call.
    """

    def __init__(
        self,
        library: Library,
        network: Network,
        moments: Sequence[Sequence[np.ndarray]],
        room: BatchBuffers,
        *,
        masked: bool,
    ) -> None:
        self._train = library.train
        self._room = room
        layers = (LayerRecord * len(network.layers))()
        of_layer = 2 if network.has_biases else 1
        for index, layer in enumerate(network.layers):
            layers[index] = _layer_record(layer, moments[of_layer * index :])
            layers[index].delta = address(room.deltas[index])
        for index, activations in enumerate(room.activations):
            layers[index].activations = address(activations)
            if masked:
                layers[index].mask = address(room.masks[index])
                layers[index].dropped = address(room.dropped[index])
        layers[-1].activations = address(room.scores)
        self._kept = (layers, network, moments)
        self._record = StepRecord(
            layers=layers,
            layer_count=len(layers),
            activation=ACTIVATIONS.index(network.activation),
            count=room.count,
            numbers=address(room.inputs),
        )
        self._work = np.empty(library.train_work_size(self._record), dtype=np.float32)
        self._record.work = address(self._work)

    def __call__(
        self,
        x: np.ndarray,
        labels: np.ndarray,
        rules: Sequence[UpdateRule],
        *,
        l1: float,
        l2: float,
        byte_scale: float,
    ) -> list[tuple[float, int]]:
        """Take a step by each of the rules, on equal parts of `x` one after the other.

        `x` is (n, inputs) C-contiguous float32, or uint8 that is multiplied by `byte_scale`, and
        `labels` (n,) intp; both must have been checked. Returns the mean loss and the count of
        correct answers of each part before its step.
        """
        batches = len(rules)
        record = self._record
        record.count = len(x) // batches
        record.x, record.bytes = None, None
        if x.dtype == np.uint8:
            record.bytes = address(x)
        else:
            record.x = address(x)
        record.labels = address(labels)
        record.byte_scale, record.l1, record.l2 = byte_scale, l1, l2
        outcomes = (OutcomeRecord * batches)()
        self._train(record, (RuleRecord * batches)(*map(rule_record, rules)), outcomes, batches)
        # One call for all of them, where a record of its own for each would take longer.
        return np.frombuffer(memoryview(outcomes), _OUTCOME).tolist()


def _layer_record(layer: Layer, moments: Sequence[Sequence[np.ndarray]]) -> LayerRecord:
    """Return sizes and addresses of `layer`, whose own moments come first in `moments`."""
    inputs, outputs = layer.weights.shape
    record = LayerRecord(inputs=inputs, outputs=outputs, weights=address(layer.weights))
    kinds = ["weight"]
    if layer.bias is not None:
        record.bias = address(layer.bias)
        kinds.append("bias")
    for kind, of_parameter in zip(kinds, moments, strict=False):
        for name, moment in zip(("first", "second"), of_parameter, strict=False):
            setattr(record, f"{kind}_{name}", address(moment))
    return record
