"""The chart of the prefetch queue: how many blocks are ready and in flight, over time.

While the number of ready blocks stays above zero, training does not wait for data; this is what
several concurrent requests are for.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure

from dashboard.shell.chart_parts import BLUE, ORANGE, make_head, make_legend, quieten
from dashboard.shell.theme import Theme
from dashboard.training.snapshot import Snapshot

POINTS = 240
"""Redraws that the chart shows."""


class QueueChart:
    """Blocks ready and in flight at the last redraws."""

    def __init__(self, theme: Theme) -> None:
        self._cached: deque[int] = deque(maxlen=POINTS)
        self._in_flight: deque[int] = deque(maxlen=POINTS)
        self.source = ColumnDataSource({"tick": [], "cached": [], "in_flight": []})
        chart = figure(
            sizing_mode="stretch_both",
            min_height=60,
            tools="",
            toolbar_location=None,
            min_border=4,
            min_border_bottom=8,
            outline_line_color=None,
            x_range=Range1d(-POINTS, 0),
        )
        chart.y_range.start = 0
        chart.xaxis.visible = False
        quieten(chart)
        chart.yaxis.ticker.num_minor_ticks = 0
        chart.yaxis.ticker.desired_num_ticks = 3
        cached = chart.step(
            "tick", "cached", source=self.source, color=BLUE, line_width=2, mode="after"
        )
        in_flight = chart.step(
            "tick",
            "in_flight",
            source=self.source,
            color=ORANGE,
            line_width=2,
            mode="after",
        )
        names = make_legend([("cached", [cached]), ("in flight", [in_flight])])
        self.view = pn.Column(
            make_head("Prefetch queue", pn.pane.Bokeh(names, margin=0), theme),
            pn.pane.Bokeh(chart, sizing_mode="stretch_both", margin=0),
            css_classes=["ink-queue", "chart"],
            height=120,
            sizing_mode="stretch_width",
            margin=0,
        )

    def draw(self, snapshot: Snapshot) -> None:
        """Add the counters of the queue to the chart."""
        self._cached.append(snapshot.cached)
        self._in_flight.append(snapshot.in_flight)
        self.source.data = {
            "tick": np.arange(1 - len(self._cached), 1, dtype=np.float32),
            "cached": np.array(self._cached, np.float32),
            "in_flight": np.array(self._in_flight, np.float32),
        }
