"""Parts of all charts: figures with plain axes or without, and a legend above the curves."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import (
    CheckboxButtonGroup,
    ColumnDataSource,
    CustomJS,
    CustomJSHover,
    CustomJSTickFormatter,
    NumeralTickFormatter,
    TickFormatter,
)
from bokeh.plotting import figure

from dashboard.languages.language import ENGLISH
from dashboard.languages.text import current_language, gettext
from dashboard.shell import read_asset
from dashboard.shell.theme import Theme
from dashboard.upstream.page_slices import checkpoint

TOOLS = "pan,box_zoom,wheel_zoom,reset,save"
"""Of a chart that can be zoomed; none is active, so that a finger on the chart scrolls the page."""

FOCUSED = ":host(:focus-visible) { outline: 2px solid var(--accent); outline-offset: -2px; }"

SHOW_CHOSEN = """
curves.forEach((glyphs, index) => {
  for (const glyph of glyphs) glyph.visible = legend.active.includes(index)
})
"""

_HOVER_NUMBER = """
const decimals = (format.split(" ")[0].split(".")[1] ?? "").length
const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
return format.endsWith("%") ? format_percent(value, digits) : format_number(value, digits)
"""


def make_chart(label: str, **options: Any) -> figure:
    """Return an empty chart that can be zoomed and saved.

    Parameters
    ----------
    label
        The name in `keyed_chart`.
    options
        Further parameters of the figure: its size, ranges, labels, name, …
    """
    checkpoint()
    chart = figure(
        tools=TOOLS,
        active_drag=None,
        active_scroll=None,
        toolbar_location="right",
        outline_line_color=None,
        **{"min_border": 2, **keyed_chart(label), **options},
    )
    chart.toolbar.logo = None
    chart.toolbar.autohide = True
    quieten(chart)
    chart.axis.axis_label_text_font_size = "11px"
    return chart


def number_formatter(pattern: str) -> TickFormatter:
    """Return a formatter of the numbers of an axis or a slider, as the language writes them.

    BokehJS has the rules of English only, so other languages are left to the browser.

    Parameters
    ----------
    pattern
        As `NumeralTickFormatter` has it: `0,0`, decimals such as `.00` or `.[00]`, and ` %`.
    """
    if current_language() is ENGLISH:
        return NumeralTickFormatter(format=pattern)
    decimals = pattern.removesuffix(" %").partition(".")[2]
    most = decimals.count("0")
    digits = {
        "minimumFractionDigits": 0 if "[" in decimals else most,
        "maximumFractionDigits": most,
    }
    function = "format_percent" if pattern.endswith("%") else "format_number"
    return CustomJSTickFormatter(code=f"return {function}(tick, {json.dumps(digits)})")


def hover_formatters(fields: Iterable[str]) -> dict[str, CustomJSHover]:
    """Return the formatters of the numbers beside the pointer, for `HoverTool`; see above.

    Parameters
    ----------
    fields
        Of the tooltips, such as `@value`; each has its pattern in braces there.
    """
    if current_language() is ENGLISH:
        return {}
    formatter = CustomJSHover(code=_HOVER_NUMBER)
    return dict.fromkeys(fields, formatter)


def make_small_chart(**options: Any) -> figure:
    """Return an empty chart without tools; `options` are further parameters of the figure."""
    chart = figure(tools="", toolbar_location=None, outline_line_color=None, **options)
    quieten(chart)
    return chart


def keyed_chart(name: str) -> dict[str, Any]:
    """Return the options of a figure whose points keys go to; see `chart_keys.js`.

    Its curves are the renderers with a name.

    Parameters
    ----------
    name
        What the chart shows, as screen readers announce it.
    """
    attributes = {
        "role": "application",
        "tabindex": "0",
        "aria-roledescription": gettext("chart"),
        "aria-label": gettext(
            "{chart}. Left and right arrows go along a curve, up and down to another.", chart=name
        ),
        "data-chart": "",
    }
    return {"html_attributes": attributes, "stylesheets": [FOCUSED]}


class ChartHeading:
    """The title above a chart, and a sentence in the chart while it is empty.

    The sentence is HTML, which is broken where it is wider than the chart; a label of Bokeh is cut.

    Parameters
    ----------
    title
        Of the chart; "" if it stands elsewhere.
    sentence
        When or why there is nothing in the chart.
    theme
        The style sheets.

    Attributes
    ----------
    view
        It lies in the same column as the chart, above it.
    """

    def __init__(self, title: str, sentence: str, theme: Theme) -> None:
        self._title = f"<h2>{title}</h2>" if title else ""
        self._empty = f'{self._title}<p class="empty-chart quiet">{sentence}</p>'
        self.view = theme.text(self._empty, css_classes=["chart-heading"])

    def draw(self, *, is_empty: bool) -> None:
        """Show the sentence while the chart is empty, and the title alone from then on."""
        html = self._empty if is_empty else self._title
        if self.view.object != html:
            self.view.object = html


def make_picture(**options: Any) -> figure:
    """Return a figure without axes, grid, tools and borders, for images and shapes on it.

    Parameters
    ----------
    options
        Further parameters of the figure: its size, ranges, style sheets, name, …
    """
    checkpoint()
    picture = figure(
        tools="", toolbar_location=None, min_border=0, outline_line_color=None, **options
    )
    picture.axis.visible = False
    picture.grid.visible = False
    return picture


def quieten(chart: figure) -> None:
    """Hide all of a figure's axes but numbers, labels (upright) and horizontal grid lines."""
    chart.xgrid.visible = False
    chart.axis.axis_label_text_font_style = "normal"
    chart.axis.axis_line_color = None
    chart.axis.minor_tick_line_color = None
    chart.axis.major_tick_line_color = None


