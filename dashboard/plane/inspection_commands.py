"""Commands that look into the net: pictures, maps of units, profiles, single weights.

All pictures show the same net: that of the chosen checkpoint, or the newest, as ablated.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dashboard.plane import inspection
from dashboard.plane.surface import Surface
from dashboard.plane.workspace import Bench

LARGEST_WEIGHT = 1e6


class LookingInside(Bench):
    """Whatever looks at single parts of a net or changes them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lens = inspection.Lens()

    def surface(self) -> Surface:
        """Return what the net says over the plane; it overwrites the surface returned before."""
        return self._lens.surface(self.shown_network, self.state.surface_side, self.state.inputs)

    def judge(self, part: str = "train") -> inspection.Verdict:
        """Return loss and accuracy on the part "train" or "test", and which points are wrong."""
        return inspection.judge(
            self.shown_network,
            self.state.inputs,
            getattr(self.state.points, part),
            self.shown_iteration,
        )

    def probabilities_at(self, x: float, y: float) -> np.ndarray:
        """Return the probabilities (classes,) of a place."""
        return inspection.probabilities_at(
            self.shown_network, self.state.inputs, np.array([[x, y]])
        )[0]

    def profile(
        self, start: tuple[float, float], end: tuple[float, float], count: int = 200
    ) -> np.ndarray:
        """Return the probabilities (count, classes) at even steps along a line."""
        return inspection.profile(self.shown_network, self.state.inputs, start, end, count)

    def unit_maps(self, layer: int) -> np.ndarray:
        """Return what the units of a hidden layer compute over the plane, (units, 24, 24) float32.

        Of a wide layer it shows the first 64. A layer that there is not has no units.
        """
        if not self._has_layer(layer):
            return np.empty((0, inspection.MAP_SIDE, inspection.MAP_SIDE), np.float32)
        return inspection.unit_maps(self.shown_network, self.state.inputs, layer)

    def unit_map(self, layer: int, unit: int) -> np.ndarray | None:
        """Return what one unit computes, as large as the surface; None when there is no such."""
        if not self._has_layer(layer) or not 0 <= unit < self.network.sizes[layer + 1]:
            return None
        return inspection.unit_maps(
            self.shown_network,
            self.state.inputs,
            layer,
            side=self.state.surface_side,
            units=slice(unit, unit + 1),
        )[0]

    def ablate(self, layer: int, unit: int) -> None:
        """Switch a hidden unit off for all pictures; the net in training keeps it."""
        if not self._has_layer(layer) or not 0 <= unit < self.network.sizes[layer + 1]:
            self.warn(f"There is no unit {unit} in hidden layer {layer + 1}.")
            return
        self.state.ablated = self.state.ablated | {(layer, unit)}
        self._tell_ablation()

    def restore(self, layer: int, unit: int) -> None:
        """Switch a unit on again."""
        self.state.ablated = self.state.ablated - {(layer, unit)}
        self._tell_ablation()

    def restore_all(self) -> None:
        """Switch all units on again."""
        if self.state.ablated:
            self.state.ablated = frozenset()
            self._tell_ablation()

    def set_weight(self, layer: int, row: int, column: int, value: float | str) -> None:
        """Set one weight of the net in training.

        Parameters
        ----------
        layer
            From 0 for the first.
        row, column
            The input and the unit that the weight joins; a row behind the last is the bias.
        value
            A number, also as text that somebody typed.
        """
        if self._shown is not None:
            self.warn("These are the weights of an earlier step; go back to the newest first.")
            return
        try:
            number = _read_number(value)
            self._check_place(layer, row, column)
        except ValueError as error:
            self.warn(str(error))
            return
        run = self.trainer.run

        def change() -> None:
            chosen = run.network.layers[layer]
            inputs = len(chosen.weights)
            target = chosen.bias if row == inputs else chosen.weights[row]
            assert target is not None, "checked with the place"
            target[column] = number
            if run is self.trainer.run:
                self.state.snapshot = self.trainer.snapshot()

        self._between_slices(change)

    def _has_layer(self, layer: int) -> bool:
        return 0 <= layer < len(self.network.sizes) - 2

    def _check_place(self, layer: int, row: int, column: int) -> None:
        layers = self.network.layers
        if not 0 <= layer < len(layers):
            raise ValueError(f"There are the layers 0 to {len(layers) - 1}; found {layer}.")
        inputs, outputs = layers[layer].weights.shape
        rows = inputs + self.network.has_biases
        if not (0 <= row < rows and 0 <= column < outputs):
            raise ValueError(
                f"Layer {layer} has {rows} rows and {outputs} columns of weights; found the row "
                f"{row} and the column {column}."
            )

    def _tell_ablation(self) -> None:
        units = self.state.ablated
        verdict = self.judge()
        if not units:
            self._tell(f"All units work again: {_right(verdict)} of the training points are right.")
            return
        names = ", ".join(f"{unit + 1} of layer {layer + 1}" for layer, unit in sorted(units)[:8])
        more = f" and {len(units) - 8} more" if len(units) > 8 else ""
        self._tell(
            f"Without unit {names}{more}: {_right(verdict)} of the training points are right."
        )


def _right(verdict: inspection.Verdict) -> str:
    accuracy = verdict.score.accuracy
    return "none" if math.isnan(accuracy) else f"{100 * accuracy:.1f} %"


def _read_number(value: float | str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST_WEIGHT:
        raise ValueError(
            f"A weight is a number from -{LARGEST_WEIGHT:,.0f} to {LARGEST_WEIGHT:,.0f}; "
            f"found “{str(value)[:24]}”."
        )
    return number
