"""The charts: what they draw, and that they never draw more than a fixed number of points."""

from itertools import pairwise

import numpy as np
import panel as pn
import pytest

from dashboard.digits.views.queue_chart import POINTS, QueueChart
from dashboard.shell.charts import EMPTY_FRAME, SCORE_POINTS, CurveChart, thin
from dashboard.shell.theme import Theme
from dashboard.training.history import Curve, History, Score
from dashboard.training.snapshot import Snapshot
from nn import load_pretrained

POINT_LIMIT = 1200


def scores(count):
    return [Score(10 * number, 1 / number, 0.5, 100) for number in range(1, count + 1)]


def history_of(steps, validation=0, test=0):
    history = History()
    for step in range(steps):
        history.append(2.0 / (1 + step), 0.5, 0.01)
    history.validation.extend(scores(validation))
    history.test.extend(scores(test))
    return history


class Charts:
    """The charts of loss and accuracy of a run."""

    def __init__(self):
        theme = Theme()
        self.loss = CurveChart("Loss", css_class="ink-loss", theme=theme, logarithmic=True)
        self.accuracy = CurveChart("Accuracy", css_class="ink-accuracy", theme=theme, per_cent=True)

    def draw(self, history, smoothing):
        scores = (history.validation, history.test)
        self.loss.draw(history.loss_curve, smoothing, *scores, "loss")
        self.accuracy.draw(history.accuracy_curve, smoothing, *scores, "accuracy")


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 399, 400, 401, 12345])
def test_thinned_scores_fit_keep_their_order_and_the_newest(count):
    shown = thin(scores(count))
    assert len(shown) <= SCORE_POINTS
    assert len(shown) >= min(count, SCORE_POINTS // 2)
    assert shown == sorted(shown, key=lambda score: score.iteration)
    if count:
        assert shown[-1].iteration == 10 * count
        assert len({later.iteration - sooner.iteration for sooner, later in pairwise(shown)}) <= 1


def test_a_chart_never_holds_more_points_than_its_limit_however_long_the_run():
    charts, curve = Charts(), Curve()
    chart = charts.loss
    for step in range(1, 50_001):
        curve.append(1 / step)
        if step % 499 == 0 or 1190 < step < 1210 or 2395 < step < 2405:
            chart.draw(curve, 0.9, scores(step // 10), scores(step // 100), "loss")
            lengths = {len(column) for column in chart.batches.data.values()}
            assert len(lengths) == 1
            assert lengths.pop() <= POINT_LIMIT
            assert chart.batches.data["iteration"][-1] == step
            assert len(chart.validation.data["value"]) <= SCORE_POINTS
            assert len(chart.test.data["value"]) <= SCORE_POINTS


def test_the_curve_shows_each_step_of_a_short_run_and_its_smoothed_form():
    charts = Charts()
    history = history_of(5)
    charts.draw(history, 0.0)
    data = charts.loss.batches.data
    assert data["iteration"].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(data["value"], history.losses, rtol=1e-6)
    np.testing.assert_allclose(data["smoothed"], data["value"], rtol=1e-6)
    charts.draw(history, 0.9)
    smoothed = charts.loss.batches.data["smoothed"]
    assert smoothed[0] == pytest.approx(data["value"][0])
    assert np.all(smoothed[1:] > data["value"][1:])


def test_an_empty_history_draws_an_empty_chart_with_a_frame():
    charts = Charts()
    charts.draw(History(), 0.9)
    for chart in (charts.loss, charts.accuracy):
        assert all(len(column) == 0 for column in chart.batches.data.values())
        assert frame_of(chart) == EMPTY_FRAME
    charts.draw(history_of(3), 0.9)
    assert frame_of(charts.loss) == {"iteration": [], "value": []}
    charts.draw(History(), 0.9)
    assert frame_of(charts.loss) == EMPTY_FRAME
    assert all(len(column) == 0 for column in charts.loss.batches.data.values())


def test_validation_and_test_scores_are_drawn_with_loss_and_accuracy_apart():
    charts = Charts()
    charts.draw(history_of(40, validation=3, test=1), 0.9)
    assert charts.loss.validation.data["iteration"].tolist() == [10, 20, 30]
    assert charts.loss.validation.data["value"] == pytest.approx([1, 1 / 2, 1 / 3])
    assert charts.accuracy.validation.data["value"].tolist() == [0.5] * 3
    assert charts.accuracy.test.data["iteration"].tolist() == [10]


def test_scores_of_another_run_at_the_same_steps_replace_the_old_ones():
    charts, history = Charts(), history_of(40, validation=2)
    charts.draw(history, 0.9)
    other = history_of(40)
    other.validation.extend(Score(score.iteration, 7.0, 0.1, 100) for score in history.validation)
    charts.draw(other, 0.9)
    assert charts.loss.validation.data["value"].tolist() == [7.0, 7.0]


def test_scores_that_stay_are_not_sent_again():
    charts, history = Charts(), history_of(40, validation=2)
    charts.draw(history, 0.9)
    sent = []
    charts.loss.validation.on_change("data", lambda attr, old, new: sent.append(new))
    charts.draw(history, 0.9)
    assert not sent


def test_the_loss_chart_swaps_to_a_logarithmic_axis_and_back_with_the_same_points():
    chart = Charts().loss
    switch = chart.view.select(pn.widgets.Toggle)[0]
    pane = picture_of(chart)
    linear = pane.object
    switch.value = True
    logarithmic = pane.object
    assert type(logarithmic.y_scale).__name__ == "LogScale"
    assert type(linear.y_scale).__name__ == "LinearScale"
    curve = Curve()
    curve.append(0.5)
    chart.draw(curve, 0.9, scores(1), [], "loss")
    for figure in (linear, logarithmic):
        drawn = [renderer.data_source for renderer in figure.renderers]
        assert chart.batches in drawn
        assert chart.validation in drawn
    switch.value = False
    assert pane.object is linear
    switch.value = True
    assert pane.object is logarithmic


def test_only_the_loss_has_a_logarithmic_axis():
    assert not Charts().accuracy.view.select(pn.widgets.Toggle)


def test_charts_offer_hover_zoom_and_saving():
    pane = picture_of(Charts().loss)
    tools = {type(tool).__name__ for tool in pane.object.tools}
    assert {"HoverTool", "BoxZoomTool", "WheelZoomTool", "ResetTool", "SaveTool"} <= tools


def test_the_gauge_of_the_queue_keeps_the_newest_redraws():
    gauge, network = QueueChart(Theme()), load_pretrained()
    for number in range(POINTS + 10):
        gauge.draw(Snapshot(1, network, cached=number, in_flight=number % 3))
    data = gauge.source.data
    assert {len(column) for column in data.values()} == {POINTS}
    assert data["cached"].tolist() == list(range(10, POINTS + 10))
    assert data["in_flight"][-1] == (POINTS + 9) % 3
    assert (data["tick"][0], data["tick"][-1]) == (1 - POINTS, 0)


def test_each_name_in_a_heading_shows_and_hides_its_own_curves():
    chart = Charts().loss
    legend = chart.view.select(pn.pane.Bokeh)[0].object
    assert legend.labels == ["batches", "smoothed", "validation", "test"]
    assert legend.active == [0, 1, 2, 3]
    (script,) = legend.js_property_callbacks["change:active"]
    curves = script.args["curves"]
    drawn = picture_of(chart).object.renderers
    assert all(glyph in drawn for glyphs in curves for glyph in glyphs)
    assert [glyphs[0].data_source for glyphs in curves] == [
        chart.batches,
        chart.batches,
        chart.validation,
        chart.test,
    ]


def picture_of(chart: CurveChart) -> pn.pane.Bokeh:
    return chart.view.select(pn.pane.Bokeh)[-1]


def frame_of(chart: CurveChart):
    figure = picture_of(chart).object
    return dict(figure.renderers[0].data_source.data)
