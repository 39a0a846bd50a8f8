"""The map of validation samples: what its sources hold, and that it is never of another network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from component_helpers import send_command
from controller_helpers import OpenedData, ink, make_controller, until
from inspection_helpers import no_sleep
from training_helpers import few_samples, in_event_loop

from dashboard.digits.controller import DigitsController
from dashboard.inspection.map import MapPanel
from dashboard.inspection.map_figure import marks_of
from dashboard.inspection.panels import InspectionContext
from dashboard.inspection.validation_subset import choose_evenly
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.shell.theme import Theme
from dashboard.training.trainer import execute_in_line
from data_cache import ArraySource, DataError, to_float
from nn import Network, create_network, weights_to_bytes
from nn.interpretation.projection import last_hidden_activations


def make_map(controller: DigitsController, execute: Any = execute_in_line) -> MapPanel:
    rate = RedrawRate(sleep=no_sleep)
    return MapPanel(InspectionContext(controller, DirectPageWriter(), Theme(), rate, execute))


@asynccontextmanager
async def opened(panel: MapPanel) -> AsyncIterator[MapPanel]:
    task = asyncio.ensure_future(panel.run())
    panel.show(True)
    try:
        yield panel
    finally:
        task.cancel()


async def load(controller: DigitsController, network: Network) -> None:
    await controller.load_weights(weights_to_bytes(network, ".npz"), "test.npz")


def random_network(*hidden: int, **options: Any) -> Network:
    return create_network((784, *hidden, 10), generator=np.random.default_rng(3), **options)


def text_of(panel: MapPanel) -> str:
    return str(panel.view[0].object)


def places_of(panel: MapPanel) -> np.ndarray:
    data = panel.figure.samples.data
    return np.stack([data["x"], data["y"]], axis=1).astype(np.float64)


def is_map_of(panel: MapPanel, controller: DigitsController) -> bool:
    """Whether the distances on the map are those of the components of the shown network."""
    samples = controller.data.part("validation")
    try:
        samples.send(None)
    except StopIteration as found:
        samples = found.value
    samples = samples.take(choose_evenly(len(samples)))
    activations = last_hidden_activations(controller.state.shown_network, samples.images)
    x = activations.astype(np.float64) - activations.mean(axis=0, dtype=np.float64)
    left, singular, _ = np.linalg.svd(x, full_matrices=False)
    expected = np.pad((left * singular)[:, :2], ((0, 0), (0, max(0, 2 - len(singular)))))
    found = places_of(panel)
    return found.shape == expected.shape and np.allclose(
        distances(found), distances(expected), rtol=1e-3, atol=1e-3 * singular[0]
    )


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, np.newaxis] - points, axis=2)


async def drawn(panel: MapPanel) -> None:
    await until(lambda: 'data-state="map"' in text_of(panel))


@in_event_loop
async def test_the_map_has_the_principal_components_of_the_last_hidden_layer() -> None:
    controller = make_controller()
    await load(controller, random_network(30, 12))
    async with opened(make_map(controller)) as panel:
        await drawn(panel)
        assert is_map_of(panel, controller)
        data = panel.figure.samples.data
        validation = await controller.data.part("validation")
        labels = validation.labels[choose_evenly(len(validation))]
        assert data["label"].tolist() == labels.tolist()
        assert data["mark"] == [str(label) for label in labels]


@in_event_loop
async def test_mistakes_are_marked() -> None:
    controller = make_controller()
    async with opened(make_map(controller)) as panel:
        await drawn(panel)
        validation = await controller.data.part("validation")
        predicted = controller.network.predict_proba(validation.images).argmax(axis=1)
        wrong = np.flatnonzero(predicted != validation.labels)
        assert f'data-mistakes="{len(wrong)}"' in text_of(panel)
        mistakes = panel.figure.mistakes.data
        np.testing.assert_array_equal(mistakes["x"], panel.figure.samples.data["x"][wrong])


@in_event_loop
async def test_the_drawing_is_where_the_same_sample_is() -> None:
    controller = make_controller()
    await load(controller, random_network(16))
    async with opened(make_map(controller)) as panel:
        await drawn(panel)
        assert len(panel.figure.drawing.data["x"]) == 0
        controller.drawing.take(ink())
        image = controller.state.prediction.image
        (x,), (y,) = panel.figure.drawing.data["x"], panel.figure.drawing.data["y"]
        activations = last_hidden_activations(
            controller.network, np.concatenate([image[np.newaxis], await images_of(controller)])
        )
        expected = np.linalg.norm(activations[1:].mean(axis=0) - activations[0])
        assert 0 < np.hypot(x, y) <= expected * 1.001
        controller.drawing.take(np.zeros_like(ink()))
        assert len(panel.figure.drawing.data["x"]) == 0


async def images_of(controller: DigitsController) -> np.ndarray:
    validation = await controller.data.part("validation")
    return to_float(validation.images[choose_evenly(len(validation))])


@in_event_loop
async def test_the_map_follows_training_without_flipping() -> None:
    controller = make_controller(learning_rate=0.05)
    async with opened(make_map(controller)) as panel:
        controller.state.running = True
        await drawn(panel)
        pictures = [places_of(panel)]

        def is_new() -> bool:
            return not np.array_equal(places_of(panel), pictures[-1])

        for _ in range(8):
            await until(is_new)
            pictures.append(places_of(panel))
        controller.state.running = False
        await until(lambda: controller.training_loop.is_idle)
        await until(lambda: is_map_of(panel, controller))
        for before, after in pairwise(pictures):
            moved = np.square(after - before).sum()
            for flip in ((-1, 1), (1, -1), (-1, -1)):
                assert moved <= np.square(after * flip - before).sum() + 1e-6


@pytest.mark.parametrize(
    ("hidden", "options", "expected"),
    [
        ((), {}, "784 inputs"),
        ((1,), {}, "one unit"),
        ((), {"layer_spec": "conv5x4 pool4"}, "196 activations"),
    ],
)
@in_event_loop
async def test_networks_of_every_form_have_a_map(hidden, options, expected) -> None:
    controller = make_controller()
    await load(controller, random_network(*hidden, **options))
    async with opened(make_map(controller)) as panel:
        await drawn(panel)
        assert expected in text_of(panel)
        assert is_map_of(panel, controller)


@in_event_loop
async def test_a_layer_that_gives_the_same_for_all_samples_is_one_point() -> None:
    network = random_network(5)
    network.layers[0].weights[:] = 0
    controller = make_controller()
    await load(controller, network)
    async with opened(make_map(controller)) as panel:
        await drawn(panel)
        assert 'data-explained="0.0000"' in text_of(panel)
        assert not places_of(panel).any()


@in_event_loop
async def test_a_diverged_network_has_no_map() -> None:
    controller = make_controller()
    async with opened(make_map(controller)) as panel:
        await drawn(panel)
        network = controller.trainer.run.network
        network.parameters()[0][:] = np.nan
        controller.state.snapshot = controller.trainer.snapshot()
        await until(lambda: "NaN" in text_of(panel))
        assert not len(places_of(panel))


@in_event_loop
async def test_garments_have_marks_of_their_own() -> None:
    controller = make_controller()
    async with opened(make_map(controller)) as panel:
        await drawn(panel)
        controller.state.data_set = "fashion-mnist"
        await until(lambda: controller.data.name == "fashion-mnist")
        assert not len(places_of(panel))
        await drawn(panel)
        marks = marks_of(controller.state.class_names)
        assert set(panel.figure.samples.data["mark"]) <= set(marks)
        assert len(set(marks)) == 10
        assert "Trouser" in str(panel.view[2].object)
        assert is_map_of(panel, controller)


async def another_run(controller: DigitsController) -> None:
    controller.reset()


async def another_checkpoint(controller: DigitsController) -> None:
    controller.time_travel.show(0)


async def a_step(controller: DigitsController) -> None:
    controller.step()
    await until(lambda: controller.training_loop.is_idle)


@pytest.mark.parametrize("change", [another_run, another_checkpoint, a_step])
@pytest.mark.parametrize("is_open", [True, False])
@in_event_loop
async def test_the_map_is_of_the_shown_network_after_every_change(
    change: Callable[[DigitsController], Awaitable[None]], is_open: bool
) -> None:
    controller = make_controller(learning_rate=0.3)
    for _ in range(3):
        await a_step(controller)
    async with opened(make_map(controller)) as panel:
        await drawn(panel)
        panel.show(is_open)
        await change(controller)
        panel.show(True)
        await until(lambda: is_map_of(panel, controller))


@in_event_loop
async def test_a_closed_map_computes_nothing() -> None:
    computed: list[Any] = []

    async def execute(function: Callable[..., Any], *arguments: Any) -> Any:
        computed.append(function)
        return function(*arguments)

    controller = make_controller()
    panel = make_map(controller, execute)
    task = asyncio.ensure_future(panel.run())
    controller.drawing.take(ink())
    controller.reset()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not computed
    task.cancel()


@in_event_loop
async def test_pointing_tells_a_sample_and_a_click_puts_it_on_the_pad() -> None:
    controller = make_controller()
    shown: list[np.ndarray] = []
    controller.drawing.show = shown.append
    async with opened(make_map(controller)) as panel:
        await drawn(panel)
        send_command(panel.figure.figure, "look", 7)
        validation = await controller.data.part("validation")
        index = choose_evenly(len(validation))[7]
        told = str(panel.view[3].object)
        assert f'data-index="{index}"' in told
        assert f'data-label="{validation.labels[index]}"' in told
        send_command(panel.figure.figure, "look", -1)
        assert "data-index" not in str(panel.view[3].object)
        send_command(panel.figure.figure, "choose", 7)
        expected = to_float(validation.images[index : index + 1]).reshape(28, 28)
        np.testing.assert_array_equal(shown[0], expected)
        send_command(panel.figure.figure, "choose", 5000)
        assert len(shown) == 1


@in_event_loop
async def test_missing_validation_samples_are_told() -> None:
    data = OpenedData(ArraySource(few_samples(60), 20))
    data.errors["validation"] = DataError("the block is not there.")
    controller = make_controller(data)
    async with opened(make_map(controller)) as panel:
        await until(lambda: "the block is not there" in text_of(panel))


@pytest.mark.parametrize(("count", "chosen"), [(0, 0), (3, 3), (500, 500), (1000, 500), (777, 500)])
def test_the_chosen_samples_are_spread_evenly(count, chosen) -> None:
    indices = choose_evenly(count)
    assert len(indices) == len(set(indices.tolist())) == chosen
    if chosen:
        assert indices[0] == 0
        assert count - count // chosen - 1 <= indices[-1] < count


def test_marks_are_names_of_one_character_or_signs() -> None:
    assert marks_of(tuple("0123456789")) == tuple("0123456789")
    assert all(len(mark) == 1 for mark in marks_of(("T-shirt", "Coat")))
