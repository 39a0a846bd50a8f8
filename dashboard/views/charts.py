"""The live charts: loss, accuracy, and how full the prefetch queue is.

Each redraw replaces whole columns that never grow beyond a fixed number of points, so charts
cost the same after an hour as after a minute.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import (
    ColumnDataSource,
    HoverTool,
    Legend,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.plotting import figure

from ..history import Curve, History, Score, smooth
from ..snapshot import Snapshot
from .look import Look

BATCH_COLOR = "#4c6ef5"
VALIDATION_COLOR = "#f08c00"
TEST_COLOR = "#0ca678"
LEGEND_COLOR = "#7f8796"
SCORE_POINTS = 200
GAUGE_POINTS = 240
EMPTY_FRAME = {"iteration": [1, 100], "value": [0.1, 1]}
"""Corners of a chart that has nothing to show yet; without any Bokeh could not place its axes."""

TOOLS = "pan,box_zoom,wheel_zoom,reset,save"


class CurveChart:
    """One quantity over the iterations: raw and smoothed training batches, validation, test.

    Parameters
    ----------
    title
        What is drawn; also the name of a saved picture.
    logarithmic
        Whether to offer a switch to a logarithmic axis.
    """

    def __init__(
        self,
        title: str,
        *,
        css_class: str,
        look: Look,
        per_cent: bool = False,
        logarithmic: bool = False,
    ) -> None:
        self.batches = ColumnDataSource({"iteration": [], "value": [], "smoothed": []})
        self.validation = ColumnDataSource({"iteration": [], "value": []})
        self.test = ColumnDataSource({"iteration": [], "value": []})
        self._frame = ColumnDataSource(EMPTY_FRAME)
        self._figures = {"linear": self._make_figure(title, "linear", per_cent)}
        self._pane = pn.pane.Bokeh(self._figures["linear"], sizing_mode="stretch_both", margin=0)
        head: list[object] = [look.text(f"<h2>{title}</h2>")]
        if logarithmic:
            switch = pn.widgets.Toggle(
                label="Log", css_classes=["ink-log"], stylesheets=[look.widgets], margin=0
            )

            def change_scale(event: Any) -> None:
                self._show_scale(title, "log" if event.new else "linear", per_cent)

            switch.param.watch(change_scale, "value")
            head.append(switch)
        self.view = pn.Column(
            pn.Row(*head, height=30, sizing_mode="stretch_width", margin=0),
            self._pane,
            css_classes=[css_class, "chart"],
            sizing_mode="stretch_both",
            margin=0,
        )

    def _show_scale(self, title: str, scale: str, per_cent: bool) -> None:
        # A Bokeh figure cannot change its scale, so there is one for each, made when first wanted.
        if scale not in self._figures:
            self._figures[scale] = self._make_figure(title, scale, per_cent)
        self._pane.object = self._figures[scale]

    def draw(
        self, curve: Curve, smoothing: float, validation: list[Score], test: list[Score], key: str
    ) -> None:
        """Redraw from a curve of training batches and from the scores' attribute `key`."""
        steps, values = curve.points()
        self.batches.data = {
            "iteration": steps.astype(np.float32),
            "value": values.astype(np.float32),
            "smoothed": smooth(values, smoothing, curve.stride).astype(np.float32),
        }
        self._set_frame(is_empty=not len(steps))
        for source, scores in ((self.validation, validation), (self.test, test)):
            shown = thin(scores)
            columns = {
                "iteration": [score.iteration for score in shown],
                "value": [getattr(score, key) for score in shown],
            }
            if source.data != columns:
                source.data = columns

    def _set_frame(self, is_empty: bool) -> None:
        if bool(len(self._frame.data["iteration"])) != is_empty:
            self._frame.data = EMPTY_FRAME if is_empty else {"iteration": [], "value": []}

    def _make_figure(self, title: str, scale: str, per_cent: bool) -> figure:
        chart = figure(
            sizing_mode="stretch_both",
            min_height=130,
            y_axis_type=scale,
            tools=TOOLS,
            active_drag=None,
            active_scroll=None,
            toolbar_location="right",
            min_border=2,
            outline_line_color=None,
            name=f"inkling-{title.lower()}",
        )
        chart.toolbar.logo = None
        chart.toolbar.autohide = True
        chart.xgrid.visible = False
        chart.axis.axis_line_color = None
        chart.axis.minor_tick_line_color = None
        chart.axis.major_tick_line_color = None
        chart.xaxis.formatter = NumeralTickFormatter(format="0,0")
        chart.x_range.start = 0
        if per_cent:
            chart.yaxis.formatter = NumeralTickFormatter(format="0 %")
        chart.scatter("iteration", "value", source=self._frame, alpha=0)
        raw = chart.line(
            "iteration", "value", source=self.batches, color=BATCH_COLOR, alpha=0.28, line_width=1
        )
        smoothed = chart.line(
            "iteration", "smoothed", source=self.batches, color=BATCH_COLOR, line_width=2
        )
        validation = chart.line(
            "iteration", "value", source=self.validation, color=VALIDATION_COLOR, line_width=2
        )
        dots = chart.scatter(
            "iteration", "value", source=self.validation, color=VALIDATION_COLOR, size=5
        )
        test = chart.scatter(
            "iteration", "value", source=self.test, color=TEST_COLOR, size=11, marker="diamond"
        )
        legend = Legend(
            items=[
                ("batches", [raw]),
                ("smoothed", [smoothed]),
                ("validation", [validation, dots]),
                ("test", [test]),
            ],
            orientation="horizontal",
            click_policy="hide",
            location=(0, 0),
            border_line_color=None,
            background_fill_alpha=0.0,
            label_text_font_size="11px",
            label_text_color=LEGEND_COLOR,
            label_height=12,
            glyph_height=12,
            glyph_width=14,
            spacing=12,
            padding=0,
            margin=0,
        )
        chart.add_layout(legend, "above")
        number = "@value{0.0 %}" if per_cent else "@value{0.0000}"
        for name, renderer in (("batch", smoothed), ("validation", dots), ("test", test)):
            chart.add_tools(
                HoverTool(
                    renderers=[renderer],
                    tooltips=[("iteration", "@iteration{0,0}"), (name, number)],
                    mode="vline" if renderer is smoothed else "mouse",
                    visible=False,
                )
            )
        return chart


