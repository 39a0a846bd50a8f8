"""The activation functions of hidden layers, each with its derivative.

Both write into an array of the caller, so that a training step allocates nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nn.choices import resolve_choice
from nn.texts import gettext_noop

LEAK = 0.01
"""Derivative of the leaky ReLU below zero (Maas, Hannun and Ng, 2013)."""


@dataclass(frozen=True)
class Activation:
    """An activation function f and its derivative, both elementwise.

    `apply(z, out)` writes f(z); `out` is an array like z, but not z itself.
    `derivative(z, a, out)` writes f'(z), where a is f(z); `out` may be z itself.
    """

    apply: Callable[[np.ndarray, np.ndarray], None]
    derivative: Callable[[np.ndarray, np.ndarray, np.ndarray], None]


def _relu(z: np.ndarray, out: np.ndarray) -> None:
    # NumPy compares two arrays faster than an array and a scalar.
    out.fill(0)
    np.maximum(z, out, out=out)


def _relu_derivative(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    np.greater(z, 0, out=out)


def _leaky_relu(z: np.ndarray, out: np.ndarray) -> None:
    np.multiply(z, LEAK, out=out)
    np.maximum(z, out, out=out)


def _leaky_relu_derivative(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    np.greater(z, 0, out=out)
    np.maximum(out, LEAK, out=out)


def _tanh(z: np.ndarray, out: np.ndarray) -> None:
    np.tanh(z, out=out)


def _tanh_derivative(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    np.multiply(a, a, out=out)
    np.subtract(1, out, out=out)


def _sigmoid(z: np.ndarray, out: np.ndarray) -> None:
    # 1 / (1 + exp(-z)) overflows for very negative z; the same function through tanh never does.
    np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    np.add(out, 1, out=out)
    np.multiply(out, 0.5, out=out)


def _sigmoid_derivative(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    np.subtract(1, a, out=out)
    np.multiply(a, out, out=out)


def _linear(z: np.ndarray, out: np.ndarray) -> None:
    np.copyto(out, z)


def _linear_derivative(z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
    out.fill(1)


_TABLE = {
    "relu": Activation(_relu, _relu_derivative),
    "leaky-relu": Activation(_leaky_relu, _leaky_relu_derivative),
    "tanh": Activation(_tanh, _tanh_derivative),
    "sigmoid": Activation(_sigmoid, _sigmoid_derivative),
    "linear": Activation(_linear, _linear_derivative),
}

ACTIVATIONS = tuple(_TABLE)
"""Names of the activation functions."""


def activation_name(text: str) -> str:
    """Return the activation that `text` means ("re-lu" is "relu"); `ValueError` if none."""
    return resolve_choice(text, ACTIVATIONS, gettext_noop("activation"))


def activation_function(name: str) -> Activation:
    """Return the activation called `name`, one of `ACTIVATIONS`."""
    return _TABLE[name]
