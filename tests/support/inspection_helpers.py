"""A panel of the digits pane that computes and draws while a test runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import numpy as np
from controller_helpers import ink, make_controller
from html_values import data_of

from dashboard.digits.controller import DigitsController
from dashboard.inspection.panels import InspectionContext
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.shell.theme import Theme
from dashboard.training.trainer import execute_in_line
from nn import Network, create_network


class Pad:
    """Takes the pictures that are put on the pad, and reports them as drawings."""

    def __init__(self, controller: DigitsController) -> None:
        self.pictures: list[np.ndarray] = []
        self._controller = controller
        controller.drawing.show_on_pad = self.show

    def show(self, picture: np.ndarray) -> None:
        self.pictures.append(picture)
        self._controller.drawing.take(np.kron(picture, np.ones((3, 3))).astype(np.float32))


def inspect(
    panel_type: Callable[[InspectionContext], Any],
    test: Callable[[Any, DigitsController], Awaitable[None]],
    *,
    is_drawn: bool = True,
    is_open: bool = True,
    execute: Any = execute_in_line,
    controller: DigitsController | None = None,
) -> None:
    """Make a panel, run it, and run a test with it and the controller of its pane."""

    async def main() -> None:
        owner = controller or make_controller()
        context = InspectionContext(owner, DirectPageWriter(), Theme(), RedrawRate(), execute)
        panel = panel_type(context)
        if is_drawn:
            owner.drawing.take(ink())
        panel.show(is_open)
        task = asyncio.ensure_future(panel.run())
        try:
            await asyncio.wait_for(test(panel, owner), 20)
        finally:
            task.cancel()
            await owner.close()

    asyncio.run(main())


async def no_sleep(_seconds: float) -> None:
    """Stand in for a sleep of a redraw."""
    await asyncio.sleep(0)


async def settle() -> None:
    """Let everything that was requested be computed and drawn."""
    # A computation yields to the event loop a few times; none of them waits for anything else.
    for _ in range(200):
        await asyncio.sleep(0)


def show_network(controller: DigitsController, network: Network) -> None:
    """Make a network the one that is shown."""
    snapshot = controller.state.snapshot
    controller.state.snapshot = replace(snapshot, network=network, run=snapshot.run + 1)


def random_network(seed: int = 0, sizes=(784, 12, 10)) -> Network:
    return create_network(sizes, generator=np.random.default_rng(seed))


def part(panel: Any, css_class: str) -> Any:
    """Return the part of a panel with a CSS class."""
    (found,) = panel.view.select(lambda view: css_class in getattr(view, "css_classes", ()))
    return found


def data(panel: Any, css_class: str) -> dict[str, str]:
    """Return the data attributes in the HTML of a part, by their names without `data-`."""
    return data_of(part(panel, css_class).object)
