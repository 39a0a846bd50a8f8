"""The loss of a network and its gradients as pure functions that read like the formulas.

Tests compare the product's layers, losses and training step with them; they share no code with
these but the records that hold the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nn import Conv2D, Dense, Network

Function = Callable[[np.ndarray], np.ndarray]


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "relu": (lambda z: np.where(z > 0, z, 0), lambda z: np.where(z > 0, 1, 0)),
    "leaky-relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
    "linear": (lambda z: z, np.ones_like),
}


class Loss(NamedTuple):
    """The mean cross-entropy with the targets, and the penalty."""

    data: float
    penalty: float

    @property
    def total(self) -> float:
        """What training lowers."""
        return self.data + self.penalty


class Pass(NamedTuple):
    """A forward pass: what each layer was given, its sums, its activations, and the results."""

    inputs: list[np.ndarray]
    sums: list[np.ndarray]
    activations: list[np.ndarray]
    log_probabilities: np.ndarray


def forward(
    network: Network, x: np.ndarray, dropout_masks: Sequence[np.ndarray] | None = None
) -> Pass:
    """Compute the log-probabilities; `dropout_masks` has one array for each hidden dense layer."""
    apply, _ = ACTIVATIONS[network.activation]
    masks = iter(dropout_masks or [])
    inputs, sums, activations = [x], [], []
    for layer in network.layers[:-1]:
        z = _sums(layer, inputs[-1])
        a = apply(z).astype(x.dtype)
        sums.append(z)
        activations.append(a)
        is_dropped = isinstance(layer, Dense) and dropout_masks is not None
        inputs.append(a * next(masks) if is_dropped else a)
    logits = _sums(network.layers[-1], inputs[-1])
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return Pass(inputs, sums, activations, log_probabilities)


def targets(
    labels: np.ndarray,
    classes: int,
    label_smoothing: float = 0.0,
    is_labelled: np.ndarray | None = None,
) -> np.ndarray:
    """Return the probabilities (n, classes) that training aims at."""
    wanted = (1 - label_smoothing) * np.eye(classes)[labels] + label_smoothing / classes
    if is_labelled is not None:
        wanted[~is_labelled] = 1 / classes
    return wanted


def measure_loss(
    network: Network,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    dropout_masks: Sequence[np.ndarray] | None = None,
    label_smoothing: float = 0.0,
    is_labelled: np.ndarray | None = None,
) -> Loss:
    """Return the loss of a batch with its penalty, l1 · Σ|W| + l2 / 2 · ΣW²."""
    log_probabilities = forward(network, x, dropout_masks).log_probabilities
    wanted = targets(labels, network.classes, label_smoothing, is_labelled)
    data = -float((wanted * log_probabilities).sum(axis=1).mean())
    weights = [layer.weights for layer in network.layers]
    penalty = sum(l1 * float(np.abs(W).sum()) + l2 / 2 * float((W**2).sum()) for W in weights)
    return Loss(data, penalty)


def loss_gradients(
    network: Network,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    dropout_masks: Sequence[np.ndarray] | None = None,
    label_smoothing: float = 0.0,
    is_labelled: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Return the gradients of the total loss, in the order of `network.parameters()`."""
    given = forward(network, x, dropout_masks)
    _, derivative = ACTIVATIONS[network.activation]
    masks = [*(dropout_masks or [])]
    wanted = targets(labels, network.classes, label_smoothing, is_labelled)
    delta = ((np.exp(given.log_probabilities) - wanted) / len(x)).astype(x.dtype)
    gradients: list[np.ndarray] = []
    for index in reversed(range(len(network.layers))):
        layer = network.layers[index]
        if index < len(network.layers) - 1:
            if masks and isinstance(layer, Dense):
                delta = delta * masks.pop()
            delta = delta * derivative(given.sums[index]).astype(x.dtype)
        of_weights, delta_sums, delta = _backward(layer, given.inputs[index], delta)
        W = layer.weights
        of_bias = [] if layer.bias is None else [delta_sums]
        of_weights = of_weights + W.dtype.type(l1) * np.sign(W) + W.dtype.type(l2) * W
        gradients[:0] = [of_weights, *of_bias]
    return gradients


def _sums(layer: Dense | Conv2D, x: np.ndarray) -> np.ndarray:
    if isinstance(layer, Dense):
        z = x @ layer.weights
        return z if layer.bias is None else z + layer.bias
    pooled, _ = _pool(layer, _patches(layer, x) @ layer.weights)
    z = pooled if layer.bias is None else pooled + layer.bias
    return z.reshape(len(x), -1)


def _backward(
    layer: Dense | Conv2D, x: np.ndarray, delta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to weights, bias and inputs from those of the sums."""
    if isinstance(layer, Dense):
        return x.T @ delta, delta.sum(axis=0), delta @ layer.weights.T
    patches = _patches(layer, x)
    convolved = patches @ layer.weights
    pooled, winners = _pool(layer, convolved)
    delta = delta.reshape(pooled.shape)
    of_convolved = np.zeros_like(convolved)
    np.add.at(of_convolved, winners, delta)
    of_weights = np.einsum("nhwp,nhwf->pf", patches, of_convolved)
    of_patches = of_convolved @ layer.weights.T
    n, rows, columns, _ = convolved.shape
    height, width, channels = layer.input_shape
    k, p = layer.kernel, layer.padding
    of_patches = of_patches.reshape(n, rows, columns, k, k, channels)
    padded = np.zeros((n, height + 2 * p, width + 2 * p, channels), x.dtype)
    for i, j in np.ndindex(k, k):
        padded[:, i : i + rows, j : j + columns] += of_patches[:, :, :, i, j]
    of_images = padded[:, p : p + height, p : p + width]
    return of_weights, delta.sum(axis=(0, 1, 2)), of_images.reshape(n, -1)


def _patches(layer: Conv2D, x: np.ndarray) -> np.ndarray:
    """Return (n, rows, columns, kernel * kernel * channels)."""
    height, width, channels = layer.input_shape
    side = layer.image_side
    images = x.reshape(len(x), side or height, side or width, channels)
    if side is not None:
        top = (side - height) // 2
        images = images[:, top : top + height, top : top + width]
    p, k = layer.padding, layer.kernel
    padded = np.pad(images, ((0, 0), (p, p), (p, p), (0, 0)))
    windows = sliding_window_view(padded, (k, k), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(*windows.shape[:3], -1)


def _pool(layer: Conv2D, convolved: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Return the maxima, and the indices in `convolved` of the first of each window."""
    size, stride = layer.pool or (1, 1)
    windows = sliding_window_view(convolved, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    flat = windows.reshape(*windows.shape[:4], size * size)
    best = flat.argmax(axis=-1)
    n, rows, columns, channels = np.indices(best.shape)
    winners = (n, rows * stride + best // size, columns * stride + best % size, channels)
    return flat.max(axis=-1), winners
