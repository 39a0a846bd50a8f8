"""Commands of the spiral controller: running, settings, presets, points, time and units."""

import asyncio

import numpy as np
import pytest
from controller_helpers import Door, all_done, until
from plane_helpers import make_plane_laboratory, work

from dashboard.plane.controller import DATA_SETTINGS, KNOBS, NET_SETTINGS
from dashboard.plane.dataset import OWN
from dashboard.plane.presets import PRESETS
from dashboard.plane.settings import PlaneSettings
from dashboard.runtime import execute_in_thread


def weights_of(controller):
    return [parameter.tobytes() for parameter in controller.network.parameters()]


async def train_to(controller, iteration):
    controller.state.running = True
    await until(lambda: controller.state.snapshot.iteration >= iteration)
    controller.state.running = False
    await all_done()


def test_a_new_laboratory_shows_a_fresh_net_and_its_points():
    controller = make_plane_laboratory()
    state = controller.state
    assert controller.network.sizes == (2, 8, 3)
    assert (len(state.points.train), len(state.points.test)) == (60, 60)
    assert state.snapshot.iteration == 0
    assert state.checkpoints == (0,)
    assert controller.surface().labels.shape == (100, 100)


def test_training_goes_on_until_pause_and_shows_train_and_test():
    async def main():
        controller = make_plane_laboratory()
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


def test_a_slice_in_a_thread_gives_the_same_numbers():
    async def main():
        ended = []
        for execute in ({}, {"execute": execute_in_thread}):
            controller = make_plane_laboratory(**execute)
            for _ in range(20):
                controller.step()
            await all_done()
            ended.append(weights_of(controller))
        assert ended[0] == ended[1]

    asyncio.run(main())


def test_reset_gives_the_same_fresh_net_every_time():
    async def main():
        controller = make_plane_laboratory()
        fresh = weights_of(controller)
        await train_to(controller, 20)
        controller.ablate(0, 3)
        controller.show_checkpoint(0)
        controller.reset()
        state = controller.state
        assert weights_of(controller) == fresh
        assert (state.running, state.snapshot.iteration, len(state.history)) == (False, 0, 0)
        assert (state.ablated, state.timeline_position, state.checkpoints) == (
            frozenset(),
            None,
            (0,),
        )

    work(main)


def test_regenerate_makes_other_points_and_a_net_of_the_next_seed():
    controller = make_plane_laboratory(seed=7)
    before = controller.state.points.train.points.tobytes()
    controller.regenerate()
    assert controller.state.seed == 8
    assert controller.state.points.train.points.tobytes() != before
    assert "seed 8" in controller.state.notice.text


def test_every_setting_is_of_exactly_one_kind():
    kinds = [*KNOBS, *NET_SETTINGS, *DATA_SETTINGS]
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
def test_knobs_take_effect_in_the_middle_of_a_run(change):
    async def main():
        controller = make_plane_laboratory()
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
def test_everything_else_begins_anew_with_a_notice_and_goes_on_training(change, sizes, running):
    async def main():
        controller = make_plane_laboratory()
        state = controller.state
        await train_to(controller, 10)
        old = controller.trainer.run
        state.running = running
        state.param.update(**change)
        assert state.running is running
        assert controller.trainer.run is not old
        assert controller.network.sizes == sizes
        assert state.snapshot.iteration == 0
        assert "begins anew" in state.notice.text
        controller.surface()
        if running:
            await until(lambda: state.snapshot.iteration > 5)
            state.running = False
        await all_done()
        assert state.snapshot.run == controller.trainer.run_number

    work(main)


def test_a_change_while_a_slice_is_under_way_leaves_one_training_of_the_new_net():
    async def main():
        door = Door()
        controller = make_plane_laboratory(execute=door)
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        door.shut()
        await until(lambda: door.waiting == 1)
        for width in (3, 4, 5):
            state.hidden_layers = [width]
            controller.add_point(0, 0, 1)
        door.open()
        await until(lambda: state.snapshot.iteration > 20)
        assert controller.network.sizes == (2, 5, 3)
        assert controller.trainer.run.feed.sample_count == 63
        assert len(state.history) == controller.trainer.run.iteration
        state.running = False
        await all_done()

    work(main)


def test_another_training_share_changes_the_test_points_and_keeps_the_net():
    controller = make_plane_laboratory()
    run, train = controller.trainer.run, controller.state.points.train
    controller.state.train_share = 0.75
    assert controller.trainer.run is run
    assert controller.state.points.train.points.tobytes() == train.points.tobytes()
    assert len(controller.state.points.test) == 20
    controller.state.train_share = 1.0
    assert len(controller.state.points.test) == 0
    assert controller.judge("test").score.count == 0


