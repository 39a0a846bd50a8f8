"""The panel Inside: what it shows of the network, when, and what ablation says."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pytest
from component_helpers import send_command
from controller_helpers import (
    Door,
    OpenedData,
    few_digits,
    ink,
    make_controller,
    open_few,
    until,
)
from inspection_helpers import data, inspect, part, random_network, settle, show_network

from dashboard.inspection.inside import InsidePanel
from dashboard.inspection.layers.palette import INK_FIRST, INVALID, ZERO, signed_levels
from dashboard.inspection.layers.state import Selection
from dashboard.inspection.panels import InspectionContext
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.shell.theme import Theme
from dashboard.training.trainer import execute_in_line
from data_cache import ArraySource, DataError
from nn import create_network
from nn.interpretation.ablation import without_units
from nn.interpretation.activations import layer_outputs, logit_shares


def convolutional(**settings):
    settings = {"layer_spec": "conv3x4 pool2 conv3x6", "sizes": (784, 8, 10), **settings}
    return create_network(generator=np.random.default_rng(2), **settings)


def find_model(panel, name):
    (figure,) = (
        it.object
        for it in panel.view.select(lambda view: hasattr(view, "object"))
        if getattr(it.object, "name", "") == "inkling-layers"
    )
    return figure if name is None else figure.select_one({"name": name})


def columns(panel, name):
    """The columns of a data source by the end of its name."""
    return find_model(panel, f"inside-{name}").data


def send(panel, *command):
    send_command(find_model(panel, None), *command)


def image_of(panel, layer):
    return columns(panel, "layers")["image"][layer]


def first_levels(panel, layer, count):
    """The levels of the first units of a dense layer, in one row."""
    layers = columns(panel, "layers")
    pitch = layers["side"][layer] + 1
    return layers["image"][layer][0, : pitch * count : pitch]


def network_of(controller):
    return controller.state.shown_network


def image(controller):
    return controller.state.prediction.image


def test_the_pictures_are_the_activations_of_the_drawing():
    async def test(panel, controller):
        outputs = layer_outputs(network_of(controller), image(controller))
        count = min(columns(panel, "layers")["columns"][0], 12)
        values = outputs[0].values
        expected = signed_levels(values, np.abs(values).max())[:count]
        np.testing.assert_array_equal(first_levels(panel, 0, count), expected)
        probabilities = controller.state.prediction.probabilities
        expected = signed_levels(probabilities, 1.0)
        np.testing.assert_allclose(first_levels(panel, 1, 10).astype(int), expected, atol=1)
        assert columns(panel, "squares")["image"][0].shape == (30, 30)

    controller = make_controller()
    controller.state.snapshot = controller.trainer.snapshot()
    show_network(controller, random_network())
    inspect(InsidePanel, test, controller=controller)


def test_every_drawing_moves_the_pictures_at_once_while_training_too():
    async def test(panel, controller):
        for running in (False, True):
            controller.state.running = running
            before = image_of(panel, 0), columns(panel, "squares")["image"][0]
            drawing = ink()
            drawing[60:64, 10:74] = 1 if running else 0.5
            controller.drawing.take(drawing)
            assert not np.array_equal(before[1], columns(panel, "squares")["image"][0])
            assert not np.array_equal(before[0], image_of(panel, 0))
        controller.state.running = False

    inspect(InsidePanel, test)


def test_without_a_drawing_the_weights_are_shown_and_no_activations():
    async def test(panel, controller):
        assert (first_levels(panel, 0, 4) == ZERO).all()
        send(panel, "look", 0, 3, 1, 1)
        assert data(panel, "ink-inside-unit")["state"] == "blank"
        squares = columns(panel, "squares")
        assert (squares["image"][0][1:-1, 1:-1] == INK_FIRST).all()
        assert len(squares["image"]) == 2
        panel.state.mode = "weights"
        assert (image_of(panel, 0) != ZERO).mean() > 0.5
        panel.state.mode = "gradients"
        assert (first_levels(panel, 0, 4) == ZERO).all()

    inspect(InsidePanel, test, is_drawn=False)


def test_a_unit_is_spelt_out_with_its_share_in_the_logits():
    async def test(panel, controller):
        show_network(controller, random_network())
        send(panel, "look", 0, 5, 0, 0)
        network = network_of(controller)
        outputs = layer_outputs(network, image(controller))
        values = data(panel, "ink-inside-unit")
        assert (values["state"], values["layer"], values["unit"]) == ("unit", "0", "5")
        assert float(values["total"]) == pytest.approx(outputs[0].sums[5], rel=1e-4)
        assert float(values["value"]) == pytest.approx(outputs[0].values[5], rel=1e-4)
        text = part(panel, "ink-inside-unit").object
        assert text.count("<span>") == logit_shares(network, outputs).shape[1]
        assert len(columns(panel, "squares")["image"]) == 3

    inspect(InsidePanel, test)


def test_the_units_with_the_largest_shares_are_those_whose_loss_costs_the_answer_most():
    async def test(panel, controller):
        show_network(controller, random_network())
        send(panel, "look", 0, 5, 0, 0)
        network, pixels = network_of(controller), image(controller)
        logits = layer_outputs(network, pixels)[-1].values
        predicted = int(logits.argmax())
        losses = [
            logits[predicted]
            - layer_outputs(without_units(network, [(0, unit)]), pixels)[-1].values[predicted]
            for unit in range(12)
        ]
        ranked = sorted(range(12), key=lambda unit: -losses[unit])
        expected = [unit for unit in ranked if losses[unit] > 1e-6][:4]
        html = part(panel, "ink-inside-unit").object
        (named,) = re.findall(r'data-largest="([^"]*)"', html)
        assert [int(unit) for unit in named.split()] == expected

    inspect(InsidePanel, test)


def test_a_pixel_of_a_feature_map_marks_its_receptive_field():
    async def test(panel, controller):
        show_network(controller, convolutional())
        send(panel, "look", 1, 2, 0, 7)
        network = network_of(controller)
        values = data(panel, "ink-inside-unit")
        outputs = layer_outputs(network, image(controller))
        assert values["state"] == "pixel"
        assert float(values["total"]) == pytest.approx(outputs[1].sums[2, 0, 7], rel=1e-4)
        assert part(panel, "ink-inside-unit").object.count("<table>") == 3
        marks = columns(panel, "marks")
        # The unit, the pixel, and rows 0 to 4 with columns 11 to 18 of the input.
        assert len(marks["x"]) == 3
        step = columns(panel, "squares")["dw"][0] / 30
        assert marks["height"][2] / step == pytest.approx(5)
        assert marks["width"][2] / step == pytest.approx(8)

    inspect(InsidePanel, test)


def test_the_unit_under_the_pointer_stays_when_another_drawing_comes():
    async def test(panel, controller):
        send(panel, "look", 0, 7, 0, 0)
        controller.drawing.take(ink().T.copy())
        assert panel.state.selection == Selection(0, 7)
        assert data(panel, "ink-inside-unit")["unit"] == "7"

    inspect(InsidePanel, test)


def test_a_unit_is_announced_when_it_is_chosen_and_not_with_every_drawing():
    async def test(panel, controller):
        send(panel, "look", 0, 6, 0, 0)
        spoken = part(panel, "ink-inside-spoken").object
        assert 'role="status"' in spoken
        assert "Unit 7 of layer 1" in spoken
        controller.drawing.take(ink().T.copy())
        assert part(panel, "ink-inside-spoken").object == spoken

    inspect(InsidePanel, test)


def test_commands_for_units_that_are_not_there_are_ignored():
    async def test(panel, controller):
        send(panel, "look", 9, 0, 0, 0)
        send(panel, "look", 0, 4096, 0, 0)
        send(panel, "ablate", 9, 0, 1)
        send(panel, "ablate", 1, 0, 1)
        send(panel, "target", 77)
        assert panel.state.selection is None
        assert panel.state.ablated == frozenset()
        assert panel.state.target is None

    inspect(InsidePanel, test)


# Ablation


def test_ablation_says_what_it_costs_and_leaves_the_network_in_training_alone():
    async def test(panel, controller):
        show_network(controller, random_network(sizes=(784, 6, 10)))
        network = network_of(controller)
        kept = [parameter.copy() for parameter in network.parameters()]
        for unit in (1, 4):
            send(panel, "ablate", 0, unit, 1)
        await until(lambda: panel.state.result is not None)
        validation = few_digits().validation
        without = without_units(network, [(0, 1), (0, 4)])
        for found, expected in (
            (panel.state.result.before, network),
            (panel.state.result.after, without),
        ):
            classes = expected.predict_proba(validation.images).argmax(axis=1)
            assert found == pytest.approx((classes == validation.labels).mean())
        values = data(panel, "ink-inside-ablation")
        assert values["ablated"] == "2"
        assert float(values["after"]) == pytest.approx(panel.state.result.after, abs=1e-6)
        assert list(columns(panel, "ablated")["unit"]) == [1, 4]
        for parameter, before in zip(network.parameters(), kept, strict=True):
            np.testing.assert_array_equal(parameter, before)
        send(panel, "ablate", 0, 1, 0)
        await until(lambda: panel.state.result.units == frozenset({(0, 4)}))
        part(panel, "ink-inside-restore").clicks += 1
        assert panel.state.ablated == frozenset()
        assert data(panel, "ink-inside-ablation")["ablated"] == "0"
        assert list(columns(panel, "ablated")["x"]) == []

    inspect(InsidePanel, test)


def test_the_pictures_are_those_of_the_network_without_the_ablated_units():
    async def test(panel, controller):
        show_network(controller, random_network())
        units = layer_outputs(network_of(controller), image(controller))[0].values
        strongest = int(units.argmax())
        before = first_levels(panel, 1, 10).copy()
        send(panel, "look", 0, strongest, 0, 0)
        send(panel, "ablate", 0, strongest, 1)
        without = without_units(network_of(controller), [(0, strongest)])
        expected = without.predict_proba(image(controller)[np.newaxis])[0]
        found = first_levels(panel, 1, 10).astype(int)
        np.testing.assert_allclose(found, signed_levels(expected, 1.0), atol=1)
        assert not np.array_equal(found, before)

    inspect(InsidePanel, test)


def test_only_the_newest_request_is_evaluated_to_the_end():
    door = Door()

    async def test(panel, controller):
        door.shut()
        results = []
        panel.state.param.watch(lambda event: results.append(event.new), "result")
        send(panel, "ablate", 0, 0, 1)
        await until(lambda: door.waiting == 1)
        send(panel, "ablate", 0, 1, 1)
        send(panel, "ablate", 0, 2, 1)
        door.open()
        await until(lambda: panel.state.result is not None)
        await settle()
        assert [len(result.units) for result in results] == [3]

    inspect(InsidePanel, test, execute=door)


def test_validation_samples_that_cannot_be_fetched_are_answered_with_the_reason():
    opened = OpenedData(ArraySource(few_digits().train, 20))
    opened.errors["validation"] = DataError("the file is not there")

    async def test(panel, controller):
        send(panel, "ablate", 0, 0, 1)
        await until(lambda: bool(panel.state.obstacle))
        assert "not there" in part(panel, "ink-inside-ablation").object

    inspect(InsidePanel, test, controller=make_controller(opened))


def test_another_run_restores_all_units():
    async def test(panel, controller):
        send(panel, "ablate", 0, 0, 1)
        controller.reset()
        assert panel.state.ablated == frozenset()
        assert panel.state.result is None

    inspect(InsidePanel, test)


# Networks of every kind


@pytest.mark.parametrize(
    "network",
    [
        create_network((784, 10), generator=np.random.default_rng(0)),
        create_network((784, 9, 10), generator=np.random.default_rng(0), biases=False),
        create_network((784, *[300] * 8, 10), generator=np.random.default_rng(0)),
        create_network((784, 9, 10), generator=np.random.default_rng(0), activation="sigmoid"),
        create_network((784, 9, 10), generator=np.random.default_rng(0), activation="tanh"),
        convolutional(layer_spec="crop24 conv5x8 pool2 conv5x16 pool3", sizes=(784, 10)),
        convolutional(layer_spec="conv9x300 pool3s2", activation="leaky-relu", biases=False),
        create_network((784, 9, 40), generator=np.random.default_rng(0)),
    ],
    ids=lambda network: f"{network.title[:40]} {network.activation}",
)
@pytest.mark.parametrize("is_drawn", [True, False])
def test_networks_of_every_form_are_shown_in_every_mode(network, is_drawn):
    async def test(panel, controller):
        show_network(controller, network)
        for mode in ("activations", "weights", "gradients"):
            panel.state.mode = mode
            layers = columns(panel, "layers")
            assert len(layers["image"]) == len(network.layers)
            for layer in range(len(network.layers)):
                send(panel, "look", layer, 1, 0, 0)
                assert int(data(panel, "ink-inside-unit")["layer"]) == layer
            if len(network.layers) > 1:
                send(panel, "ablate", 0, 1, 1)
        assert len(panel.state.ablated) == min(len(network.layers) - 1, 1)
        widest = max(layers["units"])
        assert widest <= 256

    inspect(InsidePanel, test, is_drawn=is_drawn)


def test_nan_weights_are_marked_in_every_mode():
    async def test(panel, controller):
        network = convolutional()
        for parameter in network.parameters():
            parameter[:] = np.nan
        show_network(controller, network)
        for mode in ("activations", "weights", "gradients"):
            panel.state.mode = mode
            assert (image_of(panel, 0) == INVALID).any()
        send(panel, "ablate", 0, 1, 1)
        await until(lambda: panel.state.result is not None)

    inspect(InsidePanel, test)


def test_another_data_set_changes_the_names_of_the_outputs():
    async def test(panel, controller):
        send(panel, "ablate", 0, 1, 1)
        controller.state.data_set = "fashion-mnist"
        await until(lambda: controller.state.class_names[0] not in "0123456789")
        await settle()
        send(panel, "look", len(network_of(controller).layers) - 1, 9, 0, 0)
        assert controller.state.class_names[9] in part(panel, "ink-inside-unit").object
        assert panel.state.ablated == frozenset()

    inspect(InsidePanel, test, controller=make_controller(open_data_set=open_few))


def test_no_picture_is_stale_however_often_somebody_changes_their_mind():
    generator = np.random.default_rng(5)
    forms = ([], [5], [12, 7], [300])

    async def change(panel, controller):
        state = controller.state
        choice = generator.integers(9)
        if choice == 0:
            controller.drawing.take((generator.random((84, 84)) < 0.1).astype(np.float32))
        elif choice == 1:
            controller.drawing.take(np.zeros((84, 84), np.float32))
        elif choice == 2:
            panel.state.mode = generator.choice(["activations", "weights", "gradients"])
        elif choice == 3:
            state.hidden_layers = list(forms[generator.integers(len(forms))])
            controller.reset()
        elif choice == 4:
            show_network(controller, convolutional())
        elif choice == 5:
            state.running = not state.running
            await asyncio.sleep(0)
        elif choice == 6:
            state.data_set = generator.choice(["digits", "fashion-mnist"])
            await asyncio.sleep(0)
        elif choice == 7:
            send(panel, "ablate", 0, int(generator.integers(6)), 1)
        else:
            panel.show(False)
            panel.show(True)

    async def test(panel, controller):
        for _ in range(60):
            await change(panel, controller)
        controller.state.running = False
        await until(lambda: controller.training_loop.is_idle)
        await settle()
        context = InspectionContext(
            controller, DirectPageWriter(), Theme(), RedrawRate(), execute_in_line
        )
        fresh = InsidePanel(context)
        fresh.state.param.update(
            mode=panel.state.mode, ablated=panel.state.ablated, selection=panel.state.selection
        )
        for name in ("layers", "squares", "marks", "ablated"):
            found, expected = columns(panel, name), columns(fresh, name)
            assert found.keys() == expected.keys()
            for key, column in found.items():
                for one, other in zip(column, expected[key], strict=True):
                    np.testing.assert_array_equal(one, other)
        for hook in ("ink-inside-unit", "ink-inside-legend"):
            assert part(panel, hook).object == part(fresh, hook).object

    inspect(InsidePanel, test, controller=make_controller(open_data_set=open_few))


# When


def test_a_hidden_panel_draws_nothing_until_it_is_shown():
    async def test(panel, controller):
        before = image_of(panel, 0)
        controller.drawing.take(ink().T.copy())
        show_network(controller, convolutional())
        await settle()
        assert image_of(panel, 0) is before
        panel.show(True)
        assert len(columns(panel, "layers")["image"]) == 4
        assert image_of(panel, 0).shape[0] % 29 == 0

    inspect(InsidePanel, test, is_open=False)


def test_a_hidden_panel_evaluates_nothing():
    async def test(panel, controller):
        panel.state.ablated = frozenset({(0, 1)})
        await settle()
        assert panel.state.result is None
        panel.show(True)
        await until(lambda: panel.state.result is not None)

    inspect(InsidePanel, test, is_open=False)


class Waits:
    """Sleeps until the test says, and remembers for how long it should have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._go_on = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self._go_on.wait()


