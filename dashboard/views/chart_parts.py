"""What all charts share: quiet axes, and a legend that takes one line above the curves."""

from __future__ import annotations

from typing import Any

from bokeh.models import Legend

BLUE = "#4c6ef5"
ORANGE = "#f08c00"
GREEN = "#0ca678"
LEGEND_COLOR = "#7f8796"
"""Readable on a light and on a dark page: glyphs and legends take no colours from the page."""


def quieten(chart: Any) -> None:
    """Leave of a figure's axes only the numbers and the horizontal lines."""
    chart.xgrid.visible = False
    chart.axis.axis_line_color = None
    chart.axis.minor_tick_line_color = None
    chart.axis.major_tick_line_color = None


def add_legend(chart: Any, items: list[tuple[str, list[Any]]]) -> None:
    """Name the curves above a figure; a click on a name hides its curve."""
    legend = Legend(
        items=items,
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
