"""The loss of a network and its gradient by backpropagation, as pure functions.

They allocate freely and read like the formulas; the training step does the same in place.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nn.activations import activation
from nn.checks import NO_CLASS, check_labels
from nn.log_softmax import negative_log_likelihood
from nn.network import Forward, Network
from nn.stem import Stem
from nn.stem_pass import StemPass


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
    label_smoothing: float = 0.0,
) -> Loss:
    """Return the loss on `x`, (n, inputs) floats, with `labels`, (n,) integers below classes.

    A label may be `NO_CLASS`: then all classes are to be equally probable (Hendrycks, Mazeika and
    Dietterich, 2019, section 3). The penalty is l1 · Σ|W| + l2 / 2 · ΣW² over the weights; biases
    go free. `label_smoothing` is the share of certainty that is taken from the label and given to
    all classes alike (Szegedy et al., 2016, section 7); the data loss is then the cross-entropy
    with that.
    """
    labels = check_labels(labels, len(x), network.classes, none_allowed=True)
    forward = network.forward(x, dropout_masks)
    return _loss_of(forward, network, labels, l1, l2, label_smoothing=label_smoothing)


def loss_and_gradients(
    network: Network,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    dropout_masks: Sequence[np.ndarray] | None = None,
    label_smoothing: float = 0.0,
) -> tuple[float, list[np.ndarray]]:
    """Return the total loss of `measure_loss` and its gradients, arrays like `parameters()`.

    Backpropagation of a log-softmax with negative log-likelihood: at the output the gradient by
    the scores is (p - onehot) / n. Takes the same arguments as `measure_loss`.
    """
    labels = check_labels(labels, len(x), network.classes, none_allowed=True)
    forward = network.forward(x, dropout_masks)
    with np.errstate(all="ignore"):
        gradients = backward(network, forward, labels, dropout_masks, label_smoothing)
        if l1 or l2:
            _add_penalty_gradients(network, gradients, l1, l2)
    return _loss_of(
        forward, network, labels, l1, l2, label_smoothing=label_smoothing
    ).total, gradients


def backward(
    network: Network,
    forward: Forward,
    labels: np.ndarray,
    dropout_masks: Sequence[np.ndarray] | None = None,
    label_smoothing: float = 0.0,
) -> list[np.ndarray]:
    """Return the gradients of the data loss, arrays like `parameters()`, from a forward pass."""
    slope = activation(network.activation).slope
    delta = np.exp(forward.log_probabilities)
    delta -= _targets(labels, network.classes, label_smoothing)
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
        elif network.stem is not None and forward.stem_pass is not None:
            gradients[:0] = _backward_stem(network.stem, forward.stem_pass, delta @ layer.weights.T)
    return gradients


def _backward_stem(stem: Stem, stem_pass: StemPass, delta: np.ndarray) -> list[np.ndarray]:
    """Return the gradients of the stem from those by its features; a pass serves for one."""
    gradients = stem.with_parameters([np.empty_like(array) for array in stem.parameters()])
    stem_pass.feature_delta(len(delta))[...] = delta
    stem_pass.backward(len(delta), gradients)
    return gradients.parameters()


def _loss_of(
    forward: Forward,
    network: Network,
    labels: np.ndarray,
    l1: float,
    l2: float,
    *,
    label_smoothing: float,
) -> Loss:
    if label_smoothing or NO_CLASS in labels:
        targets = _targets(labels, network.classes, label_smoothing)
        data = -float((targets * forward.log_probabilities).sum(axis=1).mean())
    else:
        data = negative_log_likelihood(forward.log_probabilities, labels)
    return Loss(data, _penalty(network, l1, l2) if l1 or l2 else 0.0)


def _targets(labels: np.ndarray, classes: int, label_smoothing: float) -> np.ndarray:
    """Return the probabilities (n, classes) that training aims at."""
    targets = np.full((len(labels), classes), label_smoothing / classes)
    named = np.flatnonzero(labels != NO_CLASS)
    targets[named, labels[named]] += 1 - label_smoothing
    targets[labels == NO_CLASS] = 1 / classes
    return targets


def _penalty(network: Network, l1: float, l2: float) -> float:
    with np.errstate(all="ignore"):
        return sum(
            l1 * float(np.abs(W).sum()) + l2 / 2 * float(np.square(W).sum())
            for W in network.weights()
        )


def _add_penalty_gradients(
    network: Network, gradients: list[np.ndarray], l1: float, l2: float
) -> None:
    for W, gradient in zip(network.weights(), _of_weights(gradients), strict=True):
        np.add(gradient, l1 * np.sign(W) + l2 * W, out=gradient)


def _of_weights(gradients: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [gradient for gradient in gradients if gradient.ndim == 2]
