"""The charts: what they draw, where their axes end, and that their points are limited in number."""

from array import array
from itertools import pairwise

import numpy as np
import panel as pn
import pytest
from bokeh.models import HoverTool

from dashboard.digits.state import DigitsState
from dashboard.digits.views.queue_chart import POINTS, QueueChart, QueueControls
from dashboard.languages.language import find_language
from dashboard.languages.text import use_language
from dashboard.shell.chart_parts import hover_formatters, number_formatter
from dashboard.shell.charts import EMPTY_END, EMPTY_TEXT, SCORE_POINTS, RunCharts, thin
from dashboard.shell.theme import Theme
from dashboard.training.history import History, Score
from dashboard.training.marks import Divergence, SettingChange
from dashboard.training.run_options import RunOptions
from dashboard.training.snapshot import Snapshot
from nn import load_pretrained

POINT_LIMIT = 1200


def scores(count):
    return [Score(10 * number, 1 / number, 0.5, 100) for number in range(1, count + 1)]


def history_of(steps, validation=0, test=0, per_epoch=10):
    history = History()
    for step in range(steps):
        history.append(2.0 / (1 + step), 0.5, 0.01)
    history.validation.extend(scores(validation))
    history.test.extend(scores(test))
    history.epochs.end = (steps, steps / per_epoch)
    return history


def make_charts(**options):
    return RunCharts(RunOptions(**options), Theme())


def figure_of(chart):
    return chart.view.select(pn.pane.Bokeh)[-1].object


def renderers_of(chart, source):
    return [it for it in figure_of(chart).renderers if it.data_source is source]


def x_end(charts):
    return figure_of(charts.loss).x_range.end


def y_bounds(chart):
    return figure_of(chart).y_range.start, figure_of(chart).y_range.end


