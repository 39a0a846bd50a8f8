"""Evaluations as the pane runs them: results in parts, cancellation, mistakes on the pad."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.digits.datasets import InMemoryDataSet
from dashboard.digits.state import DigitsState, Origin
from dashboard.evaluation.controller import FOLLOWING_SECONDS, EvaluationController
from dashboard.evaluation.report import evaluate_network
from dashboard.evaluation.robustness import POINTS
from dashboard.evaluation.state import EvaluationState
from dashboard.training.history import History
from dashboard.training.snapshot import Snapshot
from dashboard.training.trainer import execute_in_line
from data_cache import DataError, DataSet, load_digits
from nn import create_network


class Source:
    """The model, the data and the pad of a controller for digits."""

    def __init__(self, data):
        self.data = data
        network = create_network((784, 10), generator=np.random.default_rng(0))
        snapshot = Snapshot(run=1, network=network, iteration=1234)
        self.state = DigitsState(origin=Origin.FRESH, snapshot=snapshot, history=History())
        self.shown = []
        self.drawing = SimpleNamespace(show=self.shown.append)
        self.tasks = []

    def spawn(self, work):
        self.tasks.append(asyncio.ensure_future(work))


def few_samples(**changes):
    whole = load_digits()
    parts = {"train": whole.train[:20], "validation": whole.validation[:30], "test": whole.test[:9]}
    return DataSet(
        **{"name": "digits", "title": "few", "class_names": whole.class_names} | parts | changes
    )


def evaluated(data, *, until=lambda _state: False, **values):
    """Evaluate until the end, or until the state is such that the evaluation is cancelled."""
    source, state = Source(data), EvaluationState(**values)
    controller = EvaluationController(state, source, execute_in_line)

    async def main():
        def cancel(*_events):
            if until(state):
                controller.cancel()

        state.param.watch(cancel, ["report", "robustness"])
        controller.start()
        controller.start()  # changes nothing
        assert len(source.tasks) == 1
        await source.tasks[0]

    asyncio.run(main())
    return controller, source


def test_an_evaluation_has_all_its_parts():
    state = evaluated(InMemoryDataSet(few_samples()))[0].state
    assert (state.running, state.progress, state.notice.kind) == (False, 1, "info")
    assert state.subject == (
        "Softmax regression 784-10, iteration 1,234, on 30 validation samples of few"
    )
    assert state.report.metrics.count == 30
    assert [one.count for one in state.rejections] == [180]
    assert len(state.robustness) == POINTS


def test_results_are_stale_only_while_the_current_model_has_other_weights():
    controller, source = evaluated(InMemoryDataSet(few_samples()))
    state, digits = controller.state, source.state
    evaluated_before = digits.snapshot
    assert not state.is_stale
    digits.snapshot = replace(evaluated_before, network=evaluated_before.network.copy(), run=2)
    assert not state.is_stale
    other = create_network((784, 10), generator=np.random.default_rng(1))
    digits.snapshot = replace(evaluated_before, network=other)
    assert state.is_stale
    controller.show_on_pad(0)
    assert digits.notice.kind == "warning"
    digits.snapshot = evaluated_before
    assert not state.is_stale


def test_an_evaluated_sample_can_be_shown_on_the_pad():
    data = few_samples()
    controller, source = evaluated(InMemoryDataSet(data))
    controller.show_on_pad(29)
    expected = data.validation.images[29].reshape(28, 28) / 255
    np.testing.assert_allclose(source.shown, [expected], atol=1e-6)
    controller.show_on_pad(30)
    controller.show_on_pad(-1)
    assert len(source.shown) == 1


def test_a_cell_of_the_confusion_matrix_selects_its_samples():
    controller, _ = evaluated(InMemoryDataSet(few_samples()), part="test")
    state = controller.state
    first = state.report.mistakes[0]
    controller.select_cell(first.label, first.predicted)
    assert {(m.label, m.predicted) for m in state.shown_predictions()} == {
        (first.label, first.predicted)
    }
    matrix = state.report.metrics.confusion_matrix
    for label in range(10):
        controller.select_cell(label, label)
        shown = state.shown_predictions()
        assert [it.label for it in shown] == [label] * matrix[label, label]
        assert all(it.predicted == label for it in shown)
    for cell in ((99, 98), (-1, 3), (3, 10)):
        controller.select_cell(*cell)
        assert state.cell is None
    controller.select_cell(1, 1)
    controller.show_all_mistakes()
    assert state.shown_predictions() == state.report.mistakes


def test_cancelling_keeps_the_results_so_far():
    state = evaluated(
        InMemoryDataSet(few_samples()), until=lambda state: len(state.robustness) == 3
    )[0].state
    assert (state.running, len(state.robustness)) == (False, 3)
    assert state.report is not None


def test_of_samples_that_are_not_digits_only_the_report_is_made():
    data = few_samples(class_names=tuple("abcdefghij"))
    state = evaluated(InMemoryDataSet(data))[0].state
    assert state.report is not None
    assert (state.robustness, state.rejections, state.progress) == ([], [], 1)


def test_samples_that_cannot_be_loaded_end_the_evaluation_with_an_error():
    class Broken(InMemoryDataSet):
        async def part(self, name):
            raise DataError("There are none.")

    state = evaluated(Broken(few_samples()))[0].state
    assert (state.notice.text, state.notice.kind) == ("There are none.", "error")
    assert not state.running


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_chosen_split_is_evaluated(part):
    state = evaluated(InMemoryDataSet(few_samples()), part=part)[0].state
    assert len(state.samples) == {"validation": 30, "test": 9}[part]


def test_while_the_results_are_seen_those_on_the_samples_follow_the_model():
    source, state = Source(InMemoryDataSet(few_samples())), EvaluationState()
    waited = []

    async def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 1:  # the model changes between two evaluations
            source.state.snapshot = replace(
                source.state.snapshot, network=networks[1], iteration=1236
            )

    controller = EvaluationController(
        state, source, execute_in_line, sleep=sleep, clock=lambda: 0.0
    )
    networks = [create_network((784, 10), generator=np.random.default_rng(seed)) for seed in (1, 2)]

    async def main():
        controller.start()
        await source.tasks[0]
        first = state.report
        source.state.snapshot = replace(source.state.snapshot, network=networks[0], iteration=1235)
        assert state.is_stale
        assert len(source.tasks) == 1
        controller.set_seen(True)
        assert state.is_following
        await source.tasks[1]
        assert not state.is_stale
        assert not state.is_following
        assert waited == [FOLLOWING_SECONDS] * 2
        samples = await source.data.part("validation")
        expected = await evaluate_network(networks[1], samples)
        assert np.array_equal(
            state.report.metrics.confusion_matrix, expected.metrics.confusion_matrix
        )
        assert not np.array_equal(
            state.report.metrics.confusion_matrix, first.metrics.confusion_matrix
        )
        assert "1,236" in state.subject
        assert "1,234" in state.rest_subject
        controller.set_seen(False)
        source.state.snapshot = replace(source.state.snapshot, network=networks[0], iteration=1237)
        assert state.is_stale
        assert len(source.tasks) == 2

    asyncio.run(main())
