"""The probabilities of all classes along a line that somebody drew across the plane."""

from __future__ import annotations

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, NumeralTickFormatter, Range1d
from bokeh.plotting import figure
from numpy.typing import NDArray

from data_cache import MAX_CLASSES

from ...views.chart_parts import quieten
from ...views.look import Look
from ..palette import CLASS_COLOURS

POINTS = 101
"""Places along the line at which the net is asked."""

HINT = "Choose “Line” and drag across the plane: the probabilities along it appear here."


class ProfileChart:
    """A curve per class over the way along the line, in per cent of its length."""

    def __init__(self, look: Look) -> None:
        self.source = ColumnDataSource(_empty_columns())
        self._chart = self._make_figure()
        self._hint = look.text(f'<p class="quiet">{HINT}</p>')
        self._pane = pn.Column(
            pn.pane.Bokeh(self._chart, sizing_mode="stretch_width", margin=0),
            visible=False,
            sizing_mode="stretch_width",
            margin=0,
        )
        self.view = pn.Column(
            look.text("<h2>Along the line</h2>"),
            self._hint,
            self._pane,
            css_classes=["ink-spiral-profile", "chart"],
            sizing_mode="stretch_width",
            margin=0,
        )

    @property
    def is_shown(self) -> bool:
        """Whether there is a line."""
        return bool(self._pane.visible)

    def draw(self, probabilities: NDArray[np.floating]) -> None:
        """Show probabilities (places, classes) at even steps along the line."""
        places, classes = probabilities.shape
        columns = {"way": np.linspace(0, 1, places, dtype=np.float32)}
        for label in range(MAX_CLASSES):
            known = label < classes
            values = probabilities[:, label] if known else np.full(places, np.nan)
            columns[f"class_{label}"] = np.asarray(values, np.float32)
        self.source.data = columns
        self._show(True)

    def clear(self) -> None:
        """Show how to draw a line instead."""
        self._show(False)

    def _show(self, shown: bool) -> None:
        if self._pane.visible != shown:
            self._pane.visible, self._hint.visible = shown, not shown

    def _make_figure(self) -> figure:
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
        for label, color in enumerate(CLASS_COLOURS):
            curve = chart.line(
                "way", f"class_{label}", source=self.source, color=color, line_width=2
            )
            chart.add_tools(
                HoverTool(
                    renderers=[curve],
                    tooltips=[(f"class {label}", f"@class_{label}{{0.0 %}}")],
                    visible=False,
                )
            )
        return chart


def _empty_columns() -> dict[str, list[float]]:
    return {"way": [], **{f"class_{label}": [] for label in range(MAX_CLASSES)}}
