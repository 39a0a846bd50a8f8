"""Small plane controllers and runs for tests without a page; no test waits for a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from controller_helpers import all_done, until
from training_helpers import Ticks

from dashboard.plane.controller import PlaneController
from dashboard.plane.dataset import inputs_of, make_data
from dashboard.plane.run import PlaneRun
from dashboard.plane.settings import PlaneSettings
from dashboard.plane.state import PlaneState
from dashboard.training.trainer import Execute, Trainer, execute_in_line

SMALL = {"points_count": 60, "classes": 3, "hidden_layers": [8]}


def make_plane_controller(execute: Execute = execute_in_line, **settings: Any) -> PlaneController:
    """Make a controller with few points and a small net."""
    state = PlaneState(**{**SMALL, **settings})
    return PlaneController(state, clock=Ticks(), execute=execute)


def make_plane_run(**settings: Any) -> PlaneRun:
    """Make a run on the points that the settings describe."""
    chosen = PlaneSettings(**{**SMALL, **settings})
    data = make_data(chosen)
    return PlaneRun(chosen, inputs_of(data.train, chosen.inputs), data.classes)


def train_plane(run: PlaneRun, steps: int) -> None:
    """Take so many steps, scoring the test points as the controller does."""
    settings = run.settings
    assert isinstance(settings, PlaneSettings)
    trainer = Trainer(
        run,
        validation=inputs_of(make_data(settings).test, settings.inputs),
        publish=lambda _snapshot: None,
        clock=Ticks(0.001),
        validation_limit=None,
    )
    asyncio.run(trainer.train(steps=steps))


def accuracy_of(run: PlaneRun) -> float:
    """The share of the points that the run learns from that it has right."""
    probabilities = run.network.predict_proba(run.feed.inputs)
    return float(np.mean(probabilities.argmax(axis=1) == run.feed.labels))


def bits_of(run: PlaneRun) -> list[bytes]:
    """The parameters as bytes, to compare to the bit."""
    return [parameter.tobytes() for parameter in run.network.parameters()]


async def train_controller(controller: PlaneController, steps: int) -> None:
    """Take so many steps, past the buttons."""
    await controller.trainer.train(steps=steps)


def work(main: Callable[[], Awaitable[None]]) -> None:
    """Run an async test; what it leaves behind must end."""

    async def whole() -> None:
        await main()
        await all_done()

    asyncio.run(whole())


def weights_of(controller: PlaneController) -> list[bytes]:
    """The parameters of the newest network as bytes, to compare to the bit."""
    return [parameter.tobytes() for parameter in controller.state.network.parameters()]


async def train_to(controller: PlaneController, iteration: int) -> None:
    """Press Train, and pause once this iteration was reached."""
    controller.state.running = True
    await until(lambda: controller.state.snapshot.iteration >= iteration)
    controller.state.running = False
    await all_done()
