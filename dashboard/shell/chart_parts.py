"""What all charts share: quiet axes, and a legend that takes one line above the curves."""

from __future__ import annotations

from typing import Any

import panel as pn
from bokeh.models import CheckboxButtonGroup, CustomJS

from dashboard.shell.asset_files import read_asset
from dashboard.shell.theme import Theme

BLUE = "#4c6ef5"
ORANGE = "#f08c00"
GREEN = "#0ca678"

SHOW_CHOSEN = """
curves.forEach((glyphs, index) => {
  for (const glyph of glyphs) glyph.visible = legend.active.includes(index)
})
"""


def quieten(chart: Any) -> None:
    """Leave of a figure's axes only the numbers and the horizontal lines."""
    chart.xgrid.visible = False
    chart.axis.axis_line_color = None
    chart.axis.minor_tick_line_color = None
    chart.axis.major_tick_line_color = None


def make_legend(items: list[tuple[str, list[Any]]]) -> CheckboxButtonGroup:
    """Name curves, each with its renderers, in a row; a click on a name hides its curve.

    Bokeh's own legend is drawn anew with every redraw, which takes longer than the curves do.
    """
    lines = [glyphs[0].glyph for _, glyphs in items]
    swatches = [
        f".bk-btn:nth-child({number}) {{ --swatch: {line.line_color};"
        f" --swatch-opacity: {line.line_alpha}; }}"
        for number, line in enumerate(lines, 1)
    ]
    legend = CheckboxButtonGroup(
        labels=[name for name, _ in items],
        active=list(range(len(items))),
        css_classes=["ink-legend"],
        stylesheets=[read_asset("legend.css"), *swatches],
        sizing_mode="stretch_width",
        margin=0,
    )
    curves = [glyphs for _, glyphs in items]
    legend.js_on_change(
        "active", CustomJS(args={"legend": legend, "curves": curves}, code=SHOW_CHOSEN)
    )
    return legend


def make_head(title: str, legend: pn.pane.Bokeh, theme: Theme, *more: object) -> pn.Row:
    """Put a title and, in what room it leaves, the legend in one row; more comes at its end."""
    heading = theme.text(f"<h2>{title}</h2>")
    heading.sizing_mode = None
    legend.sizing_mode = "stretch_width"
    return pn.Row(
        heading,
        legend,
        *more,
        stylesheets=[theme.gap],
        height=30,
        sizing_mode="stretch_width",
        margin=0,
    )
