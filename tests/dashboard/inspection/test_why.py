"""The panel “Why”: what it explains, when, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import numpy as np
import pytest
from controller_helpers import Door, OpenedData, few_digits, ink, make_controller, until
from inspection_helpers import Pad, data, inspect, part, random_network, settle, show_network

from dashboard.inspection.why import NONE, PREDICTED, WhyPanel
from data_cache import ArraySource, DataError, to_float
from data_cache.datasets import FASHION_NAMES
from nn import create_network
from nn.interpretation.input_gradients import input_gradients, logit_weights
from nn.interpretation.projection import last_hidden_activations


def logits(controller, image):
    network = controller.state.shown_network
    return input_gradients(network, image[np.newaxis], logit_weights(10, 0)).logits[0]


def test_the_predicted_class_is_explained_and_the_numbers_are_those_of_the_network():
    async def test(panel, controller):
        await settle()
        image = controller.state.prediction.image
        at_image, at_blank = logits(controller, image), logits(controller, np.zeros_like(image))
        target = int(at_image.argmax())
        values = data(panel, "ink-why")
        assert values["state"] == "explained"
        assert int(values["target"]) == target
        assert values["against"] == ""
        difference = float(at_image[target] - at_blank[target])
        assert float(values["difference"]) == pytest.approx(difference, abs=1e-4)
        assert float(values["sum"]) == pytest.approx(difference, rel=0.01)

    inspect(WhyPanel, test)


def test_one_class_is_explained_against_another():
    async def test(panel, controller):
        panel.state.param.update(target=4, against=9)
        await settle()
        image = controller.state.prediction.image
        at_image, at_blank = logits(controller, image), logits(controller, np.zeros_like(image))
        values = data(panel, "ink-why")
        assert (values["target"], values["against"]) == ("4", "9")
        difference = float((at_image[4] - at_image[9]) - (at_blank[4] - at_blank[9]))
        assert float(values["sum"]) == pytest.approx(difference, rel=0.01)

    inspect(WhyPanel, test)


def test_a_class_against_itself_is_explained_alone():
    async def test(panel, controller):
        panel.state.param.update(target=4, against=4)
        await settle()
        assert data(panel, "ink-why")["against"] == ""

    inspect(WhyPanel, test)


def test_the_explanation_follows_the_drawing_and_goes_when_it_is_cleared():
    async def test(panel, controller):
        await settle()
        first = panel.state.explanation
        controller.drawing.take(np.ascontiguousarray(ink().T))
        await settle()
        assert not np.array_equal(panel.state.explanation.image, first.image)
        controller.drawing.take(np.zeros((84, 84), np.float32))
        await settle()
        assert data(panel, "ink-why")["state"] == "blank"
        assert panel.state.neighbours == []

    inspect(WhyPanel, test)


def test_without_a_drawing_it_asks_for_one():
    async def test(panel, controller):
        await settle()
        assert data(panel, "ink-why")["state"] == "blank"

    inspect(WhyPanel, test, is_drawn=False)


def test_diverged_weights_are_told_and_healthy_ones_explained_again():
    async def test(panel, controller):
        network = random_network()
        network.layers[0].weights[:] = np.nan
        show_network(controller, network)
        await settle()
        assert data(panel, "ink-why")["state"] == "invalid"
        assert panel.state.neighbours == []
        show_network(controller, random_network())
        await settle()
        assert data(panel, "ink-why")["state"] == "explained"

    inspect(WhyPanel, test)


def test_a_network_with_other_classes_than_the_data_set_is_not_explained():
    async def test(panel, controller):
        show_network(controller, random_network(sizes=(784, 5, 7)))
        await settle()
        assert data(panel, "ink-why")["state"] == "unfit"

    inspect(WhyPanel, test)


def test_another_data_set_gives_its_class_names_and_the_menus_their_first_entries():
    async def test(panel, controller):
        panel.state.param.update(target=4, against=9)
        await settle()
        controller.state.data_set = "fashion-mnist"
        await until(lambda: controller.state.class_names == FASHION_NAMES)
        await settle()
        assert (panel.state.target, panel.state.against) == (PREDICTED, NONE)
        assert part(panel, "ink-why-class").values == [PREDICTED, *range(10)]
        assert list(part(panel, "ink-why-class").options)[1] == "T-shirt/top"
        assert panel.state.explanation.class_names == FASHION_NAMES
        panel.state.target = 0
        await settle()
        assert "T-shirt/top" in part(panel, "ink-why").object
        assert {it.label for it in panel.state.neighbours} <= set(FASHION_NAMES)

    inspect(WhyPanel, test)


def test_the_five_neighbours_are_the_nearest_validation_samples_in_the_last_hidden_layer():
    async def test(panel, controller):
        await settle()
        network, samples = controller.state.shown_network, few_digits().validation
        query = last_hidden_activations(network, controller.state.prediction.image[np.newaxis])
        points = last_hidden_activations(network, samples.images)
        distances = np.linalg.norm(points - query, axis=1)
        nearest = np.argsort(distances)[:5]
        found = panel.state.neighbours
        assert [it.label for it in found] == [str(label) for label in samples.labels[nearest]]
        np.testing.assert_allclose([it.distance for it in found], distances[nearest], rtol=1e-4)

    inspect(WhyPanel, test)


def test_a_click_on_a_neighbour_puts_it_on_the_pad():
    async def test(panel, controller):
        pad = Pad(controller)
        await settle()
        second = panel.state.neighbours[1]
        part(panel, "ink-neighbours")[1].clicks += 1
        expected = to_float(second.image[np.newaxis])[0].reshape(28, 28)
        np.testing.assert_array_equal(pad.pictures[0], expected)
        await settle()
        assert panel.state.neighbours[0].image is not None
        assert panel.state.explanation.image is controller.state.prediction.image

    inspect(WhyPanel, test)


def test_without_validation_samples_the_drawing_is_explained_all_the_same():
    async def test(panel, controller):
        await settle()
        assert data(panel, "ink-why")["state"] == "explained"
        assert panel.state.neighbours == []
        assert "no connection" in panel.state.search

    source = ArraySource(few_digits().train, 100)
    broken = OpenedData(source, errors={"validation": DataError("no connection")})
    inspect(WhyPanel, test, controller=make_controller(broken))


def test_a_network_that_is_replaced_during_a_computation_leaves_no_trace():
    door = Door()

    async def test(panel, controller):
        door.shut()
        await until(lambda: door.waiting > 0)
        other = random_network(3)
        show_network(controller, other)
        seen = []
        panel.state.param.watch(lambda event: seen.append(event.new), "explanation")
        door.open()
        await settle()
        image = controller.state.prediction.image
        expected = input_gradients(other, image[np.newaxis], logit_weights(10, 0)).logits[0]
        assert seen
        for explanation in seen:
            value = explanation.attribution.value
            assert value == pytest.approx(float(expected.max()), abs=1e-4)

    inspect(WhyPanel, test, execute=door)


def test_a_hidden_panel_computes_nothing_and_catches_up_when_it_is_seen():
    calls = []

    async def execute(function, *arguments):
        calls.append(function.__name__)
        return function(*arguments)

    async def test(panel, controller):
        controller.drawing.take(np.ascontiguousarray(ink().T))
        show_network(controller, random_network())
        panel.state.target = 3
        await settle()
        assert calls == []
        panel.show(True)
        await settle()
        assert calls
        assert panel.state.explanation.target == 3
        panel.show(False)
        count = len(calls)
        controller.drawing.take(ink())
        await settle()
        assert len(calls) == count

    inspect(WhyPanel, test, is_open=False, execute=execute)


def test_quick_strokes_are_answered_by_the_newest():
    door = Door()
    images = []

    async def execute(function, *arguments):
        if function.__name__ == "explain":
            images.append(arguments[1])
        return await door(function, *arguments)

    async def test(panel, controller):
        await until(lambda: len(images) == 1)
        for length in range(20, 60):
            canvas = np.zeros((84, 84), np.float32)
            canvas[14 : 14 + length, 38:46] = 1
            controller.drawing.take(canvas)
            await asyncio.sleep(0)
        door.open()
        await settle()
        assert len(images) == 2
        assert panel.state.explanation.image is controller.state.prediction.image

    door.shut()
    inspect(WhyPanel, test, execute=execute)


@pytest.mark.parametrize("layer_spec", [None, "conv3x4 pool2"])
def test_every_architecture_is_explained(layer_spec):
    async def test(panel, controller):
        network = create_network(
            (784, 10), generator=np.random.default_rng(1), layer_spec=layer_spec
        )
        show_network(controller, network)
        await settle()
        assert math.isfinite(float(data(panel, "ink-why")["sum"]))
        assert len(panel.state.neighbours) == 5

    inspect(WhyPanel, test)


def test_the_newest_network_is_explained_during_training_and_after_it():
    async def test(panel, controller):
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 0)
        before = panel.state.explanation
        await until(lambda: panel.state.explanation is not before)
        controller.state.running = False
        await until(lambda: controller.training_loop.is_idle)
        await settle()
        expected = logits(controller, controller.state.prediction.image).max()
        assert panel.state.explanation.attribution.value == pytest.approx(float(expected), abs=1e-4)

    inspect(WhyPanel, test)


def test_a_checkpoint_that_is_shown_is_explained():
    async def test(panel, controller):
        await settle()
        network = random_network(7)
        checkpoint = replace(controller.trainer.run.state(history=False), network=network)
        controller.state.shown_checkpoint = checkpoint
        await settle()
        expected = logits(controller, controller.state.prediction.image).max()
        assert panel.state.explanation.attribution.value == pytest.approx(float(expected), abs=1e-4)
        controller.state.shown_checkpoint = None
        await settle()
        assert panel.state.explanation.attribution.value != pytest.approx(float(expected))

    inspect(WhyPanel, test)


def test_snapshots_of_the_same_network_compute_nothing():
    calls = []

    async def execute(function, *arguments):
        calls.append(function.__name__)
        return function(*arguments)

    async def test(panel, controller):
        await settle()
        count = len(calls)
        for cached in range(5):
            controller.state.snapshot = replace(controller.state.snapshot, cached=cached)
        controller.drawing.update()
        await settle()
        assert len(calls) == count > 0

    inspect(WhyPanel, test, execute=execute)
