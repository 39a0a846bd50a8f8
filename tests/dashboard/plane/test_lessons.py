"""Guided lessons: what they demonstrate occurs, and is detected only then."""

import asyncio

import numpy as np
import pytest
from controller_helpers import all_done, until
from plane_helpers import make_plane_controller, make_plane_run, train_plane

from dashboard.plane.dataset import InputSamples
from dashboard.plane.lessons import LESSONS, Observation, has_oscillated

MAX_STEPS = 1500
"""Steps within which every lesson must be over."""


def observe(run):
    return Observation(run.network, InputSamples(run.feed.inputs, run.feed.labels), run.history)


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
    check = LESSONS[name].check
    assert check(observe(run)) is None
    if name != "cure":  # which is about a good run
        train_plane(run, 300)
        assert check(observe(run)) is None


def test_a_run_that_overfits_is_not_taken_for_a_regularized_one():
    run = make_plane_run(**LESSONS["overfit"].settings)
    train_plane(run, 600)
    assert LESSONS["overfit"].check(observe(run)) is not None
    assert LESSONS["cure"].check(observe(run)) is None


def test_only_a_loss_that_increases_again_and_again_oscillates():
    steps = np.arange(100)
    assert has_oscillated(1 + 0.5 * (steps % 2))
    assert not has_oscillated(np.exp(-steps / 30))
    assert not has_oscillated(1 + 0.02 * (steps % 2))
    assert not has_oscillated(np.array([1.0, 2.0] * 5))
