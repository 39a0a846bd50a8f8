"""The weights that come into one hidden unit, or into a class: to be read and to be changed.

A table shows them all; a menu and a field change one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape

import panel as pn

from dashboard.shell.theme import Theme
from dashboard.training.settings import shorten
from data_cache import INPUT_TITLES
from nn import Network

BIAS = "bias"

SetWeight = Callable[[int, int, int, float], None]
"""Takes the layer, the row (one behind the last: the bias), the column, and the weight."""


class WeightsEditor:
    """Shows and changes weights; it keeps only which unit is meant."""

    def __init__(self, theme: Theme, set_weight: SetWeight) -> None:
        self._set_weight = set_weight
        self._network: Network | None = None
        self._inputs: list[str] = []
        self._is_drawing = False
        wide = {"stylesheets": [theme.widgets], "sizing_mode": "stretch_width", "margin": 0}
        self.layer = pn.widgets.Select(label="Into", options={"Layer 1": 0}, **wide)
        self.unit = pn.widgets.Select(label="Unit", options={"1": 0}, **wide)
        self.source = pn.widgets.Select(label="From", options={BIAS: 0}, **wide)
        self.weight = pn.widgets.TextInput(
            label="Weight", css_classes=["ink-spiral-weight"], **wide
        )
        self.error = theme.text("", css_classes=["field-error"])
        self.error.visible = False
        self.table = theme.text("", css_classes=["ink-spiral-weights"])
        self.view = pn.Column(
            pn.Row(
                self.layer,
                self.unit,
                self.source,
                self.weight,
                stylesheets=[theme.gap],
                sizing_mode="stretch_width",
                margin=0,
            ),
            self.error,
            self.table,
            stylesheets=[theme.gap],
            sizing_mode="stretch_width",
            margin=0,
        )
        for menu in (self.layer, self.unit, self.source):
            menu.param.watch(lambda *_events: self._chosen(), "value")
        self.weight.param.watch(lambda event: self._typed(event.new), "value")

    def choose(self, layer: int, unit: int) -> None:
        """Show the weights into a unit."""
        self.layer.value = layer
        if unit in self.unit.options.values():
            self.unit.value = unit

    def draw(self, network: Network, inputs: list[str], *, is_moving: bool = False) -> None:
        """Show the weights of a network whose inputs have these names.

        While it `is_moving`, in training, the field keeps what somebody may be typing there.
        """
        self._network, self._inputs = network, inputs
        self._is_drawing = True  # menus that get other entries choose one by themselves
        try:
            self._offer()
        finally:
            self._is_drawing = False
        self._show(keep_field=is_moving)

    def _offer(self) -> None:
        network = self._network
        if network is None:
            return
        last = len(network.layers) - 1
        layers = {f"Layer {number + 1}" if number < last else "Classes": number
                  for number in range(last + 1)}  # fmt: skip
        _set_options(self.layer, layers)
        rows, columns = network.layers[self.layer.value].weights.shape
        first = 0 if self.layer.value == last else 1
        _set_options(self.unit, {str(unit + first): unit for unit in range(columns)})
        names = [INPUT_TITLES[name] for name in self._inputs] if self.layer.value == 0 else [
            f"unit {number + 1}" for number in range(rows)
        ]  # fmt: skip
        sources = {name: number for number, name in enumerate(names)}
        if network.layers[self.layer.value].bias is not None:
            sources[BIAS] = rows
        _set_options(self.source, sources)

    def _chosen(self) -> None:
        if self._is_drawing or self._network is None:
            return
        self.draw(self._network, self._inputs)

    def _weights(self) -> list[float]:
        """Return the weights into the unit, the bias last."""
        assert self._network is not None
        layer, unit = self._network.layers[self.layer.value], self.unit.value
        weights: list[float] = layer.weights[:, unit].tolist()
        return weights if layer.bias is None else [*weights, float(layer.bias[unit])]

    def _show(self, *, keep_field: bool) -> None:
        weights = self._weights()
        html = table_html(list(self.source.options), weights, self.source.value)
        if self.table.object != html:
            self.table.object = html
        text = f"{weights[self.source.value]:.4g}"
        if self.weight.value != text and not (keep_field or self.error.visible):
            self._is_drawing = True
            self.weight.value = text
            self._is_drawing = False

    def _typed(self, text: str) -> None:
        if self._is_drawing:
            return
        try:
            weight = read_weight(text)
        except ValueError as error:
            self._complain(str(error))
            return
        self._complain("")
        self._set_weight(self.layer.value, self.source.value, self.unit.value, weight)

    def _complain(self, sentence: str) -> None:
        self.error.object = f'<span role="alert">{escape(sentence)}</span>' if sentence else ""
        self.error.visible = bool(sentence)


def read_weight(text: str) -> float:
    """Read what somebody typed for a weight; ValueError with a sentence when it is none."""
    try:
        weight = float(text.strip())
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and abs(weight) <= 1e6):
        found = f"“{shorten(text)}”" if text.strip() else "an empty field"
        raise ValueError(f"A weight is a number from -1,000,000 to 1,000,000; found {found}.")
    return weight


def table_html(names: list[str], weights: list[float], chosen: int) -> str:
    """Show weights as a table of names, bars and numbers."""
    largest = max((abs(weight) for weight in weights if math.isfinite(weight)), default=0) or 1
    cells = []
    for place, (name, weight) in enumerate(zip(names, weights, strict=True)):
        share = 50 * min(1, abs(weight) / largest) if math.isfinite(weight) else 0
        side = "left" if weight >= 0 else "right"
        kind = "above" if weight >= 0 else "below"
        row = ' class="chosen"' if place == chosen else ""
        style = f"{side}:50%;width:{share:.0f}%"
        cells.append(
            f'<tr{row}><th scope="row">{escape(name)}</th>'
            f'<td class="track"><div class="{kind}" style="{style}"></div></td>'
            f"<td>{weight:.3g}</td></tr>"
        )
    return (
        f'<div class="weights"><table aria-label="Incoming weights">{"".join(cells)}</table></div>'
    )


def _set_options(menu: pn.widgets.Select, options: dict[str, int]) -> None:
    if dict(menu.options) == options:
        return
    value = menu.value if menu.value in options.values() else next(iter(options.values()))
    menu.param.update(options=options, value=value)
