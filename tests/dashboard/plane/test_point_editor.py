"""Editing of the points while a network trains on them."""

import asyncio
import time

import numpy as np
import pytest
from controller_helpers import all_done, until
from plane_helpers import make_plane_controller, train_to, work

from dashboard.plane.controller import PlaneController
from dashboard.plane.dataset import OWN
from dashboard.plane.point_editor import GRID
from dashboard.plane.state import PlaneState


def test_the_network_in_training_continues_with_edited_points():
    async def main():
        controller = make_plane_controller()
        state, points = controller.state, controller.points
        await train_to(controller, 10)
        run = controller.trainer.run
        points.add([(0.5, 0.5), (0.6, 0.5)], 2)
        points.add([(-0.5, 0.5)], 1, "test")
        assert (len(state.points.train), len(state.points.test)) == (62, 61)
        assert state.points.origin == OWN
        points.move(60, 0.1, 0.2)
        points.delete(0, "test")
        np.testing.assert_allclose(state.points.train.points[60], [0.1, 0.2], atol=GRID)
        assert len(state.points.test) == 60
        np.testing.assert_array_equal(run.feed.inputs, state.points.train.points)
        controller.step()
        await all_done()
        assert controller.trainer.run is run
        assert state.snapshot.iteration > 10

    work(main)


@pytest.mark.parametrize(
    ("command", "arguments", "values"),
    [
        ("add", ([(2.0, 0.0)], 0), ["1.25"]),
        ("add", ([(float("nan"), 0.0)], 0), ["1.25"]),
        ("add", ([(0.0, 0.0)], 3), ["0 to 2", "found 3"]),
        ("add", ([(0.0, 0.0)], -1), ["0 to 2", "found -1"]),
        ("add", ([(0.0, 0.0)], 0, "elsewhere"), ["train or test", "elsewhere"]),
        ("move", (60, 0.0, 0.0), ["60"]),
        ("move", (0, 9.0, 0.0), ["1.25"]),
        ("delete", (-1,), ["-1"]),
        ("load_csv", (b"x,y,label\n0,0,z\n", "mine.csv"), ["mine.csv, line 2"]),
        ("load_csv", (b"", "mine.csv"), ["mine.csv"]),
    ],
)
def test_an_edit_that_is_not_possible_is_answered_and_changes_nothing(command, arguments, values):
    controller = make_plane_controller()
    state, points, run = controller.state, controller.state.points, controller.trainer.run
    getattr(controller.points, command)(*arguments)
    assert state.notice.kind in {"warning", "error"}
    assert all(value in state.notice.text for value in values)
    assert state.points is points
    assert controller.trainer.run is run


def test_there_is_a_largest_number_of_points():
    controller = make_plane_controller()
    controller.points.add([(0.0, 0.0)] * 20_000, 0)
    assert "20,000" in controller.state.notice.text
    assert len(controller.state.points) == 120


def test_a_stroke_adds_every_point_once_however_its_messages_overlap():
    controller = make_plane_controller()
    for values in ([0.1, 0.2], [0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], [0.1, 0.2]):
        controller.points.paint("one", 2, values)
    train = controller.state.points.train
    assert len(train) == 62
    np.testing.assert_allclose(train.points[-2:], [[0.1, 0.2], [0.3, 0.4]], atol=GRID)
    assert list(train.labels[-2:]) == [2, 2]
    controller.points.paint("two", 0, [0.1, 0.2])
    assert len(controller.state.points.train) == 63


def test_without_training_points_nothing_is_trained():
    async def main():
        controller = make_plane_controller(points_count=10)
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        for _ in range(10):
            controller.points.delete(0)
        await all_done()
        trained = state.snapshot.iteration
        controller.step()
        state.running = True
        await all_done()
        assert (state.running, state.snapshot.iteration) == (False, trained)
        assert state.notice.kind == "warning"
        controller.inspection.surface()
        assert np.isnan(controller.state.evaluation("train").score.accuracy)
        controller.reset()
        state.hidden_layers = [3]
        controller.points.add([(0.5, 0.5)], 1)
        controller.step()
        await all_done()
        assert state.snapshot.iteration == 1

    work(main)


def test_points_painted_on_a_cleared_plane_are_learned():
    async def main():
        controller = make_plane_controller(learning_rate=1.0)
        controller.points.clear()
        assert len(controller.state.points) == 0
        controller.points.add([(x / 10, 0.2) for x in range(5)], 1)
        await train_to(controller, 50)
        assert controller.state.evaluation("train").score.accuracy == 1
        assert (controller.inspection.surface().labels == 1).mean() > 0.9

    work(main)


def test_own_points_survive_another_number_of_classes_or_seed_but_not_another_shape():
    controller = make_plane_controller()
    state = controller.state
    controller.points.clear()
    controller.points.add([(0.1, 0.1), (0.2, 0.2)], 2)
    controller.points.add([(0.3, 0.3)], 0)
    state.classes = 6
    assert (len(state.points.train), state.points.classes) == (3, 6)
    assert state.network.classes == 6
    state.seed = 77
    assert len(state.points.train) == 3
    state.classes = 2
    assert len(state.points.train) == 1
    state.shape = "circles"
    assert (state.points.origin, len(state.points.train)) == ("circles", 60)


def test_saved_points_can_be_loaded():
    controller, other = make_plane_controller(), make_plane_controller(classes=2)
    other.points.load_csv(controller.points.save_csv(), "spiral.csv")
    state = other.state
    assert (state.classes, state.network.classes) == (3, 3)
    assert (len(state.points.train), len(state.points.test)) == (60, 60)
    assert state.points.origin == OWN
    np.testing.assert_array_equal(
        np.sort(state.points.all_points().points, axis=0),
        np.sort(controller.state.points.all_points().points, axis=0),
    )


def test_loaded_points_of_another_scale_are_scaled_with_a_notice():
    controller = make_plane_controller()
    controller.points.load_csv(b"x,y,label\n0,0,0\n100,50,1\n", "far.csv")
    assert np.abs(controller.state.points.all_points().points).max() == 1
    assert "scaled" in controller.state.notice.text


def test_another_column_that_may_have_the_labels_is_offered():
    controller = make_plane_controller()
    controller.points.load_csv(b"0,0.5,1\n1,0.25,0\n1,-0.5,1\n", "bare.csv")
    assert controller.state.points.all_points().labels.tolist().count(1) == 2
    mend = controller.state.notice.mend
    assert "column 1" in mend.label
    mend.apply()
    points = controller.state.points.all_points()
    assert sorted(points.points[:, 0].tolist()) == [-0.5, 0.25, 0.5]
    controller.points.load_csv(b"x,y,label\n0,0.5,1\n1,0.25,0\n", "named.csv")
    assert controller.state.notice.mend is None


def test_a_file_is_read_by_a_worker():
    async def main():
        called = []

        async def execute(function, *arguments):
            called.append(arguments)
            return function(*arguments)

        controller = PlaneController(PlaneState(), clock=time.perf_counter, execute=execute)
        await controller.points.load_file(b"x,y,label\n0,0.5,1\n1,0.25,0\n", "two.csv")
        assert len(controller.state.points) == len(called) + 1 == 2
        await controller.close()

    asyncio.run(main())
