"""The curves of all shown runs in one chart, told apart by colour and by dashes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import (
    ColumnDataSource,
    HoverTool,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop, ngettext
from dashboard.runs.curve import EPOCH, ITERATION, SECONDS, Line
from dashboard.runs.records import ACCURACY, LOSS, RunCollection, RunRecord
from dashboard.shell.chart_parts import ChartHeading, make_chart, number_formatter
from dashboard.shell.chart_ranges import FollowingRange, bounds_of, linear_bounds, share_bounds
from dashboard.shell.theme import Theme, button

SAVE_PNG = """
const view = Bokeh.index.find_one(figure)
view?.to_blob?.().then((blob) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = "inkling-runs.png"
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
})
"""

AXIS_LABELS = {
    ITERATION: gettext_noop("iteration"),
    EPOCH: gettext_noop("epoch"),
    SECONDS: gettext_noop("seconds of training"),
}

EMPTY_END = 100.0


class RunCurves:
    """One chart of loss or accuracy.

    Parameters
    ----------
    runs
        How the curves are drawn.
    theme
        The style sheets.
    export
        Called when the curves are to be saved as CSV.

    Attributes
    ----------
    view
        The chart under its switches.
    figure, lines, scores, best
        The chart, and what is drawn: training, held-out scores, best scores.
    """

    def __init__(self, runs: RunCollection, theme: Theme, export: Any) -> None:
        self._theme = theme
        self._x_range = FollowingRange(0, EMPTY_END)
        self._y_ranges = {ACCURACY: FollowingRange(0, 1), LOSS: FollowingRange(0, 1)}
        names = ("xs", "ys", "color", "dash", "name")
        self.lines = ColumnDataSource({name: [] for name in names})
        self.scores = ColumnDataSource({name: [] for name in names})
        # Lists, since BokehJS takes no empty array of numbers for colours.
        self.dots = ColumnDataSource({name: [] for name in ("x", "y", "color", "name")})
        self.best = ColumnDataSource({name: [] for name in ("x", "y", "color", "name")})
        self.figure = self._make_figure()
        save = button(gettext("Save PNG"), theme, "ink-runs-png", lambda: None)
        save.js_on_click(args={"figure": self.figure}, code=SAVE_PNG)
        self._switches = pn.Column(sizing_mode="stretch_width", margin=0, stylesheets=[theme.gap])
        self.bind(runs)
        self._heading = ChartHeading("", gettext("No run is shown"), theme)
        self._text = theme.text("", css_classes=["ink-runs-summary"])
        self.view = pn.Column(
            self._switches,
            pn.Row(
                button(gettext("Export CSV"), theme, "ink-runs-csv", export),
                save,
                stylesheets=[theme.bar],
                margin=0,
            ),
            pn.Column(
                self._heading.view,
                pn.pane.Bokeh(self.figure, sizing_mode="stretch_both", margin=0),
                sizing_mode="stretch_both",
                margin=0,
            ),
            self._text,
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=[theme.gap],
        )

    def bind(self, runs: RunCollection) -> None:
        """Show the switches of these runs."""
        theme = self._theme
        metric = pn.widgets.RadioButtonGroup.from_param(
            runs.param.metric,
            label=gettext("Curve"),
            options={gettext("Accuracy"): ACCURACY, gettext("Loss"): LOSS},
            css_classes=["ink-runs-metric"],
            stylesheets=[theme.widgets],
            margin=0,
        )
        axis = pn.widgets.RadioButtonGroup.from_param(
            runs.param.x_axis,
            label=gettext("x axis"),
            description=None,
            options={
                gettext("Iterations"): ITERATION,
                gettext("Epochs"): EPOCH,
                gettext("Seconds"): SECONDS,
            },
            css_classes=["ink-runs-axis"],
            stylesheets=[theme.widgets],
            margin=0,
        )
        smoothing = pn.widgets.FloatSlider.from_param(
            runs.param.smoothing,
            label=gettext(runs.param.smoothing.label),
            start=0,
            end=0.999,
            step=0.001,
            format=number_formatter("0.000"),
            css_classes=["ink-runs-smoothing"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        self._switches[:] = [
            pn.Row(
                metric,
                axis,
                stylesheets=[theme.gap, ":host { flex-wrap: wrap; gap: 4px 10px; }"],
                sizing_mode="stretch_width",
                margin=0,
            ),
            smoothing,
        ]

    def draw(self, records: Sequence[RunRecord], runs: RunCollection) -> None:
        """Draw the runs that are shown."""
        shown = [record for record in records if record.is_shown]
        metric, axis = runs.metric, runs.x_axis
        self._heading.draw(is_empty=not shown)
        lines = [
            (getattr(it.curve.training, axis), it.curve.smoothed(metric, runs.smoothing))
            for it in shown
        ]
        scores = [
            (getattr(it.curve.validation, axis), getattr(it.curve.validation, metric))
            for it in shown
        ]
        styles = {
            "color": [record.style.color for record in shown],
            "dash": [record.style.dash for record in shown],
            "name": [record.name for record in shown],
        }
        self.lines.data = {**_columns(lines), **styles}
        self.scores.data = {**_columns(scores), **styles}
        counts = [len(x) for x, _ in scores]
        self.dots.data = {
            "x": _joined(x for x, _ in scores),
            "y": _joined(y for _, y in scores),
            "color": np.repeat(styles["color"], counts).tolist(),
            "name": np.repeat(styles["name"], counts).tolist(),
        }
        self._draw_best(shown, metric, axis)
        self._follow(lines, scores, metric)
        label = gettext(AXIS_LABELS[axis])
        if self.figure.xaxis[0].axis_label != label:
            self.figure.xaxis[0].axis_label = label
        if self.figure.yaxis[0].axis_label != gettext(metric):
            self.figure.yaxis[0].axis_label = gettext(metric)
            self.figure.y_range = self._y_ranges[metric].range
            self.figure.yaxis[0].formatter = number_formatter(
                "0 %" if metric == ACCURACY else "0.[000]"
            )
        text = summary_html(shown, runs)
        if text != self._text.object:
            self._text.object = text

    def _draw_best(self, shown: Sequence[RunRecord], metric: str, axis: str) -> None:
        found = [(record, record.best(metric)) for record in shown]
        marks = [(record, score) for record, score in found if score is not None]
        self.best.data = {
            "x": np.array([place_of(it.curve.validation, s.iteration, axis) for it, s in marks]),
            "y": np.array([getattr(score, metric) for _, score in marks]),
            "color": [record.style.color for record, _ in marks],
            "name": [
                gettext(
                    "{run}: best, iteration {iteration}",
                    run=record.name,
                    iteration=format_number(score.iteration),
                )
                for record, score in marks
            ],
        }

    def _follow(self, lines: Any, scores: Any, metric: str) -> None:
        places = [x[np.isfinite(x)] for x, _ in (*lines, *scores)]
        end = max((float(x.max()) for x in places if len(x)), default=0.0)
        self._x_range.follow(0, end or EMPTY_END)
        limits = [
            bounds_of([y for _, y in lines], ignore_outliers=True),
            bounds_of([y for _, y in scores], ignore_outliers=False),
        ]
        ends = np.array([end for pair in limits if pair for end in pair])
        bounds = bounds_of([ends], ignore_outliers=False)
        self._y_ranges[metric].follow(
            *(share_bounds(bounds) if metric == ACCURACY else linear_bounds(bounds))
        )

    def _make_figure(self) -> figure:
        chart = make_chart(
            gettext("Chart of the curves of runs"),
            sizing_mode="stretch_both",
            min_height=260,
            x_range=self._x_range.range,
            y_range=self._y_ranges[ACCURACY].range,
            x_axis_label=gettext(AXIS_LABELS[ITERATION]),
            y_axis_label=gettext(ACCURACY),
            name="inkling-runs-chart",
        )
        chart.xaxis.formatter = number_formatter("0,0.[00]")
        chart.xaxis.ticker.desired_num_ticks = 4
        chart.yaxis.formatter = number_formatter("0 %")
        style = {"line_color": "color", "line_dash": "dash"}
        training = chart.multi_line(
            "xs", "ys", source=self.lines, line_width=1.2, line_alpha=0.55, **style
        )
        scores = chart.multi_line("xs", "ys", source=self.scores, line_width=2.2, **style)
        chart.scatter("x", "y", source=self.dots, color="color", size=4)
        best = chart.scatter(
            "x",
            "y",
            source=self.best,
            marker="star",
            size=14,
            fill_color="color",
            line_color="white",
        )
        for renderer in (training, scores, best):
            chart.add_tools(
                HoverTool(renderers=[renderer], tooltips=[("", "@name")], visible=False)
            )
        return chart


def summary_html(shown: Sequence[RunRecord], runs: RunCollection) -> str:
    """Return in words what the chart shows."""
    metric = runs.metric
    told = gettext(
        "Thick: held-out samples, ★ the best score; thin: training batches, exponential moving "
        "average with the factor {factor} per step.",
        factor=format_number(runs.smoothing, ".3g"),
    )
    lines = f'<p class="quiet">{told}</p>'
    found = [(it, it.best(metric)) for it in shown]
    scored = [(it, score) for it, score in found if score is not None]
    if not scored:
        return lines
    choose = min if metric == LOSS else max
    best, score = choose(scored, key=lambda pair: float(getattr(pair[1], metric)))
    values = {
        "count": len(shown),
        "run": escape(best.name),
        "iteration": format_number(score.iteration),
    }
    if metric == ACCURACY:
        text = ngettext(
            "{count} run; best accuracy {value}: {run}, iteration {iteration}.",
            "{count} runs; best accuracy {value}: {run}, iteration {iteration}.",
            len(shown),
            value=format_percent(score.accuracy, 2),
            **values,
        )
    else:
        text = ngettext(
            "{count} run; best loss {value}: {run}, iteration {iteration}.",
            "{count} runs; best loss {value}: {run}, iteration {iteration}.",
            len(shown),
            value=format_number(score.loss, ".4f"),
            **values,
        )
    return f"<p>{text}</p>{lines}"


def curves_csv(records: Iterable[RunRecord]) -> str:
    """Return the curves as CSV: a line per point, training and held-out samples."""
    lines = ["run,part,iteration,epoch,seconds,loss,accuracy\n"]
    for record in records:
        name = record.name.replace('"', "'")
        for part in ("training", "validation"):
            line: Line = getattr(record.curve, part)
            for values in zip(
                line.iteration.tolist(),
                line.epoch.tolist(),
                line.seconds.tolist(),
                line.loss.tolist(),
                line.accuracy.tolist(),
                strict=True,
            ):
                iteration, epoch, seconds, loss, accuracy = values
                known = f"{seconds:.4g}" if np.isfinite(seconds) else ""
                lines.append(
                    f'"{name}",{part},{iteration:.0f},{epoch:.6g},{known},{loss:.6g},{accuracy:.6g}\n'
                )
    return "".join(lines)


def place_of(line: Line, iteration: int, axis: str) -> float:
    """Return the place of an iteration on an axis; NaN where no score of it is kept."""
    found = np.flatnonzero(line.iteration == np.float32(iteration))
    return float(getattr(line, axis)[found[0]]) if len(found) else float("nan")


def _columns(curves: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> dict[str, list[Any]]:
    return {
        "xs": [np.asarray(x, np.float32) for x, _ in curves],
        "ys": [np.asarray(y, np.float32) for _, y in curves],
    }


def _joined(parts: Iterable[NDArray[Any]]) -> NDArray[np.float32]:
    return np.concatenate([np.zeros(0, np.float32), *parts]).astype(np.float32)
