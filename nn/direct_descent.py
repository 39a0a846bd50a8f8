"""Plain gradient descent without a gradient in between: each product is added to the weights.

The arrays stay where they are from step to step, so where they lie is asked for only once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nn.batch_buffers import BatchBuffers
    from nn.blas import Blas, ProductAdder
    from nn.network import Network


class DirectDescent:
    """Moves the weights and biases of a `network` of dense layers in place.

    The deltas and the hidden activations are those of `batch`; with `masked`, the activations
    that dropout leaves. All arrays are C-contiguous float32.
    """

    def __init__(
        self, library: Blas, network: Network, batch: BatchBuffers, *, masked: bool
    ) -> None:
        self.batch = batch
        self.masked = masked
        self._ones = np.ones(batch.count, dtype=network.dtype)
        layer_inputs = [batch.inputs, *(batch.dropped if masked else batch.activations)]
        self._adders: list[ProductAdder] = []
        self._biases: list[tuple[np.ndarray, np.ndarray, np.ndarray] | None] = []
        for layer, given, delta in zip(network.layers, layer_inputs, batch.deltas, strict=True):
            self._adders.append(library.adder_of_transposed(given, delta, layer.weights))
            bias = layer.bias
            self._biases.append(None if bias is None else (bias, delta, np.empty_like(bias)))

    def __call__(
        self,
        x: np.ndarray,
        pass_back: Callable[[int], None],
        *,
        rate: float,
        keep: float,
    ) -> None:
        """Take one step from the deltas of the output layer for `x`, (n, inputs).

        `pass_back(i)` fills the deltas of layer i - 1 from those of layer i. The weights are first
        shrunk by the factor `keep`, the biases are not.
        """
        for index in range(len(self._adders) - 1, -1, -1):
            if index > 0:
                pass_back(index)  # which needs the weights as they were
                self._adders[index](keep=keep, scale=-rate)
            else:
                self._adders[0](x, keep=keep, scale=-rate)
            of_bias = self._biases[index]
            if of_bias is not None:
                bias, delta, gradient = of_bias
                np.dot(self._ones, delta, out=gradient)
                np.multiply(gradient, rate, out=gradient)
                np.subtract(bias, gradient, out=bias)