def thin(scores: list[Score]) -> list[Score]:
    """Leave out scores evenly until a chart can show them; the newest one always stays."""
    stride = -(-len(scores) // SCORE_POINTS) or 1
    return scores[::-1][::stride][::-1]


class QueueGauge:
    """Blocks ready and in flight over the last redraws."""

    def __init__(self, look: Look) -> None:
        self._cached: deque[int] = deque(maxlen=GAUGE_POINTS)
        self._in_flight: deque[int] = deque(maxlen=GAUGE_POINTS)
        self.source = ColumnDataSource({"tick": [], "cached": [], "in_flight": []})
        chart = figure(
            sizing_mode="stretch_both",
            min_height=60,
            tools="",
            toolbar_location=None,
            min_border=4,
            min_border_bottom=8,
            outline_line_color=None,
            x_range=Range1d(-GAUGE_POINTS, 0),
        )
        chart.y_range.start = 0
        chart.xaxis.visible = False
        chart.xgrid.visible = False
        chart.axis.axis_line_color = None
        chart.axis.minor_tick_line_color = None
        chart.axis.major_tick_line_color = None
        chart.yaxis.ticker.num_minor_ticks = 0
        chart.yaxis.ticker.desired_num_ticks = 3
        cached = chart.step(
            "tick", "cached", source=self.source, color=BATCH_COLOR, line_width=2, mode="after"
        )
        in_flight = chart.step(
            "tick",
            "in_flight",
            source=self.source,
            color=VALIDATION_COLOR,
            line_width=2,
            mode="after",
        )
        chart.add_layout(
            Legend(
                items=[("cached", [cached]), ("in flight", [in_flight])],
                orientation="horizontal",
                location=(0, 0),
                border_line_color=None,
                background_fill_alpha=0.0,
                label_text_font_size="11px",
                label_text_color=LEGEND_COLOR,
                label_height=12,
                glyph_height=12,
                glyph_width=14,
                spacing=12,
                padding=0,
                margin=0,
            ),
            "above",
        )
        self.view = pn.Column(
            look.text("<h2>Prefetch queue</h2>"),
            pn.pane.Bokeh(chart, sizing_mode="stretch_both", margin=0),
            css_classes=["ink-queue", "chart"],
            height=120,
            sizing_mode="stretch_width",
            margin=0,
        )

    def draw(self, snapshot: Snapshot) -> None:
        """Add the queue's counters to the gauge."""
        self._cached.append(snapshot.cached)
        self._in_flight.append(snapshot.in_flight)
        self.source.data = {
            "tick": np.arange(1 - len(self._cached), 1, dtype=np.float32),
            "cached": np.array(self._cached, np.float32),
            "in_flight": np.array(self._in_flight, np.float32),
        }


class Charts:
    """All charts of a run."""

    def __init__(self, look: Look) -> None:
        self.loss = CurveChart("Loss", css_class="ink-loss", look=look, logarithmic=True)
        self.accuracy = CurveChart("Accuracy", css_class="ink-accuracy", look=look, per_cent=True)
        self.queue = QueueGauge(look)

    def draw(self, history: History, smoothing: float) -> None:
        """Redraw the curves of a run."""
        validation, test = history.validation, history.test
        self.loss.draw(history.loss_curve, smoothing, validation, test, "loss")
        self.accuracy.draw(history.accuracy_curve, smoothing, validation, test, "accuracy")
