"""The network that the panel shows: without the ablated units, with its outputs for the drawing.

What has been computed is kept until the network, the ablated units or the drawing change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.digits.state import DigitsState
from dashboard.inspection.layers.state import InsideState, Selection
from nn import Network
from nn.interpretation.ablation import Unit, without_units
from nn.interpretation.activations import LayerOutput, layer_outputs


class ShownNetwork:
    """The shown network of the digits pane, as the panel computes with it.

    Parameters
    ----------
    digits
        Of the digits pane.
    state
        Of the panel, with the ablated units.
    """

    def __init__(self, digits: DigitsState, state: InsideState) -> None:
        self._digits = digits
        self._state = state
        self._ablated: tuple[Network, frozenset[Unit], Network] | None = None
        self._computed: tuple[Network, NDArray[np.float32], list[LayerOutput]] | None = None

    @property
    def network(self) -> Network:
        """The network without the ablated units."""
        network, units = self._digits.shown_network, self._state.ablated
        if not units:
            return network
        kept = self._ablated
        if kept is None or kept[0] is not network or kept[1] != units:
            kept = self._ablated = (network, units, without_units(network, units))
        return kept[2]

    @property
    def image(self) -> NDArray[np.float32] | None:
        """The drawing as the network's input; None while nothing is drawn."""
        image: NDArray[np.float32] | None = self._digits.prediction.image
        return image if image is not None and len(image) == self.network.inputs else None

    @property
    def outputs(self) -> list[LayerOutput] | None:
        """What every layer computes for the drawing; None while nothing is drawn."""
        network, image = self.network, self.image
        if image is None:
            return None
        kept = self._computed
        if kept is None or kept[0] is not network or kept[1] is not image:
            kept = self._computed = (network, image, layer_outputs(network, image))
        return kept[2]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes; their numbers while the data set is being replaced."""
        names: tuple[str, ...] = self._digits.class_names
        classes = self._digits.shown_network.classes
        return names if len(names) == classes else tuple(map(str, range(classes)))

    @property
    def target(self) -> int | None:
        """The class whose logit is differentiated: the chosen or the predicted one."""
        if self._state.target is not None:
            return int(self._state.target)
        outputs = self.outputs
        return None if outputs is None else int(np.nan_to_num(outputs[-1].values).argmax())

    def selection(self, shown: int) -> Selection | None:
        """Return the chosen unit; before that, the most active of `shown` in the first layer."""
        outputs = self.outputs
        if self._state.selection is not None or outputs is None:
            chosen: Selection | None = self._state.selection
            return chosen
        values = outputs[0].values[:shown]
        largest = values.reshape(len(values), -1).max(axis=1)
        return Selection(0, int(np.nan_to_num(largest, nan=-np.inf).argmax()))
