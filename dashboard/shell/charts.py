"""A live chart of one quantity of a run, such as the loss, over the iterations.

Each redraw replaces columns of a limited number of points, so a redraw costs the same after an hour
as after a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import (
    CheckboxButtonGroup,
    ColumnDataSource,
    HoverTool,
    NumeralTickFormatter,
)
from bokeh.plotting import figure

from dashboard.shell.chart_parts import BLUE, GREEN, ORANGE, make_head, make_legend, quieten
from dashboard.shell.theme import Theme
from dashboard.training.history import Curve, Score, smooth

SCORE_POINTS = 200
EMPTY_FRAME = {"iteration": [1, 100], "value": [0.1, 1]}
"""Ranges of a chart without data; without any, Bokeh cannot place its axes."""

Legend = Sequence[tuple[str, Sequence[str]]]

TOOLS = "pan,box_zoom,wheel_zoom,reset,save"


LEGEND = (
    ("batches", ["raw"]),
    ("smoothed", ["smoothed"]),
    ("validation", ["validation"]),
    ("test", ["test"]),
)
"""The names in the legend, and the curves of each."""


class CurveChart:
    """One quantity over the iterations: raw and smoothed training batches, validation, test.

    Parameters
    ----------
    title
        Of the chart; also the name of a saved image.
    per_cent
        Whether the axis is in per cent.
    logarithmic
        Whether there is a switch to a logarithmic axis.
    legend
        The names of the curves, as in `LEGEND`; a curve without a name is drawn, too.
    dots
        Whether the scores on validation samples have markers; not when they are many.
    min_height
        Of the chart, in pixels.
    """

    def __init__(
        self,
        title: str,
        *,
        css_class: str,
        theme: Theme,
        per_cent: bool = False,
        logarithmic: bool = False,
        legend: Legend = LEGEND,
        dots: bool = True,
        min_height: int = 130,
    ) -> None:
        self._dots = dots
        self._min_height = min_height
        self._name = css_class.replace("ink-", "inkling-", 1)
        self._legend = legend
        self.batches = ColumnDataSource({"iteration": [], "value": [], "smoothed": []})
        self.validation = ColumnDataSource({"iteration": [], "value": []})
        self.test = ColumnDataSource({"iteration": [], "value": []})
        self._frame = ColumnDataSource(EMPTY_FRAME)
        self._figures = {"linear": self._make_figure(title, "linear", per_cent)}
        chart, names = self._figures["linear"]
        self._pane = pn.pane.Bokeh(chart, sizing_mode="stretch_both", margin=0)
        self._names = pn.pane.Bokeh(names, margin=0)
        switches: list[object] = []
        if logarithmic:
            switch = pn.widgets.Toggle(
                label="Log", css_classes=["ink-log"], stylesheets=[theme.widgets], margin=0
            )

            def change_scale(event: Any) -> None:
                self._show_scale(title, "log" if event.new else "linear", per_cent)

            switch.param.watch(change_scale, "value")
            switches.append(switch)
        self.view = pn.Column(
            make_head(title, self._names, theme, *switches),
            self._pane,
            css_classes=[css_class, "chart"],
            sizing_mode="stretch_both",
            margin=0,
        )

    def _show_scale(self, title: str, scale: str, per_cent: bool) -> None:
        # A Bokeh figure cannot change its scale, so there is one for each, made when it is needed.
        if scale not in self._figures:
            self._figures[scale] = self._make_figure(title, scale, per_cent)
        self._pane.object, self._names.object = self._figures[scale]

    def draw(
        self, curve: Curve, smoothing: float, validation: list[Score], test: list[Score], key: str
    ) -> None:
        """Redraw a curve of training batches, and the attribute `key` of the scores."""
        steps, values = curve.points()
        self.batches.data = {
            "iteration": steps.astype(np.float32),
            "value": values.astype(np.float32),
            "smoothed": smooth(values, smoothing, curve.stride).astype(np.float32),
        }
        self._set_frame(is_empty=not len(steps))
        for source, scores in ((self.validation, validation), (self.test, test)):
            shown = thin(scores)
            # Arrays are sent as bytes; a list would be sent as text.
            columns = {
                "iteration": np.array([score.iteration for score in shown], np.float32),
                "value": np.array([getattr(score, key) for score in shown], np.float32),
            }
            if any(not np.array_equal(source.data[name], columns[name]) for name in columns):
                source.data = columns

    def _set_frame(self, is_empty: bool) -> None:
        if bool(len(self._frame.data["iteration"])) != is_empty:
            self._frame.data = EMPTY_FRAME if is_empty else {"iteration": [], "value": []}

    def _make_figure(
        self, title: str, scale: str, per_cent: bool
    ) -> tuple[figure, CheckboxButtonGroup]:
        chart = figure(
            sizing_mode="stretch_both",
            min_height=self._min_height,
            y_axis_type=scale,
            tools=TOOLS,
            active_drag=None,
            active_scroll=None,
            toolbar_location="right",
            min_border=2,
            outline_line_color=None,
            name=self._name,
        )
        chart.toolbar.logo = None
        chart.toolbar.autohide = True
        quieten(chart)
        chart.xaxis.formatter = NumeralTickFormatter(format="0,0")
        chart.x_range.start = 0
        if per_cent:
            chart.yaxis.formatter = NumeralTickFormatter(format="0 %")
        chart.scatter("iteration", "value", source=self._frame, alpha=0)
        return chart, self._add_curves(chart, "@value{0.0 %}" if per_cent else "@value{0.0000}")

    def _add_curves(self, chart: figure, number: str) -> CheckboxButtonGroup:
        raw = chart.line(
            "iteration", "value", source=self.batches, color=BLUE, alpha=0.28, line_width=1
        )
        smoothed = chart.line(
            "iteration", "smoothed", source=self.batches, color=BLUE, line_width=2
        )
        validation = chart.line(
            "iteration", "value", source=self.validation, color=ORANGE, line_width=2
        )
        dots = chart.scatter(
            "iteration",
            "value",
            source=self.validation,
            color=ORANGE,
            size=5,
            alpha=1 if self._dots else 0,
        )
        test = chart.scatter(
            "iteration", "value", source=self.test, color=GREEN, size=11, marker="diamond"
        )
        curves = {
            "raw": [raw], "smoothed": [smoothed], "validation": [validation, dots], "test": [test]
        }  # fmt: skip
        items = [
            (name, [glyph for key in keys for glyph in curves[key]]) for name, keys in self._legend
        ]
        names = {key: name for name, keys in self._legend for key in keys} | {"smoothed": "batch"}
        for key, renderer in (("smoothed", smoothed), ("validation", dots), ("test", test)):
            name = names.get(key, key)
            chart.add_tools(
                HoverTool(
                    renderers=[renderer],
                    tooltips=[("iteration", "@iteration{0,0}"), (name, number)],
                    mode="vline" if renderer is smoothed else "mouse",
                    visible=False,
                )
            )
        return make_legend(items)


def thin(scores: list[Score]) -> list[Score]:
    """Return at most SCORE_POINTS scores at equal strides, the newest one among them."""
    stride = -(-len(scores) // SCORE_POINTS) or 1
    return scores[::-1][::stride][::-1]
