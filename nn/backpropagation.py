"""The two passes of a training step by parts, in arrays that are made once.

They do what the pure functions of `gradients` do, with NumPy or with what kernels there are.
"""

import numpy as np

from nn.activations import activation
from nn.batch_buffers import BatchBuffers
from nn.network import Network
from nn.products import product, product_of_transposed, product_with_transposed
from nn.stem_pass import StemPass


class Backpropagation:
    """Computes the gradients of `network`, whose arrays stay where they are.

    `gradients` are arrays like `network.parameters()`, filled by `backward`. With `masked`, the
    masks of the batch, which the caller has drawn, are applied to the hidden activations.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.gradients = [np.empty_like(parameter) for parameter in network.parameters()]
        self._activation = activation(network.activation)
        # Networks of the same form whose arrays are the gradients: one index serves both.
        self._gradient_network = network.with_parameters(self.gradients)
        self._gradient_layers = self._gradient_network.layers
        largest = max(W.size for W in network.weights())
        self._scratch = np.empty(largest, dtype=network.dtype)
        self._stem_pass: StemPass | None = None

    def forward(
        self, batch: BatchBuffers, x: np.ndarray, *, capacity: int, masked: bool
    ) -> list[np.ndarray]:
        """Fill the activations and the scores for `x`; return what each dense layer was given.

        What leads through a stem is made for `capacity` samples, at least those of the batch.
        """
        if self.network.stem is not None:
            if self._stem_pass is None or self._stem_pass.count < capacity:
                self._stem_pass = StemPass(self.network.stem, self.network.activation, capacity)
            x = self._stem_pass.forward(x)
        layer_inputs = [x]
        *hidden_layers, output_layer = self.network.layers
        for index, layer in enumerate(hidden_layers):
            z, a = batch.pre_activations[index], batch.activations[index]
            product(layer_inputs[-1], layer.weights, z)
            if layer.bias is not None:
                np.add(z, layer.bias, out=z)
            self._activation.apply(z, a)
            if masked:
                a = np.multiply(a, batch.masks[index], out=batch.dropped[index])
            layer_inputs.append(a)
        product(layer_inputs[-1], output_layer.weights, batch.scores)
        if output_layer.bias is not None:
            np.add(batch.scores, output_layer.bias, out=batch.scores)
        return layer_inputs

    def backward(
        self, batch: BatchBuffers, layer_inputs: list[np.ndarray], *, masked: bool
    ) -> None:
        """Fill the gradients of the data loss from the deltas of the output layer."""
        for index in range(len(layer_inputs) - 1, -1, -1):
            delta, gradient = batch.deltas[index], self._gradient_layers[index]
            product_of_transposed(layer_inputs[index], delta, gradient.weights)
            if gradient.bias is not None:
                np.add.reduce(delta, axis=0, out=gradient.bias)
            # Nobody needs the gradient by the inputs, so the first layer's delta is the last.
            if index > 0:
                self.pass_back(batch, index, masked=masked)
        if self._stem_pass is not None:
            self._backward_stem(self._stem_pass, batch)

    def pass_back(self, batch: BatchBuffers, index: int, *, masked: bool) -> None:
        """Fill the deltas of layer `index` - 1 from those of layer `index`."""
        below = batch.deltas[index - 1]
        product_with_transposed(batch.deltas[index], self.network.layers[index].weights, below)
        if masked:
            np.multiply(below, batch.masks[index - 1], out=below)
        z = batch.pre_activations[index - 1]
        self._activation.slope(z, batch.activations[index - 1], z)
        np.multiply(below, z, out=below)

    def _backward_stem(self, stem: StemPass, batch: BatchBuffers) -> None:
        """Fill the gradients of the stem from the deltas of the first layer."""
        assert self._gradient_network.stem is not None, "it has the form of the network"
        weights = self.network.layers[0].weights
        product_with_transposed(batch.deltas[0], weights, stem.feature_delta(batch.count))
        stem.backward(batch.count, self._gradient_network.stem)

    def add_penalties(self, l1: float, l2: float) -> None:
        """Add to the gradients those of l1 · Σ|W| + l2 / 2 · ΣW²."""
        of_weights = zip(self.network.weights(), self._gradient_network.weights(), strict=True)
        for W, gradient in of_weights:
            scratch = self._scratch[: W.size].reshape(W.shape)
            if l1:
                np.sign(W, out=scratch)
                np.multiply(scratch, float(l1), out=scratch)
                np.add(gradient, scratch, out=gradient)
            if l2:
                np.multiply(W, float(l2), out=scratch)
                np.add(gradient, scratch, out=gradient)
