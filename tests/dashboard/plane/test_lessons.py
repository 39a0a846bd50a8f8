import asyncio

import numpy as np
import pytest
from controller_helpers import all_done, until
from plane_helpers import make_plane_laboratory, make_plane_run, train_plane

from dashboard.plane.dataset import InputSamples
from dashboard.plane.lessons import LESSONS, Scene, dead_units, gradient_sizes, has_oscillated
from nn import Dense, Network

PATIENCE = 1500
"""Steps in which every lesson must have happened."""


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_lesson_is_about_really_happens_and_is_told_once(name):
    async def main():
        controller = make_plane_laboratory()
        state = controller.state
        told = []
        controller.begin_lesson(name)
        state.param.watch(lambda event: told.append(event.new), "lesson_message")
        assert state.lesson == name
        assert state.lesson_message == LESSONS[name].watch
        state.running = True
        await until(lambda: told or state.snapshot.iteration > PATIENCE)
        happened_at = state.snapshot.iteration
        await until(lambda: state.snapshot.iteration > happened_at + 100)
        state.running = False
        await all_done()
        assert len(told) == 1
        assert told[0].startswith(("It happened", "Cured"))

    asyncio.run(main())


@pytest.mark.parametrize("name", LESSONS)
def test_nothing_is_told_of_a_run_that_goes_well_or_has_not_begun(name):
    run = make_plane_run(points_count=150, noise=0.1, hidden_layers=[20], initialization="he")
    samples = InputSamples(run.feed.inputs, run.feed.labels)
    check = LESSONS[name].check
    assert check(Scene(run.network, samples, run.history)) is None
    if name != "cure":  # which is about a run that goes well
        train_plane(run, 300)
        assert check(Scene(run.network, samples, run.history)) is None


def test_a_cure_is_not_seen_where_the_net_overfits():
    settings = {**LESSONS["overfit"].settings}
    run = make_plane_run(**settings)
    train_plane(run, 600)
    scene = Scene(run.network, InputSamples(run.feed.inputs, run.feed.labels), run.history)
    assert LESSONS["overfit"].check(scene) is not None
    assert LESSONS["cure"].check(scene) is None


def test_dead_units_are_those_that_answer_nothing_to_every_point():
    weights = np.array([[1, 1, 0], [0, 0, 0]], np.float32)
    bias = np.array([0, -3, -1], np.float32)
    network = Network(
        (Dense(weights, bias), Dense(np.ones((3, 2), np.float32), np.zeros(2, np.float32)))
    )
    x = np.array([[-1, 0], [1, 0]], np.float32)
    (dead,) = dead_units(network, x)
    np.testing.assert_array_equal(dead, [False, True, True])


def test_gradients_vanish_layer_by_layer_through_sigmoids_and_hardly_through_tanh():
    sizes = {}
    for activation in ("sigmoid", "tanh"):
        run = make_plane_run(
            hidden_layers=[10] * 6, activation=activation, initialization="xavier", noise=0.1
        )
        samples = InputSamples(run.feed.inputs, run.feed.labels)
        sizes[activation] = gradient_sizes(run.network, samples)
    assert len(sizes["tanh"]) == 7
    assert sizes["sigmoid"][0] < 1e-3 * sizes["sigmoid"][-1]
    assert sizes["tanh"][0] > 0.05 * sizes["tanh"][-1]


def test_only_a_loss_that_leaps_up_again_and_again_has_oscillated():
    steps = np.arange(100)
    assert has_oscillated(1 + 0.5 * (steps % 2))
    assert not has_oscillated(np.exp(-steps / 30))
    assert not has_oscillated(1 + 0.02 * (steps % 2))
    assert not has_oscillated(np.array([1.0, 2.0] * 5))
