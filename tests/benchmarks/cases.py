"""Benchmark cases: networks, batch sizes, and the data on which they are trained.

The implementations import this in their own environments, so it needs only NumPy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

LEARNING_RATE = 0.01
BATCHES = 8
"""Number of prepared batches, in the format of the implementation, used in rotation."""

DIGIT_RATES = {"sgd": 0.1, "momentum": 0.02, "adam": 0.001}
"""Learning rates on real digits, by optimiser."""

DIGITS_FILE = Path(__file__).parents[1] / "digits.bin"
"""In a browser: the images, 784 bytes each, and then the labels, a byte each."""

PIXELS = 28 * 28
SMALL = (PIXELS, 128, 10)
DEEP = (PIXELS, 500, 300, 100, 10)


@dataclass(frozen=True)
class Case:
    """A network by the sizes of its layers, the batch size, the optimiser, and convolutions."""

    sizes: tuple[int, ...]
    batch: int
    optimizer: str = "sgd"
    layers: str = ""

    @property
    def title(self) -> str:
        network = "-".join(map(str, self.sizes))
        if self.layers:
            network = f"{self.layers} → {'-'.join(map(str, self.sizes[1:]))}"
        return f"{network}, batch {self.batch:,}"

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
    return Case(
        tuple(values["sizes"]), values["batch"], values["optimizer"], values.get("layers", "")
    )


# Matrix products, batch × inputs times inputs × outputs.
PRODUCTS = (Case((784, 128), 64), Case((784, 512), 64), Case((512, 512), 512))
TRAINING = (Case(SMALL, 1), Case(SMALL, 64), Case(SMALL, 256), Case(DEEP, 64))
ONE_DIGIT = Case(SMALL, 1)

# The layers of the best pretrained model.
BEST_LAYERS = "conv3x16 pool2 conv3x32 conv3x64 pool2 conv3x64"
BEST_MODEL = Case(SMALL, 64, "adam", BEST_LAYERS)

# What the demo of jax-js trains.
JAX_DENSE = Case((784, 256, 128, 10), 1_000, "adam")
JAX_CONVOLUTIONS = Case((784, 128, 10), 250, "adam", "conv5x24 pool2 conv3x32 pool2")

# The spiral at the defaults of its case study: all points in every step, and a picture of 100².
PLANE = (2, 100, 5)
PLANE_STEP = Case(PLANE, 500)
PLANE_PICTURE = Case(PLANE, 100 * 100)
PLANE_RATE = 0.5
PLANE_L2 = 0.001


def make_batches(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return inputs, (batch, sizes[0]) float32 in [0, 1], and labels, (batch,) int64.

    Of networks for pictures of 28 × 28 they are real digits, of all others random.
    """
    if case.sizes[0] == PIXELS:
        return DigitBatches(case).take(BATCHES)
    generator = np.random.default_rng(0)
    inputs, classes = case.sizes[0], case.sizes[-1]
    return [
        (
            generator.random((case.batch, inputs), dtype=np.float32),
            generator.integers(0, classes, case.batch),
        )
        for _ in range(BATCHES)
    ]


def load_digit_arrays() -> tuple[np.ndarray, np.ndarray]:
    """Return images, (n, 784) uint8, and labels, (n,) uint8: MNIST, or the bundled digits."""
    if DIGITS_FILE.exists():
        content = np.fromfile(DIGITS_FILE, np.uint8)
        count = content.size // 785
        return content[: 784 * count].reshape(count, 784), content[784 * count :]
    # Only this needs the package of data sets.
    from data_cache import data_set_available, load_data_set  # noqa: PLC0415

    train = load_data_set("mnist" if data_set_available("mnist") else "digits").train
    return train.images.reshape(len(train), 784), train.labels.astype(np.uint8)


class DigitBatches:
    """The same random batches of digits for every implementation."""

    def __init__(self, case: Case) -> None:
        self._images, self._labels = load_digit_arrays()
        self._generator = np.random.default_rng(0)
        self._batch = case.batch

    def take(self, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the next batches: inputs in [0, 1], float32, and labels, int64."""
        batches = []
        for _ in range(count):
            picked = self._generator.integers(0, len(self._images), self._batch)
            inputs = self._images[picked].astype(np.float32) / np.float32(255)
            batches.append((inputs, self._labels[picked].astype(np.int64)))
        return batches


def make_factors(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the factors of a product and an array for its result, float32."""
    generator = np.random.default_rng(0)
    inputs, outputs = case.sizes
    a = generator.random((case.batch, inputs), dtype=np.float32)
    b = generator.random((inputs, outputs), dtype=np.float32)
    return a, b, np.empty((case.batch, outputs), dtype=np.float32)
