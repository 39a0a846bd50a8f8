"""Random initial weights, drawn from a given generator by the name of an initialization.

Each initializer returns a float64 array of shape (inputs, outputs).
"""

from collections.abc import Callable

import numpy as np

from nn.choices import resolve_choice
from nn.texts import gettext_noop

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
    """Draw from U(-1, 1) for any layer size."""
    return generator.uniform(-1.0, 1.0, shape)


def _normal(shape: Shape, generator: np.random.Generator) -> np.ndarray:
    """Draw from N(0, 0.1²) for any layer size, a common choice for small networks."""
    return NORMAL_SCALE * generator.standard_normal(shape)


def _zeros(shape: Shape, generator: np.random.Generator) -> np.ndarray:
    """Return zeros, from which only a network without hidden layers can learn."""
    return np.zeros(shape)


_INITIALIZERS: dict[str, Callable[[Shape, np.random.Generator], np.ndarray]] = {
    "he": _he,
    "xavier": _xavier,
    "uniform": _uniform,
    "normal": _normal,
    "zeros": _zeros,
}

INITIALIZATIONS = tuple(_INITIALIZERS)
"""Names of the initializations."""


def initialization_name(text: str) -> str:
    """Return the one of `INITIALIZATIONS` that `text` spells; `ValueError` if none."""
    return resolve_choice(text, INITIALIZATIONS, gettext_noop("initialization"))


def initial_weights(name: str, shape: Shape, generator: np.random.Generator) -> np.ndarray:
    """Return initial weights.

    Parameters
    ----------
    name : str
        One of `INITIALIZATIONS`.
    shape : (inputs, outputs)
    generator : numpy.random.Generator

    Returns
    -------
    (inputs, outputs) float64
    """
    return _INITIALIZERS[name](shape, generator)
