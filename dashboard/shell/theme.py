"""The theme: style sheets that all parts of a page share, and the elements styled by them."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from dashboard.shell import read_asset
from dashboard.upstream.html_pane import HTMLText
from dashboard.upstream.page_slices import checkpoint


class Theme:
    """The shared style sheets of one page."""

    def __init__(self) -> None:
        self.widgets = read_asset("widgets.css")
        self.texts = read_asset("text.css") + read_asset("visually_hidden.css")
        # Panel's columns contain a hidden button that would count as one more row.
        no_button = " .scroll-button { display: none; }"
        self.card = (
            ":host { padding: 10px 12px; border: 1px solid var(--line);"
            " border-radius: var(--radius); background: var(--card); gap: 6px;"
            " margin-bottom: 10px !important; }" + no_button
        )
        self.gap = ":host { gap: 8px; }" + no_button
        self.bar = (
            ":host { gap: 8px; align-items: flex-end !important; width: auto !important; }"
            " :host > * { flex: none; align-self: flex-end !important; }"
            " .ink-train, .ink-spiral-train { width: 6.5rem; }"
            " @media (max-width: 399px) { :host(:not(:lang(en))) { gap: 6px; --button-edge: 5px; }"
            " :host(:not(:lang(en))) > :last-child { flex: 0 1 auto; min-width: 0; }"
            " :host(:not(:lang(en))) :is(.ink-train, .ink-spiral-train) { width: 5.25rem; } }"
            " @media (max-width: 359px) { .ink-train, .ink-spiral-train { width: 4.5rem; } }"
            " @media (max-width: 599px) and (max-height: 480px) {"
            " :host { flex-wrap: wrap; max-width: 100%; } }" + no_button
        )
        self.quick = (
            ":host { gap: 12px; } .field { display: var(--card-learning, flex); }"
            " @media (min-width: 1000px) {"
            " :host > :not(.ink-training-start) { width: max(5.75rem,"
            " calc(0.55rem + 0.42rem * var(--label-length, 0))) !important; } }"
            " @media (min-width: 1000px) and (max-width: 1199px) {"
            " :host { gap: 8px; --help: none; }"
            " :host > :not(.ink-training-start) { width: max(5rem,"
            " calc(0.37rem * var(--label-length, 0))) !important; } }"
            " @media (max-width: 999px) { :host { flex-wrap: wrap; } :host > * { flex: 1 1 5rem; }"
            " .ink-training-start { flex-basis: 100%; } }"
        )
        self.wrap = (
            ":host { flex-wrap: wrap; align-items: flex-end !important; gap: 8px; }"
            " :host > * { flex: 1 1 72px; width: auto !important; min-width: min-content; }"
            + no_button
        )
        self.bottom = ":host { align-items: flex-end !important; }"
        self.pairs = (
            ":host { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) !important;"
            " gap: 6px 10px; align-items: end; --error-width: 100%; --label-wrap: normal; }"
        )

    def text(self, html: str, css_classes: list[str] | None = None) -> HTMLText:
        """Return a pane of HTML."""
        checkpoint()
        return HTMLText(
            html,
            css_classes=css_classes or [],
            stylesheets=[self.texts],
            sizing_mode="stretch_width",
            margin=0,
        )


def button(
    label: str,
    theme: Theme,
    css_class: str,
    command: Callable[[], object],
    sizing_mode: str | None = None,
) -> pn.widgets.Button:
    """Return a button that calls `command` at every click."""
    checkpoint()
    widget = pn.widgets.Button(
        label=label,
        css_classes=[css_class],
        stylesheets=[theme.widgets],
        align="end",
        sizing_mode=sizing_mode,
        margin=0,
    )
    widget.on_click(lambda _event: command())
    return widget
