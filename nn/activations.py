"""Each hidden activation stands here beside its slope, so that one is never changed alone.

Both write into an array that the caller owns: the pure passes hand in a new one, the training
step one of its buffers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nn.choices import resolve_choice

LEAK = 0.01
"""Slope of the leaky ReLU below zero (Maas, Hannun and Ng, 2013)."""


@dataclass(frozen=True)
class Activation:
    """One activation function f and its slope, both elementwise.

    `apply(z, out)` writes f(z); `slope(z, a, out)` writes f'(z), where a = f(z) is at hand and
    often saves work. `out` has the shape and dtype of z: another array for `apply`, but in
    `slope` it may be z itself.
    """

    apply: Callable[[np.ndarray, np.ndarray], None]
    slope: Callable[[np.ndarray, np.ndarray, np.ndarray], None]


def _relu(z: np.ndarray, out: np.ndarray) -> None:
    # NumPy compares two arrays faster than an array and a number.
    out.fill(0)
    np.maximum(z, out, out=out)


def _relu_slope(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    np.greater(z, 0, out=out)


def _leaky_relu(z: np.ndarray, out: np.ndarray) -> None:
    np.multiply(z, LEAK, out=out)
    np.maximum(z, out, out=out)


def _leaky_relu_slope(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    np.greater(z, 0, out=out)
    np.maximum(out, LEAK, out=out)


def _tanh(z: np.ndarray, out: np.ndarray) -> None:
    np.tanh(z, out=out)


def _tanh_slope(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    np.multiply(a, a, out=out)
    np.subtract(1, out, out=out)


def _sigmoid(z: np.ndarray, out: np.ndarray) -> None:
    # 1 / (1 + exp(-z)) overflows for very negative z; the same function through tanh never does.
    np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    np.add(out, 1, out=out)
    np.multiply(out, 0.5, out=out)


def _sigmoid_slope(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    np.subtract(1, a, out=out)
    np.multiply(a, out, out=out)


def _linear(z: np.ndarray, out: np.ndarray) -> None:
    np.copyto(out, z)


def _linear_slope(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    out.fill(1)


_TABLE = {
    "relu": Activation(_relu, _relu_slope),
    "leaky-relu": Activation(_leaky_relu, _leaky_relu_slope),
    "tanh": Activation(_tanh, _tanh_slope),
    "sigmoid": Activation(_sigmoid, _sigmoid_slope),
    "linear": Activation(_linear, _linear_slope),
}

ACTIVATIONS = tuple(_TABLE)
"""Names of the hidden activations."""


def activation_name(text: str) -> str:
    """Return the activation that `text` means ("re-lu" is "relu"); `ValueError` if none."""
    return resolve_choice(text, ACTIVATIONS, "activation")


def activation(name: str) -> Activation:
    """Return the functions of the activation called `name`, one of `ACTIVATIONS`."""
    return _TABLE[name]
