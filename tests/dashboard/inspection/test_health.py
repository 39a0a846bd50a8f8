"""The panel Health: what its sources and texts hold, and that it is never of another run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import panel as pn
import pytest
from controller_helpers import make_controller, until
from inspection_helpers import no_sleep
from training_helpers import in_event_loop

from dashboard.digits.controller import DigitsController
from dashboard.inspection.health import HealthPanel
from dashboard.inspection.panels import InspectionContext
from dashboard.inspection.validation_subset import choose_evenly
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.shell.theme import Theme
from dashboard.training.trainer import execute_in_line
from nn import create_network, weights_to_bytes
from nn.interpretation.layer_statistics import measure_layers, update_ratios


def make_health(controller: DigitsController, **options: Any) -> HealthPanel:
    execute = options.pop("execute", execute_in_line)
    rate = RedrawRate(sleep=no_sleep)
    return HealthPanel(
        InspectionContext(controller, DirectPageWriter(), Theme(), rate, execute, **options)
    )


@asynccontextmanager
async def opened(panel: HealthPanel) -> AsyncIterator[HealthPanel]:
    task = asyncio.ensure_future(panel.run())
    panel.show(True)
    try:
        yield panel
    finally:
        task.cancel()


def text_of(panel: HealthPanel) -> str:
    return str(panel.view[0].object)


def iterations_of(panel: HealthPanel) -> list[int]:
    return [int(iteration) for iteration in panel.charts["weights"].source.data["iteration"]]


async def step(controller: DigitsController) -> None:
    controller.step()
    await until(lambda: controller.training_loop.is_idle)


async def measured(panel: HealthPanel, iteration: int) -> None:
    await until(lambda: iteration in iterations_of(panel))


async def load(controller: DigitsController, *hidden: int, **options: Any) -> None:
    generator = np.random.default_rng(3)
    network = create_network((784, *hidden, 10), generator=generator, **options)
    await controller.load_weights(weights_to_bytes(network, ".npz"), "test.npz")


@in_event_loop
async def test_the_charts_show_the_quantiles_of_the_chosen_layer() -> None:
    controller = make_controller()
    await load(controller, 12, activation="tanh")
    async with opened(make_health(controller)) as panel:
        await measured(panel, 0)
        validation = await controller.data.part("validation")
        chosen = validation.take(choose_evenly(len(validation)))
        layers = measure_layers(controller.network, chosen.images, chosen.labels)
        assert list(panel.layer.options) == ["Dense 1", "Output"]
        for index, layer in enumerate(layers):
            panel.layer.value = index
            for name, chart in panel.charts.items():
                found = [chart.source.data[f"q{q}"][0] for q in (5, 25, 50, 75, 95)]
                np.testing.assert_allclose(found, getattr(layer, name), rtol=1e-5)


@in_event_loop
async def test_the_first_records_are_of_the_checkpoints_before_the_panel_was_opened() -> None:
    controller = make_controller()
    for _ in range(6):
        await step(controller)
    async with opened(make_health(controller)) as panel:
        await until(lambda: len(iterations_of(panel)) == 7)
        assert iterations_of(panel) == list(range(7)) == list(controller.state.checkpoints)


@in_event_loop
async def test_the_update_of_a_single_step_is_its_exact_ratio_to_the_weights() -> None:
    controller = make_controller(learning_rate=0.05)
    controller.reset()
    async with opened(make_health(controller)) as panel:
        await measured(panel, 0)
        before = controller.network
        await step(controller)
        await measured(panel, 1)
        expected = update_ratios(before, controller.network, 1)
        for index, ratio in enumerate(expected):
            panel.layer.value = index
            data = panel.updates.source.data
            assert data["iteration"].tolist() == [1]
            np.testing.assert_allclose(data["ratio"], [ratio], rtol=1e-5)


def empty_charts(panel: HealthPanel) -> list[str]:
    """The titles of the charts that say why they are empty."""
    found = []
    for column in panel.view:
        heading = column[0].object if isinstance(column, pn.Column) else ""
        title, _, sentence = str(heading).removeprefix("<h2>").partition("</h2>")
        if sentence:
            assert re.fullmatch(r'<p class="empty-chart quiet">[\w ]+</p>', sentence)
            found.append(title)
    return found


@in_event_loop
async def test_a_chart_of_health_without_values_says_so_in_its_place() -> None:
    controller = make_controller()
    panel = make_health(controller)
    assert len(empty_charts(panel)) == 4
    for _ in range(3):
        await step(controller)
    async with opened(panel):
        await until(lambda: len(iterations_of(panel)) == 4)
        # Updates cannot be told from checkpoints, so there are none until training goes on.
        assert empty_charts(panel) == ["Update ÷ weights, per step"]
        await step(controller)
        await measured(panel, 4)
        assert empty_charts(panel) == []
        assert len(panel.updates.source.data["ratio"]) == 1


@in_event_loop
async def test_training_is_recorded_and_going_back_drops_the_later_records() -> None:
    controller = make_controller()
    state = controller.state
    async with opened(make_health(controller)) as panel:
        state.running = True
        await until(lambda: len(iterations_of(panel)) > 5)
        state.running = False
        await until(lambda: controller.training_loop.is_idle)
        await measured(panel, state.snapshot.iteration)
        assert len(panel.updates.source.data["ratio"])
        controller.time_travel.show(2)
        shown = state.shown_iteration
        await until(lambda: f"iteration {shown:,}," in text_of(panel))
        controller.time_travel.resume()
        await until(lambda: max(iterations_of(panel)) == shown)


@pytest.mark.parametrize(
    ("settings", "fault", "lesson"),
    [
        (
            {"hidden": (10,) * 6, "activation": "sigmoid", "initialization": "xavier"},
            "vanishing",
            "vanishing-gradients",
        ),
        ({"hidden": (8,), "bias": -1000.0}, "dead", "dying-relu"),
    ],
)
@in_event_loop
async def test_a_fault_is_told_and_its_button_opens_the_lesson(settings, fault, lesson) -> None:
    begun: list[str] = []
    hidden, bias = settings.pop("hidden"), settings.pop("bias", 0)
    network = create_network((784, *hidden, 10), generator=np.random.default_rng(3), **settings)
    network.layers[0].bias[:] = bias
    controller = make_controller()
    await controller.load_weights(weights_to_bytes(network, ".npz"), "test.npz")
    async with opened(make_health(controller, begin_lesson=begun.append)) as panel:
        await measured(panel, 0)
        assert f'data-findings="{fault}"' in text_of(panel)
        buttons = {b.css_classes[0]: b for b in panel.view[1]}
        assert [b for b in buttons if buttons[b].visible] == [f"ink-health-{lesson}"]
        buttons[f"ink-health-{lesson}"].clicks += 1
        assert begun == [lesson]


@in_event_loop
async def test_a_diverged_network_is_told() -> None:
    controller = make_controller()
    async with opened(make_health(controller)) as panel:
        await measured(panel, 0)
        controller.trainer.run.network.parameters()[0][:] = np.nan
        controller.state.snapshot = controller.trainer.snapshot()
        await until(lambda: "exploding" in text_of(panel))


@pytest.mark.parametrize("is_open", [True, False])
@in_event_loop
async def test_another_run_begins_with_its_own_records(is_open) -> None:
    controller = make_controller(hidden_layers=[6, 5])
    for _ in range(3):
        await step(controller)
    async with opened(make_health(controller)) as panel:
        await until(lambda: len(iterations_of(panel)) == 4)
        panel.layer.value = 2
        panel.show(is_open)
        controller.state.data_set = "fashion-mnist"
        await until(lambda: controller.data.name == "fashion-mnist")
        await load(controller)
        panel.show(True)
        await until(lambda: list(panel.layer.options) == ["Output"])
        assert iterations_of(panel) == [0]


@in_event_loop
async def test_convolutions_are_measured() -> None:
    controller = make_controller()
    await load(controller, 9, layer_spec="conv5x4 pool4")
    async with opened(make_health(controller)) as panel:
        await measured(panel, 0)
        assert list(panel.layer.options) == ["Convolution 1", "Dense 1", "Output"]
        assert "on 25 validation samples" in text_of(panel)


@in_event_loop
async def test_a_closed_panel_records_nothing() -> None:
    computed: list[Any] = []

    async def execute(function: Callable[..., Any], *arguments: Any) -> Any:
        computed.append(function)
        return function(*arguments)

    controller = make_controller()
    panel = make_health(controller, execute=execute)
    task = asyncio.ensure_future(panel.run())
    await step(controller)
    controller.reset()
    assert not computed
    task.cancel()
