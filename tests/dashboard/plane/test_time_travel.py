"""Checkpoints of a run: shown while it trains, and resumed from."""

import numpy as np
import pytest
from controller_helpers import Door, all_done, until
from plane_helpers import make_plane_controller, train_to, weights_of, work


def test_an_earlier_step_is_shown_while_training_continues():
    async def main():
        controller = make_plane_controller()
        state = controller.state
        initial = state.network
        state.running = True
        await until(lambda: len(state.checkpoints) > 5)
        controller.time_travel.show(0)
        assert state.timeline_position() == 0
        before = state.snapshot.iteration
        await until(lambda: state.snapshot.iteration > before + 400)
        for shown, expected in zip(
            state.shown_network().parameters(), initial.parameters(), strict=True
        ):
            np.testing.assert_array_equal(shown, expected)
        assert state.evaluation("train").score.iteration == 0
        assert len(state.checkpoints) <= 120
        controller.time_travel.show(2)
        assert state.shown_iteration() == state.checkpoints[2]
        controller.time_travel.show_newest()
        assert state.timeline_position() is None
        assert state.shown_network() is state.network
        state.running = False
        await all_done()

    work(main)


@pytest.mark.parametrize("settings", [{}, {"batch_size": 7, "optimizer": "adam", "dropout": 0.3}])
def test_a_run_resumed_from_a_checkpoint_repeats_the_same_steps(settings):
    async def main():
        controller = make_plane_controller(**settings)
        state = controller.state
        await train_to(controller, 60)
        ended, weights = state.snapshot.iteration, weights_of(controller)
        controller.time_travel.show(len(state.checkpoints) // 2)
        shown = state.shown_iteration()
        assert 0 < shown < ended
        controller.time_travel.resume()
        assert state.shown_checkpoint is None
        assert state.snapshot.iteration == len(state.history) == state.checkpoints[-1] == shown
        for _ in range(ended - shown):
            controller.step()
        await all_done()
        assert weights_of(controller) == weights

    work(main)


def test_resuming_during_a_slice_waits_for_its_end():
    async def main():
        door = Door()
        controller = make_plane_controller(execute=door)
        state = controller.state
        await door.hold(controller, after=100)
        controller.time_travel.show(1)
        controller.time_travel.resume()
        assert state.snapshot.iteration > 100
        state.running = False
        door.open()
        await all_done()
        assert len(state.history) == state.snapshot.iteration == state.checkpoints[-1] < 100

    work(main)


@pytest.mark.parametrize(("command", "arguments"), [("show", (5,)), ("resume", ())])
def test_a_checkpoint_that_does_not_exist_is_answered(command, arguments):
    controller = make_plane_controller()
    getattr(controller.time_travel, command)(*arguments)
    assert controller.state.notice.kind == "warning"
    assert controller.state.shown_checkpoint is None
