"""Charts of an evaluation: the reliability diagram and the robustness curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from dashboard.evaluation.robustness import ADVERSARIAL, AMOUNTS, UNITS, RobustnessPoint
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.chart_parts import (
    ChartHeading,
    keyed_chart,
    make_legend,
    make_small_chart,
    number_formatter,
)
from dashboard.shell.colors import PLAIN, SECOND
from dashboard.shell.theme import Theme
from nn.calibration import ReliabilityDiagram

TITLES = {
    gettext_noop("Shift"): "shift",
    gettext_noop("Rotation"): "rotation",
    gettext_noop("Scale"): "scale",
    gettext_noop("Stroke width"): "thickness",
    gettext_noop("Noise"): "noise",
    gettext_noop("Adversarial"): ADVERSARIAL,
}


class ReliabilityChart:
    """Accuracy by confidence in bins; the diagonal is perfect calibration."""

    def __init__(self, theme: Theme) -> None:
        self._bins = ColumnDataSource({"x": [], "top": [], "width": []}, name="reliability")
        chart = _chart(gettext("Confidence"), "ink-reliability", gettext("Accuracy by confidence"))
        chart.xaxis.formatter = number_formatter("0 %")
        chart.vbar("x", "width", "top", fill_color=PLAIN, fill_alpha=0.6, line_color=None,
                   source=self._bins, name=gettext("bins"))  # fmt: skip
        chart.line([0, 1], [0, 1], line_color=SECOND, line_dash="dashed", line_width=2)
        self._heading = ChartHeading("", gettext("Not evaluated yet."), theme)
        self.view = _headed(self._heading, chart)

    def draw(self, reliability: ReliabilityDiagram | None) -> None:
        """Show the bins that contain samples."""
        self._heading.draw(is_empty=reliability is None)
        if reliability is None:
            self._bins.data = {"x": [], "top": [], "width": []}
            return
        bins = len(reliability.counts)
        used = np.flatnonzero(reliability.counts)
        self._bins.data = {
            "x": (used + 0.5) / bins,
            "top": reliability.accuracies[used],
            "width": np.full(len(used), 0.9 / bins),
        }


class RobustnessChart:
    """Accuracy by amount of one transformation, without and with framing."""

    def __init__(self, theme: Theme) -> None:
        self._points: Sequence[RobustnessPoint] = ()
        self._curves = ColumnDataSource({"x": [], "unframed": [], "framed": []}, name="robustness")
        self._chart = _chart(
            gettext(UNITS["shift"]), "ink-robustness", gettext("Accuracy by change")
        )
        items = []
        for name, key, color in (
            (gettext("without centring"), "unframed", PLAIN),
            (gettext("with centring"), "framed", SECOND),
        ):
            line = self._chart.line(
                "x", key, line_color=color, line_width=2, source=self._curves, name=name
            )
            dots = self._chart.scatter("x", key, color=color, size=6, source=self._curves)
            items.append((name, [line, dots]))
        self.transformation = pn.widgets.Select(
            label=gettext("Transformation"),
            options={gettext(title): kind for title, kind in TITLES.items()},
            stylesheets=[theme.widgets],
            css_classes=["ink-change"],
            width=150,
            margin=0,
        )
        self.transformation.param.watch(lambda _event: self._show(), "value")
        head = pn.Row(
            self.transformation,
            pn.pane.Bokeh(make_legend(items), margin=0, align="end"),
            stylesheets=[theme.gap],
            margin=0,
        )
        self._heading = ChartHeading("", gettext("Measured for digits, after the accuracy."), theme)
        chart = _headed(self._heading, self._chart)
        self.view = pn.Column(head, chart, sizing_mode="stretch_both", margin=0)

    def draw(self, points: Sequence[RobustnessPoint]) -> None:
        """Show the points of the selected transformation."""
        self._points = points
        self._show()

    def _show(self) -> None:
        kind = self.transformation.value
        chosen = [point for point in self._points if point.kind == kind]
        low, high = min(AMOUNTS[kind]), max(AMOUNTS[kind])
        margin = 0.03 * (high - low)
        self._heading.draw(is_empty=not chosen)
        self._chart.x_range.update(start=low - margin, end=high + margin)
        self._chart.xaxis.axis_label = gettext(UNITS[kind])
        self._curves.data = {
            "x": [point.amount for point in chosen],
            "unframed": [point.unframed for point in chosen],
            "framed": [point.framed for point in chosen],
        }


def _headed(heading: ChartHeading, chart: figure) -> pn.Column:
    pane = pn.pane.Bokeh(chart, sizing_mode="stretch_both", min_height=150, margin=0)
    return pn.Column(heading.view, pane, sizing_mode="stretch_both", margin=0)


def _chart(x_label: str, css_class: str, name: str) -> figure:
    chart = make_small_chart(
        height=170,
        x_range=(0, 1.02),
        y_range=(0, 1.02),
        x_axis_label=x_label,
        y_axis_label=gettext("Accuracy"),
        sizing_mode="stretch_both",
        min_border=0,
        # Half the height of the highest number beside the axis.
        min_border_top=8,
        css_classes=[css_class],
        **keyed_chart(name),
    )
    chart.yaxis.formatter = number_formatter("0 %")
    return chart
