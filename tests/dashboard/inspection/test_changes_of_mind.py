"""After any series of changes, Why and Play show what a fresh panel shows of the same state."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from controller_helpers import ink, until
from inspection_helpers import inspect, part, random_network, settle, show_network

from dashboard.inspection.panels import InspectionContext
from dashboard.inspection.play import PlayPanel
from dashboard.inspection.why import WhyPanel
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.shell.theme import Theme
from dashboard.training.trainer import execute_in_line

CHANGES = 80


def change(panel, controller, generator) -> None:
    """Make one of the changes that a person may make, whatever is being computed."""
    state = controller.state
    changes = [
        lambda: controller.drawing.take(np.roll(ink(), generator.integers(-9, 9), axis=1)),
        lambda: controller.drawing.take(np.zeros((84, 84), np.float32)),
        lambda: show_network(controller, random_network(generator.integers(9))),
        lambda: show_network(
            controller, random_network(1, (784, 8, int(generator.choice([3, 10]))))
        ),
        lambda: show_checkpoint(controller, generator.choice([0, 1, 2])),
        lambda: setattr(state, "data_set", generator.choice(["digits", "fashion-mnist"])),
        lambda: setattr(state, "running", bool(generator.integers(2))),
        lambda: setattr(panel.state, "target", int(generator.integers(-1, 10))),
        lambda: panel.show(bool(generator.integers(2))),
        lambda: ask(panel, generator),
    ]
    changes[generator.integers(len(changes))]()


def show_checkpoint(controller, seed: int) -> None:
    record = controller.trainer.run.state(history=False)
    network = random_network(int(seed))
    shown = replace(record, network=network, iteration=int(seed)) if seed else None
    controller.state.shown_checkpoint = shown


def ask(panel, generator) -> None:
    if isinstance(panel, WhyPanel):
        panel.state.against = int(generator.integers(-1, 10))
    else:
        panel.state.param.update(
            rotation=int(generator.integers(-90, 91)), epsilon=float(generator.choice([0, 0.1]))
        )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("panel_type", "hooks"),
    [(WhyPanel, ["ink-why"]), (PlayPanel, ["ink-play", "ink-maximized"])],
)
def test_nothing_is_stale_after_many_changes(panel_type, hooks, seed):
    generator = np.random.default_rng(seed)

    async def test(panel, controller):
        for _ in range(CHANGES):
            change(panel, controller, generator)
            for _ in range(generator.integers(4)):
                await asyncio.sleep(0)
        controller.state.running = False
        await until(lambda: controller.training_loop.is_idle)
        panel.show(True)
        await settle()
        await settle()
        context = InspectionContext(
            controller, DirectPageWriter(), Theme(), RedrawRate(), execute_in_line
        )
        fresh = panel_type(context)
        fresh.state.param.update(
            **{
                name: value
                for name, value in panel.state.param.values().items()
                if name in ("target", "against", "rotation", "epsilon")
            }
        )
        fresh.show(True)
        task = asyncio.ensure_future(fresh.run())
        await settle()
        task.cancel()
        for hook in hooks:
            assert part(panel, hook).object == part(fresh, hook).object

    inspect(panel_type, test)