def test_no_input_at_all_is_answered_and_mended():
    controller = make_plane_laboratory()
    controller.state.inputs = []
    assert controller.state.inputs == ["x1", "x2"]
    assert controller.network.sizes == (2, 8, 3)


def test_a_net_that_is_too_big_to_be_drawn_is_refused():
    controller = make_plane_laboratory()
    run = controller.trainer.run
    controller.state.hidden_layers = [2048, 2048]
    assert controller.state.hidden_layers == [8]
    controller.state.param.update(hidden_layers=[310, 320], classes=10)
    assert (controller.state.hidden_layers, controller.state.classes) == ([8], 3)
    assert "at most 100,000 weights" in controller.state.notice.text
    assert controller.trainer.run is run


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_everything_and_can_be_trained_at_once(name):
    async def main():
        controller = make_plane_laboratory(dropout=0.5, seed=99, classes=7)
        state = controller.state
        controller.apply_preset(name)
        wanted = PlaneSettings(**PRESETS[name].settings)
        for setting in [*KNOBS, *NET_SETTINGS, *DATA_SETTINGS]:
            assert getattr(state, setting) == getattr(wanted, setting), setting
        assert state.preset == name
        assert state.notice.text == PRESETS[name].sentence
        controller.step()
        await all_done()
        assert state.snapshot.iteration == 1
        state.learning_rate = 0.123
        assert state.preset == ""

    work(main)


def test_unknown_presets_and_lessons_are_answered_with_those_there_are():
    controller = make_plane_laboratory()
    for command in (controller.apply_preset, controller.begin_lesson):
        command("nonsense")
        assert controller.state.notice.kind == "warning"
        assert "nonsense" in controller.state.notice.text


def test_a_lesson_can_be_left():
    controller = make_plane_laboratory()
    controller.begin_lesson("dead")
    controller.end_lesson()
    assert (controller.state.lesson, controller.state.lesson_message) == ("", "")


def test_divergence_pauses_and_brings_good_weights_back():
    async def main():
        controller = make_plane_laboratory(learning_rate=0.1, optimizer="momentum", l2=0.0)
        state = controller.state
        await train_to(controller, 60)
        state.learning_rate = 10.0
        state.l2 = 1.0
        state.running = True
        await until(lambda: not state.running)
        await all_done()
        assert state.notice.kind == "warning"
        assert "Training paused itself" in state.notice.text
        assert np.isfinite(state.snapshot.network.parameters()[0]).all()
        assert len(state.history) == state.snapshot.iteration
        assert max(state.checkpoints) <= state.snapshot.iteration

    work(main)


# Points


def test_painted_points_are_learnt_from_without_a_new_net():
    async def main():
        controller = make_plane_laboratory()
        state = controller.state
        await train_to(controller, 10)
        run = controller.trainer.run
        controller.add_points([(0.5, 0.5), (0.6, 0.5)], 2)
        controller.add_point(-0.5, 0.5, 1, "test")
        assert (len(state.points.train), len(state.points.test)) == (62, 61)
        assert state.points.origin == OWN
        controller.move_point(60, 0.1, 0.2)
        controller.delete_point(0, "test")
        np.testing.assert_allclose(state.points.train.points[60], [0.1, 0.2])
        assert run.feed.sample_count == 62
        np.testing.assert_array_equal(run.feed.inputs, state.points.train.points)
        controller.step()
        await all_done()
        assert controller.trainer.run is run
        assert state.snapshot.iteration > 10

    work(main)


