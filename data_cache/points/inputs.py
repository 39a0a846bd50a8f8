"""Input features of a point of the plane: its coordinates and functions of them.

They are the features of TensorFlow Playground, scaled to about [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Column = Callable[[np.ndarray, np.ndarray], np.ndarray]

_TWO_PI = np.float32(2 * np.pi)

_TABLE: dict[str, tuple[str, Column]] = {
    "x1": ("x₁", lambda x, y: x),
    "x2": ("x₂", lambda x, y: y),
    "x1x1": ("x₁²", lambda x, y: x * x),
    "x2x2": ("x₂²", lambda x, y: y * y),
    "x1x2": ("x₁x₂", lambda x, y: x * y),
    # The Playground's plane is [-6, 6], in which its sine has nearly two periods.
    "sin-x1": ("sin 2πx₁", lambda x, y: np.sin(_TWO_PI * x)),
    "sin-x2": ("sin 2πx₂", lambda x, y: np.sin(_TWO_PI * y)),
}

PLANE_INPUTS = tuple(_TABLE)
"""Names of the inputs."""

INPUT_TITLES = {name: title for name, (title, _) in _TABLE.items()}
"""Titles to show, by name."""


def derive_inputs(
    points: np.ndarray, names: Sequence[str], out: np.ndarray | None = None
) -> np.ndarray:
    """Compute input features of points.

    Parameters
    ----------
    points : (n, 2) floating
        x and y.
    names : sequence of str
        One or more of `PLANE_INPUTS`.
    out : (n, len(names)), optional
        Where to write the result.

    Returns
    -------
    (n, len(names)), C-contiguous and of the dtype of `points`
        The features in the order of `names`.

    Raises
    ------
    ValueError
        If there are no names, or an unknown one.
    """
    unknown = [name for name in names if name not in _TABLE]
    if unknown or not names:
        raise ValueError(
            f"Inputs: expected one or more of {', '.join(PLANE_INPUTS)}, "
            f"found {', '.join(unknown) or 'none'}."
        )
    if out is None:
        out = np.empty((len(points), len(names)), points.dtype)
    x, y = points[:, 0], points[:, 1]
    for column, name in enumerate(names):
        out[:, column] = _TABLE[name][1](x, y)
    return out
