"""Inspection of the network: its decision surface, ablation of units, changes of single weights."""

from __future__ import annotations

import math

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.plane.probes import evaluate_points
from dashboard.plane.surface import Surface, SurfaceEvaluator
from dashboard.plane.training import PlaneTraining

LARGEST_WEIGHT = 1e6


class Inspection:
    """The surface of the shown network, and edits of the shown one and of the one in training."""

    def __init__(self, training: PlaneTraining) -> None:
        self._training = training
        self._state = training.state
        self._evaluator: SurfaceEvaluator | None = None

    def surface(self) -> Surface:
        """Return the surface of the shown network; it overwrites the surface returned before."""
        side, inputs = self._state.surface_side, tuple(self._state.inputs)
        evaluator = self._evaluator
        if evaluator is None or (evaluator.side, evaluator.inputs) != (side, inputs):
            evaluator = self._evaluator = SurfaceEvaluator(side, inputs)
        return evaluator(self._state.shown_network())

    def ablate(self, layer: int, unit: int) -> None:
        """Ablate a hidden unit in all views; the network in training keeps it."""
        hidden = self._state.network.sizes[1:-1]
        if not (0 <= layer < len(hidden) and 0 <= unit < hidden[layer]):
            self._training.notify(
                gettext(
                    "Hidden layer {layer} has no unit {unit}; nothing was ablated.",
                    layer=layer + 1,
                    unit=unit + 1,
                ),
                "warning",
            )
            return
        self._set_ablated(self._state.ablated | {(layer, unit)})

    def restore(self, layer: int, unit: int) -> None:
        """Restore an ablated unit."""
        self._set_ablated(self._state.ablated - {(layer, unit)})

    def toggle(self, layer: int, unit: int) -> None:
        """Ablate a unit, or restore it."""
        (self.restore if (layer, unit) in self._state.ablated else self.ablate)(layer, unit)

    def set_weight(self, layer: int, row: int, column: int, value: float | str) -> None:
        """Set one weight of the network in training.

        Parameters
        ----------
        layer
            From 0 for the first.
        row, column
            The input and the unit that the weight connects; the row after the last is the bias.
        value
            A number of magnitude at most 1e6, also as text.
        """
        if self._state.shown_checkpoint is not None:
            self._training.notify(
                gettext("Weights of a checkpoint cannot be changed; press Latest first."), "warning"
            )
            return
        try:
            number = read_weight(str(value))
            self._check_position(layer, row, column)
        except ValueError as error:
            self._training.notify(str(error), "warning")
            return
        run = self._training.trainer.run

        def change() -> None:
            chosen = run.network.layers[layer]
            inputs = len(chosen.weights)
            target = chosen.bias if row == inputs else chosen.weights[row]
            assert target is not None, "checked with the position"
            target[column] = number
            run.history.note_intervention(gettext_noop("weights that were edited"))
            if run is self._training.trainer.run:
                self._training.publish()

        self._training.between_slices(change)

    def _check_position(self, layer: int, row: int, column: int) -> None:
        layers = self._state.network.layers
        if not 0 <= layer < len(layers):
            raise ValueError(f"A layer is 0 to {len(layers) - 1}; found {layer}.")
        inputs, outputs = layers[layer].weights.shape
        rows = inputs + (layers[layer].bias is not None)
        if not (0 <= row < rows and 0 <= column < outputs):
            raise ValueError(
                f"Layer {layer} has {rows} rows and {outputs} columns of weights; found row {row} "
                f"and column {column}."
            )

    def _set_ablated(self, units: frozenset[tuple[int, int]]) -> None:
        if units == self._state.ablated:
            return
        state = self._state
        part = "test" if len(state.points.test) else "train"
        network, iteration = state.whole_network(), state.shown_iteration()
        whole = evaluate_points(network, state.inputs, state.points.part(part), iteration)
        state.ablated = units
        named = ", ".join(
            gettext("{unit} of layer {layer}", unit=unit + 1, layer=layer + 1)
            for layer, unit in sorted(units)[:8]
        )
        if len(units) > 8:
            named = gettext("{units} and {count} more", units=named, count=len(units) - 8)
        subject = gettext("With all units")
        if units:
            subject = gettext("Without unit {units}", units=named)
        accuracies = [whole.score.accuracy, state.evaluation(part).score.accuracy]
        if not all(map(math.isfinite, accuracies)):
            self._training.notify(
                gettext(
                    "{subject}. There are no points to measure the accuracy on.", subject=subject
                )
            )
            return
        before, after = map(format_percent, accuracies)
        scores = {"subject": subject, "after": after}
        if units and part == "test":
            text = gettext(
                "{subject}: test accuracy {after}, {before} with all units.",
                before=before,
                **scores,
            )
        elif units:
            text = gettext(
                "{subject}: training accuracy {after}, {before} with all units.",
                before=before,
                **scores,
            )
        elif part == "test":
            text = gettext("{subject}: test accuracy {after}.", **scores)
        else:
            text = gettext("{subject}: training accuracy {after}.", **scores)
        self._training.notify(text)


def read_weight(text: str) -> float:
    """Return the weight that the user typed.

    Raises
    ------
    ValueError
        With a sentence for that person if it is not a number of magnitude at most 1e6.
    """
    try:
        weight = float(text.strip())
    except ValueError:
        weight = math.nan
    if not abs(weight) <= LARGEST_WEIGHT:
        found = f"“{text.strip()[:24]}”" if text.strip() else gettext("an empty field")
        raise ValueError(
            gettext(
                "A weight is a number from {low} to {high}; found {found}.",
                low=format_number(-LARGEST_WEIGHT, ",.0f"),
                high=format_number(LARGEST_WEIGHT, ",.0f"),
                found=found,
            )
        )
    return weight
