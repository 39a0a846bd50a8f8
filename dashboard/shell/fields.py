"""Turns one setting into a field: label, help and range come from the setting itself.

What somebody types is read by the settings; an entry that cannot be used is answered with a
sentence under the field, stays there to be mended, and changes nothing.
"""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import param

from dashboard.training.settings import LearningSettings, SettingError

Watched = Any


def format_value(value: Any) -> str:
    """Write a setting the way it is typed: 0.002, 64, “500 300 100”."""
    if isinstance(value, list):
        return " ".join(str(width) for width in value)
    if not isinstance(value, float):
        return str(value)
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


class Field:
    """A widget bound both ways to one setting; `hook` begins its class in the page."""

    def __init__(
        self, settings: LearningSettings, name: str, stylesheet: str, hook: str = "ink-field"
    ) -> None:
        self._settings = settings
        self._name = name
        self.widget = _make_widget(settings, name, stylesheet)
        self.error = pn.pane.HTML(
            "", css_classes=["field-error"], visible=False, margin=0, sizing_mode="stretch_width"
        )
        self.view = pn.Column(
            self.widget,
            self.error,
            css_classes=["field", f"{hook}-{name.replace('_', '-')}"],
            margin=0,
            sizing_mode="stretch_width",
        )
        self._is_text = isinstance(self.widget, pn.widgets.TextInput)
        self.widget.param.watch(self._typed, "value")
        settings.param.watch(self._changed, name)

    def _typed(self, event: Watched) -> None:
        try:
            value = self._settings.read(self._name, event.new) if self._is_text else event.new
            self._settings.param.update(**{self._name: value})
        except SettingError as error:
            self._complain(str(error))
        else:
            self._complain("")

    def _changed(self, event: Watched) -> None:
        self._complain("")
        self.widget.value = format_value(event.new) if self._is_text else event.new

    def _complain(self, sentence: str) -> None:
        self.error.object = f'<span role="alert">{escape(sentence)}</span>' if sentence else ""
        self.error.visible = bool(sentence)


class TickBox:
    """A box bound both ways to one setting that is on or off.

    It is a group of one: alone, Bokeh's boxes have no label that a screen reader could find.
    """

    def __init__(
        self, settings: LearningSettings, name: str, stylesheet: str, hook: str = "ink-field"
    ) -> None:
        label = settings.param[name].label
        self.view = pn.widgets.CheckBoxGroup(
            options=[label],
            value=[label] if getattr(settings, name) else [],
            css_classes=[f"{hook}-{name.replace('_', '-')}"],
            stylesheets=[stylesheet],
            margin=0,
        )
        self.view.param.watch(
            lambda event: settings.param.update(**{name: bool(event.new)}), "value"
        )
        settings.param.watch(
            lambda event: self.view.param.update(value=[label] if event.new else []), name
        )


def _make_widget(settings: LearningSettings, name: str, stylesheet: str) -> pn.widgets.Widget:
    parameter = settings.param[name]
    value = getattr(settings, name)
    look = {
        "label": parameter.label,
        "stylesheets": [stylesheet],
        "margin": 0,
        "sizing_mode": "stretch_width",
    }
    look["description"] = parameter.doc
    if isinstance(parameter, param.Selector):
        return pn.widgets.Select(value=value, options=list(parameter.objects), **look)
    return pn.widgets.TextInput(value=format_value(value), **look)
