"""Benchmark cases: networks, batch sizes, and the random data on which they are trained.

The implementations import this in their own environments, so it needs only NumPy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

LEARNING_RATE = 0.01
BATCHES = 8
"""Number of prepared batches, in the format of the implementation, used in rotation."""

SMALL = (784, 128, 10)
DEEP = (784, 500, 300, 100, 10)


@dataclass(frozen=True)
class Case:
    """A network by the sizes of its layers, and the batch size."""

    sizes: tuple[int, ...]
    batch: int

    @property
    def title(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, batch {self.batch:,}"

    @property
    def product_title(self) -> str:
        return f"product {self.batch} × {self.sizes[0]} × {self.sizes[1]}"

    @property
    def forward_operations(self) -> int:
        """Multiplications and additions of the forward pass of a batch."""
        return 2 * self.batch * sum(a * b for a, b in pairwise(self.sizes))

    @property
    def training_operations(self) -> int:
        """Those of a step: forward pass and gradients, without the gradient of the inputs."""
        first = 2 * self.batch * self.sizes[0] * self.sizes[1]
        return 3 * self.forward_operations - first

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def case_from_json(values: dict[str, Any]) -> Case:
    return Case(tuple(values["sizes"]), values["batch"])


# Matrix products, batch × inputs times inputs × outputs.
PRODUCTS = (Case((784, 128), 64), Case((784, 512), 64), Case((512, 512), 512))
TRAINING = (Case(SMALL, 1), Case(SMALL, 64), Case(SMALL, 256), Case(DEEP, 64))
ONE_DIGIT = Case(SMALL, 1)

# The spiral at the defaults of its case study: all points in every step, and a picture of 100².
PLANE = (2, 100, 5)
PLANE_STEP = Case(PLANE, 500)
PLANE_PICTURE = Case(PLANE, 100 * 100)
PLANE_RATE = 0.5
PLANE_L2 = 0.001


def make_batches(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return random inputs, (batch, sizes[0]) float32 in [0, 1), and labels, (batch,) int64."""
    generator = np.random.default_rng(0)
    inputs, classes = case.sizes[0], case.sizes[-1]
    return [
        (
            generator.random((case.batch, inputs), dtype=np.float32),
            generator.integers(0, classes, case.batch),
        )
        for _ in range(BATCHES)
    ]


def make_factors(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the factors of a product and an array for its result, float32."""
    generator = np.random.default_rng(0)
    inputs, outputs = case.sizes
    a = generator.random((case.batch, inputs), dtype=np.float32)
    b = generator.random((inputs, outputs), dtype=np.float32)
    return a, b, np.empty((case.batch, outputs), dtype=np.float32)
