"""Guided lessons: what they demonstrate occurs, and is detected only then."""

import asyncio

import numpy as np
import pytest
from controller_helpers import all_done, until
from plane_helpers import make_plane_controller, make_plane_run, train_plane, work

from dashboard.plane.dataset import InputSamples
from dashboard.plane.lessons import LESSONS, Observation, has_oscillated
from dashboard.plane.surface import SurfaceEvaluator

MAX_STEPS = 1500
"""Steps within which every lesson must be over."""


def observe(run):
    return Observation(run.network, InputSamples(run.feed.inputs, run.feed.labels), run.history)


def trained(name, steps, **changes):
    """A run with the settings of a lesson, after so many steps."""
    run = make_plane_run(**{**LESSONS[name].settings, **changes})
    train_plane(run, steps)
    return run


def regions_of(network):
    """The sizes of the connected regions of one predicted class on a grid of 100 × 100."""
    labels = SurfaceEvaluator(100, ["x1", "x2"])(network).labels
    unvisited = {(row, column) for row in range(100) for column in range(100)}
    sizes = []
    while unvisited:
        edge = [unvisited.pop()]
        size = 0
        while edge:
            row, column = edge.pop()
            size += 1
            for near in (
                (row + 1, column),
                (row - 1, column),
                (row, column + 1),
                (row, column - 1),
            ):
                if near in unvisited and labels[near] == labels[row, column]:
                    unvisited.remove(near)
                    edge.append(near)
        sizes.append(size)
    return sizes


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_lesson_demonstrates_occurs_and_is_reported_once(name):
    async def main():
        controller = make_plane_controller()
        state = controller.state
        messages = []
        controller.begin_lesson(name)
        state.param.watch(lambda event: messages.append(event.new), "lesson_message")
        assert (state.lesson, state.lesson_message) == (name, LESSONS[name].watch)
        state.running = True
        await until(lambda: messages or state.snapshot.iteration > MAX_STEPS)
        happened_at = state.snapshot.iteration
        await until(lambda: state.snapshot.iteration > happened_at + 100)
        state.running = False
        await all_done()
        assert len(messages) == 1
        assert messages[0] != LESSONS[name].watch

    asyncio.run(main())


@pytest.mark.parametrize("name", LESSONS)
def test_nothing_is_detected_in_a_good_run_or_before_training(name):
    run = make_plane_run(points_count=150, noise=0.1, hidden_layers=[20], initialization="he")
    check, *_later = LESSONS[name].checks
    assert check(observe(run)) is None
    if name != "cure":  # which is about a good run
        train_plane(run, 300)
        assert check(observe(run)) is None


def test_a_run_that_overfits_is_not_taken_for_a_regularized_one():
    run = trained("overfit", 600)
    assert LESSONS["overfit"].checks[0](observe(run)) is not None
    assert LESSONS["cure"].checks[0](observe(run)) is None


def test_a_run_whose_test_accuracy_falls_is_not_taken_for_a_cured_one():
    spoilt = {"shape": "spiral", "noise": 0.7, "seed": 1, "l2": 0.03}
    run = trained("cure", 1000, **spoilt)
    scores = run.history.validation
    assert scores[-1].accuracy < max(score.accuracy for score in scores) - 0.08
    assert scores[-1].loss < 1.3 * min(score.loss for score in scores)
    assert LESSONS["cure"].checks[0](observe(run)) is None


def test_the_penalty_removes_the_islands_and_most_of_the_loss_of_test_accuracy():
    overfitted, cured = (trained(name, 600) for name in ("overfit", "cure"))
    assert len(regions_of(overfitted.network)) > 2
    assert len(regions_of(cured.network)) == 2
    bad, good = (run.history.validation[-1] for run in (overfitted, cured))
    assert good.accuracy > bad.accuracy + 0.05
    assert good.loss < bad.loss / 5


@pytest.mark.parametrize("name", ["overfit", "cure"])
def test_lessons_about_the_test_loss_show_the_test_points(name):
    controller = make_plane_controller()
    controller.begin_lesson(name)
    assert controller.state.show_test


def test_when_vanished_gradients_recover_the_lesson_says_so():
    async def main():
        controller = make_plane_controller()
        state = controller.state
        controller.begin_lesson("vanishing")
        messages = []
        state.param.watch(lambda event: messages.append(event.new), "lesson_message")
        state.running = True
        await until(lambda: len(messages) == 2 or state.snapshot.iteration > 30_000)
        state.running = False
        await all_done()
        loss = controller.trainer.run.history.losses[-1]
        assert loss < 0.6
        assert len(messages) == 2

    work(main)


def test_with_relu_and_he_the_network_of_the_vanishing_gradients_learns():
    run = trained("vanishing", 1500, activation="relu", initialization="he")
    assert run.history.accuracies[-1] > 0.95


def test_reset_begins_the_lesson_again():
    async def main():
        controller = make_plane_controller()
        state = controller.state
        controller.begin_lesson("rate")
        for _ in range(2):
            state.running = True
            await until(lambda: state.lesson_message != LESSONS["rate"].watch)
            state.running = False
            await all_done()
            controller.reset()
            assert state.lesson_message == LESSONS["rate"].watch

    work(main)


def test_only_a_loss_that_increases_again_and_again_oscillates():
    steps = np.arange(100)
    assert has_oscillated(1 + 0.5 * (steps % 2))
    assert not has_oscillated(np.exp(-steps / 30))
    assert not has_oscillated(1 + 0.02 * (steps % 2))
    assert not has_oscillated(np.array([1.0, 2.0] * 5))
