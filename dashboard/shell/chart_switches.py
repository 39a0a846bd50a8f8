"""Switches of the charts of a run, and the choice of its speed, for every pane that trains."""

from __future__ import annotations

import panel as pn

from dashboard.languages.text import gettext, ngettext, pgettext
from dashboard.shell.fields import Checkbox, described
from dashboard.shell.theme import Theme
from dashboard.training.run_options import EPOCH, FULL_SPEED, ITERATION, SPEEDS, RunOptions


def chart_switches(options: RunOptions, theme: Theme, hook: str = "ink") -> pn.Row:
    """Return a row: x axis, logarithmic loss, and outliers; `hook` begins the classes."""
    axis = pn.widgets.RadioButtonGroup.from_param(
        options.param.x_axis,
        label=gettext("x axis"),
        description=None,
        options={gettext("Iterations"): ITERATION, gettext("Epochs"): EPOCH},
        css_classes=[f"{hook}-x-axis"],
        stylesheets=[theme.widgets],
        margin=0,
    )
    boxes = [
        Checkbox(options, name, theme.widgets, css_class=f"{hook}-{css_class}").view
        for name, css_class in (("log_scale", "log"), ("ignore_outliers", "ignore-outliers"))
    ]
    for box in boxes:
        box.align = "center"
    return pn.Row(
        axis,
        *boxes,
        stylesheets=[theme.gap, ":host { flex-wrap: wrap; gap: 4px 10px; }"],
        sizing_mode="stretch_width",
        margin=0,
    )


def speed_menu(options: RunOptions, theme: Theme, hook: str = "ink") -> pn.widgets.Select:
    """Return a menu of the speeds of training; `hook` begins its class."""
    return pn.widgets.Select.from_param(
        options.param.speed,
        **described(options.param.speed),
        options={speed_title(name): name for name in SPEEDS},
        css_classes=[f"{hook}-speed"],
        stylesheets=[theme.widgets],
        width=104,
        margin=0,
    )


def speed_title(name: str) -> str:
    """Return the title of a speed."""
    if name == FULL_SPEED:
        return pgettext("speed", "Full")
    return ngettext("{count} step/s", "{count} steps/s", int(name), count=name)
