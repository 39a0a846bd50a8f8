"""The loss of a network and its gradient by backpropagation, as pure functions.

They allocate freely and read like the formulas; the training step does the same in place.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nn.activations import activation
from nn.checks import check_labels
from nn.log_softmax import negative_log_likelihood
from nn.network import Forward, Network


class Loss(NamedTuple):
    """A loss in its two parts: `data`, the mean negative log-likelihood, and `penalty`."""

    data: float
    penalty: float

    @property
    def total(self) -> float:
        """What training lowers: the data loss plus the penalty."""
        return self.data + self.penalty


def measure_loss(
    network: Network,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    dropout_masks: Sequence[np.ndarray] | None = None,
) -> Loss:
    """Return the loss on `x`, (n, inputs) floats, with `labels`, (n,) integers below classes.

    The penalty is l1 · Σ|W| + l2 / 2 · ΣW² over the weights; biases go free.
    """
    labels = check_labels(labels, len(x), network.classes)
    forward = network.forward(x, dropout_masks)
    return _loss_of(forward, network, labels, l1, l2)


def loss_and_gradients(
    network: Network,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    dropout_masks: Sequence[np.ndarray] | None = None,
) -> tuple[float, list[np.ndarray]]:
    """Return the total loss of `measure_loss` and its gradients, arrays like `parameters()`.

    Backpropagation of a log-softmax with negative log-likelihood: at the output the gradient by
    the scores is (p - onehot) / n. Takes the same arguments as `measure_loss`.
    """
    labels = check_labels(labels, len(x), network.classes)
    forward = network.forward(x, dropout_masks)
    with np.errstate(all="ignore"):
        gradients = backward(network, forward, labels, dropout_masks)
        if l1 or l2:
            _add_penalty_gradients(network, gradients, l1, l2)
    return _loss_of(forward, network, labels, l1, l2).total, gradients


def backward(
    network: Network,
    forward: Forward,
    labels: np.ndarray,
    dropout_masks: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Return the gradients of the data loss, arrays like `parameters()`, from a forward pass."""
    slope = activation(network.activation).slope
    delta = np.exp(forward.log_probabilities)
    delta[np.arange(len(labels)), labels] -= 1
    delta /= len(labels)
    gradients: list[np.ndarray] = []
    for index in reversed(range(len(network.layers))):
        layer = network.layers[index]
        bias_gradient = [] if layer.bias is None else [delta.sum(axis=0)]
        gradients[:0] = [forward.layer_inputs[index].T @ delta, *bias_gradient]
        if index > 0:
            delta = delta @ layer.weights.T
            if dropout_masks is not None:
                delta *= dropout_masks[index - 1]
            z, a = forward.pre_activations[index - 1], forward.activations[index - 1]
            slopes = np.empty_like(z)
            slope(z, a, slopes)
            delta *= slopes
    return gradients


def _loss_of(forward: Forward, network: Network, labels: np.ndarray, l1: float, l2: float) -> Loss:
    data = negative_log_likelihood(forward.log_probabilities, labels)
    return Loss(data, _penalty(network, l1, l2) if l1 or l2 else 0.0)


def _penalty(network: Network, l1: float, l2: float) -> float:
    with np.errstate(all="ignore"):
        return sum(
            l1 * float(np.abs(layer.weights).sum()) + l2 / 2 * float(np.square(layer.weights).sum())
            for layer in network.layers
        )


def _add_penalty_gradients(
    network: Network, gradients: list[np.ndarray], l1: float, l2: float
) -> None:
    for layer, gradient in zip(network.layers, _of_weights(gradients), strict=True):
        np.add(gradient, l1 * np.sign(layer.weights) + l2 * layer.weights, out=gradient)


def _of_weights(gradients: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [gradient for gradient in gradients if gradient.ndim == 2]
