"""The evaluation pane without a browser: what it shows of the state, and what clicks select."""

import asyncio
import re
from types import SimpleNamespace

import numpy as np
import panel as pn
import pytest
from bokeh.models import Text
from component_helpers import send_command
from html_values import data_of
from training_helpers import few_samples

from dashboard.digits.state import DigitsState
from dashboard.evaluation.controller import EvaluationController
from dashboard.evaluation.rejection import Rejection
from dashboard.evaluation.report import evaluate_network
from dashboard.evaluation.robustness import RobustnessPoint
from dashboard.evaluation.state import EvaluationState
from dashboard.evaluation.views.confusion_matrix import shade
from dashboard.evaluation.views.pane import EvaluationPane
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.training.trainer import execute_in_line
from dashboard.upstream.html_pane import HTMLText
from nn import create_network


class Shown:
    """A pane, its state, and the samples that it showed on the pad."""

    def __init__(self):
        self.state = EvaluationState()
        self.on_pad = []
        self.started = []
        digits = SimpleNamespace(
            state=DigitsState(),
            drawing=SimpleNamespace(show=self.on_pad.append),
            spawn=self.started.append,
        )
        self.pane = EvaluationPane(
            EvaluationController(self.state, digits, execute_in_line), DirectPageWriter()
        )

    def evaluate(self):
        samples = few_samples(60)
        network = create_network((784, 10), generator=np.random.default_rng(0))
        report = asyncio.run(evaluate_network(network, samples))
        self.state.param.update(samples=samples, report=report)
        return report

    def text(self, hook):
        return self._find(lambda part: f"ink-{hook}" in (part.css_classes or [])).object

    def data(self, hook):
        """The data-* attributes of a text."""
        return {name: float(value) for name, value in data_of(self.text(hook)).items()}

    def empty_charts(self):
        """The sentences that stand in charts."""
        texts = [str(part.object) for part in self.pane.parts["watch"].select(HTMLText)]
        pattern = r'<p class="empty-chart quiet">(.*?)</p>'
        return [sentence for text in texts for sentence in re.findall(pattern, text)]

    def columns(self, name):
        """The columns of the data source of that name."""
        pane = self._find(lambda part: self._source(part, name) is not None)
        return self._source(pane, name).data

    def sheet_texts(self, hook):
        """The texts below the pictures of a sheet."""
        renderers = self._find(lambda part: self._is_figure(part, hook)).object.renderers
        (found,) = [it.data_source.data for it in renderers if isinstance(it.glyph, Text)]
        return found["text"]

    def choose(self, hook, index):
        """Tell Python of a chosen cell as the page does."""
        figure = self._find(lambda part: self._is_figure(part, hook)).object
        send_command(figure, "choose", index)

    def press(self, hook):
        self._find(lambda part: f"ink-{hook}" in (part.css_classes or [])).clicks += 1

    def _is_figure(self, part, hook):
        return isinstance(part, pn.pane.Bokeh) and f"ink-{hook}" in (part.object.css_classes or [])

    def _source(self, part, name):
        found = list(part.object.select({"name": name})) if isinstance(part, pn.pane.Bokeh) else []
        return found[0] if found else None

    def _find(self, is_wanted):
        return next(
            part for view in self.pane.parts.values() for part in view.select() if is_wanted(part)
        )


def test_the_report_is_shown_with_its_values():
    shown = Shown()
    report = shown.evaluate()
    assert shown.data("evaluation-accuracy") == {
        "accuracy": pytest.approx(report.metrics.accuracy, rel=1e-5),
        "count": 60,
    }
    assert shown.data("calibration")["error"] == pytest.approx(
        report.reliability.expected_calibration_error, rel=1e-5
    )
    assert shown.text("recall").count("<tr>") == 10
    counts = [int(text or 0) for text in shown.columns("confusion")["text"]]
    np.testing.assert_array_equal(np.reshape(counts, (10, 10)), report.metrics.confusion_matrix)
    assert len(shown.columns("reliability")["x"]) == np.count_nonzero(report.reliability.counts)


