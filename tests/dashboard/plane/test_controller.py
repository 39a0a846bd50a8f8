"""Commands on the run, the settings, presets and lessons of the plane pane."""

import asyncio

import numpy as np
import pytest
from controller_helpers import Door, all_done, until
from plane_helpers import make_plane_controller, train_to, weights_of, work

from dashboard.plane.controller import DATA_SETTINGS, LIVE_SETTINGS, NETWORK_SETTINGS
from dashboard.plane.presets import PRESETS
from dashboard.plane.settings import PlaneSettings
from dashboard.runtime import execute_in_thread
from dashboard.training.settings import SettingError


def test_a_new_controller_shows_an_untrained_network_and_its_points():
    state = make_plane_controller().state
    assert state.network.sizes == (2, 8, 3)
    assert (len(state.points.train), len(state.points.test)) == (60, 60)
    assert (state.snapshot.iteration, state.checkpoints) == (0, (0,))


def test_training_continues_until_pause_and_scores_the_test_points():
    async def main():
        controller = make_plane_controller()
        await train_to(controller, 50)
        state = controller.state
        paused = state.snapshot.iteration
        assert paused == len(state.history)
        assert state.history.validation[0].count == 60
        assert state.snapshot.loss < np.log(3)
        controller.step()
        await all_done()
        assert state.snapshot.iteration == paused + 1

    work(main)


def test_slices_in_a_thread_give_the_same_weights():
    async def main():
        ended = []
        for execute in ({}, {"execute": execute_in_thread}):
            controller = make_plane_controller(**execute)
            for _ in range(20):
                controller.step()
            await all_done()
            ended.append(weights_of(controller))
        assert ended[0] == ended[1]

    asyncio.run(main())


def test_reset_restores_the_initial_weights_and_views():
    async def main():
        controller = make_plane_controller()
        initial = weights_of(controller)
        await train_to(controller, 20)
        controller.inspection.ablate(0, 3)
        controller.time_travel.show(0)
        controller.reset()
        state = controller.state
        assert weights_of(controller) == initial
        assert (state.running, state.snapshot.iteration, len(state.history)) == (False, 0, 0)
        assert (state.ablated, state.shown_checkpoint, state.checkpoints) == (
            frozenset(),
            None,
            (0,),
        )

    work(main)


def test_regenerate_makes_other_points_and_weights_with_the_next_seed():
    controller = make_plane_controller(seed=7)
    points, weights = controller.state.points.train.points.tobytes(), weights_of(controller)
    controller.regenerate()
    assert controller.state.seed == 8
    assert controller.state.points.train.points.tobytes() != points
    assert weights_of(controller) != weights


def test_every_setting_is_of_exactly_one_kind():
    kinds = [*LIVE_SETTINGS, *NETWORK_SETTINGS, *DATA_SETTINGS]
    assert sorted(kinds) == sorted(name for name in PlaneSettings.param if name != "name")


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 0.1},
        {"l1": 0.01},
        {"l2": 0.1},
        {"dropout": 0.5},
        {"batch_size": 16},
        {"optimizer": "adam"},
    ],
)
def test_live_settings_take_effect_during_a_run(change):
    async def main():
        controller = make_plane_controller()
        state = controller.state
        run = controller.trainer.run
        state.running = True
        await until(lambda: state.snapshot.iteration > 10)
        state.param.update(**change)
        before = state.snapshot.iteration
        await until(lambda: state.snapshot.iteration > before + 30)
        assert controller.trainer.run is run
        assert state.running
        state.running = False
        await all_done()
        assert (run.step.l1, run.step.l2, run.step.dropout) == (state.l1, state.l2, state.dropout)
        assert run.optimizer_name == state.optimizer
        if "batch_size" in change:
            assert run.epochs_done < run.iteration

    work(main)


@pytest.mark.parametrize(
    ("change", "sizes"),
    [
        ({"hidden_layers": [5, 4]}, (2, 5, 4, 3)),
        ({"hidden_layers": []}, (2, 3)),
        ({"activation": "tanh"}, (2, 8, 3)),
        ({"inputs": ["x1", "x1x2", "sin-x2"]}, (3, 8, 3)),
        ({"weight_noise": 1.0}, (2, 8, 3)),
        ({"classes": 5}, (2, 8, 5)),
        ({"noise": 0.5}, (2, 8, 3)),
        ({"shape": "blobs"}, (2, 8, 3)),
        ({"shape": "xor"}, (2, 8, 2)),
        ({"points_count": 90}, (2, 8, 3)),
        ({"seed": 5}, (2, 8, 3)),
    ],
)
@pytest.mark.parametrize("running", [True, False])
def test_other_settings_begin_a_new_run_that_trains_if_the_last_one_did(change, sizes, running):
    async def main():
        controller = make_plane_controller()
        state = controller.state
        await train_to(controller, 10)
        old = controller.trainer.run
        state.running = running
        state.param.update(**change)
        assert state.running is running
        assert controller.trainer.run is not old
        assert state.network.sizes == sizes
        assert (state.snapshot.iteration, state.checkpoints) == (0, (0,))
        if running:
            await until(lambda: state.snapshot.iteration > 5)
            state.running = False
        await all_done()
        assert state.snapshot.run == controller.trainer.run_number

    work(main)


