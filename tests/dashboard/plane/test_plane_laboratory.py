"""Commands of the spiral laboratory: running, settings, presets, points, time and units."""

import asyncio

import numpy as np
import pytest
from laboratory_helpers import Door, all_done, until
from plane_helpers import make_plane_laboratory, work

from dashboard.form import execute_in_thread
from dashboard.plane.data import OWN
from dashboard.plane.laboratory import DATA_SETTINGS, KNOBS, NET_SETTINGS
from dashboard.plane.presets import PRESETS
from dashboard.plane.settings import PlaneSettings


def weights_of(laboratory):
    return [parameter.tobytes() for parameter in laboratory.network.parameters()]


async def train_to(laboratory, iteration):
    laboratory.state.running = True
    await until(lambda: laboratory.state.snapshot.iteration >= iteration)
    laboratory.state.running = False
    await all_done()


def test_a_new_laboratory_shows_a_fresh_net_and_its_points():
    laboratory = make_plane_laboratory()
    state = laboratory.state
    assert laboratory.network.sizes == (2, 8, 3)
    assert (len(state.points.train), len(state.points.test)) == (60, 60)
    assert state.snapshot.iteration == 0
    assert state.checkpoints == (0,)
    assert laboratory.surface().labels.shape == (100, 100)


def test_training_goes_on_until_pause_and_shows_train_and_test():
    async def main():
        laboratory = make_plane_laboratory()
        await train_to(laboratory, 50)
        state = laboratory.state
        paused = state.snapshot.iteration
        assert paused == len(state.history)
        assert state.history.validation[0].count == 60
        assert state.snapshot.loss < np.log(3)
        laboratory.step()
        await all_done()
        assert state.snapshot.iteration == paused + 1

    work(main)


def test_a_slice_in_a_thread_gives_the_same_numbers():
    async def main():
        ended = []
        for execute in ({}, {"execute": execute_in_thread}):
            laboratory = make_plane_laboratory(**execute)
            for _ in range(20):
                laboratory.step()
            await all_done()
            ended.append(weights_of(laboratory))
        assert ended[0] == ended[1]

    asyncio.run(main())


def test_reset_gives_the_same_fresh_net_every_time():
    async def main():
        laboratory = make_plane_laboratory()
        fresh = weights_of(laboratory)
        await train_to(laboratory, 20)
        laboratory.ablate(0, 3)
        laboratory.show_checkpoint(0)
        laboratory.reset()
        state = laboratory.state
        assert weights_of(laboratory) == fresh
        assert (state.running, state.snapshot.iteration, len(state.history)) == (False, 0, 0)
        assert (state.ablated, state.timeline_position, state.checkpoints) == (
            frozenset(),
            None,
            (0,),
        )

    work(main)


def test_regenerate_makes_other_points_and_a_net_of_the_next_seed():
    laboratory = make_plane_laboratory(seed=7)
    before = laboratory.state.points.train.points.tobytes()
    laboratory.regenerate()
    assert laboratory.state.seed == 8
    assert laboratory.state.points.train.points.tobytes() != before
    assert "seed 8" in laboratory.state.notice.text


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
        laboratory = make_plane_laboratory()
        state = laboratory.state
        run = laboratory.trainer.run
        state.running = True
        await until(lambda: state.snapshot.iteration > 10)
        state.param.update(**change)
        before = state.snapshot.iteration
        await until(lambda: state.snapshot.iteration > before + 30)
        assert laboratory.trainer.run is run
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
        laboratory = make_plane_laboratory()
        state = laboratory.state
        await train_to(laboratory, 10)
        old = laboratory.trainer.run
        state.running = running
        state.param.update(**change)
        assert state.running is running
        assert laboratory.trainer.run is not old
        assert laboratory.network.sizes == sizes
        assert state.snapshot.iteration == 0
        assert "begins anew" in state.notice.text
        laboratory.surface()
        if running:
            await until(lambda: state.snapshot.iteration > 5)
            state.running = False
        await all_done()
        assert state.snapshot.run == laboratory.trainer.run_number

    work(main)