def test_a_chosen_cell_shows_its_mistakes_or_one_on_the_pad_and_cells_say_what_they_are():
    shown = Shown()
    report = shown.evaluate()
    first = report.mistakes[0]
    index = 10 * first.label + first.predicted
    assert shown.data("mistakes-told")["count"] == len(report.mistakes)
    matrix = report.metrics.confusion_matrix
    count = matrix[first.label, first.predicted]
    said = f"true {first.label}, predicted {first.predicted}: {count}"
    assert shown.columns("confusion")["label"][index] == said
    assert shown.data("confusion-told")["most"] == (matrix - np.diag(np.diag(matrix))).max()
    shown.choose("confusion", index)
    assert shown.data("mistakes-told")["count"] == count
    shown.choose("mistakes", 0)
    shown.choose("mistakes", 999)
    assert len(shown.on_pad) == 1


def test_a_cell_on_the_diagonal_shows_correct_predictions_and_a_button_all_mistakes_again():
    shown = Shown()
    report = shown.evaluate()
    matrix = report.metrics.confusion_matrix
    label = int(np.diag(matrix).argmax())
    assert "Most confident errors" in shown.text("mistakes-heading")
    shown.choose("confusion", 11 * label)
    assert "Correct predictions" in shown.text("mistakes-heading")
    assert shown.data("mistakes-told")["count"] == matrix[label, label]
    assert "least confident first" in shown.text("mistakes-told")
    least = min(it.probability for it in report.predictions_in(label, label))
    assert shown.sheet_texts("mistakes")[0] == f"{100 * least:.1f} %"
    shown.choose("mistakes", 0)
    assert len(shown.on_pad) == 1
    empty = int(np.diag(matrix).argmin())
    assert not matrix[empty, empty]
    shown.choose("confusion", 11 * empty)
    assert "No samples to show" in shown.text("mistakes-told")
    shown.press("all-mistakes")
    assert shown.data("mistakes-told")["count"] == len(report.mistakes)


def test_rejection_and_robustness_are_shown_as_they_are_measured():
    shown = Shown()
    assert shown.data("rejection") == {}
    shown.state.rejections = [Rejection("noise", 50, 0.5, 0.96)]
    assert shown.data("rejection") == {"rejected": 0.96, "count": 50}
    shown.state.robustness = [
        RobustnessPoint("shift", 0, 0.9, 0.8),
        RobustnessPoint("noise", 0.1, 0.7, 0.6),
    ]
    curves = shown.columns("robustness")
    assert (curves["x"], curves["unframed"], curves["framed"]) == ([0], [0.9], [0.8])


def test_a_chart_without_values_says_so_in_its_place():
    shown = Shown()
    assert len(shown.empty_charts()) == 2
    shown.evaluate()
    # Of samples that are not digits, no robustness is measured.
    assert shown.empty_charts() == ["Measured for digits, after the accuracy."]
    shown.state.robustness = [RobustnessPoint("shift", 0, 0.9, 0.8)]
    assert shown.empty_charts() == []


def test_progress_and_subject_are_shown():
    shown = Shown()
    shown.state.param.update(running=True, progress=0.25, subject="a <net>")
    assert 'value="25"' in shown.text("evaluation-progress")
    assert "a &lt;net&gt;" in shown.text("evaluation-status")


@pytest.mark.parametrize(("strength", "color"), [(0, "#ffffff"), (1, "#4c6ef5")])
def test_a_shade_lies_between_white_and_the_color(strength, color):
    assert shade("#4c6ef5", strength) == color


def test_opening_the_pane_evaluates_the_model_unless_there_are_results():
    shown = Shown()
    shown.pane.show(True)
    shown.pane.show(False)
    shown.pane.show(True)
    assert len(shown.started) == 1
    shown.started.pop().close()
    shown.state.running = False
    shown.evaluate()
    shown.pane.show(True)
    assert not shown.started
