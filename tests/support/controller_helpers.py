"""Controllers with few samples, and ways to hold their work back, for tests without a screen.

Nothing here looks at a clock: whatever waits, waits for turns of the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from cache_helpers import ObedientSource
from training_helpers import Ticks

from dashboard.digits.controller import DigitsController
from dashboard.digits.datasets import (
    InMemoryDataSet,
    OpenedDataSet,
    ReportProgress,
    Sample,
    SampleQuery,
)
from dashboard.digits.state import DigitsState
from dashboard.training.trainer import Clock, Execute, execute_in_line
from data_cache import DATA_SETS, DataSet, Samples, Source, load_digits

FEW = 300


@cache
def few_digits(name: str = "digits") -> DataSet:
    """A data set of that name and its classes, with 300 training digits and 100 to score on."""
    digits = load_digits()
    card = DATA_SETS[name]
    return DataSet(
        name,
        card.title,
        card.class_names,
        digits.train[:FEW],
        digits.validation[:100],
        digits.test[:100],
    )


@dataclass
class OpenedData:
    """An open data set made of parts that a test chooses; `errors` come instead of parts."""

    source: Source[Any]
    name: str = "digits"
    title: str = "Few digits"
    class_names: tuple[str, ...] = tuple("0123456789")
    errors: dict[str, Exception] = field(default_factory=dict)

    def count(self, part: str) -> int:
        return len(few_digits().part(part))

    async def part(self, name: str) -> Samples:
        if name in self.errors:
            raise self.errors[name]
        return few_digits().part(name)

    async def sample(self, query: SampleQuery, generator: np.random.Generator) -> Sample:
        if "sample" in self.errors:
            raise self.errors["sample"]
        return await InMemoryDataSet(few_digits()).sample(query, generator)


class Door:
    """Lets slices of training through only while it is open."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self.waiting = 0

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    async def hold(self, controller: Any, after: int = 0) -> None:
        """Train a controller's network until an iteration, and let no further slice through."""
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > after)
        self.shut()
        await until(lambda: self.waiting == 1)

    async def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self.waiting += 1
        await self._open.wait()
        self.waiting -= 1
        return function(*arguments)


class Opener:
    """Opens data sets when, and as, the test says; each request waits in `pending` by its name."""

    def __init__(self) -> None:
        self.pending: dict[str, asyncio.Future[OpenedDataSet]] = {}
        self.reports: dict[str, ReportProgress] = {}

    async def __call__(self, name: str, report: ReportProgress) -> OpenedDataSet:
        self.pending[name] = asyncio.get_running_loop().create_future()
        self.reports[name] = report
        return await self.pending[name]

    def answer(self, name: str) -> None:
        self.pending[name].set_result(InMemoryDataSet(few_digits(name)))

    def fail(self, name: str, error: Exception) -> None:
        self.pending[name].set_exception(error)


async def open_few(name: str, _report: ReportProgress) -> OpenedDataSet:
    """Open a small data set of that name at once."""
    return InMemoryDataSet(few_digits(name))


def make_controller(
    data: OpenedDataSet | None = None,
    *,
    open_data_set: Any = open_few,
    execute: Execute = execute_in_line,
    clock: Clock | None = None,
    **settings: Any,
) -> DigitsController:
    """Make a controller with few digits and a clock that gives slices of a few steps."""
    small = {"hidden_layers": [12], "batch_size": 20, "pretrained_model": "mlp"}
    state = DigitsState(**{**small, **settings})
    return DigitsController(
        state,
        data or InMemoryDataSet(few_digits()),
        open_data_set=open_data_set,
        clock=clock or Ticks(),
        execute=execute,
    )


def slow_controller(blocks: int = 4, **options: Any) -> tuple[DigitsController, ObedientSource]:
    """Make a controller whose blocks of 20 digits arrive when the test says."""
    source = ObedientSource(blocks, block_size=20)
    return make_controller(OpenedData(source), **options), source


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop turn until something holds."""
    while not condition():
        await asyncio.sleep(0)


async def all_done() -> None:
    """Wait until no task is left but the one that asks."""
    while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(tasks)


def weights_of(controller: DigitsController) -> list[bytes]:
    """The numbers of the network that the page shows."""
    return [parameter.tobytes() for parameter in controller.network.parameters()]


def ink() -> np.ndarray:
    """A drawing, (84, 84) float32: a thick vertical stroke, which reads as a one."""
    canvas = np.zeros((84, 84), np.float32)
    canvas[14:70, 38:46] = 1
    return canvas
