"""A plane that is restored continues as if it had never been closed; damaged bytes do no harm."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from controller_helpers import Door, all_done, until
from plane_helpers import make_plane_controller, train_controller
from training_helpers import in_event_loop

from dashboard.autosave.plane import SETTINGS, SavedPlane
from dashboard.autosave.save import SaveError
from dashboard.plane.dataset import OWN
from dashboard.plane.presets import PRESETS
from dashboard.plane.state import PlaneState
from dashboard.training.checkpoint import Checkpoint
from dashboard.training.run import DivergenceError

BUSY = {"batch_size": 7, "dropout": 0.2, "optimizer": "adam", "learning_rate": 0.01, "l1": 1e-4}


def bits(controller):
    run = controller.trainer.run
    arrays = [*run.network.parameters(), *run.step.optimizer.state().values()]
    return [array.tobytes() for array in arrays]


def curve(controller):
    history = controller.trainer.run.history
    drawn = [part.tobytes() for part in history.loss_curve.points()]
    return list(history.csv_lines()), drawn


async def restored(controller, **settings):
    """Another controller, restored from what was saved of this one."""
    other = make_plane_controller(**settings)
    await SavedPlane(other).restore(SavedPlane(controller).capture())
    return other


def assert_same(one, other):
    assert bits(one) == bits(other)
    assert curve(one) == curve(other)
    for name in SETTINGS:
        assert getattr(one.state, name) == getattr(other.state, name)


# Continuing


@in_event_loop
async def test_as_many_points_as_settings_can_ask_for_are_restored():
    bounds = PlaneState.param.points_count.bounds[1], PlaneState.param.train_share.bounds[0]
    most = dict(zip(("points_count", "train_share"), bounds, strict=True))
    controller = make_plane_controller(**most)
    other = await restored(controller)
    found, expected = other.state.points.all_points(), controller.state.points.all_points()
    assert len(found) == 50_000
    assert found.points.tobytes() == expected.points.tobytes()


@in_event_loop
async def test_only_settings_that_change_after_restoring_are_marked():
    controller = make_plane_controller(learning_rate=0.3)
    await train_controller(controller, 5)
    other = await restored(controller)
    assert other.state.history.changes == []
    other.state.learning_rate = 0.2
    (change,) = other.state.history.changes
    assert (change.iteration, change.old, change.new) == (5, 0.3, 0.2)


@pytest.mark.parametrize("settings", [{}, BUSY])
@pytest.mark.parametrize("steps", [0, 1, 10, 11, 12, 37, 51])
@in_event_loop
async def test_an_interrupted_run_continues_with_the_same_numbers_to_the_bit(settings, steps):
    whole = make_plane_controller(seed=5, **settings)
    await train_controller(whole, 120)
    first = make_plane_controller(seed=5, **settings)
    if steps:
        await train_controller(first, steps)
    second = await restored(first)
    assert second.state.snapshot.iteration == len(second.state.history) == steps
    assert second.run_state().best_loss == first.run_state().best_loss
    await train_controller(second, 120 - steps)
    assert_same(second, whole)
    assert len(whole.state.history.validation) > 5


@in_event_loop
async def test_a_restored_run_that_diverges_later_falls_back_to_the_same_weights():
    first = make_plane_controller(**BUSY)
    await train_controller(first, 60)
    second = await restored(first)
    for controller in (first, second):
        controller.state.param.update(learning_rate=10, optimizer="sgd")
        with pytest.raises(DivergenceError, match="weights of iteration 50 are back"):
            await train_controller(controller, 10_000)
    assert_same(first, second)


@in_event_loop
async def test_interrupted_training_continues_by_itself():
    first = make_plane_controller(**BUSY)
    first.state.running = True
    await until(lambda: first.state.snapshot.iteration > 40)
    second = await restored(first)
    saved = second.state.snapshot.iteration
    assert second.state.running
    first.state.running = False
    await until(lambda: second.state.snapshot.iteration > saved + 40)
    second.state.running = False
    await all_done()
    whole = make_plane_controller(**BUSY)
    await train_controller(whole, second.trainer.run.iteration)
    assert_same(second, whole)


@in_event_loop
async def test_a_run_in_training_can_be_replaced_too():
    first = make_plane_controller(seed=3)
    await train_controller(first, 30)
    second = make_plane_controller(hidden_layers=[4])
    second.state.running = True
    await until(lambda: second.state.snapshot.iteration > 5)
    await SavedPlane(second).restore(SavedPlane(first).capture())
    await all_done()
    assert not second.state.running
    assert second.state.notice.text.startswith("Restored at iteration 30,")
    assert second.state.checkpoints == (30,)
    assert_same(second, first)


@pytest.mark.parametrize("settings", [{}, BUSY])
@in_event_loop
async def test_painted_points_are_restored_and_trained_on_exactly(settings):
    def paint(controller):
        controller.points.add([(0.5, 0.5), (-0.25, 1.0)], 2)
        controller.points.add([(0, 0)], 1, "test")
        controller.points.move(0, 0.1, 0.2)
        controller.points.delete(3)

    first = make_plane_controller(**settings)
    await train_controller(first, 13)
    paint(first)
    await train_controller(first, 13)
    second = await restored(first)
    for part in ("train", "test"):
        mine, theirs = getattr(second.state.points, part), getattr(first.state.points, part)
        assert mine.points.tobytes() == theirs.points.tobytes()
        assert mine.labels.tobytes() == theirs.labels.tobytes()
        assert mine.classes == theirs.classes
    assert second.state.points.origin == OWN
    for controller in (first, second):
        await train_controller(controller, 5)
        paint(controller)
        await train_controller(controller, 20)
    assert_same(second, first)


@in_event_loop
async def test_an_emptied_plane_can_be_painted_and_trained_on_again_exactly():
    first = make_plane_controller(**BUSY)
    await train_controller(first, 12)
    assert first.trainer.run.consumed > 0
    first.points.clear()
    second = await restored(first)
    assert len(second.state.points) == 0
    for controller in (first, second):
        controller.points.add([(x / 20, -x / 30) for x in range(20)], 1)
        controller.points.add([(x / 20, x / 30) for x in range(20)], 0)
        await train_controller(controller, 20)
    assert_same(second, first)


@in_event_loop
async def test_settings_and_view_options_are_restored():
    first = make_plane_controller()
    first.state.param.update(surface_side=64, surface_mode="hard", show_test=True, smoothing=0.5)
    await train_controller(first, 2)
    first.inspection.ablate(0, 3)
    second = await restored(first, hidden_layers=[8, 8])
    state = second.state
    assert (state.surface_side, state.surface_mode) == (64, "hard")
    assert (state.show_test, state.smoothing) == (True, 0.5)
    assert state.ablated == {(0, 3)}
    assert_same(second, first)
    third = make_plane_controller()
    third.state.preset = "moons"
    assert (await restored(third)).state.preset == "moons"


@in_event_loop
async def test_a_pending_change_is_saved_only_once_it_is_made():
    door = Door()
    controller = make_plane_controller(execute=door, batch_size=7)
    saved = SavedPlane(controller)
    await door.hold(controller, after=5)
    controller.points.add([(0.5, 0.5)], 1)
    assert saved.capture() is None
    controller.state.running = False
    door.open()
    await all_done()
    assert_same(await restored(controller), controller)


def test_weights_that_are_nan_are_not_saved():
    controller = make_plane_controller()
    controller.trainer.run.network.layers[0].weights[0, 0] = np.nan
    assert SavedPlane(controller).capture() is None


# Titles and changes


@in_event_loop
async def test_the_title_describes_what_was_done():
    controller = make_plane_controller(preset=next(iter(PRESETS)))
    saved = SavedPlane(controller)
    assert saved.title == ""
    controller.state.preset = "moons"
    assert saved.title == ""
    controller.state.learning_rate = 0.3
    assert saved.title == "your settings for 2-D data"
    controller.points.add([(0, 0)], 1)
    assert saved.title == "your 2-D points"
    controller.state.preset = "cs231n"
    await train_controller(controller, 1234)
    assert saved.title == "iteration 1,234 on 2-D data"


def test_the_settings_of_a_link_are_no_work():
    assert SavedPlane(make_plane_controller(shape="moons", classes=2)).title == ""


@in_event_loop
async def test_changes_are_urgent_unless_training_makes_them():
    controller, urgent = make_plane_controller(), []
    SavedPlane(controller).watch(urgent.append)
    controller.state.running = True
    await until(lambda: controller.state.snapshot.iteration > 10)
    assert urgent[0] is True
    assert set(urgent[1:]) == {False}
    urgent.clear()
    controller.points.add([(0, 0)], 1)
    assert urgent == [True]
    controller.state.running = False
    assert urgent == [True, True]


# Damaged bytes


@pytest.fixture(scope="module")
def saved():
    controller = make_plane_controller(batch_size=7, optimizer="adam", learning_rate=0.01)
    asyncio.run(train_controller(controller, 12))
    return Checkpoint.from_bytes(SavedPlane(controller).capture(), "it", PlaneState)


def setting(**values):
    return lambda it: replace(it, settings={**it.settings, **values})


def task(**values):
    return lambda it: replace(it, task={**it.task, **values})


def state(**values):
    return lambda it: replace(it, state=replace(it.state, **values))


def points(**values):
    return lambda it: replace(it, arrays={**it.arrays, **values})


@in_event_loop
async def test_a_save_of_an_earlier_version_with_the_lesson_that_was_open_is_restored():
    first = make_plane_controller()
    await train_controller(first, 3)
    saved = Checkpoint.from_bytes(SavedPlane(first).capture(), "saved", PlaneState)
    former = {"lesson": "rate", "lesson_message": "A learning rate of 4."}
    second = make_plane_controller()
    await SavedPlane(second).restore(setting(**former)(saved).to_bytes())
    assert_same(second, first)


def poisoned(it):
    copy = it.arrays["test.points"].copy()
    copy[0, 0] = np.nan
    return points(**{"test.points": copy})(it)


DAMAGES = {
    "unknown setting": (setting(speed=3), "speed"),
    "setting out of range": (setting(batch_size=-1), "batch_size"),
    "infinite setting": (setting(noise=float("nan")), "noise"),
    "no inputs": (setting(inputs=[]), "without inputs"),
    "too wide": (setting(hidden_layers=[10**9]), "weights"),
    "too many weights": (setting(hidden_layers=[2000, 2000]), "weights"),
    "another net": (setting(hidden_layers=[9]), "shapes"),
    "another activation": (setting(activation="tanh"), "tanh"),
    "without biases": (setting(biases=False), "shapes"),
    "unknown preset": (setting(preset="cats"), "preset.*cats"),
    "unknown origin": (task(origin="heaven"), "'heaven'"),
    "other classes": (task(classes=4), "shape"),
    "too few classes": (task(classes=2), "expected labels"),
    "unit that does not exist": (task(ablated=[[0, 8]]), "hidden unit"),
    "layer that does not exist": (task(ablated=[[1, 0]]), "range"),
    "position behind the points": (state(consumed=60), "60"),
    "points without labels": (points(**{"train.labels": np.zeros(3, np.uint8)}), "shape"),
    "labels of another type": (points(**{"test.labels": np.zeros(60)}), "labels"),
    "infinite point": (poisoned, "finite"),
    "too many points": (
        points(**{"test.points": np.zeros((50_000, 2)), "test.labels": np.zeros(50_000, np.uint8)}),
        "50,060 points",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_inconsistent_bytes_are_refused_and_change_nothing(saved, damage):
    change, reason = DAMAGES[damage]
    refuse(change(saved).to_bytes(), reason)


@pytest.mark.parametrize("missing", ["settings", "task", "arrays"])
def test_incomplete_bytes_are_refused_and_change_nothing(saved, missing):
    values = dict(getattr(saved, missing))
    name, _ = values.popitem()
    refuse(replace(saved, **{missing: values}).to_bytes(), name)


def test_bytes_that_were_cut_short_are_refused(saved):
    refuse(saved.to_bytes()[:-20], "expected a")


def refuse(content, reason):
    controller = make_plane_controller(hidden_layers=[5])
    run, before = controller.trainer.run, controller.state.param.values()
    with pytest.raises(SaveError, match=reason):
        asyncio.run(SavedPlane(controller).restore(content))
    assert controller.trainer.run is run
    assert controller.state.param.values() == before
