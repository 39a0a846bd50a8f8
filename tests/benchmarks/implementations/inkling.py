"""Inkling's training step, natively and in Pyodide."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from itertools import cycle

import numpy as np

import nn
from benchmarks.cases import (
    DIGIT_RATES,
    LEARNING_RATE,
    Case,
    DigitBatches,
    make_batches,
    make_factors,
)
from benchmarks.timing import StepTimer

FRESH = ("app_step",)
"""Functions that start with a new network in every repetition."""


def training_step(case: Case) -> Callable[[], object]:
    return _step_with(case.optimizer, LEARNING_RATE, case, make_batches(case))


def app_step(case: Case) -> Callable[[], object]:
    """Prepare the step with the app's defaults: Adam with its learning rate, on real digits."""
    return _step_with("adam", 0.002, case, _digit_batches(case))


def _step_with(
    optimizer_name: str, rate: float, case: Case, batches: list[tuple[np.ndarray, np.ndarray]]
) -> Callable[[], object]:
    network = nn.create_network(
        case.sizes, generator=np.random.default_rng(0), layer_spec=case.layers or None
    )
    optimizer = nn.create_optimizer(optimizer_name, network.parameters())
    threads = int(os.environ.get("OPENBLAS_NUM_THREADS", "1"))
    if sys.platform != "emscripten":
        # As the commands do; pages have no `dashboard`.
        from dashboard.processors import shorten_switch_interval  # noqa: PLC0415

        shorten_switch_interval()
    step = nn.TrainingStep(network, optimizer, batch_capacity=case.batch, threads=threads)
    rotation = cycle(batches)

    def train() -> object:
        x, labels = next(rotation)
        return step(x, labels, rate)

    return train


def _digit_batches(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    # Only this benchmark needs the digits.
    from data_cache import load_digits, to_float  # noqa: PLC0415

    train = load_digits().train
    order = np.random.default_rng(0).permutation(len(train))
    count = len(train) // case.batch * case.batch
    parts = order[:count].reshape(-1, case.batch)
    return [(to_float(train.images[part]), train.labels[part].astype(np.intp)) for part in parts]


def digits_training(case: Case) -> StepTimer:
    network = nn.create_network(case.sizes, generator=np.random.default_rng(0))
    optimizer = nn.create_optimizer(case.optimizer, network.parameters())
    step = nn.TrainingStep(network, optimizer, batch_capacity=case.batch)
    rate = DIGIT_RATES[case.optimizer]
    return StepTimer(DigitBatches(case).take, lambda batch: step(*batch, rate))


def convnetjs_step(case: Case) -> Callable[[], object]:
    """Prepare a step of ConvNetJS's network for MNIST, with its L2 penalty."""
    network = nn.create_network(
        case.sizes,
        generator=np.random.default_rng(0),
        layer_spec=nn.architecture_layers("convnetjs"),
    )
    optimizer = nn.create_optimizer("adam", network.parameters())
    step = nn.TrainingStep(network, optimizer, batch_capacity=case.batch, l2=0.001)
    rotation = cycle(make_batches(case))

    def train() -> object:
        x, labels = next(rotation)
        return step(x, labels, LEARNING_RATE)

    return train


def best_forward_pass(case: Case) -> Callable[[], object]:
    """Prepare a prediction by the best pretrained model."""
    network = nn.load_pretrained(nn.PRETRAINED[-1])
    x, _ = make_batches(case)[0]
    return lambda: network.predict_proba(x)


def forward_pass(case: Case) -> Callable[[], object]:
    network = nn.create_network(case.sizes, generator=np.random.default_rng(0))
    x, _ = make_batches(case)[0]
    return lambda: network.predict_proba(x)


def kernel_product(case: Case) -> Callable[[], object]:
    a, b, out = make_factors(case)
    return lambda: nn.matrix_product(a, b, out)


def facts() -> dict[str, object]:
    return {
        "numpy": np.__version__,
        "backend": nn.backend_name(),
        "backend_reason": nn.backend_reason(),
        "threads_asked": os.environ.get("OPENBLAS_NUM_THREADS"),
    }
