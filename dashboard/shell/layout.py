"""Parts that several panes have: cards, pairs of fields, training buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import panel as pn

from dashboard.languages.text import gettext
from dashboard.shell.fields import Field
from dashboard.shell.theme import Theme, button
from dashboard.training.settings import TypedSettings
from dashboard.upstream.page_slices import checkpoint


def card(
    theme: Theme, title: str, *content: pn.viewable.Viewable, hidden_by: str = ""
) -> pn.Column:
    """Return framed content, under a title unless it is empty; links hide it by `hidden_by`."""
    hidden = [f":host {{ display: var(--card-{hidden_by}, flex); }}"] if hidden_by else []
    heading = [theme.text(f"<h2>{title}</h2>")] if title else []
    return pn.Column(
        *heading,
        *content,
        stylesheets=[theme.card, *hidden],
        sizing_mode="stretch_width",
        margin=0,
    )


def disclosure(
    theme: Theme, title: str, content: pn.viewable.Viewable, opened: Callable[[], None], hook: str
) -> pn.Column:
    """Return a button that shows and hides the content under it; it is hidden at first.

    `opened` is called before the content is shown, so that it may be made then; `hook` is its CSS
    class.
    """
    content.visible = False
    toggle = pn.widgets.Toggle(
        label=title,
        css_classes=["disclosure", hook],
        stylesheets=[theme.widgets],
        sizing_mode="stretch_width",
        margin=0,
    )

    def show(event: Any) -> None:
        if event.new:
            opened()
        content.visible = event.new

    toggle.param.watch(show, "value")
    return stack(theme, toggle, content)


def field_pairs(
    settings: TypedSettings, names: Sequence[str], theme: Theme, hook: str = "ink-field"
) -> pn.GridBox:
    """Return a field for each setting, two in a row; `hook` begins their CSS classes."""
    return pn.GridBox(
        *(Field(settings, name, theme.widgets, hook).view for name in names),
        ncols=2,
        stylesheets=[theme.pairs],
        sizing_mode="stretch_width",
        margin=0,
    )


def stack(theme: Theme, *content: pn.viewable.Viewable) -> pn.Column:
    """Return a column with small gaps."""
    checkpoint()
    return pn.Column(*content, stylesheets=[theme.gap], sizing_mode="stretch_width", margin=0)


def quick_settings(theme: Theme, *content: pn.viewable.Viewable) -> pn.Row:
    """Return the few settings beside the training buttons; links hide fields with “Learning”."""
    return pn.Row(
        *content, stylesheets=[theme.bar, theme.quick], sizing_mode="stretch_width", margin=0
    )


def bar(theme: Theme, *content: pn.viewable.Viewable) -> pn.Row:
    """Return a row of the bar at the top of a pane: its parts are as wide as they need."""
    return pn.Row(*content, stylesheets=[theme.bar], sizing_mode="stretch_width", margin=0)


def run_row(
    state: Any, theme: Theme, hook: str, step: Callable[[], None], reset: Callable[[], None]
) -> pn.Row:
    """Return the buttons Train (`state.running`), Step and Reset; `hook` begins their classes."""
    train = pn.widgets.Toggle.from_param(
        state.param.running,
        label=_train_label(state.running),
        color="primary",
        css_classes=[f"{hook}-train"],
        stylesheets=[theme.widgets],
        width_policy="min",
        margin=0,
    )

    def relabel(event: Any) -> None:
        train.label = _train_label(event.new)

    state.param.watch(relabel, "running")
    return pn.Row(
        train,
        button(gettext("Step"), theme, f"{hook}-step", step),
        button(gettext("Reset"), theme, f"{hook}-reset", reset),
        stylesheets=[theme.bar],
        margin=0,
    )


def _train_label(running: bool) -> str:
    return gettext("Pause") if running else gettext("Train")
