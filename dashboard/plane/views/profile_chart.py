"""The probabilities of all classes along a line that somebody drew across the plane."""

from __future__ import annotations

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, NumeralTickFormatter, Range1d
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.plane.palette import CLASS_COLOURS
from dashboard.shell.chart_parts import quieten
from dashboard.shell.theme import Theme

POINTS = 101
"""Places along the line at which the net is asked."""

HINT = "Choose “Line” and drag across the plane: the probabilities along it appear here."


class ProfileChart:
    """A curve per class over the way along the line, in per cent of its length."""

    def __init__(self, theme: Theme) -> None:
        self.source = ColumnDataSource({"way": [], "shares": [], "color": [], "name": []})
        self._hint = theme.text(f'<p class="quiet">{HINT}</p>')
        # The chart is made for the first line: most people never draw one.
        self._place = pn.Column(visible=False, sizing_mode="stretch_width", margin=0)
        self.view = pn.Column(
            theme.text("<h2>Along the line</h2>"),
            self._hint,
            self._place,
            css_classes=["ink-spiral-profile", "chart"],
            sizing_mode="stretch_width",
            margin=0,
        )

    def draw(self, probabilities: NDArray[np.floating]) -> None:
        """Show probabilities (places, classes) at even steps along the line."""
        places, classes = probabilities.shape
        way = np.linspace(0, 1, places, dtype=np.float32)
        self.source.data = {
            "way": [way] * classes,
            "shares": list(np.ascontiguousarray(probabilities.T, np.float32)),
            "color": list(CLASS_COLOURS[:classes]),
            "name": [f"class {label}" for label in range(classes)],
        }
        if not len(self._place):
            chart = _make_figure(self.source)
            self._place.append(pn.pane.Bokeh(chart, sizing_mode="stretch_width", margin=0))
        self._show(True)

    def clear(self) -> None:
        """Show how to draw a line instead."""
        self._show(False)

    def _show(self, shown: bool) -> None:
        if self._place.visible != shown:
            self._place.visible, self._hint.visible = shown, not shown


def _make_figure(source: ColumnDataSource) -> figure:
    chart = figure(
        height=112,
        sizing_mode="stretch_width",
        tools="",
        toolbar_location=None,
        min_border=2,
        outline_line_color=None,
        x_range=Range1d(0, 1),
        y_range=Range1d(-0.02, 1.02),
    )
    quieten(chart)
    chart.xaxis.formatter = chart.yaxis.formatter = NumeralTickFormatter(format="0 %")
    chart.yaxis.ticker.desired_num_ticks = 3
    chart.multi_line("way", "shares", source=source, color="color", line_width=2)
    chart.add_tools(HoverTool(tooltips=[("", "@name"), ("", "$y{0.0 %}")], visible=False))
    return chart
