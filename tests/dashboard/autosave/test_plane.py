"""The spiral that was kept goes on as if nothing had happened."""

import numpy as np
import pytest
from controller_helpers import Door, all_done, until
from plane_helpers import make_plane_controller, train_controller, work

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.plane import SavedPlane
from dashboard.autosave.plane_record import SETTINGS
from dashboard.plane.dataset import OWN
from dashboard.plane.presets import PRESETS
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


async def another(controller, **settings):
    """Another controller that went on from what was kept of this one."""
    other = make_plane_controller(**settings)
    content = SavedPlane(controller).capture()
    assert content is not None
    await SavedPlane(other).restore(content)
    return other


def assert_same(one, other):
    assert bits(one) == bits(other)
    assert curve(one) == curve(other)
    for name in SETTINGS:
        assert getattr(one.state, name) == getattr(other.state, name)


# Going on


@pytest.mark.parametrize("settings", [{}, BUSY])
@pytest.mark.parametrize("steps", [0, 1, 10, 11, 12, 37, 51])
def test_a_run_that_was_broken_off_goes_on_with_the_same_numbers_to_the_bit(settings, steps):
    async def main():
        whole = make_plane_controller(seed=5, **settings)
        await train_controller(whole, 120)
        first = make_plane_controller(seed=5, **settings)
        if steps:
            await train_controller(first, steps)
        second = await another(first)
        assert second.state.snapshot.iteration == len(second.state.history) == steps
        assert second.capture().guard == first.capture().guard
        await train_controller(second, 120 - steps)
        assert_same(second, whole)
        assert len(whole.state.history.validation) > 5

    work(main)


def test_a_run_that_goes_out_of_hand_later_falls_back_to_the_same_weights():
    async def main():
        first = make_plane_controller(**BUSY)
        await train_controller(first, 60)
        second = await another(first)
        for controller in (first, second):
            controller.state.param.update(learning_rate=10, optimizer="sgd")
            with pytest.raises(DivergenceError, match="weights of iteration 50 are back"):
                await train_controller(controller, 10_000)
        assert_same(first, second)

    work(main)


def test_training_that_was_under_way_goes_on_by_itself():
    async def main():
        first = make_plane_controller(**BUSY)
        first.state.running = True
        await until(lambda: first.state.snapshot.iteration > 40)
        second = await another(first)
        kept = second.state.snapshot.iteration
        assert second.state.running
        first.state.running = False
        await until(lambda: second.state.snapshot.iteration > kept + 40)
        second.state.running = False
        await all_done()
        whole = make_plane_controller(**BUSY)
        await train_controller(whole, second.trainer.run.iteration)
        assert_same(second, whole)

    work(main)


def test_what_was_under_way_is_replaced_also_while_it_trains():
    async def main():
        first = make_plane_controller(seed=3)
        await train_controller(first, 30)
        second = make_plane_controller(hidden_layers=[4])
        second.state.running = True
        await until(lambda: second.state.snapshot.iteration > 5)
        await SavedPlane(second).restore(SavedPlane(first).capture())
        await all_done()
        assert not second.state.running
        assert second.state.notice.text == "Restored at iteration 30."
        assert second.state.checkpoints == (30,)
        assert_same(second, first)

    work(main)


@pytest.mark.parametrize("settings", [{}, BUSY])
def test_painted_points_come_back_and_are_gone_on_with_exactly(settings):
    def paint(controller):
        controller.points.add([(0.5, 0.5), (-0.25, 1.0)], 2)
        controller.points.add([(0, 0)], 1, "test")
        controller.points.move(0, 0.1, 0.2)
        controller.points.delete(3)

    async def main():
        first = make_plane_controller(**settings)
        await train_controller(first, 13)
        paint(first)
        await train_controller(first, 13)
        second = await another(first)
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

    work(main)


def test_an_emptied_plane_can_be_painted_and_learnt_from_again_exactly():
    async def main():
        first = make_plane_controller(**BUSY)
        await train_controller(first, 12)
        assert first.trainer.run.consumed > 0
        first.points.clear()
        second = await another(first)
        assert len(second.state.points) == 0
        for controller in (first, second):
            controller.points.add([(x / 20, -x / 30) for x in range(20)], 1)
            controller.points.add([(x / 20, x / 30) for x in range(20)], 0)
            await train_controller(controller, 20)
        assert_same(second, first)

    work(main)


def test_settings_looks_and_lessons_come_back():
    async def main():
        first = make_plane_controller()
        first.begin_lesson("rate")
        first.state.param.update(
            surface_side=64, surface_mode="hard", show_test=True, smoothing=0.5
        )
        await train_controller(first, 2)
        first.inspection.ablate(0, 3)
        second = await another(first, hidden_layers=[8, 8])
        state = second.state
        assert (state.surface_side, state.surface_mode) == (64, "hard")
        assert (state.show_test, state.smoothing) == (True, 0.5)
        assert (state.lesson, state.lesson_message) == ("rate", first.state.lesson_message)
        assert state.ablated == {(0, 3)}
        assert state.learning_rate == first.state.learning_rate
        assert_same(second, first)
        third = make_plane_controller()
        third.apply_preset("moons")
        assert (await another(third)).state.preset == "moons"

    work(main)


def test_a_change_that_waits_for_the_end_of_a_slice_is_kept_only_once_it_is_done():
    async def main():
        door = Door()
        controller = make_plane_controller(execute=door, batch_size=7)
        kept = SavedPlane(controller)
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 5)
        door.shut()
        await until(lambda: door.waiting == 1)
        controller.points.add([(0.5, 0.5)], 1)
        assert kept.capture() is None
        controller.state.running = False
        door.open()
        await all_done()
        assert_same(await another(controller), controller)

    work(main)


def test_weights_that_are_being_taken_back_are_not_kept():
    controller = make_plane_controller()
    controller.trainer.run.network.layers[0].weights[0, 0] = np.nan
    assert SavedPlane(controller).capture() is None


# What it is called


def test_the_title_says_what_there_is_and_nothing_of_what_nobody_did():
    async def main():
        controller = make_plane_controller(preset=next(iter(PRESETS)))
        kept = SavedPlane(controller)
        assert kept.title == ""
        controller.apply_preset("moons")
        assert kept.title == ""
        controller.state.learning_rate = 0.3
        assert kept.title == "your settings of the spiral"
        controller.points.add([(0, 0)], 1)
        assert kept.title == "your points on the spiral"
        controller.apply_preset("cs231n")
        await train_controller(controller, 1234)
        assert kept.title == "iteration 1,234 on the spiral"
        assert kept.is_running is False

    work(main)


def test_the_settings_of_a_link_are_nobodys_work():
    controller = make_plane_controller(shape="moons", classes=2)
    assert SavedPlane(controller).title == ""


# Telling the autosave


def test_while_it_trains_it_is_in_no_hurry_and_every_deed_is():
    class Listener(Autosave):
        def __init__(self):
            self.notes = []

        def note(self, *, hurry=True):
            self.notes.append(hurry)

    async def main():
        controller, autosave = make_plane_controller(), Listener()
        SavedPlane(controller).follow(autosave)
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 10)
        assert autosave.notes[0] is True
        assert set(autosave.notes[1:]) == {False}
        autosave.notes.clear()
        controller.points.add([(0, 0)], 1)
        assert autosave.notes == [True]
        controller.state.running = False
        assert autosave.notes == [True, True]

    work(main)
