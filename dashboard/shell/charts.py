"""The live charts of a run: loss and accuracy over its iterations or epochs, with its marks.

Each redraw replaces columns of a limited number of points, so a redraw costs the same after an hour
as after a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import (
    ColumnDataSource,
    GlyphRenderer,
    HoverTool,
    Label,
    Line,
    LinearScale,
    Range1d,
    Scatter,
    Segment,
    TickFormatter,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.languages.language import ENGLISH
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import current_language, gettext, gettext_noop
from dashboard.shell import read_asset
from dashboard.shell.chart_parts import (
    ChartHeading,
    hover_formatters,
    make_chart,
    make_empty_source,
    make_legend,
    number_formatter,
    set_legend_curves,
)
from dashboard.shell.chart_ranges import (
    FollowingRange,
    bounds_of,
    linear_bounds,
    logarithmic_bounds,
    share_bounds,
)
from dashboard.shell.chart_summary import summary_html
from dashboard.shell.chart_switches import chart_switches
from dashboard.shell.colors import DIVERGED, PREVIOUS, TEST, TRAINING, VALIDATION
from dashboard.shell.theme import Theme
from dashboard.training.history import Curve, History, Score, smooth
from dashboard.training.run_options import EPOCH, ITERATION, RunOptions
from dashboard.upstream.page_slices import checkpoint

SCORE_POINTS = 200
EMPTY_END = 100.0
"""Where the x axis ends while nothing is drawn."""

EMPTY_TEXT = gettext_noop("Drawn while the network trains")
"""Stands in a chart that shows nothing yet."""

HEADING_HEIGHT = 22
"""Pixels of the heading of a chart."""

SIDE_BY_SIDE = """
:host {
  display: grid !important;
  flex: 1 0 auto !important;
  grid-auto-rows: 1fr;
  grid-template-columns: repeat(var(--chart-columns, 1), minmax(0, 1fr));
  gap: 8px;
  height: auto !important;
  min-height: 0 !important;
}

