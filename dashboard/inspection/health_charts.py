"""The charts of the panel Health: quantiles of a distribution over a run, and update ratios."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    CustomJSTickFormatter,
    DataRange1d,
    PrintfTickFormatter,
    Span,
    TickFormatter,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.languages.language import ENGLISH
from dashboard.languages.text import current_language, gettext
from dashboard.shell.chart_parts import make_small_chart, number_formatter
from dashboard.shell.colors import SECOND

HEIGHT = 84
AXIS_HEIGHT = 30
"""Of the iterations, below the last chart."""
LEFT = 64
"""Width of the axes in pixels, the same for all charts, so that they are aligned."""

USUAL_UPDATE = 1e-3

SIGNIFICANT = "return format_number(tick, {maximumSignificantDigits: 3})"
"""Bokeh chooses the digits itself, but writes numbers as English does."""

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
    is_empty
        Whether nothing is drawn.
    """

    def __init__(self, name: str, x_range: DataRange1d) -> None:
        self.source = ColumnDataSource({column: [] for column in COLUMNS}, name=f"health-{name}")
        # Of a single record there is no area, but a line from quantile to quantile.
        self._single = ColumnDataSource({column: [] for column in COLUMNS})
        self._frame = ColumnDataSource({"x": [], "y": []})
        self.figure = _make_figure(x_range, self._frame)
        self.figure.xaxis.visible = False
        for low, high, alpha in (("q5", "q95", 0.22), ("q25", "q75", 0.4)):
            self.figure.varea(
                "iteration", low, high, source=self.source, fill_color=SECOND, fill_alpha=alpha
            )
        self.figure.line("iteration", "q50", source=self.source, color=SECOND, line_width=2)
        for low, high, width in (("q5", "q95", 2), ("q25", "q75", 6)):
            self.figure.segment(
                "iteration", low, "iteration", high, source=self._single, color=SECOND,
                line_width=width,
            )  # fmt: skip
        self.draw((), np.empty((0, len(COLUMNS) - 1)))

    def draw(self, iterations: tuple[int, ...], quantiles: NDArray[np.float64]) -> None:
        """Show the quantiles (records, 5) at these iterations."""
        columns = (np.array(iterations), *quantiles.T)
        self.source.data = {
            name: column.astype(np.float32) for name, column in zip(COLUMNS, columns, strict=True)
        }
        self.is_empty = not np.isfinite(quantiles).any()
        is_single = len(iterations) == 1
        self._single.data = (
            dict(self.source.data) if is_single else {column: [] for column in COLUMNS}
        )
        _set_frame(self._frame, (-1, 1), is_empty=self.is_empty)


class UpdateChart:
    """The ratio of the update of a layer to its weights, on a logarithmic axis.

    Attributes
    ----------
    source
        The columns `iteration` and `ratio`.
    is_empty
        Whether nothing is drawn.
    """

    def __init__(self, x_range: DataRange1d) -> None:
        self.source = ColumnDataSource({"iteration": [], "ratio": []}, name="health-updates")
        self._frame = ColumnDataSource({"x": [], "y": []})
        self.figure = _make_figure(
            x_range, self._frame, y_axis_type="log", height=HEIGHT + AXIS_HEIGHT
        )
        self.figure.yaxis.formatter = _exponent_formatter()
        self.figure.xaxis.axis_label = gettext("iteration")
        self.figure.add_layout(
            Span(
                location=USUAL_UPDATE,
                dimension="width",
                line_dash="dashed",
                line_color="gray",
                line_width=1,
            )
        )
        self.figure.line("iteration", "ratio", source=self.source, color=SECOND, line_width=2)
        self.figure.scatter("iteration", "ratio", source=self.source, color=SECOND, size=4)
        self.draw((), np.empty(0))

    def draw(self, iterations: tuple[int, ...], ratios: NDArray[np.float64]) -> None:
        """Show the ratios (records,) at these iterations; those that are not known are left out."""
        known = ratios > 0  # a logarithm has no place for 0
        self.source.data = {
            "iteration": np.array(iterations, np.float32)[known],
            "ratio": ratios[known].astype(np.float32),
        }
        self.is_empty = not known.any()
        _set_frame(self._frame, (1e-4, 1e-2), is_empty=self.is_empty)


def make_x_range() -> DataRange1d:
    """Return the range of iterations that all charts share."""
    return DataRange1d(start=0)


def _set_frame(frame: ColumnDataSource, y_range: tuple[float, float], *, is_empty: bool) -> None:
    """Give an empty chart ranges; without any data, Bokeh cannot set them."""
    if bool(len(frame.data["x"])) != is_empty:
        frame.data = {"x": [0, 100], "y": list(y_range)} if is_empty else {"x": [], "y": []}


def _make_figure(x_range: DataRange1d, frame: ColumnDataSource, **options: Any) -> figure:
    chart = make_small_chart(
        sizing_mode="stretch_width",
        x_range=x_range,
        min_border=8,
        min_border_left=LEFT,
        **{"height": HEIGHT, **options},
    )
    chart.yaxis.ticker.desired_num_ticks = 3
    chart.xaxis.ticker.desired_num_ticks = 4
    chart.xaxis.formatter = number_formatter("0,0")
    if current_language() is not ENGLISH:
        chart.yaxis.formatter = CustomJSTickFormatter(code=SIGNIFICANT)
    chart.scatter("x", "y", source=frame, alpha=0)
    return chart


def _exponent_formatter() -> TickFormatter:
    """Return a formatter of numbers such as 1.0e-3, as the language writes them."""
    if current_language() is ENGLISH:
        return PrintfTickFormatter(format="%.1e")
    decimal = current_language().decimal
    return CustomJSTickFormatter(code=f"return tick.toExponential(1).replace('.', '{decimal}')")
