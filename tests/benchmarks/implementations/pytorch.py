"""PyTorch on the CPU in eager mode, with the training loop of its tutorials."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import cycle, pairwise

import numpy as np
import torch

from benchmarks.cases import DIGIT_RATES, LEARNING_RATE, Case, DigitBatches, make_batches
from benchmarks.timing import StepTimer

Batch = tuple[torch.Tensor, torch.Tensor]


def _make_model(case: Case) -> torch.nn.Sequential:
    torch.manual_seed(0)
    modules, values = _convolutions(case.layers)
    for inputs, outputs in pairwise((values or case.sizes[0], *case.sizes[1:])):
        modules += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def _convolutions(layers: str) -> tuple[list[torch.nn.Module], int]:
    """Return the modules of words such as "conv5x8 pool2", and the values that they give."""
    modules: list[torch.nn.Module] = []
    if not layers:
        return modules, 0
    side, channels = 28, 1
    modules.append(torch.nn.Unflatten(1, (channels, side, side)))
    words = layers.split()
    for word, following in zip(words, [*words[1:], ""], strict=True):
        kind, *sizes = re.findall(r"[a-z]+|\d+", word.replace("x", " "))
        if kind == "pool":
            modules.append(torch.nn.MaxPool2d(int(sizes[0])))
            side //= int(sizes[0])
        else:
            kernel, filters = map(int, sizes)
            modules.append(torch.nn.Conv2d(channels, filters, kernel, padding="same"))
            channels = filters
        # The activation is the same after the pooling, where there are fewer values.
        if not following.startswith("pool"):
            modules.append(torch.nn.ReLU())
    return [*modules, torch.nn.Flatten()], channels * side * side


def training_step(case: Case) -> Callable[[], object]:
    model = _make_model(case)
    train = _step_of(model, _make_optimizer(case, model, LEARNING_RATE))
    batches = cycle([_tensors(batch) for batch in make_batches(case)])
    return lambda: train(next(batches))


def digits_training(case: Case) -> StepTimer:
    model = _make_model(case)
    optimizer = _make_optimizer(case, model, DIGIT_RATES[case.optimizer])
    digits = DigitBatches(case)
    return StepTimer(
        lambda count: [_tensors(batch) for batch in digits.take(count)], _step_of(model, optimizer)
    )


def _make_optimizer(case: Case, model: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
    if case.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=rate)
    momentum = 0.9 if case.optimizer == "momentum" else 0.0
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum)


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