def make_empty_source(*columns: str) -> ColumnDataSource:
    """Return a data source whose columns are empty arrays of numbers; colours need lists."""
    return ColumnDataSource({name: np.zeros(0, np.float32) for name in columns})


def make_legend(items: list[tuple[str, list[Any]]]) -> CheckboxButtonGroup:
    """Return a legend in one row; a click on a name hides its curve.

    Each name has a sample of its curve, so that curves are told apart without their colours.
    Bokeh's own legend is drawn again with every redraw, which takes longer than the curves do.

    Parameters
    ----------
    items
        The names of the curves, each with the renderers of its curve.
    """
    swatches = [
        f".bk-btn:nth-child({number})::before {{ {_swatch(glyphs[0].glyph)} }}"
        for number, (_, glyphs) in enumerate(items, 1)
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


def set_legend_curves(legend: CheckboxButtonGroup, curves: list[list[Any]]) -> None:
    """Let the names of a legend show and hide these renderers from now on."""
    (script,) = legend.js_property_callbacks["change:active"]
    script.args = {"legend": legend, "curves": curves}
    for index, glyphs in enumerate(curves):
        for glyph in glyphs:
            glyph.visible = index in legend.active


def _swatch(glyph: Any) -> str:
    """Return the declarations of a sample of a line, or of a marker that is a diamond."""
    shown = f"--swatch: {glyph.line_color}; --swatch-opacity: {glyph.line_alpha};"
    if getattr(glyph, "marker", None) is not None:
        return f"{shown} width: 7px; height: 7px; background: var(--swatch); rotate: 45deg;"
    return f"{shown} border-top-style: {_dash_name(glyph)}; border-top-width: {glyph.line_width}px;"


def _dash_name(glyph: Any) -> str:
    """Return the name of a line's dashes, which Bokeh turns into lengths."""
    return {(6,): "dashed", (2, 4): "dotted"}.get(tuple(glyph.line_dash), "solid")


def make_head(title: str, legend: pn.pane.Bokeh, theme: Theme, *more: object) -> pn.Row:
    """Return a row of a title, a legend in the remaining width, and more widgets at its end."""
    heading = theme.text(f"<h2>{title}</h2>")
    heading.sizing_mode = None
    legend.sizing_mode = "stretch_width"
    return pn.Row(
        heading,
        legend,
        *more,
        stylesheets=[theme.gap],
        min_height=30,
        sizing_mode="stretch_width",
        margin=0,
    )