def make_waiting_panel():
    """Make a panel whose redraws wait without end, and return it with its controller and waits."""
    waits, controller = Waits(), make_controller()
    rate = RedrawRate(sleep=waits)
    context = InspectionContext(controller, DirectPageWriter(), Theme(), rate, execute_in_line)
    return InsidePanel(context), controller, waits


def test_what_training_has_changed_waits_for_a_person_who_draws():
    async def main():
        panel, controller, waits = make_waiting_panel()
        panel.show(True)
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 3)
        controller.drawing.take(ink())
        drawn = image_of(panel, 0)
        task = asyncio.ensure_future(panel.run())
        await until(lambda: waits.seconds and controller.state.snapshot.iteration > 8)
        assert image_of(panel, 0) is drawn
        controller.state.running = False
        task.cancel()
        await controller.close()

    asyncio.run(main())


def test_training_redraws_at_most_four_times_a_second_and_weights_once():
    async def main():
        panel, controller, waits = make_waiting_panel()
        controller.drawing.take(ink())
        panel.show(True)
        task = asyncio.ensure_future(panel.run())
        controller.state.running = True
        await until(lambda: len(waits.seconds) == 2 and controller.state.snapshot.iteration > 3)
        first, second = sorted(waits.seconds)
        assert 0.2 < first <= 0.25
        assert 0.9 < second <= 1
        shown = image_of(panel, 0)
        await until(lambda: controller.state.snapshot.iteration > 8)
        assert image_of(panel, 0) is shown
        controller.state.running = False
        await until(lambda: controller.training_loop.is_idle)
        assert image_of(panel, 0) is not shown
        task.cancel()
        await controller.close()

    asyncio.run(main())
