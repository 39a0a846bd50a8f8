"""The whole session under many changes in any order, while it trains.

`INKLING_CHANGES=500 pytest tests/dashboard/test_any_order.py` makes more of them.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource
from cache_helpers import run
from controller_helpers import ink, until

from dashboard import session as session_module
from dashboard.digits.state import DigitsState
from dashboard.digits.views import pane
from dashboard.inspection.digits_panels import PANELS
from dashboard.inspection.panels import InspectionContext, PanelEntry
from dashboard.runs.records import MAX_RUNS
from dashboard.runtime import execute_in_thread
from dashboard.session import Session
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.shell.theme import Theme
from nn import ARCHITECTURES, PRETRAINED, Network

CHANGES = int(os.environ.get("INKLING_CHANGES", "40"))
PANES = ("digits", "spiral", "evaluate", "runs")
SETTLED_IN_A_ROW = 25
UNSTABLE_PANELS = ("map", "health")
"""Their pictures depend on those before: on the axes of the last map, and on a run's past."""


class ClosablePageWriter(DirectPageWriter):
    """Changes the page at once, because the document of the test has no server."""

    def __init__(self, _document: Document) -> None:
        super().__init__()

    def close(self) -> None:
        pass


def change_something(session: Session, chance: random.Random) -> str:
    """Do one thing that a person can do; return its name."""
    controller = session.controller
    state: DigitsState = controller.state
    actions: dict[str, Callable[[], Any]] = {
        "train": lambda: setattr(state, "running", not state.running),
        "train again": lambda: setattr(state, "running", True),
        "step": controller.step,
        "reset": controller.reset,
        "model": lambda: controller.choose_model(chance.choice([*PRETRAINED, "1", "nothing"])),
        "pretrained": lambda: controller.use_pretrained(chance.choice(PRETRAINED)),
        "data set": lambda: setattr(
            state, "data_set", chance.choice(["digits", "digits", "fashion-mnist"])
        ),
        "subset": lambda: setattr(state, "training_samples", chance.choice(["all", "100"])),
        "architecture": lambda: controller.choose_architecture(
            chance.choice([name for name in ARCHITECTURES if name != "best"])
        ),
        "hidden layers": lambda: setattr(
            state, "hidden_layers", chance.choice([[], [5], [16, 8], [128]])
        ),
        "fine-tune": lambda: controller.fine_tune(chance.randrange(10)),
        "draw": lambda: controller.drawing.take(ink()),
        "clear": lambda: controller.drawing.take(np.zeros((84, 84), np.float32)),
        "checkpoint": lambda: controller.time_travel.show(
            chance.randrange(max(1, len(state.checkpoints)))
        ),
        "latest": controller.time_travel.show_newest,
        "continue": controller.time_travel.resume,
        "pane": lambda: session.page.panes.open(chance.choice(PANES)),
        "panel": lambda: session.digits_pane.inspection.open(
            chance.choice([entry.name for entry in PANELS])
        ),
        "centring": lambda: setattr(state, "centre_drawing", not state.centre_drawing),
        "rate": lambda: setattr(state, "learning_rate", chance.choice([0.001, 0.1, 5.0])),
        "test": lambda: controller.spawn(controller.test()),
        "sample": lambda: controller.spawn(controller.load_sample("test", "", None)),
    }
    name = chance.choice(list(actions))
    actions[name]()
    return name


def pictures(view: Any) -> list[dict[str, list[Any]]]:
    """Return the data of everything that a view draws, in the order of its models."""
    sources = view.get_root().select({"type": ColumnDataSource})
    columns = [{name: plain(values) for name, values in source.data.items()} for source in sources]
    return sorted(columns, key=repr)


def plain(values: Any) -> Any:
    """Return nested arrays as nested lists, which can be compared."""
    if isinstance(values, np.ndarray):
        return values.tolist()
    return [plain(value) for value in values] if isinstance(values, list | tuple) else values


async def settle() -> None:
    """Wait until the event loop has nothing to do but to wait for the next redraw."""
    for _ in range(SETTLED_IN_A_ROW):
        await asyncio.sleep(0.02)


async def fresh_pictures(
    session: Session, entry: PanelEntry, old: Any
) -> list[dict[str, list[Any]]]:
    """Return what a panel that is made now draws for the same state, with the same selection."""
    context = InspectionContext(
        session.controller, DirectPageWriter(), Theme(), RedrawRate(), execute_in_thread
    )
    panel: Any = entry.make(context)
    panel.show(True)
    if hasattr(panel.state, "selection"):
        panel.state.selection = old.state.selection
    task = asyncio.ensure_future(panel.run())
    await settle()
    task.cancel()
    return pictures(panel.view)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_page_holds_together_whatever_is_changed_while_it_trains(
    visit, caplog, monkeypatch, seed
):
    chance = random.Random(seed)
    done: list[str] = []
    panels: dict[str, Any] = {}

    def recorded(entry: PanelEntry) -> PanelEntry:
        def make(context: InspectionContext) -> Any:
            panels[entry.name] = entry.make(context)
            return panels[entry.name]

        return PanelEntry(entry.name, entry.title, make)

    monkeypatch.setattr(pane, "PANELS", tuple(map(recorded, PANELS)))
    monkeypatch.setattr(session_module, "ServedPageWriter", ClosablePageWriter)

    async def main() -> None:
        errors: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, it: errors.append(it))
        session = visit.open()
        for work in visit.loaded:
            work()
        state = session.controller.state
        for _ in range(CHANGES):
            done.append(change_something(session, chance))
            await asyncio.sleep(chance.choice([0, 0, 0.01, 0.05]))
            assert not errors, (done[-5:], errors)
            assert "Internal error" not in state.notice.text, done[-5:]
        state.running = False
        await until(lambda: session.controller.training_loop.is_idle)
        session.page.panes.open("digits")
        session.controller.drawing.take(ink())
        await settle()
        assert not errors, (done[-5:], errors)
        assert len(state.class_names) == state.network.classes
        assert len(state.prediction.probabilities) == len(state.class_names)
        inspection = session.digits_pane.inspection
        for entry in PANELS:
            inspection.open(entry.name)
            await settle()
            if entry.name not in UNSTABLE_PANELS:
                seen = pictures(inspection.view)
                fresh = await fresh_pictures(session, entry, panels[entry.name])
                assert [it for it in fresh if it not in seen] == [], entry.name
        assert not errors, errors
        session.end()
        await settle()

    run(main(), seconds=30 + CHANGES)
    assert not [record for record in caplog.records if record.exc_info], done


def test_networks_of_runs_that_were_replaced_are_freed(visit):
    async def main() -> None:
        session = visit.open()
        for work in visit.loaded:
            work()
        controller = session.controller

        async def use(rounds: int) -> int:
            for _ in range(rounds):
                controller.reset()
                controller.step()
                await until(lambda: controller.training_loop.is_idle)
            gc.collect()
            return sum(isinstance(found, Network) for found in gc.get_objects())

        few = await use(MAX_RUNS + 5)  # so many runs are kept
        many = await use(30)
        assert many <= few + 5
        session.end()
        await settle()

    run(main())
