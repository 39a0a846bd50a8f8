"""The charts of the panel Health: quantiles of a distribution over a run, and update ratios."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, DataRange1d, NumeralTickFormatter, Span
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.shell.chart_parts import BLUE, quieten

HEIGHT = 112
LEFT = 58
"""Width of the axes in pixels, the same for all charts, so that they are aligned."""

USUAL_UPDATE = 1e-3

COLUMNS = ("iteration", "q5", "q25", "q50", "q75", "q95")


class QuantileChart:
    """Two areas, between the 5 % and 95 % and between the 25 % and 75 % quantiles, and the median.

    Parameters
    ----------
    name
        Of the source, for scripts and tests.
    x_range
        Shared by all charts.

    Attributes
    ----------
    source
        The columns `iteration` and `q5` to `q95`.
    """

    def __init__(self, name: str, title: str, x_range: DataRange1d) -> None:
        self.source = ColumnDataSource({column: [] for column in COLUMNS}, name=f"health-{name}")
        self.figure = _make_figure(title, x_range, y_range=(-1, 1))
        for low, high, alpha in (("q5", "q95", 0.22), ("q25", "q75", 0.4)):
            self.figure.varea(
                "iteration", low, high, source=self.source, fill_color=BLUE, fill_alpha=alpha
            )
        self.figure.line("iteration", "q50", source=self.source, color=BLUE, line_width=2)

    def draw(self, iterations: tuple[int, ...], quantiles: NDArray[np.float64]) -> None:
        """Show the quantiles (records, 5) at these iterations."""
        columns = (np.array(iterations), *quantiles.T)
        self.source.data = {
            name: column.astype(np.float32) for name, column in zip(COLUMNS, columns, strict=True)
        }


class UpdateChart:
    """The ratio of the update of a layer to its weights, on a logarithmic axis.

    Attributes
    ----------
    source
        The columns `iteration` and `ratio`.
    """

    def __init__(self, title: str, x_range: DataRange1d) -> None:
        self.source = ColumnDataSource({"iteration": [], "ratio": []}, name="health-updates")
        self.figure = _make_figure(title, x_range, y_range=(1e-4, 1e-2), y_axis_type="log")
        self.figure.add_layout(
            Span(
                location=USUAL_UPDATE,
                dimension="width",
                line_dash="dashed",
                line_color="gray",
                line_width=1,
            )
        )
        self.figure.line("iteration", "ratio", source=self.source, color=BLUE, line_width=2)
        self.figure.scatter("iteration", "ratio", source=self.source, color=BLUE, size=4)

    def draw(self, iterations: tuple[int, ...], ratios: NDArray[np.float64]) -> None:
        """Show the ratios (records,) at these iterations; those that are not known are left out."""
        known = ratios > 0  # a logarithm has no place for 0
        self.source.data = {
            "iteration": np.array(iterations, np.float32)[known],
            "ratio": ratios[known].astype(np.float32),
        }


def make_x_range() -> DataRange1d:
    """Return the range of iterations that all charts share."""
    return DataRange1d(start=0)


def _make_figure(
    title: str, x_range: DataRange1d, y_range: tuple[float, float], **options: Any
) -> figure:
    chart = figure(
        title=title,
        height=HEIGHT,
        sizing_mode="stretch_width",
        x_range=x_range,
        tools="",
        toolbar_location=None,
        min_border=2,
        min_border_left=LEFT,
        outline_line_color=None,
        **options,
    )
    quieten(chart)
    chart.title.text_font_size = "12px"
    chart.yaxis.ticker.desired_num_ticks = 3
    chart.xaxis.formatter = NumeralTickFormatter(format="0,0")
    # Without any data, Bokeh cannot set the ranges.
    chart.scatter([0, 1], list(y_range), alpha=0)
    return chart