def test_a_change_while_a_slice_is_under_way_leaves_one_training_of_the_new_net():
    async def main():
        door = Door()
        laboratory = make_plane_laboratory(execute=door)
        state = laboratory.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        door.shut()
        await until(lambda: door.waiting == 1)
        for width in (3, 4, 5):
            state.hidden_layers = [width]
            laboratory.add_point(0, 0, 1)
        door.open()
        await until(lambda: state.snapshot.iteration > 20)
        assert laboratory.network.sizes == (2, 5, 3)
        assert laboratory.trainer.run.feed.sample_count == 63
        assert len(state.history) == laboratory.trainer.run.iteration
        state.running = False
        await all_done()

    work(main)


def test_another_training_share_changes_the_test_points_and_keeps_the_net():
    laboratory = make_plane_laboratory()
    run, train = laboratory.trainer.run, laboratory.state.points.train
    laboratory.state.train_share = 0.75
    assert laboratory.trainer.run is run
    assert laboratory.state.points.train.points.tobytes() == train.points.tobytes()
    assert len(laboratory.state.points.test) == 20
    laboratory.state.train_share = 1.0
    assert len(laboratory.state.points.test) == 0
    assert laboratory.judge("test").score.count == 0


def test_no_input_at_all_is_answered_and_mended():
    laboratory = make_plane_laboratory()
    laboratory.state.inputs = []
    assert laboratory.state.inputs == ["x1", "x2"]
    assert laboratory.network.sizes == (2, 8, 3)


def test_a_net_that_is_too_big_to_be_drawn_is_refused():
    laboratory = make_plane_laboratory()
    run = laboratory.trainer.run
    laboratory.state.hidden_layers = [2048, 2048]
    assert laboratory.state.hidden_layers == [8]
    laboratory.state.param.update(hidden_layers=[310, 320], classes=10)
    assert (laboratory.state.hidden_layers, laboratory.state.classes) == ([8], 3)
    assert "at most 100,000 weights" in laboratory.state.notice.text
    assert laboratory.trainer.run is run


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_everything_and_can_be_trained_at_once(name):
    async def main():
        laboratory = make_plane_laboratory(dropout=0.5, seed=99, classes=7)
        state = laboratory.state
        laboratory.apply_preset(name)
        wanted = PlaneSettings(**PRESETS[name].settings)
        for setting in [*KNOBS, *NET_SETTINGS, *DATA_SETTINGS]:
            assert getattr(state, setting) == getattr(wanted, setting), setting
        assert state.preset == name
        assert state.notice.text == PRESETS[name].sentence
        laboratory.step()
        await all_done()
        assert state.snapshot.iteration == 1
        state.learning_rate = 0.123
        assert state.preset == ""

    work(main)


def test_unknown_presets_and_lessons_are_answered_with_those_there_are():
    laboratory = make_plane_laboratory()
    for command in (laboratory.apply_preset, laboratory.begin_lesson):
        command("nonsense")
        assert laboratory.state.notice.kind == "warning"
        assert "nonsense" in laboratory.state.notice.text


def test_a_lesson_can_be_left():
    laboratory = make_plane_laboratory()
    laboratory.begin_lesson("dead")
    laboratory.end_lesson()
    assert (laboratory.state.lesson, laboratory.state.lesson_message) == ("", "")


def test_divergence_pauses_and_brings_good_weights_back():
    async def main():
        laboratory = make_plane_laboratory(learning_rate=0.1, optimizer="momentum", l2=0.0)
        state = laboratory.state
        await train_to(laboratory, 60)
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
        laboratory = make_plane_laboratory()
        state = laboratory.state
        await train_to(laboratory, 10)
        run = laboratory.trainer.run
        laboratory.add_points([(0.5, 0.5), (0.6, 0.5)], 2)
        laboratory.add_point(-0.5, 0.5, 1, "test")
        assert (len(state.points.train), len(state.points.test)) == (62, 61)
        assert state.points.origin == OWN
        laboratory.move_point(60, 0.1, 0.2)
        laboratory.delete_point(0, "test")
        np.testing.assert_allclose(state.points.train.points[60], [0.1, 0.2])
        assert run.feed.sample_count == 62
        np.testing.assert_array_equal(run.feed.inputs, state.points.train.points)
        laboratory.step()
        await all_done()
        assert laboratory.trainer.run is run
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
    laboratory = make_plane_laboratory()
    state = laboratory.state
    points, weights = state.points, weights_of(laboratory)
    getattr(laboratory, command)(*arguments)
    assert sentence in state.notice.text
    assert state.notice.kind in {"warning", "error"}
    assert state.points is points
    assert weights_of(laboratory) == weights
    assert (state.ablated, state.timeline_position) == (frozenset(), None)


