"""Compares a gradient that was derived by hand with central differences of the loss.

Along random directions, the difference quotient must equal the directional derivative.
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
    """Return the largest relative error of a gradient along random directions.

    Parameters
    ----------
    function : callable
        From arrays like `parameters` to a number; it must not change them.
    gradient_function : callable
        From arrays like `parameters` to the gradient, arrays of the same shapes.
    parameters : sequence of float64 arrays
        Where the gradient is checked.
    generator : numpy.random.Generator
        Source of the directions.
    directions : int
        How many directions are tried.
    step : float
        Distance of the two function values to each side.

    Returns
    -------
    float
        About 1e-8 for a correct gradient, unless the function has a kink within `step`; NaN when a
        value or gradient is NaN.

    Raises
    ------
    ValueError
        When a parameter is not float64, since float32 rounds more than the difference, or when the
        gradient has other shapes.

    Notes
    -----
    For a unit vector d, gradient · d is compared with
    (f(p + step · d) - f(p - step · d)) / (2 · step).
    """
    gradients = gradient_function(parameters)
    _check_arrays(parameters, gradients)
    errors = []
    for _ in range(directions):
        direction = _random_direction(parameters, generator)
        derivative = sum(float(np.vdot(g, d)) for g, d in zip(gradients, direction, strict=True))
        above, below = (
            function([p + side * d for p, d in zip(parameters, direction, strict=True)])
            for side in (step, -step)
        )
        quotient = (above - below) / (2 * step)
        scale = max(abs(derivative), abs(quotient))
        errors.append(0.0 if scale == 0 else abs(derivative - quotient) / scale)
    # Unlike max(), np.max returns NaN if one of the errors is NaN.
    return float(np.max(errors))


def _random_direction(parameters: Arrays, generator: np.random.Generator) -> list[np.ndarray]:
    direction = [generator.standard_normal(parameter.shape) for parameter in parameters]
    length = np.sqrt(sum(float(np.vdot(part, part)) for part in direction))
    return [part / length for part in direction]


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
