"""A gradient written by hand is believed only after it was compared with the loss itself.

Along random directions a central difference of the loss must equal the gradient's slope.
"""

from collections.abc import Callable, Sequence

import numpy as np

Arrays = Sequence[np.ndarray]


def check_gradient(
    function: Callable[[Arrays], float],
    gradient_function: Callable[[Arrays], Arrays],
    parameters: Arrays,
    generator: np.random.Generator,
    *,
    directions: int = 5,
    step: float = 1e-5,
) -> float:
    """Return the largest relative error of the gradient along some random directions.

    `function` maps arrays like `parameters` to a number and `gradient_function` to arrays of
    their shapes; both leave their argument as it is. For a unit vector d, gradient · d is
    compared with (f(p + step · d) - f(p - step · d)) / (2 · step). A right gradient in float64
    gives some 1e-8, unless a kink lies within `step`. Raises `ValueError` unless all parameters
    are float64, since float32 rounds more than the difference, or if the shapes do not fit.
    """
    gradients = gradient_function(parameters)
    _check_arrays(parameters, gradients)
    errors = []
    for _ in range(directions):
        direction = _random_direction(parameters, generator)
        slope = sum(float(np.vdot(g, d)) for g, d in zip(gradients, direction, strict=True))
        above, below = _moved(parameters, direction, step), _moved(parameters, direction, -step)
        difference = (function(above) - function(below)) / (2 * step)
        errors.append(_relative_error(slope, difference))
    # A NaN must not pass for a small error, which max() could let it do.
    return float(np.max(errors))


def _random_direction(parameters: Arrays, generator: np.random.Generator) -> list[np.ndarray]:
    direction = [generator.standard_normal(parameter.shape) for parameter in parameters]
    length = np.sqrt(sum(float(np.vdot(part, part)) for part in direction))
    return [part / length for part in direction]


def _moved(parameters: Arrays, direction: Arrays, step: float) -> list[np.ndarray]:
    return [p + step * d for p, d in zip(parameters, direction, strict=True)]


def _relative_error(first: float, second: float) -> float:
    scale = max(abs(first), abs(second))
    return 0.0 if scale == 0 else abs(first - second) / scale


def _check_arrays(parameters: Arrays, gradients: Arrays) -> None:
    for parameter in parameters:
        if parameter.dtype != np.float64:
            raise ValueError(
                f"Expected float64 parameters and found {parameter.dtype}; "
                "convert the network with network.astype(np.float64)."
            )
    expected, found = [p.shape for p in parameters], [g.shape for g in gradients]
    if expected != found:
        raise ValueError(f"Expected gradients of the shapes {expected} and found {found}.")
