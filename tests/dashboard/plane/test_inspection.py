"""Inspection of the network that is shown: ablation of units, maps, changes of weights."""

import numpy as np
import pytest
from controller_helpers import Door, all_done, until
from plane_helpers import make_plane_controller, train_to, weights_of, work


def test_ablation_changes_the_surface_and_not_the_network_in_training():
    controller = make_plane_controller(weight_noise=1.0)
    inspection, state = controller.inspection, controller.state
    weights, before = weights_of(controller), inspection.surface().probabilities.copy()
    inspection.ablate(0, 2)
    inspection.toggle(0, 5)
    assert state.ablated == {(0, 2), (0, 5)}
    assert f"{100 * state.evaluation('test').score.accuracy:.1f} %" in state.notice.text
    assert np.abs(inspection.surface().probabilities - before).max() > 0.01
    assert weights_of(controller) == weights
    inspection.toggle(0, 5)
    assert state.ablated == {(0, 2)}
    inspection.restore(0, 2)
    np.testing.assert_array_equal(inspection.surface().probabilities, before)


def test_the_surface_follows_the_resolution_and_the_inputs():
    controller = make_plane_controller()
    controller.state.surface_side = 64
    assert controller.inspection.surface().labels.shape == (64, 64)
    controller.state.inputs = ["x1"]
    assert controller.inspection.surface().labels.shape == (64, 64)


def test_a_weight_and_a_bias_can_be_set_and_wait_for_the_end_of_a_slice():
    async def main():
        door = Door()
        controller = make_plane_controller(execute=door, learning_rate=1e-9, l2=0.0)
        state, inspection = controller.state, controller.inspection
        inspection.set_weight(0, 1, 4, "2.5")
        inspection.set_weight(1, 8, 2, -1)
        assert state.network.layers[0].weights[1, 4] == 2.5
        assert state.network.layers[1].bias[2] == -1
        await door.hold(controller)
        inspection.set_weight(0, 0, 0, 0.125)
        assert state.network.layers[0].weights[0, 0] != 0.125
        door.open()
        await until(lambda: state.network.layers[0].weights[0, 0] == np.float32(0.125))
        state.running = False
        await all_done()

    work(main)


@pytest.mark.parametrize(
    ("command", "arguments", "values"),
    [
        ("set_weight", (0, 0, 0, ""), ["1,000,000", "empty"]),
        ("set_weight", (0, 0, 0, "a lot"), ["1,000,000", "a lot"]),
        ("set_weight", (0, 0, 0, float("nan")), ["1,000,000", "nan"]),
        ("set_weight", (0, 0, 0, 1e7), ["1,000,000", "10000000.0"]),
        ("set_weight", (2, 0, 0, 1), ["0 to 1", "found 2"]),
        ("set_weight", (0, 3, 0, 1), ["3 rows", "8 columns", "row 3"]),
        ("ablate", (0, 8), ["unit 9", "layer 1"]),
        ("ablate", (1, 0), ["unit 1", "layer 2"]),
    ],
)
def test_an_edit_that_is_not_possible_is_answered_and_changes_nothing(command, arguments, values):
    controller = make_plane_controller()
    weights = weights_of(controller)
    getattr(controller.inspection, command)(*arguments)
    assert controller.state.notice.kind == "warning"
    assert all(value in controller.state.notice.text for value in values)
    assert weights_of(controller) == weights
    assert controller.state.ablated == frozenset()


def test_the_weights_of_an_earlier_step_cannot_be_set():
    async def main():
        controller = make_plane_controller()
        await train_to(controller, 10)
        controller.time_travel.show(0)
        weights = weights_of(controller)
        controller.inspection.set_weight(0, 0, 0, 1.0)
        assert controller.state.notice.kind == "warning"
        assert weights_of(controller) == weights

    work(main)
