"""The weights that a network starts with decide whether it learns at all.

Each initialisation draws a (inputs, outputs) array from the generator that it is given.
"""

from collections.abc import Callable

import numpy as np

from nn.names import choose_name

Shape = tuple[int, int]

NORMAL_SCALE = 0.1
"""Standard deviation of "normal"."""


def _he(shape: Shape, generator: np.random.Generator) -> np.ndarray:
    """Draw from N(0, 2 / inputs) (He, Zhang, Ren and Sun, 2015, equation 10)."""
    return generator.standard_normal(shape) * np.sqrt(2.0 / shape[0])


def _xavier(shape: Shape, generator: np.random.Generator) -> np.ndarray:
    """Draw from U(-r, r), r = sqrt(6 / (inputs + outputs)) (Glorot and Bengio, 2010, eq. 16)."""
    limit = np.sqrt(6.0 / sum(shape))
    return generator.uniform(-limit, limit, shape)


def _uniform(shape: Shape, generator: np.random.Generator) -> np.ndarray:
    """Draw from U(-1, 1), whatever the layer's size."""
    return generator.uniform(-1.0, 1.0, shape)


def _normal(shape: Shape, generator: np.random.Generator) -> np.ndarray:
    """Draw from N(0, 0.1²), whatever the layer's size, as small nets often begin."""
    return NORMAL_SCALE * generator.standard_normal(shape)


def _zeros(shape: Shape, generator: np.random.Generator) -> np.ndarray:
    """Start at zero; only a net without hidden layers can learn from there."""
    return np.zeros(shape)


_TABLE: dict[str, Callable[[Shape, np.random.Generator], np.ndarray]] = {
    "he": _he,
    "xavier": _xavier,
    "uniform": _uniform,
    "normal": _normal,
    "zeros": _zeros,
}

INITIALIZATIONS = tuple(_TABLE)
"""Names of the initialisations."""


def initialization_name(text: str) -> str:
    """Return the initialisation that `text` means; `ValueError` if none."""
    return choose_name(text, INITIALIZATIONS, "initialization")


def initial_weights(name: str, shape: Shape, generator: np.random.Generator) -> np.ndarray:
    """Draw float64 weights of `shape` (inputs, outputs); `name` is one of `INITIALIZATIONS`."""
    return _TABLE[name](shape, generator)
