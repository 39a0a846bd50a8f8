"""Readout of the plane pane: scores, training progress and probabilities at a point, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

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

LONG = '<span class="long"> accuracy</span>'
"""Left out where there is no room for it."""

INVITATION = "Point at the plane to see the predicted probabilities."


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
            off = ", ablated" if state.shown_unit in state.ablated else ""
            self.point.object = quiet_html(f"Shown: {name}{off}.")
        elif state.pointed_at is not None:
            x, y = state.pointed_at
            points = np.array([[x, y]])
            (probabilities,) = probabilities_at(state.shown_network(), state.inputs, points)
            self.point.object = point_html(x, y, probabilities)
        else:
            self.point.object = quiet_html(INVITATION)

    def pointed_html(self) -> str:
        """Return the value of the unit or weight of the diagram that is pointed at."""
        state = self._state
        if state.shown_weight is not None:
            return weight_html(state.whole_network(), state.inputs, *state.shown_weight)
        if state.shown_unit is None:
            return '<p class="pointed quiet">Point at a unit, a line or a bias for its value.</p>'
        layer, unit = state.shown_unit
        network = state.whole_network()
        if not has_unit(network, layer, unit):
            return ""
        name = unit_name(network, state.inputs, layer, unit)
        marks = " (ablated)" if state.shown_unit in state.ablated else ""
        if state.probe is None:
            return f'<p class="pointed">{name}{marks}; point at the plane for a value</p>'
        outputs = layer_outputs(state.shown_network(), state.inputs, np.array([state.probe]))
        value = float(outputs[layer + 1][0, unit])
        x, y = state.probe
        at = f"at x {_signed(x)}, y {_signed(y)}"
        return f'<p class="pointed" data-value="{value:.6g}">{name}{marks}: {value:.3g} {at}</p>'


def unit_name(network: Network, inputs: Sequence[str], layer: int, unit: int) -> str:
    """Return the name of a unit: “feature x₁”, “unit 3 of hidden layer 1”, “class 2”."""
    if layer == FEATURES:
        return f"feature {INPUT_TITLES[inputs[unit]]}" if unit < len(inputs) else "feature"
    if layer == len(network.layers) - 1:
        return f"probability of class {unit}"
    return f"unit {unit + 1} of hidden layer {layer + 1}"


def weight_html(network: Network, inputs: Sequence[str], layer: int, row: int, column: int) -> str:
    """Return the value of a weight, or of a bias, with what it connects; "" if there is none."""
    if not (0 <= layer < len(network.layers) and has_unit(network, layer, column)):
        return ""
    chosen = network.layers[layer]
    target = f"class {column}" if layer == len(network.layers) - 1 else ""
    target = target or unit_name(network, inputs, layer, column)
    if row == len(chosen.weights) and chosen.bias is not None:
        name, value = f"bias of {target}", float(chosen.bias[column])
    elif has_unit(network, layer - 1, row):
        source = unit_name(network, inputs, layer - 1, row)
        name, value = f"weight from {source} to {target}", float(chosen.weights[row, column])
    else:
        return ""
    return f'<p class="pointed" data-value="{value:.6g}">{name}: {value:.3g}; click to edit it</p>'


def summary_html(train: Score, test: Score) -> str:
    """Return the accuracies on training and test points."""
    return (
        f'<p class="summary small">Training{LONG} <b>{_per_cent(train)}</b>'
        f'<span class="unseen"> · </span><br>test{LONG} <b>{_per_cent(test)}</b></p>'
    )


def model_html(snapshot: Snapshot, test: Score) -> str:
    """Return the name of the network of the pane, its iteration and its score, for the header."""
    score = f"test {100 * test.accuracy:.1f} %" if test.count else ""
    shown = f'<span class="separator"> · </span><span class="score">{score}</span>' if score else ""
    return (
        f'<div class="network" data-model="{snapshot.network.title}" '
        f'data-iteration="{snapshot.iteration}"><span class="name">MLP {snapshot.network.title}, '
        f"iteration {snapshot.iteration:,}</span>{shown}</div>"
    )


def status_html(snapshot: Snapshot, test: Score) -> str:
    """Return the progress of training in one line, with the values as `data-*` attributes."""
    loss = "–" if snapshot.loss is None else f"{snapshot.loss:.3f}"
    accuracy = "–" if snapshot.accuracy is None else f"{100 * snapshot.accuracy:.1f} %"
    sizes = "-".join(str(size) for size in snapshot.network.sizes)
    parts = [
        f"iteration {snapshot.iteration}",
        f"loss {loss}",
        f"accuracy {accuracy}",
        f"test {_per_cent(test)}",
        f"{snapshot.samples_per_second:,.0f} points/s",
        f"network {sizes}",
        f"learning rate {snapshot.learning_rate:g}",
        f"batch {snapshot.batch_size or 'full'}",
        snapshot.optimizer,
        snapshot.backend,
    ]
    data = {
        "iteration": snapshot.iteration,
        "loss": snapshot.loss,
        "accuracy": snapshot.accuracy,
        "test-accuracy": test.accuracy if test.count else None,
    }
    line = " · ".join(part for part in parts if part)
    return f'<div class="status"{_attributes(data)}>{line}</div>'


def point_html(x: float, y: float, probabilities: NDArray[np.floating]) -> str:
    """Return the highest of the probabilities (classes,) at a point."""
    where = f'<span class="where">x {_signed(x)}, y {_signed(y)}</span>'
    if not np.isfinite(probabilities).all():
        return f'<p class="place" data-class="">{where} The weights are NaN or infinite.</p>'
    highest = np.argsort(-probabilities, kind="stable")[:SHOWN_CLASSES].tolist()
    shares = [
        f'<span class="share"><i aria-hidden="true" style="color:{CLASS_COLORS[label]}">'
        f"{CLASS_SIGNS[label]}</i>"
        f"class {label} <b>{100 * probabilities[label]:.1f} %</b></span>"
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
    return f"{100 * score.accuracy:.1f} %" if score.count and score.accuracy >= 0 else "–"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−").replace("+", " ").strip()
