"""Widgets that are generated from parameters: label, help and range come from the parameter.

Text that is typed into a field is parsed by the settings; an entry that cannot be used is answered
with a sentence under the field and changes nothing.
"""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import param

from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.theme import Theme
from dashboard.training.settings import SettingError, TypedSettings, format_value
from dashboard.upstream.page_slices import checkpoint

ERROR = """
:host {
  position: absolute !important;
  top: calc(100% + 4px);
  left: 0;
  z-index: 5;
  width: var(--error-width, max-content) !important;
  height: auto !important;
  max-height: none !important;
  min-width: 100%;
  max-width: min(300px, calc(100vw - 40px)) !important;
  box-sizing: border-box;
  padding: 6px 8px;
  border: 1px solid var(--error-text);
  border-radius: 6px;
  background: var(--card);
  box-shadow: 0 4px 20px rgb(0 0 0 / 25%);
  color: var(--error-text);
  font: 0.75rem/1.35 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}

/* There it would reach beyond the page. */
@media (max-width: 999px) {
  :host {
    position: static !important;
    width: 100% !important;
    max-width: none !important;
    margin-top: 4px !important;
    box-shadow: none;
  }
}
"""
"""The sentence under a refused entry lies over what follows, so that it moves nothing.

On a narrow page it stands under its field.
"""

FIELD = """
:host {
  position: relative;
  overflow: visible;
}

:host(:hover),
:host(:focus-within) {
  z-index: 6;
}
"""
"""Of sentences side by side that of the field in use lies above the others."""

DISPLAY_NAMES = {
    "relu": "ReLU",
    "leaky-relu": "Leaky ReLU",
    "tanh": "tanh",
    "sgd": "SGD",
    "momentum": gettext_noop("SGD with momentum"),
    "nesterov": gettext_noop("Nesterov momentum"),
    "rmsprop": "RMSProp",
    "adamw": "AdamW",
    "he": "He",
    "xavier": "Xavier (Glorot)",
}
"""Names that are shown for values of settings; the others only begin with a capital."""


def display_name(value: str) -> str:
    """Return how the page shows a value that settings, links and commands spell otherwise."""
    return gettext(DISPLAY_NAMES.get(value, value[:1].upper() + value[1:]))


class Field:
    """A text field or menu bound both ways to one setting; `hook` begins its CSS class."""

    def __init__(
        self, settings: TypedSettings, name: str, stylesheet: str, hook: str = "ink-field"
    ) -> None:
        checkpoint()
        self._settings = settings
        self._name = name
        self.widget = _make_widget(settings, name, stylesheet)
        self.error = pn.pane.HTML(
            "",
            css_classes=["field-error"],
            stylesheets=[ERROR],
            visible=False,
            margin=0,
            sizing_mode="stretch_width",
        )
        self.view = pn.Column(
            self.widget,
            self.error,
            css_classes=["field", f"{hook}-{name.replace('_', '-')}"],
            # The bar at the top makes room for long names; see `Theme.quick`.
            styles={"--label-length": str(len(gettext(settings.param[name].label)))},
            stylesheets=[FIELD],
            margin=0,
            sizing_mode="stretch_width",
        )
        self._is_text = isinstance(self.widget, pn.widgets.TextInput)
        self.widget.param.watch(self._widget_changed, "value")
        settings.param.watch(self._setting_changed, name)

    def _widget_changed(self, event: Any) -> None:
        try:
            value = self._settings.read(self._name, event.new) if self._is_text else event.new
            self._settings.param.update(**{self._name: value})
        except SettingError as error:
            self._show_error(str(error))
        else:
            self._show_error("")

    def _setting_changed(self, event: Any) -> None:
        self._show_error("")
        self.widget.value = format_value(event.new) if self._is_text else event.new

    def _show_error(self, sentence: str) -> None:
        self.error.object = f'<span role="alert">{escape(sentence)}</span>' if sentence else ""
        self.error.visible = bool(sentence)
        if bool(sentence) != ("refused" in self.widget.css_classes):
            self.widget.css_classes = ["refused"] if sentence else []


class Checkbox:
    """A checkbox bound both ways to one Boolean setting.

    It is a group of one, because a single checkbox of Bokeh has no label for screen readers.
    """

    def __init__(
        self,
        settings: param.Parameterized,
        name: str,
        stylesheet: str,
        hook: str = "ink-field",
        css_class: str = "",
    ) -> None:
        label = gettext(settings.param[name].label)
        self.view = pn.widgets.CheckBoxGroup(
            options=[label],
            value=[label] if getattr(settings, name) else [],
            css_classes=[css_class or f"{hook}-{name.replace('_', '-')}"],
            stylesheets=[stylesheet],
            margin=0,
        )
        self.view.param.watch(
            lambda event: settings.param.update(**{name: bool(event.new)}), "value"
        )
        settings.param.watch(
            lambda event: self.view.param.update(value=[label] if event.new else []), name
        )


def described(parameter: param.Parameter) -> dict[str, Any]:
    """Return the label and the help of a parameter, as arguments of a widget."""
    help_text = gettext(parameter.doc) if parameter.doc else None
    return {"label": gettext(parameter.label), "description": help_text}


def menu(
    parameter: param.Parameter, theme: Theme, css_class: str = "", **options: Any
) -> pn.widgets.Select:
    """Return a menu bound both ways to a parameter with a fixed list of values."""
    return pn.widgets.Select.from_param(
        parameter,
        **described(parameter),
        css_classes=[css_class] if css_class else [],
        stylesheets=[theme.widgets],
        sizing_mode="stretch_width",
        margin=0,
        **options,
    )


def _make_widget(settings: TypedSettings, name: str, stylesheet: str) -> pn.widgets.Widget:
    parameter = settings.param[name]
    value = getattr(settings, name)
    options = {
        **described(parameter),
        "stylesheets": [stylesheet],
        "margin": 0,
        "sizing_mode": "stretch_width",
    }
    if isinstance(parameter, param.Selector):
        choices = {display_name(item): item for item in parameter.objects}
        return pn.widgets.Select(value=value, options=choices, **options)
    return pn.widgets.TextInput(value=format_value(value), **options)
