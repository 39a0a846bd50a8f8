"""Table and editor of the weights that lead into one hidden unit or class."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape

import panel as pn

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop
from dashboard.plane.colors import SMALLEST_SCALE
from dashboard.plane.inspection import read_weight
from dashboard.shell.layout import stack
from dashboard.shell.theme import Theme
from data_cache import INPUT_TITLES
from nn import Network

BIAS = gettext_noop("bias")

SetWeight = Callable[[int, int, int, float], None]
"""Called with layer, row (the one after the last is the bias), column and weight."""


class WeightsEditor:
    """Menus that select a weight, a field that changes it, and a table of its neighbours."""

    def __init__(self, theme: Theme, set_weight: SetWeight) -> None:
        self._set_weight = set_weight
        self._network: Network | None = None
        self._inputs: list[str] = []
        self._is_drawing = False
        wide = {"stylesheets": [theme.widgets], "sizing_mode": "stretch_width", "margin": 0}
        self.layer = pn.widgets.Select(label=gettext("Layer"), options={"1": 0}, **wide)
        self.unit = pn.widgets.Select(label=gettext("Unit"), options={"1": 0}, **wide)
        self.source = pn.widgets.Select(label=gettext("Input"), options={gettext(BIAS): 0}, **wide)
        self.weight = pn.widgets.TextInput(
            label=gettext("Weight"), css_classes=["ink-spiral-weight"], **wide
        )
        self.error = theme.text("", css_classes=["field-error"])
        self.error.visible = False
        self.table = theme.text("", css_classes=["ink-spiral-weights"])
        row = pn.Row(
            self.layer, self.unit, self.source, self.weight,
            stylesheets=[theme.gap, ":host > .ink-spiral-weight { flex: 1 0 6.5rem !important; }"],
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self.view = stack(theme, row, self.error, self.table)
        for menu in (self.layer, self.unit, self.source):
            menu.param.watch(lambda *_events: self._chosen(), "value")
        self.weight.param.watch(lambda event: self._typed(event.new), "value")

    def choose(self, layer: int, unit: int, source: int | None = None) -> None:
        """Show the weights into a unit, and in the field one of them; −1 is the last, the bias."""
        self.layer.value = layer
        if unit in self.unit.options.values():
            self.unit.value = unit
        sources = list(self.source.options.values())
        if source is not None and -1 <= source < len(sources):
            self.source.value = sources[source]

    def draw(self, network: Network, inputs: list[str]) -> None:
        """Show the weights of a network with inputs of these names.

        The field keeps a text that is being typed.
        """
        self._network, self._inputs = network, inputs
        self._is_drawing = True  # menus whose options change select a value by themselves
        try:
            self._update_menus(network)
            self._show()
        finally:
            self._is_drawing = False

    def _update_menus(self, network: Network) -> None:
        last = len(network.layers) - 1
        names = [*(str(number + 1) for number in range(last)), gettext("Classes")]
        _set_options(self.layer, {name: number for number, name in enumerate(names)})
        layer = network.layers[self.layer.value]
        rows, columns = layer.weights.shape
        first = 0 if self.layer.value == last else 1
        _set_options(self.unit, {str(unit + first): unit for unit in range(columns)})
        if self.layer.value == 0:
            titles = [INPUT_TITLES[name] for name in self._inputs]
        else:
            titles = [gettext("unit {number}", number=number + 1) for number in range(rows)]
        titles += [] if layer.bias is None else [gettext(BIAS)]
        _set_options(self.source, {title: number for number, title in enumerate(titles)})

    def _chosen(self) -> None:
        if not self._is_drawing and self._network is not None:
            self.draw(self._network, self._inputs)

    def _weights(self) -> list[float]:
        """Return the weights into the unit, the bias last."""
        assert self._network is not None
        layer, unit = self._network.layers[self.layer.value], self.unit.value
        weights: list[float] = layer.weights[:, unit].tolist()
        return weights if layer.bias is None else [*weights, float(layer.bias[unit])]

    def _show(self) -> None:
        weights = self._weights()
        self.table.object = table_html(list(self.source.options), weights, self.source.value)
        is_typing = self.weight.value_input != self.weight.value
        if not (is_typing or self.error.visible):
            text = f"{weights[self.source.value]:.4g}"
            self.weight.param.update(value=text, value_input=text)

    def _typed(self, text: str) -> None:
        if self._is_drawing:
            return
        try:
            weight = read_weight(text)
        except ValueError as error:
            self._show_error(str(error))
            return
        self._show_error("")
        self._set_weight(self.layer.value, self.source.value, self.unit.value, weight)

    def _show_error(self, sentence: str) -> None:
        self.error.object = f'<span role="alert">{escape(sentence)}</span>' if sentence else ""
        self.error.visible = bool(sentence)


def table_html(names: list[str], weights: list[float], chosen: int) -> str:
    """Return weights as a table of names, bars and values."""
    largest = max((abs(weight) for weight in weights if math.isfinite(weight)), default=0)
    scale = max(largest, SMALLEST_SCALE)
    rows = []
    for index, (name, weight) in enumerate(zip(names, weights, strict=True)):
        share = 50 * min(1, abs(weight) / scale) if math.isfinite(weight) else 0
        side, kind = ("left", "above") if weight >= 0 else ("right", "below")
        css_class = ' class="chosen"' if index == chosen else ""
        rows.append(
            f'<tr{css_class}><th scope="row">{escape(name)}</th><td class="track">'
            f'<div class="{kind}" style="{side}:50%;width:{share:.0f}%"></div></td>'
            f"<td>{format_number(weight, '.3g')}</td></tr>"
        )
    return (
        f'<div class="weights" translate="no"><table aria-label="{gettext("Incoming weights")}">'
        f"{''.join(rows)}</table></div>"
    )


def _set_options(menu: pn.widgets.Select, options: dict[str, int]) -> None:
    if dict(menu.options) == options:
        return
    value = menu.value if menu.value in options.values() else next(iter(options.values()))
    menu.param.update(options=options, value=value)
