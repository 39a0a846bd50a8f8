"""The prefetch queue under “Advanced”: its settings, and a chart of its blocks over time.

While the number of ready blocks stays above zero, training does not wait for data; this is what
several concurrent requests are for.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, Range1d

from dashboard.languages.text import gettext
from dashboard.shell.chart_parts import make_head, make_legend, make_small_chart
from dashboard.shell.colors import PREVIOUS, TRAINING
from dashboard.shell.layout import disclosure, field_pairs, stack
from dashboard.shell.theme import Theme
from dashboard.training.settings import TrainingSettings
from dashboard.training.snapshot import Snapshot

QUEUE_FIELDS = ("cache_size", "concurrency", "latency")

POINTS = 240
"""Redraws that the chart shows."""


class QueueControls:
    """The settings and the chart of the prefetch queue; they are made when they are first opened.

    Attributes
    ----------
    view
        A button that opens and closes them.
    """

    def __init__(self, settings: TrainingSettings, theme: Theme) -> None:
        self._settings, self._theme = settings, theme
        self._chart: QueueChart | None = None
        self._snapshot: Snapshot | None = None
        self._content = stack(theme)
        self.view = disclosure(
            theme, gettext("Advanced"), self._content, self._open, "ink-advanced"
        )

    def _open(self) -> None:
        if self._chart is None:
            self._chart = QueueChart(self._theme)
            if self._snapshot is not None:  # without any counters, Bokeh finds no range
                self._chart.draw(self._snapshot)
            fields = field_pairs(self._settings, QUEUE_FIELDS, self._theme)
            self._content.extend([fields, self._chart.view])

    def draw(self, snapshot: Snapshot) -> None:
        """Add the counters of the queue to the chart, while it is open."""
        self._snapshot = snapshot
        if self._chart is not None and self._content.visible:
            self._chart.draw(snapshot)


class QueueChart:
    """Blocks ready and in flight at the last redraws."""

    def __init__(self, theme: Theme) -> None:
        self._cached: deque[int] = deque(maxlen=POINTS)
        self._in_flight: deque[int] = deque(maxlen=POINTS)
        self.source = ColumnDataSource({"tick": [], "cached": [], "in_flight": []})
        chart = make_small_chart(
            sizing_mode="stretch_both",
            min_height=60,
            min_border=4,
            min_border_bottom=8,
            x_range=Range1d(-POINTS, 0),
        )
        chart.y_range.start = 0
        chart.xaxis.visible = False
        chart.yaxis.ticker.num_minor_ticks = 0
        chart.yaxis.ticker.desired_num_ticks = 3
        cached = chart.step(
            "tick", "cached", source=self.source, color=TRAINING, line_width=2, mode="after"
        )
        in_flight = chart.step(
            "tick",
            "in_flight",
            source=self.source,
            color=PREVIOUS,
            line_dash="dashed",
            line_width=2,
            mode="after",
        )
        names = make_legend([(gettext("cached"), [cached]), (gettext("in flight"), [in_flight])])
        self.view = pn.Column(
            make_head(gettext("Prefetch queue"), pn.pane.Bokeh(names, margin=0), theme),
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
