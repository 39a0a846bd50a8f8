"""Buttons that add and remove hidden layers and their units."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from dashboard.languages.text import gettext
from dashboard.shell.theme import Theme, button
from dashboard.training.settings import MAX_HIDDEN_LAYERS
from dashboard.upstream.html_pane import HTMLText

FIRST_UNITS = 4
"""Units of a first hidden layer that is added."""

SIGN = """
.bk-btn {{ min-width: 26px; padding: 0 !important; font-size: 0 !important; }}
.bk-btn::before {{ content: "{sign}"; font-size: 15px; }}
"""
WRAP = ":host { flex-wrap: wrap; gap: 4px 14px; align-items: center; }"
CLOSE = ":host { gap: 4px; align-items: center; }"


class LayerSteppers:
    """A stepper for the number of hidden layers, and one for the units of each.

    Parameters
    ----------
    theme
        Style sheets.
    choose
        Called with the units of all hidden layers that are wanted.
    """

    def __init__(self, theme: Theme, choose: Callable[[list[int]], None]) -> None:
        self._theme = theme
        self._choose = choose
        self._layers: list[int] = []
        self.counts: list[HTMLText] = []
        count, stepper = self._stepper(
            gettext("Hidden layers"),
            gettext("Remove a layer"),
            gettext("Add a layer"),
            "layers",
            self._step_layers,
        )
        self._count = count
        self.view = pn.Row(
            stepper, stylesheets=[theme.gap, WRAP], sizing_mode="stretch_width", margin=0
        )

    def draw(self, layers: list[int]) -> None:
        """Show the units of every hidden layer."""
        self._layers = list(layers)
        while len(self.counts) < len(layers):
            self._add_stepper(len(self.counts))
        _set_text(self._count, str(len(layers)))
        for index, text in enumerate(self.counts):
            self.view[index + 1].visible = index < len(layers)
            if index < len(layers):
                _set_text(text, str(layers[index]))

    def _add_stepper(self, layer: int) -> None:
        def step(direction: int) -> None:
            changed = list(self._layers)
            changed[layer] = next_units(changed[layer], direction)
            self._choose(changed)

        number = layer + 1
        text, stepper = self._stepper(
            gettext("Layer {number}", number=number),
            gettext("Remove a unit of layer {number}", number=number),
            gettext("Add a unit of layer {number}", number=number),
            f"units-{number}",
            step,
        )
        self.counts.append(text)
        self.view.append(stepper)

    def _step_layers(self, direction: int) -> None:
        layers = self._layers
        if direction < 0:
            self._choose(layers[:-1])
        elif len(layers) < MAX_HIDDEN_LAYERS:
            self._choose([*layers, layers[-1] if layers else FIRST_UNITS])

    def _stepper(
        self, title: str, remove: str, add: str, hook: str, step: Callable[[int], None]
    ) -> tuple[HTMLText, pn.Row]:
        """Return the text of the value, and a row of a title, the value and two buttons."""
        heading, text = (
            self._theme.text(f'<span class="quiet">{title}</span>'),
            self._theme.text(""),
        )
        for part in (heading, text):
            part.sizing_mode = None
            part.align = "center"
        less, more = (
            button(label, self._theme, f"ink-spiral-{name}-{hook}", command)
            for label, name, command in (
                (remove, "fewer", lambda: step(-1)),
                (add, "more", lambda: step(1)),
            )
        )
        for widget, sign in ((less, "−"), (more, "+")):
            widget.stylesheets = [*widget.stylesheets, SIGN.format(sign=sign)]
        row = pn.Row(
            heading,
            less,
            text,
            more,
            stylesheets=[self._theme.gap, CLOSE],
            sizing_mode=None,
            margin=0,
        )
        return text, row


def next_units(units: int, direction: int) -> int:
    """Return the next number of units up (1) or down (−1): single ones to 10, then tens."""
    if direction > 0:
        return units + 1 if units < 10 else (units // 10 + 1) * 10
    return max(1, units - 1 if units <= 10 else (units - 1) // 10 * 10)


def _set_text(text: HTMLText, value: str) -> None:
    if text.object != value:
        text.object = value