# Points


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
    charts, history = make_charts(), History()
    for step in range(1, 10_001):
        history.append(1 / step, 0.5, 0.01)
        if step % 499 == 0 or 1190 < step < 1210 or 2395 < step < 2405:
            history.validation = scores(step // 10)
            charts.draw(history, 0.9)
            lengths = {len(column) for column in charts.loss.batches.data.values()}
            assert len(lengths) == 1
            assert lengths.pop() <= POINT_LIMIT
            assert charts.loss.batches.data["iteration"][-1] == step
            assert len(charts.loss.validation.data["value"]) <= SCORE_POINTS


def test_the_curve_shows_each_step_of_a_short_run_and_its_moving_average():
    charts, history = make_charts(), history_of(5)
    charts.draw(history, 0.0)
    data = charts.loss.batches.data
    assert data["iteration"].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(data["value"], history.losses, rtol=1e-6)
    np.testing.assert_allclose(data["smoothed"], data["value"], rtol=1e-6)
    charts.draw(history, 0.9)
    smoothed = charts.loss.batches.data["smoothed"]
    assert smoothed[0] == pytest.approx(data["value"][0])
    assert np.all(smoothed[1:] > data["value"][1:])


def test_validation_and_test_scores_are_drawn_with_loss_and_accuracy_apart():
    charts = make_charts()
    charts.draw(history_of(40, validation=3, test=1), 0.9)
    assert charts.loss.validation.data["iteration"].tolist() == [10, 20, 30]
    assert charts.loss.validation.data["value"] == pytest.approx([1, 1 / 2, 1 / 3])
    assert charts.accuracy.validation.data["value"].tolist() == [0.5] * 3
    assert charts.accuracy.test.data["iteration"].tolist() == [10]


def test_scores_of_another_run_at_the_same_steps_replace_the_old_ones():
    charts, history = make_charts(), history_of(40, validation=2)
    charts.draw(history, 0.9)
    other = history_of(40)
    other.validation.extend(Score(score.iteration, 7.0, 0.1, 100) for score in history.validation)
    charts.draw(other, 0.9)
    assert charts.loss.validation.data["value"].tolist() == [7.0, 7.0]


def test_what_stays_is_not_sent_again():
    charts, history = make_charts(earlier=[history_of(30)]), history_of(40, validation=2)
    history.changes.append(SettingChange(5, "l1", 0.0, 0.1))
    charts.draw(history, 0.9)
    sent, chart = [], charts.loss
    for source in (chart.validation, chart.test, chart.best, chart.changes, chart.previous):
        source.on_change("data", lambda attr, old, new: sent.append(new))
    charts.draw(history, 0.9)
    assert not sent


# Axes


def test_a_chart_says_that_it_is_empty_as_long_as_nothing_is_drawn():
    charts = make_charts()
    (heading, *_) = charts.loss.view.select(pn.pane.HTML)
    assert EMPTY_TEXT in heading.object
    for steps, is_empty in ((1, False), (0, True)):
        charts.draw(history_of(steps), 0.9)
        assert (EMPTY_TEXT in heading.object) == is_empty


def test_all_axes_are_labelled():
    charts = make_charts()
    for chart, label in ((charts.loss, "cross-entropy"), (charts.accuracy, "accuracy")):
        figure = figure_of(chart)
        assert figure.xaxis[0].axis_label == "iteration"
        assert figure.yaxis[0].axis_label == label


def test_the_numbers_beside_the_pointer_are_written_by_the_browser_in_other_languages():
    assert hover_formatters(["@value"]) == {}
    with use_language(find_language("de")):
        charts, formatters = make_charts(), hover_formatters(["@value", "$y"])
    assert list(formatters) == ["@value", "$y"]
    assert "format_number" in formatters["@value"].code
    hovers = figure_of(charts.loss).select(HoverTool)
    assert {"@iteration", "@epoch", "@value"} in [set(it.formatters) for it in hovers]


def test_the_numbers_of_axes_are_written_by_the_browser_in_other_languages():
    assert number_formatter("0,0.[00]").format == "0,0.[00]"
    with use_language(find_language("de")):
        codes = [number_formatter(pattern).code for pattern in ("0 %", "0,0.[00]", "0.00")]
    numbers = ["format_percent", "format_number", "format_number"]
    digits = [(0, 0), (0, 2), (2, 2)]
    for code, function, (least, most) in zip(codes, numbers, digits, strict=True):
        assert function in code
        assert f'"minimumFractionDigits": {least}, "maximumFractionDigits": {most}' in code


def test_the_x_axes_of_both_charts_are_aligned():
    charts = make_charts()
    charts.draw(history_of(40, validation=3), 0.9)
    loss, accuracy = figure_of(charts.loss), figure_of(charts.accuracy)
    assert loss.x_range is accuracy.x_range
    assert loss.min_border_left == accuracy.min_border_left >= 60
    assert loss.toolbar_location == accuracy.toolbar_location
    charts = make_charts(log_scale=True)
    assert figure_of(charts.loss).x_range is figure_of(charts.accuracy).x_range


def test_the_x_axis_ends_with_what_is_drawn():
    charts = make_charts()
    charts.draw(History(), 0.9)
    assert x_end(charts) == EMPTY_END
    charts.draw(history_of(40), 0.9)
    assert x_end(charts) == 40
    charts.draw(history_of(5, test=2), 0.9)
    assert x_end(charts) == 20
    charts = make_charts(earlier=[history_of(300)])
    charts.draw(history_of(5), 0.9)
    assert x_end(charts) == 300


def test_the_x_axis_is_in_epochs_if_asked_for():
    options, history = RunOptions(), history_of(40, validation=3, per_epoch=16)
    charts = RunCharts(options, Theme())
    charts.draw(history, 0.9)
    options.x_axis = "epoch"
    charts.draw(history, 0.9)
    for chart in (charts.loss, charts.accuracy):
        assert figure_of(chart).xaxis[0].axis_label == "epoch"
        np.testing.assert_allclose(chart.batches.data["epoch"], np.arange(1, 41) / 16)
        np.testing.assert_allclose(chart.validation.data["epoch"], [10 / 16, 20 / 16, 30 / 16])
        for renderer in figure_of(chart).renderers:
            glyph = renderer.glyph
            places = [glyph.x0, glyph.x1] if hasattr(glyph, "x0") else [glyph.x]
            assert set(places) == {"epoch"}
    assert x_end(charts) == 40 / 16


def test_a_range_that_somebody_zoomed_stays_until_it_is_reset():
    charts = make_charts()
    charts.draw(history_of(40), 0.9)
    x_range = figure_of(charts.loss).x_range
    x_range.update(start=10, end=20)
    charts.draw(history_of(60), 0.9)
    assert (x_range.start, x_range.end) == (10, 20)
    x_range.update(start=x_range.reset_start, end=x_range.reset_end)
    assert x_range.end == 60
    charts.draw(history_of(80), 0.9)
    assert x_range.end == 80


def test_outliers_are_outside_the_axis_only_if_they_are_to_be_ignored():
    history = History()
    for step in range(400):
        history.append(1000.0 if step == 200 else 2.0, 0.5, 0.01)
    for ignored, most in ((True, 2.0), (False, 1000.0)):
        charts = make_charts(ignore_outliers=ignored)
        charts.draw(history, 0.0)
        low, high = y_bounds(charts.loss)
        assert low == 0
        assert most < high <= 1.2 * most


def test_no_validation_score_counts_as_an_outlier():
    history = history_of(400)
    history.validation.append(Score(400, 90.0, 0.01, 100))
    charts = make_charts()
    charts.draw(history, 0.9)
    assert y_bounds(charts.loss)[1] > 90
    assert y_bounds(charts.accuracy)[0] <= 0.01


def test_the_axis_of_the_accuracy_holds_the_accuracies():
    history = History()
    for step in range(100):
        history.append(0.1, 0.81 + 0.001 * step, 0.01)
    charts = make_charts()
    charts.draw(history, 0.9)
    low, high = y_bounds(charts.accuracy)
    assert 0.75 <= low <= 0.81
    assert 0.909 < high < 1


def test_the_loss_chart_changes_to_a_logarithmic_axis_and_back_with_the_same_points():
    charts, history = make_charts(), history_of(100, validation=1)
    chart, options = charts.loss, charts.view.select(pn.widgets.CheckBoxGroup)
    linear = figure_of(chart)
    options[0].value = options[0].options
    charts.draw(history, 0.0)
    logarithmic = figure_of(chart)
    assert type(logarithmic.y_scale).__name__ == "LogScale"
    assert type(linear.y_scale).__name__ == "LinearScale"
    low, high = y_bounds(chart)
    assert 0 < low < 0.03
    assert 1 < high < 3
    for figure in (linear, logarithmic):
        drawn = [renderer.data_source for renderer in figure.renderers]
        assert chart.batches in drawn
        assert chart.validation in drawn
    assert type(figure_of(charts.accuracy).y_scale).__name__ == "LinearScale"
    options[0].value = []
    assert figure_of(chart) is linear


# Marks


def test_changed_settings_are_marked_with_their_values():
    charts, history = make_charts(), history_of(40, per_epoch=20)
    history.add_change(SettingChange(12, "learning_rate", 0.002, 0.01))
    charts.draw(history, 0.9)
    for chart in (charts.loss, charts.accuracy):
        data = chart.changes.data
        assert data["iteration"].tolist() == [12]
        assert data["epoch"] == pytest.approx([0.6])
        assert data["text"] == ["learning rate 0.002 → 0.01 at iteration 12"]
        hovered = {
            renderer
            for tool in figure_of(chart).tools
            if isinstance(tool, HoverTool) and "text" in str(tool.tooltips)
            for renderer in tool.renderers
        }
        assert hovered & set(renderers_of(chart, chart.changes))
    assert 'data-marks="1"' in charts.summary.object
    assert "learning rate 0.002 → 0.01 at iteration 12".capitalize() in charts.summary.object


def test_a_run_that_diverged_at_once_is_drawn_up_to_there():
    charts, history = make_charts(), History()
    history.add_divergence(
        Divergence(4, 0, "exploded to 80", array("f", [2, 5, 20, 80]), array("f", [0.1] * 4))
    )
    charts.draw(history, 0.9)
    drawn = charts.loss.diverged.data
    assert drawn["iteration"][:-1].tolist() == [1, 2, 3, 4]
    assert drawn["value"][:-1].tolist() == [2, 5, 20, 80]
    assert charts.loss.divergences.data["iteration"].tolist() == [4]
    assert y_bounds(charts.loss)[1] > 80
    assert x_end(charts) == 4
    assert "back to the weights of iteration 0" in charts.summary.object


def test_steps_that_were_taken_back_begin_where_the_run_continued_from():
    charts, history = make_charts(), history_of(30)
    for end in (12, 13):
        losses = array("f", [9.0] * (end - 10))
        history.add_divergence(Divergence(end, 10, "exploded", losses, losses))
    charts.draw(history, 0.9)
    values = charts.loss.diverged.data["iteration"]
    assert np.array_equal(values, [10, 11, 12, np.nan, 10, 11, 12, 13, np.nan], equal_nan=True)
    assert charts.loss.diverged.data["value"][0] == np.float32(history.losses[9])
    assert y_bounds(charts.loss)[1] < 9


def test_the_best_validation_is_marked_with_its_value():
    charts, history = make_charts(), history_of(40)
    history.validation += [Score(10, 0.5, 0.7, 9), Score(20, 0.4, 0.8, 9), Score(30, 0.6, 0.9, 9)]
    charts.draw(history, 0.9)
    assert charts.loss.best.data["iteration"].tolist() == [20]
    assert charts.loss.best.data["value"] == pytest.approx([0.4])
    assert charts.accuracy.best.data["iteration"].tolist() == [30]
    assert "90.0 %" in charts.accuracy.best.data["text"][0]
    assert "90.0 % at iteration 30, loss 0.4 at 20" in charts.summary.object


def test_the_run_before_is_drawn_behind_until_there_is_another():
    charts = make_charts()
    charts.draw(history_of(5), 0.0)
    assert not len(charts.loss.previous.data["value"])
    before = history_of(30)
    charts = make_charts(earlier=[before])
    charts.draw(history_of(5), 0.0)
    np.testing.assert_allclose(charts.loss.previous.data["value"], before.losses, rtol=1e-6)
    first, *_ = figure_of(charts.loss).renderers
    assert first.data_source is charts.loss.previous


# Names and tools


def test_charts_offer_hover_zoom_and_saving():
    tools = {type(tool).__name__ for tool in figure_of(make_charts().loss).tools}
    assert {"HoverTool", "BoxZoomTool", "WheelZoomTool", "ResetTool", "SaveTool"} <= tools


def curves_of(charts):
    (script,) = charts.legend.js_property_callbacks["change:active"]
    return script.args["curves"]


def test_each_name_of_the_legend_shows_and_hides_its_curves_in_both_charts():
    charts = make_charts()
    assert charts.legend.labels == [
        "training per batch",
        "moving average",
        "validation",
        "test",
        "previous run",
    ]
    for curves, name in zip(
        curves_of(charts), ("batches", "batches", "validation", "test", "previous"), strict=True
    ):
        for chart in (charts.loss, charts.accuracy):
            drawn = figure_of(chart).renderers
            assert getattr(chart, name) in [it.data_source for it in curves if it in drawn]


def test_a_curve_that_was_hidden_is_hidden_on_the_logarithmic_axis_too():
    options = RunOptions()
    charts = RunCharts(options, Theme())
    charts.legend.active = [0, 1, 2, 3]
    options.log_scale = True
    (previous,) = renderers_of(charts.loss, charts.loss.previous)
    assert not previous.visible
    assert previous in curves_of(charts)[4]


def test_curves_are_told_apart_without_their_colours():
    charts = make_charts()
    glyphs = [curves[0].glyph for curves in curves_of(charts)]
    looks = [
        (tuple(it.line_dash), getattr(it, "marker", ""), it.line_width, it.line_alpha)
        for it in glyphs
    ]
    assert len(set(looks)) == len(looks)
    samples = [rule.split("{")[1].split(";", 2)[-1] for rule in charts.legend.stylesheets[1:]]
    assert len(set(samples)) == len(samples)


def test_the_chart_of_the_queue_keeps_the_newest_redraws():
    gauge, network = QueueChart(Theme()), load_pretrained()
    for number in range(POINTS + 10):
        gauge.draw(Snapshot(1, network, cached=number, in_flight=number % 3))
    data = gauge.source.data
    assert {len(column) for column in data.values()} == {POINTS}
    assert data["cached"].tolist() == list(range(10, POINTS + 10))
    assert data["in_flight"][-1] == (POINTS + 9) % 3
    assert (data["tick"][0], data["tick"][-1]) == (1 - POINTS, 0)


def test_the_chart_of_the_queue_is_not_empty_when_it_is_opened():
    controls = QueueControls(DigitsState(), Theme())
    controls.draw(Snapshot(1, load_pretrained(), cached=3, in_flight=2))
    controls.view.select(pn.widgets.Toggle)[0].value = True
    chart = controls.view.select(pn.pane.Bokeh)[-1].object
    assert chart.renderers[0].data_source.data["cached"].tolist() == [3]
