"""Checkpoints of a run on digits: shown in place of the newest network, and continued from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from controller_helpers import (
    Door,
    Opener,
    all_done,
    few_digits,
    ink,
    make_controller,
    slow_controller,
    until,
    weights_of,
)
from training_helpers import in_event_loop

from dashboard.digits.controller import DigitsController
from dashboard.evaluation.controller import EvaluationController
from dashboard.evaluation.state import EvaluationState
from dashboard.training.trainer import execute_in_line
from nn import ClassificationMetrics


async def train_to(controller: DigitsController, iteration: int) -> None:
    """Press Train, and pause once this iteration was reached."""
    state = controller.state
    state.running = True
    await until(lambda: state.snapshot.iteration >= iteration or not state.running)
    state.running = False
    await all_done()


async def trained(iteration: int = 60, **settings: Any) -> DigitsController:
    controller = make_controller(**settings)
    await train_to(controller, iteration)
    return controller


@in_event_loop
async def test_checkpoints_begin_with_the_initial_weights_and_are_few() -> None:
    controller = await trained(400)
    state = controller.state
    assert state.checkpoints[0] == 0
    assert 5 < len(state.checkpoints) <= 120
    controller.time_travel.show(0)
    controller_of_same_seed = make_controller()
    controller_of_same_seed.reset()
    assert weights_of(controller) == weights_of(controller_of_same_seed)


@in_event_loop
async def test_a_shown_checkpoint_answers_the_drawing_while_training_continues() -> None:
    controller = await trained()
    state = controller.state
    controller.drawing.take(ink())
    newest = state.prediction.probabilities
    controller.time_travel.show(0)
    shown = state.shown_network
    expected = shown.predict_proba(controller.drawing.image[np.newaxis])[0]
    np.testing.assert_array_equal(state.prediction.probabilities, expected)
    assert not np.array_equal(newest, expected)
    before = state.snapshot.iteration
    await train_to(controller, before + 60)
    assert state.shown_iteration == 0
    assert state.shown_network is shown
    assert state.snapshot.network is not shown
    controller.time_travel.show_newest()
    assert state.shown_network is state.snapshot.network
    expected = state.network.predict_proba(controller.drawing.image[np.newaxis])[0]
    np.testing.assert_array_equal(state.prediction.probabilities, expected)


@in_event_loop
async def test_views_of_the_snapshot_are_redrawn_when_a_checkpoint_is_shown() -> None:
    controller = await trained()
    seen: list[int] = []
    controller.state.param.watch(
        lambda _event: seen.append(controller.state.shown_iteration), "snapshot", onlychanged=False
    )
    controller.time_travel.show(1)
    controller.time_travel.show_newest()
    assert seen == [controller.state.checkpoints[1], controller.state.snapshot.iteration]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "adam", "dropout": 0.3, "batch_size": 7},
        {"augment": "light"},
        {"weight_average": 0.9},
        {"architecture": "conv5x4 pool4"},
        {"fine_tune": True},
    ],
)
@in_event_loop
async def test_a_run_continued_from_a_checkpoint_repeats_the_same_steps(settings) -> None:
    controller = await trained(40, **settings)
    state = controller.state
    ended, weights, curve = state.snapshot.iteration, weights_of(controller), curve_of(controller)
    scores = list(state.history.validation)
    controller.time_travel.show(len(state.checkpoints) // 2)
    shown = state.shown_iteration
    assert 0 < shown < ended
    controller.time_travel.resume()
    assert state.shown_checkpoint is None
    assert state.snapshot.iteration == len(state.history) == state.checkpoints[-1] == shown
    for _ in range(ended - shown):
        controller.step()
    await all_done()
    assert weights_of(controller) == weights
    assert curve_of(controller) == curve
    assert list(state.history.validation) == scores


def curve_of(controller: DigitsController) -> str:
    return "".join(controller.state.history.csv_lines())


@in_event_loop
async def test_a_run_is_continued_exactly_although_blocks_are_in_flight() -> None:
    controller, source = slow_controller()
    state = controller.state
    controller.start()
    state.running = True

    async def answer_until(condition: Callable[[], bool]) -> None:
        def check() -> bool:
            source.answer_all()
            return condition()

        await until(check)

    await answer_until(lambda: state.snapshot.iteration >= 12)
    state.running = False
    await answer_until(lambda: controller.training_loop.is_idle)
    ended, weights = state.snapshot.iteration, weights_of(controller)
    controller.time_travel.show(len(state.checkpoints) // 2)
    controller.time_travel.resume()
    assert state.snapshot.iteration < ended
    while state.snapshot.iteration < ended:
        controller.step()
        await answer_until(lambda: controller.training_loop.is_idle)
    assert weights_of(controller) == weights
    await controller.close()


@in_event_loop
async def test_continuing_during_a_slice_waits_for_its_end() -> None:
    door = Door()
    controller = make_controller(execute=door)
    state = controller.state
    await door.hold(controller, after=40)
    controller.time_travel.show(1)
    controller.time_travel.resume()
    assert state.snapshot.iteration > 40
    state.running = False
    door.open()
    await all_done()
    assert len(state.history) == state.snapshot.iteration == state.checkpoints[-1] < 40


@pytest.mark.parametrize("change", ["reset", "data_set", "pretrained"])
@in_event_loop
async def test_another_run_is_shown_at_once_and_has_checkpoints_of_its_own(change) -> None:
    controller = await trained()
    state = controller.state
    controller.drawing.take(ink())
    controller.time_travel.show(2)
    if change == "reset":
        controller.reset()
    elif change == "pretrained":
        controller.use_pretrained()
    else:
        state.data_set = "fashion-mnist"
        await all_done()
    assert state.shown_checkpoint is None
    assert state.checkpoints == (0,)
    assert len(state.prediction.probabilities) == state.shown_network.classes


@in_event_loop
async def test_a_run_that_was_replaced_is_not_continued() -> None:
    door = Door()
    controller = make_controller(execute=door)
    state = controller.state
    await door.hold(controller, after=40)
    controller.time_travel.show(1)
    controller.time_travel.resume()
    controller.reset()
    door.open()
    await all_done()
    assert state.snapshot.iteration == 0
    assert state.checkpoints == (0,)


@in_event_loop
async def test_the_shown_checkpoint_is_saved_tested_and_evaluated() -> None:
    controller = await trained()
    state = controller.state
    controller.time_travel.show(1)
    network, iteration = state.shown_network, state.checkpoints[1]
    assert controller.network is network
    await controller.test()
    metrics = ClassificationMetrics(10)
    samples = few_digits().test
    metrics.evaluate(network, samples.images, samples.labels)
    (score,) = state.history.test
    assert (score.iteration, score.accuracy) == (iteration, metrics.accuracy)
    evaluation = EvaluationState(part="test")
    EvaluationController(evaluation, controller, execute_in_line).start()
    await until(lambda: evaluation.report is not None)
    assert evaluation.report.metrics.accuracy == metrics.accuracy
    assert f"iteration {iteration}" in evaluation.subject


@in_event_loop
async def test_fine_tuning_on_the_drawing_shows_the_network_that_it_changes() -> None:
    controller = await trained()
    controller.drawing.take(ink())
    controller.time_travel.show(0)
    controller.fine_tune(1)
    assert controller.state.shown_checkpoint is None


@in_event_loop
async def test_a_data_set_that_is_not_opened_leaves_the_checkpoints() -> None:
    opener = Opener()
    controller = await trained(open_data_set=opener)
    before = controller.state.checkpoints
    controller.state.data_set = "fashion-mnist"
    controller.state.data_set = "digits"
    await all_done()
    assert controller.state.checkpoints == before


@pytest.mark.parametrize(("command", "arguments"), [("show", (500,)), ("resume", ())])
def test_a_checkpoint_that_does_not_exist_is_answered(command, arguments) -> None:
    controller = make_controller()
    getattr(controller.time_travel, command)(*arguments)
    assert controller.state.notice.kind == "warning"
    assert controller.state.shown_checkpoint is None
