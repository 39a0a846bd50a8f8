"""What a net is told about a point of the plane: its coordinates, or numbers derived from them.

They are the inputs of TensorFlow Playground, scaled so that each stays within about [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Column = Callable[[np.ndarray, np.ndarray], np.ndarray]

_TURN = np.float32(2 * np.pi)

_TABLE: dict[str, tuple[str, Column]] = {
    "x1": ("x₁", lambda x, y: x),
    "x2": ("x₂", lambda x, y: y),
    "x1x1": ("x₁²", lambda x, y: x * x),
    "x2x2": ("x₂²", lambda x, y: y * y),
    "x1x2": ("x₁x₂", lambda x, y: x * y),
    # The Playground's plane reaches from -6 to 6, where a sine makes nearly two whole turns.
    "sin-x1": ("sin 2πx₁", lambda x, y: np.sin(_TURN * x)),
    "sin-x2": ("sin 2πx₂", lambda x, y: np.sin(_TURN * y)),
}

PLANE_INPUTS = tuple(_TABLE)
"""Names of the inputs."""

INPUT_TITLES = {name: title for name, (title, _) in _TABLE.items()}
"""What to show for each name."""


def derive_inputs(
    points: np.ndarray, names: Sequence[str], out: np.ndarray | None = None
) -> np.ndarray:
    """Return the inputs called `names` of points (n, 2), in that order.

    Returns
    -------
    (n, len(names)), C-contiguous and of the dtype of `points`; written into `out` if given.

    Raises
    ------
    ValueError
        For no names, or one that is not among `PLANE_INPUTS`.
    """
    unknown = [name for name in names if name not in _TABLE]
    if unknown or not names:
        raise ValueError(
            f"Expected one or more of the inputs {', '.join(PLANE_INPUTS)}; "
            f"found {', '.join(unknown) or 'none'}."
        )
    if out is None:
        out = np.empty((len(points), len(names)), points.dtype)
    x, y = points[:, 0], points[:, 1]
    for column, name in enumerate(names):
        out[:, column] = _TABLE[name][1](x, y)
    return out
