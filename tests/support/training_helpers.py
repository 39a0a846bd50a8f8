"""Few samples, a source that answers out of order, and runs driven to an end, for tests.

Nothing here looks at a clock: whatever waits, waits for turns of the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.training.block_run import BlockRun
from dashboard.training.run import Run
from dashboard.training.settings import TrainingSettings
from dashboard.training.snapshot import Snapshot
from dashboard.training.trainer import Trainer
from data_cache import ArraySource, Samples, Source, load_digits

COUNT = 300


def few_samples(count: int = COUNT, start: int = 0) -> Samples:
    """Return real digits from the bundled training part."""
    return load_digits().train[start : start + count]


class UnorderedSource(Source):
    """Answers after a random number of turns of the event loop, so that answers overtake others."""

    def __init__(self, samples: Samples, block_size: int, seed: int) -> None:
        self._source = ArraySource(samples, block_size)
        self._generator = np.random.default_rng(seed)
        self._asked = 0
        self.answered: list[int] = []
        self.sample_count = self._source.sample_count

    def plan_epoch(self, generator: np.random.Generator) -> list[np.ndarray]:
        return self._source.plan_epoch(generator)

    async def fetch(self, request: np.ndarray) -> Samples:
        number, self._asked = self._asked, self._asked + 1
        for _ in range(int(self._generator.integers(0, 30))):
            await asyncio.sleep(0)
        self.answered.append(number)
        return self._source.fetch_now(request)


class Ticks:
    """A clock that goes on by a fixed time whenever somebody looks at it."""

    def __init__(self, step: float = 0.004) -> None:
        self.now = 0.0
        self._step = step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


def make_settings(**values: Any) -> TrainingSettings:
    """Return settings of a small, quick net."""
    return TrainingSettings(**{"hidden_layers": [12], "batch_size": 20, **values})


def make_run(samples: Samples | None = None, **values: Any) -> BlockRun:
    """Make a run on few samples; `values` go to the run if it knows them, else to its settings."""
    known = ("source", "binarize", "validations", "state", "network")
    options = {name: values.pop(name) for name in known if name in values}
    source = options.pop("source", None) or ArraySource(samples or few_samples(), 50)
    return BlockRun(make_settings(**values), source, **options)


def make_trainer(run: Run, **options: Any) -> Trainer:
    """Make a trainer without validation samples whose slices have a few steps."""
    defaults: dict[str, Any] = {
        "validation": None,
        "publish": lambda _snapshot: None,
        "clock": Ticks(),
    }
    return Trainer(run, **{**defaults, **options})


def train(
    run: Run,
    *,
    steps: int | None = None,
    epochs: int | None = None,
    publish: Callable[[Snapshot], None] | None = None,
    **options: Any,
) -> None:
    """Train a run in an event loop of its own, and close it only with that loop."""

    async def work() -> None:
        if publish is not None:
            options["publish"] = publish
        await make_trainer(run, **options).train(steps=steps, epochs=epochs)
        # A loop that ends would lose what is still being fetched.
        while run.feed.in_flight:
            await asyncio.sleep(0)

    asyncio.run(work())


def weights_of(run: Run) -> list[bytes]:
    """Return the parameters as bytes, to compare to the bit."""
    return [parameter.tobytes() for parameter in run.network.parameters()]


def curve_of(run: Run) -> str:
    """Return the whole history as text."""
    return "".join(run.history.csv_lines())


def write_csv(path: Path, samples: Samples) -> Path:
    """Write samples as a CSV file with a header."""
    header = ",".join(["label", *(f"pixel{index}" for index in range(784))])
    rows: Sequence[Any] = np.column_stack([samples.labels, samples.images]).tolist()
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
