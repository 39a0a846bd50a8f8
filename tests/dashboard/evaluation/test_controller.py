"""An evaluation as the pane runs it: part by part, cancellable, with mistakes for the pad."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.digits.datasets import InMemoryDataSet
from dashboard.evaluation.controller import EvaluationController
from dashboard.evaluation.robustness import POINTS
from dashboard.evaluation.state import EvaluationState
from dashboard.evaluation.views import EvaluationPane
from dashboard.evaluation.views.confusion_matrix import PAPERLESS, shade
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.training.trainer import execute_in_line
from data_cache import DataError, DataSet, load_digits
from nn import create_network


class Bench:
    """What the examiner asks of a controller."""

    def __init__(self, data):
        self.data = data
        self.network = create_network((784, 10), generator=np.random.default_rng(0))
        self.shown = []
        self.drawing = SimpleNamespace(show=self.shown.append)
        self.tasks = []

    def spawn(self, work):
        self.tasks.append(asyncio.ensure_future(work))


def small_data(**changes):
    whole = load_digits()
    parts = {"train": whole.train[:20], "validation": whole.validation[:30], "test": whole.test[:9]}
    return DataSet(
        **{"name": "digits", "title": "few", "class_names": whole.class_names} | parts | changes
    )


def evaluated(bench, state, until=lambda _state: False):
    """Run an evaluation with its pane until it is done, or cancelled when `until` says so."""
    examiner = EvaluationController(state, bench, execute_in_line)
    pane = EvaluationPane(examiner, DirectPageWriter())

    async def main():
        def look(*_events):
            if until(state):
                examiner.cancel()

        state.param.watch(look, ["examination", "points"])
        examiner.start()
        examiner.start()  # a second press changes nothing
        assert len(bench.tasks) == 1
        await bench.tasks[0]

    asyncio.run(main())
    return examiner, pane


def test_an_evaluation_goes_through_all_parts_and_is_shown():
    bench, state = Bench(InMemoryDataSet(small_data())), EvaluationState()
    examiner, pane = evaluated(bench, state)
    assert not state.running
    assert state.progress == 1
    assert state.notice.text == "Done."
    assert state.subject == "784-10 on 30 validation samples of few"
    assert state.examination.evaluation.count == 30
    assert len(state.points) == POINTS
    assert state.rejections[0].count == 180
    worst = state.examination.mistakes[0]
    examiner.put_on_pad(worst.index)
    expected = bench.data._data_set.validation.images[worst.index].reshape(28, 28) / 255
    assert np.allclose(bench.shown[0], expected, atol=1e-6)
    examiner.put_on_pad(30)
    assert len(bench.shown) == 1
    confusion = pane.parts["draw"][1].object.renderers[0].data_source.data
    assert len(confusion["text"]) == 100
    assert sum(int(text or 0) for text in confusion["text"]) == 30


def test_a_click_on_a_picture_or_a_cell_is_heard_and_nonsense_is_not():
    bench, state = Bench(InMemoryDataSet(small_data())), EvaluationState(part="test")
    _, pane = evaluated(bench, state)
    confusion, mistakes, told = (pane.parts["draw"][index] for index in (1, 3, 4))
    worst = state.examination.mistakes[0]
    mistakes.object.tags = [1, 0]
    assert len(bench.shown) == 1
    mistakes.object.tags = [2, 999]
    mistakes.object.tags = ["nonsense"]
    assert len(bench.shown) == 1
    confusion.object.tags = [3, worst.label, worst.predicted]
    assert f"{worst.label} taken for {worst.predicted}" in told.object
    confusion.object.tags = [4, 99, 98]
    confusion.object.tags = [5, 1, 1]
    assert "surest first" in told.object


def test_cancelling_keeps_what_is_known():
    bench, state = Bench(InMemoryDataSet(small_data())), EvaluationState()
    evaluated(bench, state, until=lambda state: len(state.points) == 3)
    assert not state.running
    assert len(state.points) == 3
    assert state.examination is not None
    assert "Cancelled" in state.notice.text


def test_samples_that_are_no_digits_are_only_examined():
    data = small_data(class_names=tuple("abcdefghij"))
    bench, state = Bench(InMemoryDataSet(data)), EvaluationState()
    evaluated(bench, state)
    assert state.examination is not None
    assert (state.points, state.rejections) == ([], [])
    assert state.progress == 1


def test_samples_that_cannot_be_had_are_told():
    class Broken(InMemoryDataSet):
        async def part(self, name):
            raise DataError("There are none.")

    bench, state = Bench(Broken(small_data())), EvaluationState()
    evaluated(bench, state)
    assert (state.notice.text, state.notice.kind) == ("There are none.", "error")
    assert not state.running


@pytest.mark.parametrize(("part", "colour"), [(0, "#ffffff"), (1, "#4c6ef5")])
def test_a_shade_lies_between_white_and_the_colour(part, colour):
    assert shade("#4c6ef5", part) == colour
    assert PAPERLESS.endswith("00")