@pytest.mark.parametrize(
    ("command", "arguments", "sentence"),
    [
        ("add_point", (2.0, 0.0, 0), "within ±1.25"),
        ("add_point", (float("nan"), 0.0, 0), "within ±1.25"),
        ("add_point", (0.0, 0.0, 3), "classes 0 to 2; found 3"),
        ("add_point", (0.0, 0.0, -1), "classes 0 to 2; found -1"),
        ("add_point", (0.0, 0.0, 0, "elsewhere"), "train or test; found “elsewhere”"),
        ("move_point", (60, 0.0, 0.0), "one of 60 points, found 60"),
        ("move_point", (0, 9.0, 0.0), "within ±1.25"),
        ("delete_point", (-1,), "one of 60 points, found -1"),
        ("set_weight", (0, 0, 0, "a lot"), "A weight is a number"),
        ("set_weight", (0, 0, 0, float("nan")), "A weight is a number"),
        ("set_weight", (0, 0, 0, 1e7), "A weight is a number"),
        ("set_weight", (2, 0, 0, 1), "layers 0 to 1; found 2"),
        ("set_weight", (0, 3, 0, 1), "3 rows and 8 columns"),
        ("ablate", (0, 8), "no unit 8 in hidden layer 1"),
        ("ablate", (1, 0), "no unit 0 in hidden layer 2"),
        ("show_checkpoint", (5,), "checkpoints 0 to 0; found 5"),
        ("continue_from_here", (), "Choose an earlier step first"),
        ("load_csv", (b"x,y,label\n0,0,z\n", "mine.csv"), "mine.csv, line 2: expected a label"),
        ("load_csv", (b"", "mine.csv"), "an empty file"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(command, arguments, sentence):
    controller = make_plane_laboratory()
    state = controller.state
    points, weights = state.points, weights_of(controller)
    getattr(controller, command)(*arguments)
    assert sentence in state.notice.text
    assert state.notice.kind in {"warning", "error"}
    assert state.points is points
    assert weights_of(controller) == weights
    assert (state.ablated, state.timeline_position) == (frozenset(), None)


def test_deleting_all_points_pauses_and_says_what_to_do():
    async def main():
        controller = make_plane_laboratory(points_count=10)
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        for _ in range(10):
            controller.delete_point(0)
        assert state.running is False
        assert "no points to learn from" in state.notice.text
        await all_done()
        controller.step()
        state.running = True
        assert state.running is False
        assert "no points to learn from" in state.notice.text
        await all_done()
        controller.surface()
        assert np.isnan(controller.judge().score.accuracy)
        controller.reset()
        state.hidden_layers = [3]
        controller.add_point(0.5, 0.5, 1)
        controller.step()
        await all_done()
        assert state.snapshot.iteration == 1

    work(main)


def test_one_may_paint_on_an_empty_plane_and_a_single_class_is_learnt():
    async def main():
        controller = make_plane_laboratory(learning_rate=1.0)
        state = controller.state
        controller.clear_points()
        assert len(state.points) == 0
        controller.add_points([(x / 10, 0.2) for x in range(5)], 1)
        await train_to(controller, 50)
        assert controller.judge().score.accuracy == 1
        assert (controller.surface().labels == 1).mean() > 0.9

    work(main)


def test_own_points_survive_another_number_of_classes_or_seed_but_not_another_shape():
    controller = make_plane_laboratory()
    state = controller.state
    controller.clear_points()
    controller.add_points([(0.1, 0.1), (0.2, 0.2)], 2)
    controller.add_point(0.3, 0.3, 0)
    state.classes = 6
    assert (len(state.points.train), state.points.classes) == (3, 6)
    assert controller.network.classes == 6
    state.seed = 77
    assert len(state.points.train) == 3
    state.classes = 2
    assert len(state.points.train) == 1
    state.shape = "circles"
    assert state.points.origin == "circles"
    assert len(state.points.train) == 60


def test_points_are_saved_and_loaded_again():
    controller, other = make_plane_laboratory(), make_plane_laboratory(classes=2)
    content = controller.save_csv()
    other.load_csv(content, "spiral.csv")
    state = other.state
    assert state.classes == 3
    assert (len(state.points.train), len(state.points.test)) == (60, 60)
    assert state.points.origin == OWN
    assert "spiral.csv: 120 points of 3 classes, 60 of them to test on." in state.notice.text
    assert other.network.classes == 3
    np.testing.assert_array_equal(
        np.sort(state.points.all_points().points, axis=0),
        np.sort(controller.state.points.all_points().points, axis=0),
    )


def test_points_of_another_scale_are_fitted_and_that_is_told():
    controller = make_plane_laboratory()
    controller.load_csv(b"x,y,label\n0,0,0\n100,50,1\n", "far.csv")
    assert np.abs(controller.state.points.all_points().points).max() == 1
    assert "scaled to fill the plane" in controller.state.notice.text


# Time


def test_an_earlier_step_is_shown_while_training_goes_on_and_one_comes_back():
    async def main():
        controller = make_plane_laboratory()
        state = controller.state
        start = controller.network.predict_proba(np.zeros((1, 2), np.float32))[0]
        state.running = True
        await until(lambda: len(state.checkpoints) > 5)
        controller.show_checkpoint(0)
        assert state.timeline_position == 0
        before = state.snapshot.iteration
        await until(lambda: state.snapshot.iteration > before + 400)
        np.testing.assert_allclose(controller.probabilities_at(0, 0), start, atol=1e-6)
        assert controller.judge().score.iteration == 0
        assert len(state.checkpoints) <= 120
        state.timeline_position = 2
        assert controller.shown_iteration == state.checkpoints[2]
        state.timeline_position = None
        assert controller.shown_network is controller.network
        state.running = False
        await all_done()

    work(main)


@pytest.mark.parametrize("settings", [{}, {"batch_size": 7, "optimizer": "adam", "dropout": 0.3}])
def test_going_on_from_an_earlier_step_takes_the_same_steps_again(settings):
    async def main():
        controller = make_plane_laboratory(**settings)
        state = controller.state
        await train_to(controller, 60)
        ended, weights = state.snapshot.iteration, weights_of(controller)
        controller.show_checkpoint(len(state.checkpoints) // 2)
        place = controller.shown_iteration
        assert 0 < place < ended
        controller.continue_from_here()
        assert state.timeline_position is None
        assert state.snapshot.iteration == len(state.history) == place
        assert state.checkpoints[-1] == place
        for _ in range(ended - place):
            controller.step()
        await all_done()
        assert weights_of(controller) == weights

    work(main)


def test_going_back_in_the_middle_of_a_slice_waits_for_its_end():
    async def main():
        door = Door()
        controller = make_plane_laboratory(execute=door)
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 100)
        controller.show_checkpoint(1)
        door.shut()
        await until(lambda: door.waiting == 1)
        controller.continue_from_here()
        assert state.snapshot.iteration > 100
        went_back = []
        state.param.watch(lambda event: went_back.append(event.new.iteration), "snapshot")
        state.running = False
        door.open()
        await all_done()
        assert state.snapshot.iteration == state.checkpoints[-1] == went_back[-1] < 100
        assert len(state.history) == state.snapshot.iteration

    work(main)


# Inside


def test_a_switched_off_unit_changes_pictures_and_not_the_net_in_training():
    controller = make_plane_laboratory(weight_noise=1.0)
    weights, before = weights_of(controller), controller.surface().probabilities.copy()
    controller.ablate(0, 2)
    controller.ablate(0, 5)
    assert controller.state.ablated == {(0, 2), (0, 5)}
    assert "Without unit 3 of layer 1, 6 of layer 1" in controller.state.notice.text
    assert np.abs(controller.surface().probabilities - before).max() > 0.01
    assert weights_of(controller) == weights
    controller.restore(0, 2)
    assert controller.state.ablated == {(0, 5)}
    controller.restore_all()
    np.testing.assert_array_equal(controller.surface().probabilities, before)


def test_maps_of_units_have_the_size_asked_for_and_layers_that_there_are():
    controller = make_plane_laboratory(hidden_layers=[8, 4])
    assert controller.unit_maps(0).shape == (8, 24, 24)
    assert controller.unit_maps(1).shape == (4, 24, 24)
    assert controller.unit_maps(2).shape == (0, 24, 24)
    assert controller.unit_map(1, 3).shape == (100, 100)
    assert controller.unit_map(1, 4) is None
    assert controller.profile((-1, 0), (1, 0), 30).shape == (30, 3)


def test_a_weight_and_a_bias_can_be_set_also_between_the_slices_of_a_run():
    async def main():
        door = Door()
        controller = make_plane_laboratory(execute=door, learning_rate=1e-9, l2=0.0)
        state = controller.state
        controller.set_weight(0, 1, 4, "2.5")
        controller.set_weight(1, 8, 2, -1)
        assert controller.network.layers[0].weights[1, 4] == 2.5
        assert controller.network.layers[1].bias[2] == -1
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        door.shut()
        await until(lambda: door.waiting == 1)
        controller.set_weight(0, 0, 0, 0.125)
        assert controller.network.layers[0].weights[0, 0] != 0.125
        door.open()
        await until(lambda: controller.network.layers[0].weights[0, 0] == np.float32(0.125))
        state.running = False
        await all_done()

    work(main)


def test_the_weights_of_an_earlier_step_cannot_be_set():
    async def main():
        controller = make_plane_laboratory()
        await train_to(controller, 10)
        controller.show_checkpoint(0)
        weights = weights_of(controller)
        controller.set_weight(0, 0, 0, 1.0)
        assert "go back to the newest" in controller.state.notice.text
        assert weights_of(controller) == weights

    work(main)


def test_a_closed_laboratory_tells_nothing_and_leaves_no_task():
    async def main():
        controller = make_plane_laboratory()
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


def test_an_errand_that_fails_is_told():
    async def main():
        controller = make_plane_laboratory()
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)

        async def fail():
            raise RuntimeError("out of paint")

        controller.spawn(fail())
        await until(lambda: "out of paint" in controller.state.notice.text)

    work(main)