def test_deleting_all_points_pauses_and_says_what_to_do():
    async def main():
        laboratory = make_plane_laboratory(points_count=10)
        state = laboratory.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        for _ in range(10):
            laboratory.delete_point(0)
        assert state.running is False
        assert "no points to learn from" in state.notice.text
        await all_done()
        laboratory.step()
        state.running = True
        assert state.running is False
        assert "no points to learn from" in state.notice.text
        await all_done()
        laboratory.surface()
        assert np.isnan(laboratory.judge().score.accuracy)
        laboratory.reset()
        state.hidden_layers = [3]
        laboratory.add_point(0.5, 0.5, 1)
        laboratory.step()
        await all_done()
        assert state.snapshot.iteration == 1

    work(main)


def test_one_may_paint_on_an_empty_plane_and_a_single_class_is_learnt():
    async def main():
        laboratory = make_plane_laboratory(learning_rate=1.0)
        state = laboratory.state
        laboratory.clear_points()
        assert len(state.points) == 0
        laboratory.add_points([(x / 10, 0.2) for x in range(5)], 1)
        await train_to(laboratory, 50)
        assert laboratory.judge().score.accuracy == 1
        assert (laboratory.surface().labels == 1).mean() > 0.9

    work(main)


def test_own_points_survive_another_number_of_classes_or_seed_but_not_another_shape():
    laboratory = make_plane_laboratory()
    state = laboratory.state
    laboratory.clear_points()
    laboratory.add_points([(0.1, 0.1), (0.2, 0.2)], 2)
    laboratory.add_point(0.3, 0.3, 0)
    state.classes = 6
    assert (len(state.points.train), state.points.classes) == (3, 6)
    assert laboratory.network.classes == 6
    state.seed = 77
    assert len(state.points.train) == 3
    state.classes = 2
    assert len(state.points.train) == 1
    state.shape = "circles"
    assert state.points.origin == "circles"
    assert len(state.points.train) == 60


def test_points_are_saved_and_loaded_again():
    laboratory, other = make_plane_laboratory(), make_plane_laboratory(classes=2)
    content = laboratory.save_csv()
    other.load_csv(content, "spiral.csv")
    state = other.state
    assert state.classes == 3
    assert (len(state.points.train), len(state.points.test)) == (60, 60)
    assert state.points.origin == OWN
    assert "spiral.csv: 120 points of 3 classes, 60 of them to test on." in state.notice.text
    assert other.network.classes == 3
    np.testing.assert_array_equal(
        np.sort(state.points.all_points().points, axis=0),
        np.sort(laboratory.state.points.all_points().points, axis=0),
    )


def test_points_of_another_scale_are_fitted_and_that_is_told():
    laboratory = make_plane_laboratory()
    laboratory.load_csv(b"x,y,label\n0,0,0\n100,50,1\n", "far.csv")
    assert np.abs(laboratory.state.points.all_points().points).max() == 1
    assert "scaled to fill the plane" in laboratory.state.notice.text


# Time


def test_an_earlier_step_is_shown_while_training_goes_on_and_one_comes_back():
    async def main():
        laboratory = make_plane_laboratory()
        state = laboratory.state
        start = laboratory.network.predict_proba(np.zeros((1, 2), np.float32))[0]
        state.running = True
        await until(lambda: len(state.checkpoints) > 5)
        laboratory.show_checkpoint(0)
        assert state.timeline_position == 0
        before = state.snapshot.iteration
        await until(lambda: state.snapshot.iteration > before + 400)
        np.testing.assert_allclose(laboratory.probabilities_at(0, 0), start, atol=1e-6)
        assert laboratory.judge().score.iteration == 0
        assert len(state.checkpoints) <= 120
        state.timeline_position = 2
        assert laboratory.shown_iteration == state.checkpoints[2]
        state.timeline_position = None
        assert laboratory.shown_network is laboratory.network
        state.running = False
        await all_done()

    work(main)


