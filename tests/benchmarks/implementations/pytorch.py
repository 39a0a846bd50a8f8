"""PyTorch on the CPU in eager mode, with the training loop of its tutorials."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, pairwise

import numpy as np
import torch

from benchmarks.cases import DIGIT_RATES, LEARNING_RATE, Case, DigitBatches, make_batches
from benchmarks.timing import StepTimer

Batch = tuple[torch.Tensor, torch.Tensor]


def _make_model(case: Case) -> torch.nn.Sequential:
    torch.manual_seed(0)
    modules: list[torch.nn.Module] = []
    for inputs, outputs in pairwise(case.sizes):
        modules += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def training_step(case: Case) -> Callable[[], object]:
    model = _make_model(case)
    train = _step_of(model, torch.optim.SGD(model.parameters(), lr=LEARNING_RATE))
    batches = cycle([_tensors(batch) for batch in make_batches(case)])
    return lambda: train(next(batches))


def digits_training(case: Case) -> StepTimer:
    model = _make_model(case)
    rate = DIGIT_RATES[case.optimizer]
    if case.optimizer == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    else:
        momentum = 0.9 if case.optimizer == "momentum" else 0.0
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum)
    digits = DigitBatches(case)
    return StepTimer(
        lambda count: [_tensors(batch) for batch in digits.take(count)], _step_of(model, optimizer)
    )


def _tensors(batch: tuple[np.ndarray, np.ndarray]) -> Batch:
    inputs, labels = batch
    return torch.from_numpy(inputs), torch.from_numpy(labels)


def _step_of(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> Callable[[Batch], None]:
    measure_loss = torch.nn.CrossEntropyLoss()

    def train(batch: Batch) -> None:
        x, labels = batch
        optimizer.zero_grad()
        loss = measure_loss(model(x), labels)
        loss.backward()
        optimizer.step()

    return train


def forward_pass(case: Case) -> Callable[[], object]:
    model = _make_model(case)
    x = torch.from_numpy(make_batches(case)[0][0])

    def predict() -> torch.Tensor:
        with torch.inference_mode():
            return torch.softmax(model(x), dim=1)

    return predict


def facts() -> dict[str, object]:
    return {"torch": torch.__version__, "threads": torch.get_num_threads()}