.scroll-button {
  display: none;
}
"""
"""Puts the charts below or beside each other, as the page says where its height is short."""

LEFT_MARGIN = 84
"""Pixels left of all charts, enough for any tick labels, so that the x axes are aligned."""

Legend = Sequence[tuple[str, Sequence[str]]]


LEGEND = (
    (gettext_noop("training per batch"), ["raw"]),
    (gettext_noop("moving average"), ["smoothed"]),
    (gettext_noop("validation"), ["validation", "best"]),
    (gettext_noop("test"), ["test"]),
    (gettext_noop("previous run"), ["previous"]),
)
"""The names in the legend, and the curves of each; a curve without a name is drawn, too."""

Columns = dict[str, Any]


class CurveChart:
    """One quantity of a run: training batches, validation, test, marks, and the run before.

    Parameters
    ----------
    title
        Of the chart; also the name of a saved image.
    key
        The attribute of scores that is drawn, "loss" or "accuracy"; the accuracy is in per cent.
    label
        Of the y axis.
    x_range
        Of the x axis; charts that share it are zoomed together.
    options
        How it is drawn.
    can_be_log
        Whether the y axis is logarithmic if the options say so.
    names
        Of the curves, by their keys in `LEGEND`.
    dots
        Whether the scores on validation samples have markers; not when they are many.
    min_height
        Of the chart, in pixels.
    """

    def __init__(
        self,
        title: str,
        *,
        key: str,
        label: str,
        css_class: str,
        theme: Theme,
        x_range: Range1d,
        options: RunOptions,
        can_be_log: bool = False,
        names: dict[str, str],
        dots: bool = True,
        min_height: int = 130,
    ) -> None:
        self._key = key
        self._is_share = key == "accuracy"
        self._label = label
        self._dots = dots
        self._min_height = min_height
        self._name = css_class.replace("ink-", "inkling-", 1)
        self._curve_names = names
        self._options = options
        self._x_range = x_range
        self._can_be_log = can_be_log
        self.batches = _source("value", "smoothed")
        self.validation = _source("value")
        self.test = _source("value")
        self.previous = _source("value")
        self.diverged = _source("value")
        self.best = _source("value", "text")
        self.changes = _source("text")
        self.divergences = _source("text")
        self.pins: ColumnDataSource | None = None
        """Of the pinned moments; made with the first one."""
        self._previous_key: tuple[Any, ...] = ()
        self._y_ranges = {"linear": FollowingRange(0, 1), "log": FollowingRange(0.01, 10)}
        self._labels: list[Label] = []
        """In every figure one of the best validation score."""
        self._glyphs: list[tuple[Any, tuple[str, ...]]] = []
        """Every glyph with the properties that name its column of the x axis."""
        self.renderers: dict[str, list[GlyphRenderer]] = {}
        self._axis = options.x_axis
        self._scale = "linear"
        self._figures = {"linear": self._make_figure("linear")}
        self._pane = pn.pane.Bokeh(self._figures["linear"], sizing_mode="stretch_both", margin=0)
        self._heading = ChartHeading(title, gettext(EMPTY_TEXT), theme)
        self.view = pn.Column(
            self._heading.view,
            self._pane,
            css_classes=[css_class, "chart"],
            # Panel derives another minimum from the content.
            stylesheets=[f":host {{ min-height: {min_height + HEADING_HEIGHT}px !important; }}"],
            sizing_mode="stretch_both",
            margin=0,
        )
        self.show_scale()

    def show_scale(self) -> None:
        """Show the scale of the y axis that the options say."""
        # A Bokeh figure cannot change its scale, so there is one for each, made when it is needed.
        scale = "log" if self._can_be_log and self._options.log_scale else "linear"
        if scale == self._scale:
            return
        self._scale = scale
        if scale not in self._figures:
            self._figures[scale] = self._make_figure(scale)
        self._pane.object = self._figures[scale]

    def draw(self, history: History, smoothing: float, previous: History | None = None) -> None:
        """Redraw the run, and the run before if there was one."""
        self._draw_axis()
        curve = self._curve(history)
        steps, values = curve.points()
        smoothed = smooth(values, smoothing, curve.stride)
        self.batches.data = {
            **_places(history, steps), "value": _floats(values), "smoothed": _floats(smoothed)
        }  # fmt: skip
        self._draw_scores(history)
        self._draw_marks(history)
        self._draw_pins(history)
        self._draw_previous(previous, smoothing)
        self._follow(values, smoothed)
        self._heading.draw(is_empty=not self.last_place())

    def _curve(self, history: History) -> Curve:
        return history.accuracy_curve if self._is_share else history.loss_curve

    def _draw_axis(self) -> None:
        if self._axis == self._options.x_axis:
            return
        self._axis = self._options.x_axis
        for glyph, names in self._glyphs:
            glyph.update(**dict.fromkeys(names, self._axis))
        for chart in self._figures.values():
            chart.xaxis.axis_label = gettext(self._axis)
            chart.xaxis.formatter = _x_formatter(self._axis)

    def _draw_scores(self, history: History) -> None:
        for source, scores in ((self.validation, history.validation), (self.test, history.test)):
            shown = thin(scores)
            values = [getattr(score, self._key) for score in shown]
            _replace(source, _places(history, [score.iteration for score in shown]), values)
        best = history.best_validation(self._key)
        found = [] if best is None else [best]
        values = [getattr(score, self._key) for score in found]
        text = [
            gettext(
                "best {quantity} ({part}): {value}",
                quantity=gettext(self._key),
                part=gettext(self._curve_names["validation"]),
                value=self._number(value),
            )
            for value in values
        ]
        _replace(
            self.best, _places(history, [score.iteration for score in found]), values, text=text
        )
        for label in self._labels:
            self._draw_label(label)

    def _draw_label(self, label: Label) -> None:
        """Put the best validation score beside its marker."""
        place, value = self.best.data[self._axis], self.best.data["value"]
        if not len(place):
            label.visible = False
            return
        x = float(place[0])
        wanted = {
            "x": x,
            "y": float(value[0]),
            "text": self._number(float(value[0])),
            "text_align": "right" if x > self._x_range.end / 2 else "left",
            "visible": True,
        }
        label.update(**{key: it for key, it in wanted.items() if getattr(label, key) != it})

    def _number(self, value: float) -> str:
        return format_percent(value) if self._is_share else format_number(value, ".3g")

    def _draw_marks(self, history: History) -> None:
        for source, marks in (
            (self.changes, history.changes),
            (self.divergences, history.divergences),
        ):
            places = _places(history, [mark.iteration for mark in marks])
            _replace(source, places, text=[mark.text() for mark in marks])
        steps: list[float] = []
        values: list[float] = []
        for divergence in history.divergences:
            taken = divergence.accuracies if self._is_share else divergence.losses
            begin = divergence.fallback
            if begin:  # from the last step that was not taken back
                losses = history.accuracies if self._is_share else history.losses
                steps.append(begin)
                values.append(losses[begin - 1])
            kept = range(0, len(taken), -(-len(taken) // SCORE_POINTS) or 1)
            steps += [begin + 1 + index for index in kept]
            values += [taken[index] for index in kept]
            steps.append(np.nan)  # a gap between two lines
            values.append(np.nan)
        _replace(self.diverged, _places(history, steps), values)

    def _draw_pins(self, history: History) -> None:
        pins = [pin for pin in self._options.pins if pin.history is history]
        if self.pins is None:
            if not pins:
                return
            self.pins = _source("text")
            for chart in self._figures.values():
                self._add_pins(chart, self.pins)
        places = _places(history, [pin.iteration for pin in pins])
        _replace(self.pins, places, text=[pin.text for pin in pins])

    def _add_pins(self, chart: figure, source: ColumnDataSource) -> None:
        pins = self._add_marks(chart, source, TEST, "star", "solid")
        chart.add_tools(_hover([pins], [("", "@text")], "mouse"))

    def _draw_previous(self, previous: History | None, smoothing: float) -> None:
        key = () if previous is None else (id(previous), len(previous), smoothing)
        if key == self._previous_key:
            return
        self._previous_key = key
        if previous is None:
            _replace(self.previous, _places(History(), []), [])
            return
        curve = self._curve(previous)
        steps, values = curve.points()
        smoothed = smooth(values, smoothing, curve.stride)
        _replace(self.previous, _places(previous, steps), smoothed)

    def _follow(self, *columns: NDArray[np.float64]) -> None:
        """Let the y axis follow what is drawn."""
        robust = self._options.ignore_outliers
        scores = [self.validation.data["value"], self.test.data["value"]]
        if not robust:
            scores.append(self.diverged.data["value"])
        curves = [*columns, self.previous.data["value"]]
        if self._scale == "log":
            curves, scores = ([it[it > 0] for it in part] for part in (curves, scores))
        limits = [
            bounds_of(curves, ignore_outliers=robust), bounds_of(scores, ignore_outliers=False)
        ]  # fmt: skip
        ends = np.array([end for pair in limits if pair for end in pair])
        bounds = bounds_of([ends], ignore_outliers=False)
        if bounds is None:
            # Nothing but steps that diverged.
            bounds = bounds_of([self.diverged.data["value"]], ignore_outliers=False)
        if self._is_share:
            wanted = share_bounds(bounds)
        elif self._scale == "log":
            wanted = logarithmic_bounds(bounds)
        else:
            wanted = linear_bounds(bounds)
        self._y_ranges[self._scale].follow(*wanted)

    def last_place(self) -> float:
        """Return the greatest place on the x axis of anything that is drawn; 0 without any."""
        sources = (
            self.batches, self.validation, self.test, self.previous, self.changes, self.divergences
        )  # fmt: skip
        columns = [source.data[self._axis] for source in sources]
        return max((float(np.max(column)) for column in columns if len(column)), default=0.0)

    def _make_figure(self, scale: str) -> figure:
        chart = make_chart(
            gettext("Chart: {quantity}", quantity=gettext(self._key)),
            sizing_mode="stretch_both",
            min_height=self._min_height,
            x_range=self._x_range,
            y_range=self._y_ranges[scale].range,
            y_axis_type=scale,
            x_axis_label=gettext(self._axis),
            y_axis_label=gettext(self._label),
            min_border_top=8,
            min_border_left=LEFT_MARGIN,
            name=self._name,
        )
        chart.axis.axis_label_standoff = 3
        chart.xaxis.formatter = _x_formatter(self._axis)
        chart.xaxis.ticker.desired_num_ticks = 4
        if self._is_share:
            chart.yaxis.bounds = (0, 1)
            chart.yaxis.ticker.desired_num_ticks = 4  # more would touch each other in a low chart
            chart.yaxis.formatter = number_formatter("0 %")
        elif scale == "linear" and current_language() is not ENGLISH:
            chart.yaxis.formatter = number_formatter("0,0.[0000]")
        # Marks are as high as the chart, whatever the y axis shows.
        chart.extra_y_ranges = {"height": Range1d(0, 1, bounds=(0, 1), min_interval=1)}
        chart.extra_y_scales = {"height": LinearScale()}
        self._add_curves(chart)
        if self.pins is not None:
            self._add_pins(chart, self.pins)
        return chart

    def _add_curves(self, chart: figure) -> None:
        checkpoint()
        axis = self._axis
        dashed: dict[str, Any] = {"line_width": 2, "line_dash": "dashed"}
        previous = _add_line(
            chart, self.previous, axis, PREVIOUS, line_width=1.5, line_dash="dotted"
        )
        raw = _add_line(chart, self.batches, axis, TRAINING, line_width=1, line_alpha=0.28)
        smoothed = _add_line(chart, self.batches, axis, TRAINING, y="smoothed", line_width=2)
        checkpoint()
        diverged = _add_line(chart, self.diverged, axis, DIVERGED, line_width=1.5)
        validation = _add_line(chart, self.validation, axis, VALIDATION, **dashed)
        shown = 1 if self._dots else 0
        dots = _add_markers(
            chart, self.validation, axis, VALIDATION, size=5, fill_alpha=shown, line_alpha=shown
        )
        best = _add_markers(
            chart, self.best, axis, VALIDATION, size=15, marker="star", line_color="white"
        )
        test = _add_markers(chart, self.test, axis, TEST, size=11, marker="diamond")
        lines = (previous, raw, smoothed, diverged, validation, dots, best, test)
        self._glyphs += [(renderer.glyph, ("x",)) for renderer in lines]
        label = Label(
            x=0,
            y=0,
            visible=False,
            # The best loss is low in its chart, the best accuracy is high.
            y_offset=-8 if self._is_share else 8,
            text_baseline="top" if self._is_share else "bottom",
            text_font_size="11px",
            css_variables={"--bk-text-color": "var(--text)"},
        )
        self._draw_label(label)
        self._labels.append(label)
        chart.add_layout(label)
        marks = [
            self._add_marks(chart, self.changes, PREVIOUS, "inverted_triangle", "dashed"),
            self._add_marks(chart, self.divergences, DIVERGED, "x", "solid"),
        ]
        curves = {
            "raw": [raw],
            "smoothed": [smoothed],
            "validation": [validation, dots],
            "best": [best],
            "test": [test],
            "previous": [previous],
        }
        named = {"smoothed": smoothed, "validation": validation, "test": test, "previous": previous}
        for key, renderer in named.items():
            name = self._curve_names.get(key)
            renderer.name = name and gettext(name)
        for key, renderers in curves.items():
            self.renderers.setdefault(key, []).extend(renderers)
        self._add_hover(chart, {"smoothed": smoothed, "validation": dots, "test": test})
        chart.add_tools(_hover([best, *marks], [("", "@text")], "mouse"))

    def _add_marks(
        self, chart: figure, source: ColumnDataSource, color: str, marker: str, dash: str
    ) -> GlyphRenderer:
        """Add vertical lines with a marker at their upper end, and return the markers."""
        segment = Segment(
            x0=self._axis, y0=0, x1=self._axis, y1=1, line_color=color, line_dash=dash
        )
        lines = chart.add_glyph(source, segment, y_range_name="height")
        markers = _add_markers(
            chart, source, self._axis, color, y=0.96, size=9, marker=marker, line_width=2
        )
        markers.y_range_name = "height"
        self._glyphs += [(lines.glyph, ("x0", "x1")), (markers.glyph, ("x",))]
        return markers

    def _add_hover(self, chart: figure, renderers: dict[str, GlyphRenderer]) -> None:
        names = self._curve_names
        number = "@value{0.0 %}" if self._is_share else "@value{0.0000}"
        for key, renderer in renderers.items():
            name = gettext("batch") if key == "smoothed" else gettext(names.get(key, key))
            tooltips = [
                (gettext(ITERATION), "@iteration{0,0}"),
                (gettext(EPOCH), "@epoch{0.00}"),
                (name, number),
            ]
            if key == "smoothed":
                tooltips.append((gettext("average"), number.replace("value", "smoothed")))
            chart.add_tools(_hover([renderer], tooltips, "vline" if key == "smoothed" else "mouse"))


class RunCharts:
    """The charts of the loss and the accuracy of a run, with one x axis, and what they show.

    Parameters
    ----------
    options
        How they are drawn; changes of the x axis need a redraw.
    hook
        Begins their CSS classes.
    legend, dots, min_height
        Of each chart, as for `CurveChart`.

    Attributes
    ----------
    loss, accuracy
        The charts.
    legend
        Shows and hides curves in both.
    summary
        A text of the best validation and the marks.
    view
        All of it, under the switches of the options.
    """

    def __init__(
        self,
        options: RunOptions,
        theme: Theme,
        *,
        hook: str = "ink",
        legend: Legend = LEGEND,
        dots: bool = True,
        min_height: int = 130,
    ) -> None:
        self._options = options
        self._legend = legend
        names = {key: name for name, keys in legend for key in keys}
        self._scored = names["validation"]
        self._x_range = FollowingRange(0, EMPTY_END)
        common: dict[str, Any] = {
            "theme": theme,
            "x_range": self._x_range.range,
            "options": options,
            "names": names,
            "dots": dots,
            "min_height": min_height,
        }
        self.loss = CurveChart(
            gettext("Loss"),
            key=gettext_noop("loss"),
            label=gettext_noop("cross-entropy"),
            css_class=f"{hook}-loss",
            can_be_log=True,
            **common,
        )
        self.accuracy = CurveChart(
            gettext("Accuracy"),
            key="accuracy",
            label=gettext_noop("accuracy"),
            css_class=f"{hook}-accuracy",
            **common,
        )
        self.legend = make_legend(list(zip(names_of(legend), self._named_curves(), strict=True)))
        options.param.watch(lambda _event: self._show_scale(), "log_scale")
        self.summary = theme.text("", css_classes=[f"{hook}-marks"])
        self.summary.stylesheets = [*self.summary.stylesheets, read_asset("chart_summary.css")]
        charts = pn.Column(
            self.loss.view,
            self.accuracy.view,
            stylesheets=[SIDE_BY_SIDE],
            sizing_mode="stretch_both",
            margin=0,
        )
        self.view = pn.Column(
            chart_switches(options, theme, hook),
            pn.pane.Bokeh(self.legend, sizing_mode="stretch_width", margin=0),
            charts,
            self.summary,
            # As high as its parts at least, whatever the size of the text.
            stylesheets=[
                theme.gap,
                ":host { flex: 1 0 auto !important; height: auto !important; "
                "min-height: 0 !important; }",
            ],
            sizing_mode="stretch_both",
            margin=0,
        )

    def _named_curves(self) -> list[list[GlyphRenderer]]:
        """Return for each name in the legend its curves in both charts."""
        charts = (self.loss, self.accuracy)
        return [
            [it for chart in charts for key in keys for it in chart.renderers[key]]
            for _, keys in self._legend
        ]

    def _show_scale(self) -> None:
        self.loss.show_scale()
        # The curves of another scale follow the legend as well.
        curves = self._named_curves()
        set_legend_curves(self.legend, curves)

    def draw(self, history: History, smoothing: float) -> None:
        """Redraw the run and the one before."""
        previous = self._options.earlier[-1] if self._options.earlier else None
        for chart in (self.loss, self.accuracy):
            chart.draw(history, smoothing, previous)
        end = max(chart.last_place() for chart in (self.loss, self.accuracy))
        self._x_range.follow(0, end or EMPTY_END)
        html = summary_html(history, self._scored)
        if html != self.summary.object:
            self.summary.object = html


def thin(scores: list[Score]) -> list[Score]:
    """Return at most SCORE_POINTS scores at equal strides, the newest one among them."""
    stride = -(-len(scores) // SCORE_POINTS) or 1
    return scores[::-1][::stride][::-1]


def names_of(legend: Legend) -> list[str]:
    """Return the names in a legend, in the current language."""
    return [gettext(name) for name, _keys in legend]


def _source(*names: str) -> ColumnDataSource:
    return make_empty_source(ITERATION, EPOCH, *names)


def _places(history: History, iterations: Any) -> Columns:
    """Return the columns of the x axis for iterations of a run."""
    steps = np.asarray(iterations, dtype=float)
    return {ITERATION: _floats(steps), EPOCH: _floats(history.epochs.at(steps))}


def _floats(values: Any) -> NDArray[np.float32]:
    # Arrays are sent as bytes; a list would be sent as text.
    return np.asarray(values, np.float32)


def _replace(
    source: ColumnDataSource, places: Columns, values: Any = None, **texts: list[str]
) -> None:
    """Send other columns, if they are others."""
    columns = {**places, **texts}
    if values is not None:
        columns["value"] = _floats(values)
    if any(not _is_same(source.data[name], column) for name, column in columns.items()):
        source.data = columns


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(other, list):
        return list(one) == other
    return np.array_equal(one, other, equal_nan=True)


def _x_formatter(axis: str) -> TickFormatter:
    return number_formatter("0,0" if axis == ITERATION else "0,0.[00]")


# Methods such as `figure.line` make two more models for every glyph, for selections and for a muted
# legend, which the charts do not have.
def _add_line(
    chart: figure, source: ColumnDataSource, x: str, color: str, y: str = "value", **style: Any
) -> GlyphRenderer:
    return chart.add_glyph(source, Line(x=x, y=y, line_color=color, **style))


def _add_markers(
    chart: figure,
    source: ColumnDataSource,
    x: str,
    color: str,
    y: str | float = "value",
    **style: Any,
) -> GlyphRenderer:
    colors = {"fill_color": color, "line_color": color}
    return chart.add_glyph(source, Scatter(x=x, y=y, **(colors | style)))


def _hover(renderers: list[GlyphRenderer], tooltips: list[tuple[str, str]], mode: str) -> HoverTool:
    fields = (text.partition("{")[0] for _, text in tooltips if "{" in text)
    return HoverTool(
        renderers=renderers,
        tooltips=tooltips,
        formatters=hover_formatters(fields),
        mode=mode,
        visible=False,
    )
