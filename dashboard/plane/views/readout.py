"""Readout of the plane pane: scores, training progress and probabilities at a point, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.plane.colors import CLASS_SIGNS
from dashboard.plane.probes import FEATURES, has_unit, layer_outputs, probabilities_at
from dashboard.plane.state import PlaneState
from dashboard.plane.views.controls import HOOK
from dashboard.shell.colors import CLASS_COLORS
from dashboard.shell.theme import Theme
from dashboard.training.history import Score
from dashboard.training.snapshot import Snapshot
from data_cache import INPUT_TITLES
from nn import Network

SHOWN_CLASSES = 3
"""Classes whose probabilities are shown at a point, the most probable first."""

INVITATION = gettext_noop("Point at the plane to see the predicted probabilities.")


class Readout:
    """The texts of the pane.

    Parameters
    ----------
    state
        What is shown.
    theme
        Style sheets.
    """

    def __init__(self, state: PlaneState, theme: Theme) -> None:
        self._state = state
        self.summary = theme.text("", css_classes=[f"{HOOK}-summary"])
        self.status = theme.text("", css_classes=[f"{HOOK}-status"])
        self.model = theme.text("", css_classes=[f"{HOOK}-model"])
        self.point = theme.text("", css_classes=[f"{HOOK}-place"])

    def draw(self) -> None:
        """Show the scores on training and test points, and how far training is."""
        self.draw_point()
        state = self._state
        train, test = (state.evaluation(part).score for part in ("train", "test"))
        self.summary.object = summary_html(train, test)
        self.status.object = status_html(state.snapshot, test)
        self.model.object = model_html(state.snapshot, test)

    def draw_point(self) -> None:
        """Show which unit is shown, or the probabilities at the point that is pointed at."""
        state = self._state
        if state.shown_unit is not None:
            name = unit_name(state.network, state.inputs, *state.shown_unit)
            is_off = state.shown_unit in state.ablated
            shown = gettext("Shown: {unit}, ablated.") if is_off else gettext("Shown: {unit}.")
            self.point.object = quiet_html(shown.format(unit=name))
        elif state.pointed_at is not None:
            x, y = state.pointed_at
            points = np.array([[x, y]])
            (probabilities,) = probabilities_at(state.shown_network(), state.inputs, points)
            self.point.object = point_html(x, y, probabilities)
        else:
            self.point.object = quiet_html(gettext(INVITATION))

    def pointed_html(self) -> str:
        """Return the value of the unit or weight of the diagram that is pointed at."""
        state = self._state
        if state.shown_weight is not None:
            return weight_html(state.whole_network(), state.inputs, *state.shown_weight)
        if state.shown_unit is None:
            text = gettext("Point at a unit, a line or a bias for its value.")
            return f'<p class="pointed quiet">{text}</p>'
        layer, unit = state.shown_unit
        network = state.whole_network()
        if not has_unit(network, layer, unit):
            return ""
        name = unit_name(network, state.inputs, layer, unit)
        if state.shown_unit in state.ablated:
            name = gettext("{unit} (ablated)", unit=name)
        if state.probe is None:
            text = gettext("{unit}; point at the plane for a value", unit=name)
            return f'<p class="pointed">{text}</p>'
        outputs = layer_outputs(state.shown_network(), state.inputs, np.array([state.probe]))
        value = float(outputs[layer + 1][0, unit])
        x, y = state.probe
        text = gettext(
            "{unit}: {value} at x {x}, y {y}",
            unit=name,
            value=format_number(value, ".3g"),
            x=_signed(x),
            y=_signed(y),
        )
        return f'<p class="pointed" data-value="{value:.6g}">{text}</p>'


def unit_name(network: Network, inputs: Sequence[str], layer: int, unit: int) -> str:
    """Return the name of a unit: “feature x₁”, “unit 3 of hidden layer 1”, “class 2”."""
    if layer == FEATURES:
        if unit >= len(inputs):
            return gettext("feature")
        return gettext("feature {name}", name=INPUT_TITLES[inputs[unit]])
    if layer == len(network.layers) - 1:
        return gettext("probability of class {label}", label=unit)
    return gettext("unit {unit} of hidden layer {layer}", unit=unit + 1, layer=layer + 1)


def weight_html(network: Network, inputs: Sequence[str], layer: int, row: int, column: int) -> str:
    """Return the value of a weight, or of a bias, with what it connects; "" if there is none."""
    if not (0 <= layer < len(network.layers) and has_unit(network, layer, column)):
        return ""
    chosen = network.layers[layer]
    is_last = layer == len(network.layers) - 1
    target = gettext("class {label}", label=column) if is_last else ""
    target = target or unit_name(network, inputs, layer, column)
    if row == len(chosen.weights) and chosen.bias is not None:
        name = gettext("bias of {target}", target=target)
        value = float(chosen.bias[column])
    elif has_unit(network, layer - 1, row):
        source = unit_name(network, inputs, layer - 1, row)
        name = gettext("weight from {source} to {target}", source=source, target=target)
        value = float(chosen.weights[row, column])
    else:
        return ""
    text = gettext(
        "{name}: {value}; click to edit it", name=name, value=format_number(value, ".3g")
    )
    return f'<p class="pointed" data-value="{value:.6g}">{text}</p>'


def summary_html(train: Score, test: Score) -> str:
    """Return the accuracies on training and test points."""
    # The span is left out where there is no room for it.
    first = gettext(
        'Training<span class="long"> accuracy</span> <b>{accuracy}</b>', accuracy=_per_cent(train)
    )
    second = gettext(
        'test<span class="long"> accuracy</span> <b>{accuracy}</b>', accuracy=_per_cent(test)
    )
    return (
        f'<p class="summary small" translate="no">{first}<span class="unseen"> · </span><br>'
        f"{second}</p>"
    )


def model_html(snapshot: Snapshot, test: Score) -> str:
    """Return the name of the network of the pane, its iteration and its score, for the header."""
    score = gettext("test {percent}", percent=_per_cent(test)) if test.count else ""
    name = gettext(
        "{model}, iteration {iteration}",
        model=f"MLP {snapshot.network.title}",
        iteration=format_number(snapshot.iteration),
    )
    shown = f'<span class="separator"> · </span><span class="score">{score}</span>' if score else ""
    return (
        f'<div class="network" translate="no" data-model="{snapshot.network.title}" '
        f'data-iteration="{snapshot.iteration}"><span class="name">{name}</span>{shown}</div>'
    )


def status_html(snapshot: Snapshot, test: Score) -> str:
    """Return the progress of training in one line, with the values as `data-*` attributes."""
    loss = "–" if snapshot.loss is None else format_number(snapshot.loss, ".3f")
    accuracy = "–" if snapshot.accuracy is None else format_percent(snapshot.accuracy)
    sizes = "-".join(str(size) for size in snapshot.network.sizes)
    parts = [
        gettext("iteration {iteration}", iteration=snapshot.iteration),
        gettext("loss {number}", number=loss),
        gettext("accuracy {percent}", percent=accuracy),
        gettext("test {percent}", percent=_per_cent(test)),
        gettext("{number} points/s", number=format_number(snapshot.samples_per_second, ",.0f")),
        gettext("network {sizes}", sizes=sizes),
        gettext("learning rate {number}", number=format_number(snapshot.learning_rate, "g")),
        gettext("batch {number}", number=snapshot.batch_size)
        if snapshot.batch_size
        else gettext("batch full"),
        snapshot.optimizer,
        snapshot.backend,
        snapshot.threads_text,
    ]
    data = {
        "iteration": snapshot.iteration,
        "loss": snapshot.loss,
        "accuracy": snapshot.accuracy,
        "test-accuracy": test.accuracy if test.count else None,
    }
    line = " · ".join(part for part in parts if part)
    return f'<div class="status" translate="no"{_attributes(data)}>{line}</div>'


def point_html(x: float, y: float, probabilities: NDArray[np.floating]) -> str:
    """Return the highest of the probabilities (classes,) at a point."""
    where = f'<span class="where">x {_signed(x)}, y {_signed(y)}</span>'
    if not np.isfinite(probabilities).all():
        fault = gettext("The weights are NaN or infinite.")
        return f'<p class="place" data-class="">{where} {fault}</p>'
    highest = np.argsort(-probabilities, kind="stable")[:SHOWN_CLASSES].tolist()
    shares = [
        f'<span class="share"><i aria-hidden="true" style="color:{CLASS_COLORS[label]}">'
        f"{CLASS_SIGNS[label]}</i>"
        f"{gettext('class {label}', label=label)} "
        f"<b>{format_percent(float(probabilities[label]))}</b></span>"
        for label in highest
    ]
    data = {"class": highest[0], "probability": float(probabilities[highest[0]])}
    return f'<p class="place"{_attributes(data)}>{where} {" ".join(shares)}</p>'


def quiet_html(text: str) -> str:
    """Return a text of secondary importance."""
    return f'<p class="place quiet">{escape(text)}</p>'


def _attributes(data: Mapping[str, float | None]) -> str:
    return "".join(
        f' data-{name}="{"" if value is None else format(value, ".6g")}"'
        for name, value in data.items()
    )


def _per_cent(score: Score) -> str:
    return format_percent(score.accuracy) if score.count and score.accuracy >= 0 else "–"


def _signed(value: float) -> str:
    return format_number(value, "+.2f").replace("-", "−").replace("+", " ").strip()
