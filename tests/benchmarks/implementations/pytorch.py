"""PyTorch on the CPU in eager mode, with the training loop of its tutorials."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, pairwise

import torch

from benchmarks.cases import LEARNING_RATE, Case, make_batches


def _make_model(case: Case) -> torch.nn.Sequential:
    torch.manual_seed(0)
    modules: list[torch.nn.Module] = []
    for inputs, outputs in pairwise(case.sizes):
        modules += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def training_step(case: Case) -> Callable[[], object]:
    model = _make_model(case)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    measure_loss = torch.nn.CrossEntropyLoss()
    batches = cycle([tuple(map(torch.from_numpy, batch)) for batch in make_batches(case)])

    def train() -> None:
        x, labels = next(batches)
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