@pytest.mark.parametrize("settings", [{}, {"batch_size": 7, "optimizer": "adam", "dropout": 0.3}])
def test_going_on_from_an_earlier_step_takes_the_same_steps_again(settings):
    async def main():
        laboratory = make_plane_laboratory(**settings)
        state = laboratory.state
        await train_to(laboratory, 60)
        ended, weights = state.snapshot.iteration, weights_of(laboratory)
        laboratory.show_checkpoint(len(state.checkpoints) // 2)
        place = laboratory.shown_iteration
        assert 0 < place < ended
        laboratory.continue_from_here()
        assert state.timeline_position is None
        assert state.snapshot.iteration == len(state.history) == place
        assert state.checkpoints[-1] == place
        for _ in range(ended - place):
            laboratory.step()
        await all_done()
        assert weights_of(laboratory) == weights

    work(main)


def test_going_back_in_the_middle_of_a_slice_waits_for_its_end():
    async def main():
        door = Door()
        laboratory = make_plane_laboratory(execute=door)
        state = laboratory.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 100)
        laboratory.show_checkpoint(1)
        door.shut()
        await until(lambda: door.waiting == 1)
        laboratory.continue_from_here()
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
    laboratory = make_plane_laboratory(weight_noise=1.0)
    weights, before = weights_of(laboratory), laboratory.surface().probabilities.copy()
    laboratory.ablate(0, 2)
    laboratory.ablate(0, 5)
    assert laboratory.state.ablated == {(0, 2), (0, 5)}
    assert "Without unit 3 of layer 1, 6 of layer 1" in laboratory.state.notice.text
    assert np.abs(laboratory.surface().probabilities - before).max() > 0.01
    assert weights_of(laboratory) == weights
    laboratory.restore(0, 2)
    assert laboratory.state.ablated == {(0, 5)}
    laboratory.restore_all()
    np.testing.assert_array_equal(laboratory.surface().probabilities, before)


def test_maps_of_units_have_the_size_asked_for_and_layers_that_there_are():
    laboratory = make_plane_laboratory(hidden_layers=[8, 4])
    assert laboratory.unit_maps(0).shape == (8, 24, 24)
    assert laboratory.unit_maps(1).shape == (4, 24, 24)
    assert laboratory.unit_maps(2).shape == (0, 24, 24)
    assert laboratory.unit_map(1, 3).shape == (100, 100)
    assert laboratory.unit_map(1, 4) is None
    assert laboratory.profile((-1, 0), (1, 0), 30).shape == (30, 3)


def test_a_weight_and_a_bias_can_be_set_also_between_the_slices_of_a_run():
    async def main():
        door = Door()
        laboratory = make_plane_laboratory(execute=door, learning_rate=1e-9, l2=0.0)
        state = laboratory.state
        laboratory.set_weight(0, 1, 4, "2.5")
        laboratory.set_weight(1, 8, 2, -1)
        assert laboratory.network.layers[0].weights[1, 4] == 2.5
        assert laboratory.network.layers[1].bias[2] == -1
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        door.shut()
        await until(lambda: door.waiting == 1)
        laboratory.set_weight(0, 0, 0, 0.125)
        assert laboratory.network.layers[0].weights[0, 0] != 0.125
        door.open()
        await until(lambda: laboratory.network.layers[0].weights[0, 0] == np.float32(0.125))
        state.running = False
        await all_done()

    work(main)


def test_the_weights_of_an_earlier_step_cannot_be_set():
    async def main():
        laboratory = make_plane_laboratory()
        await train_to(laboratory, 10)
        laboratory.show_checkpoint(0)
        weights = weights_of(laboratory)
        laboratory.set_weight(0, 0, 0, 1.0)
        assert "go back to the newest" in laboratory.state.notice.text
        assert weights_of(laboratory) == weights

    work(main)


def test_a_closed_laboratory_tells_nothing_and_leaves_no_task():
    async def main():
        laboratory = make_plane_laboratory()
        laboratory.state.running = True
        await until(lambda: laboratory.state.snapshot.iteration > 0)
        laboratory.shut()
        snapshot, notice = laboratory.state.snapshot, laboratory.state.notice
        await laboratory.close()
        laboratory.warn("too late")
        assert laboratory.state.snapshot is snapshot
        assert laboratory.state.notice is notice
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_an_errand_that_fails_is_told():
    async def main():
        laboratory = make_plane_laboratory()
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)

        async def fail():
            raise RuntimeError("out of paint")

        laboratory.spawn(fail())
        await until(lambda: "out of paint" in laboratory.state.notice.text)

    work(main)
