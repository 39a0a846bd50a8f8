"""Chart of the probabilities of all classes along a line across the plane."""

from __future__ import annotations

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Range1d
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.languages.text import gettext, gettext_noop
from dashboard.plane.colors import CLASS_DASHES
from dashboard.shell.chart_parts import hover_formatters, make_small_chart, number_formatter
from dashboard.shell.colors import CLASS_COLORS
from dashboard.shell.theme import Theme

POINTS = 101
"""Points along the line."""

HINT = gettext_noop(
    "Choose “Cross-section” and drag across the plane to see the probabilities along a line."
)


class ProfileChart:
    """A curve per class over the position along the line, in per cent of its length."""

    def __init__(self, theme: Theme) -> None:
        self.source = ColumnDataSource(
            {"position": [], "probability": [], "color": [], "dash": [], "name": []}, name="profile"
        )
        self._hint = theme.text(f'<p class="quiet">{gettext(HINT)}</p>')
        # The figure is made for the first line: many sessions never draw one.
        self._chart = pn.Column(visible=False, sizing_mode="stretch_width", margin=0)
        self.view = pn.Column(
            theme.text(f"<h2>{gettext('Cross-section')}</h2>"),
            self._hint,
            self._chart,
            css_classes=["ink-spiral-profile", "chart"],
            sizing_mode="stretch_width",
            margin=0,
        )

    def draw(self, probabilities: NDArray[np.floating] | None) -> None:
        """Show probabilities (points, classes) at even distances; None: how to draw a line."""
        if probabilities is not None:
            points, classes = probabilities.shape
            self.source.data = {
                "position": [np.linspace(0, 1, points, dtype=np.float32)] * classes,
                "probability": list(np.ascontiguousarray(probabilities.T, np.float32)),
                "color": list(CLASS_COLORS[:classes]),
                "dash": [CLASS_DASHES[label % len(CLASS_DASHES)] for label in range(classes)],
                "name": [gettext("class {label}", label=label) for label in range(classes)],
            }
            if not len(self._chart):
                chart = _make_figure(self.source)
                self._chart.append(pn.pane.Bokeh(chart, sizing_mode="stretch_width", margin=0))
        self._chart.visible = probabilities is not None
        self._hint.visible = probabilities is None


def _make_figure(source: ColumnDataSource) -> figure:
    chart = make_small_chart(
        height=132,
        sizing_mode="stretch_width",
        min_border=2,
        x_range=Range1d(0, 1),
        y_range=Range1d(-0.02, 1.02),
    )
    chart.xaxis.formatter = chart.yaxis.formatter = number_formatter("0 %")
    chart.yaxis.ticker.desired_num_ticks = 3
    chart.xaxis.axis_label = gettext("share of the line, from its beginning")
    chart.multi_line(
        "position", "probability", source=source, color="color", line_dash="dash", line_width=2
    )
    tooltips, formatters = [("", "@name"), ("", "$y{0.0 %}")], hover_formatters(["$y"])
    chart.add_tools(HoverTool(tooltips=tooltips, formatters=formatters, visible=False))
    return chart
