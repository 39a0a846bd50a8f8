"""Inkling's own training step, the same natively and inside Pyodide."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import cycle

import numpy as np

import nn
from benchmarks.cases import LEARNING_RATE, Case, make_batches


def training_step(case: Case) -> Callable[[], object]:
    network = nn.create_network(case.sizes, generator=np.random.default_rng(0))
    optimizer = nn.create_optimizer("sgd", network.parameters())
    step = nn.TrainingStep(network, optimizer, batch_capacity=case.batch)
    batches = cycle(make_batches(case))

    def train() -> object:
        x, labels = next(batches)
        return step(x, labels, LEARNING_RATE)

    return train


def forward_pass(case: Case) -> Callable[[], object]:
    network = nn.create_network(case.sizes, generator=np.random.default_rng(0))
    x, _ = make_batches(case)[0]
    return lambda: network.predict_proba(x)


def facts() -> dict[str, object]:
    return {
        "numpy": np.__version__,
        "backend": nn.backend_name(),
        "backend_reason": nn.backend_reason(),
        "threads_asked": os.environ.get("OPENBLAS_NUM_THREADS"),
    }