def test_changes_during_a_slice_leave_one_training_task_of_the_newest_network():
    async def main():
        door = Door()
        controller = make_plane_controller(execute=door)
        state = controller.state
        await door.hold(controller)
        for width in (3, 4, 5):
            state.hidden_layers = [width]
            controller.points.add([(0, 0)], 1)
        door.open()
        await until(lambda: state.snapshot.iteration > 20)
        assert state.network.sizes == (2, 5, 3)
        assert controller.trainer.run.feed.sample_count == 63
        assert len(state.history) == controller.trainer.run.iteration
        state.running = False
        await all_done()

    work(main)


def test_another_training_share_changes_only_the_test_points():
    controller = make_plane_controller()
    run, train = controller.trainer.run, controller.state.points.train
    controller.state.train_share = 0.75
    assert controller.trainer.run is run
    assert controller.state.points.train.points.tobytes() == train.points.tobytes()
    assert len(controller.state.points.test) == 20
    controller.state.train_share = 1.0
    assert len(controller.state.points.test) == 0
    assert controller.state.evaluation("test").score.count == 0


def test_a_network_without_inputs_is_not_made():
    controller = make_plane_controller()
    state, run = controller.state, controller.trainer.run
    state.inputs = []
    assert state.inputs == ["x1", "x2"]
    assert controller.trainer.run is run
    assert state.notice.kind == "warning"


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"hidden_layers": [2048, 2048]}, ["100,000", "4,204,544"]),
        ({"hidden_layers": [310, 320], "classes": 10}, ["100,000", "103,020"]),
    ],
)
def test_settings_beyond_the_budget_are_refused_and_change_nothing(change, values):
    controller = make_plane_controller()
    state, run = controller.state, controller.trainer.run
    with pytest.raises(SettingError) as refused:
        state.param.update(**change)
    assert all(value in str(refused.value) for value in values)
    assert (state.inputs, state.hidden_layers, state.classes) == (["x1", "x2"], [8], 3)
    assert controller.trainer.run is run


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_every_setting_and_is_left_by_any_change(name):
    async def main():
        controller = make_plane_controller(dropout=0.5, seed=99, classes=7)
        state = controller.state
        state.preset = name
        expected = PlaneSettings(**PRESETS[name].settings)
        for setting in [*LIVE_SETTINGS, *NETWORK_SETTINGS, *DATA_SETTINGS]:
            assert getattr(state, setting) == getattr(expected, setting), setting
        assert state.preset == name
        controller.step()
        await all_done()
        assert state.snapshot.iteration == 1
        state.learning_rate = 0.123
        assert state.preset == ""

    work(main)


def test_divergence_pauses_and_restores_good_weights():
    async def main():
        controller = make_plane_controller(learning_rate=0.1, optimizer="momentum", l2=0.0)
        state = controller.state
        await train_to(controller, 60)
        state.param.update(learning_rate=10.0, l2=1.0)
        state.running = True
        await until(lambda: not state.running)
        await all_done()
        assert state.notice.kind == "warning"
        assert np.isfinite(state.network.parameters()[0]).all()
        assert len(state.history) == state.snapshot.iteration
        assert max(state.checkpoints) <= state.snapshot.iteration

    work(main)


def test_a_captured_run_is_restored_paused_with_its_points_and_ablated_units():
    async def main():
        first, second = make_plane_controller(), make_plane_controller(hidden_layers=[4])
        await train_to(first, 30)
        await train_to(second, 5)
        values = {name: getattr(first.state, name) for name in ("hidden_layers", "classes")}
        second.restore_run(values, first.state.points, first.run_state(), frozenset({(0, 1)}))
        state = second.state
        assert weights_of(second) == weights_of(first)
        assert state.points is first.state.points
        assert (state.running, state.ablated) == (False, {(0, 1)})
        assert state.checkpoints == (first.state.snapshot.iteration,)

    work(main)


def test_a_captured_run_of_another_network_is_refused_and_changes_nothing():
    first, second = make_plane_controller(hidden_layers=[5]), make_plane_controller()
    run, points = second.trainer.run, second.state.points
    with pytest.raises(ValueError, match="5"):
        second.restore_run({"hidden_layers": [8]}, first.state.points, first.run_state())
    assert second.trainer.run is run
    assert second.state.points is points


def test_a_closed_controller_publishes_nothing_and_leaves_no_task():
    async def main():
        controller = make_plane_controller()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 0)
        controller.shut()
        snapshot, notice = controller.state.snapshot, controller.state.notice
        await controller.close()
        controller.warn("too late")
        assert controller.state.snapshot is snapshot
        assert controller.state.notice is notice
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_failed_background_task_is_reported():
    async def main():
        controller = make_plane_controller()
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)

        async def fail():
            raise RuntimeError("out of paint")

        controller.spawn(fail())
        await until(lambda: "out of paint" in controller.state.notice.text)
        assert controller.state.notice.kind == "error"

    work(main)


def test_slow_training_speeds_up_at_once_and_a_reset_keeps_its_curve():
    async def main():
        controller = make_plane_controller(speed="1")
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration == 1)
        state.speed = "full"
        await until(lambda: state.snapshot.iteration > 20)
        state.running = False
        await all_done()
        before = state.history
        controller.reset()
        assert state.earlier == [before]
        assert len(state.history) == 0

    work(main)
