"""A stem is what a convolutional network begins with: it turns pictures into features.

After each convolution come pooling, bias and activation, in this order: the largest number stays
the largest when all get the same bias and a rising activation, and fewer are left to compute.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt

import numpy as np
from numpy.typing import DTypeLike

from nn.initializers import initial_weights
from nn.stem_plan import Shape, StemPlan


@dataclass(frozen=True, eq=False)
class Stem:
    """The filters of a stem for pictures of `side` × `side` pixels in one channel.

    For stage i of the `plan`, `weights[i]` is (kernel · kernel · channels, filters), with the rows
    in the order of a patch: row, column, channel; `biases[i]` is (filters,); `biases` is None
    when there are none. `ValueError` if they do not fit the plan.
    """

    plan: StemPlan
    side: int
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...] | None = None

    def __post_init__(self) -> None:
        expected = weight_shapes(self.plan, self.side)
        _check([W.shape for W in self.weights], expected, "weights", self.plan)
        if self.biases is not None:
            shapes = [shape[1:] for shape in expected]
            _check([b.shape for b in self.biases], shapes, "biases", self.plan)

    @property
    def inputs(self) -> int:
        """Number of pixels of a picture."""
        return self.side * self.side

    @property
    def shapes(self) -> list[Shape]:
        """What every stage is given, and behind them the shape of the features."""
        return self.plan.shapes(self.side)

    @property
    def features(self) -> int:
        """How many numbers the stem makes of a picture."""
        return self.shapes[-1].size

    def parameters(self) -> list[np.ndarray]:
        """Return the arrays themselves: weights and bias of every stage."""
        if self.biases is None:
            return list(self.weights)
        pairs = zip(self.weights, self.biases, strict=True)
        return [array for pair in pairs for array in pair]

    def with_parameters(self, parameters: Sequence[np.ndarray]) -> "Stem":
        """Return a stem of this form around other arrays, in the order of `parameters()`."""
        if self.biases is None:
            return replace(self, weights=tuple(parameters))
        return replace(self, weights=tuple(parameters[::2]), biases=tuple(parameters[1::2]))


def weight_shapes(plan: StemPlan, side: int) -> list[tuple[int, int]]:
    """Return the shape of every stage's weights; `ValueError` if pictures are too small."""
    given = plan.shapes(side)
    return [
        (stage.kernel**2 * shape.channels, stage.filters)
        for stage, shape in zip(plan.stages, given, strict=False)
    ]


def create_stem(
    plan: StemPlan,
    inputs: int,
    *,
    generator: np.random.Generator,
    initialization: str,
    biases: bool,
    dtype: DTypeLike,
) -> Stem:
    """Create a stem for square pictures of `inputs` pixels with random weights, biases of zero.

    `initialization` is one of `INITIALIZATIONS`. `ValueError` if the pictures are not square or
    too small for the plan.
    """
    side = isqrt(inputs)
    if side * side != inputs:
        raise ValueError(f"Expected square pictures for convolutions and found {inputs} pixels.")
    shapes = weight_shapes(plan, side)
    weights = [initial_weights(initialization, shape, generator).astype(dtype) for shape in shapes]
    zeros = tuple(np.zeros(shape[1], dtype) for shape in shapes) if biases else None
    return Stem(plan, side, tuple(weights), zeros)


def _check(
    found: Sequence[tuple[int, ...]],
    expected: Sequence[tuple[int, ...]],
    what: str,
    plan: StemPlan,
) -> None:
    if list(found) != list(expected):
        raise ValueError(
            f"Expected the {what} of the stem “{plan.text}” to have the shapes {list(expected)} "
            f"and found {list(found)}."
        )
