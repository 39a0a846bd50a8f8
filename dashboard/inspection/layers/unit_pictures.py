"""Pictures of one unit: its incoming weights, and what they are multiplied with.

They stand beside the input, in the same colors as the layers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dashboard.inspection.layers.palette import largest_magnitude, signed_levels, usual_magnitude
from dashboard.inspection.layers.pictures import Levels, input_tile
from dashboard.inspection.layers.state import Selection
from dashboard.inspection.layers.unit_text import selected_terms
from dashboard.languages.text import gettext
from nn import Conv2D, Network
from nn.interpretation.activations import LayerOutput, filter_weights


def unit_pictures(
    network: Network, outputs: Sequence[LayerOutput] | None, selection: Selection | None
) -> tuple[list[Levels], list[str]]:
    """Return square pictures of a unit and their titles.

    For a dense layer they are its incoming weights and weights × inputs, for a pixel of a feature
    map the window and the filter; without a drawing the weights alone.
    """
    if selection is None:
        return [], []
    layer = network.layers[selection.layer]
    if isinstance(layer, Conv2D):
        return _filter_pictures(network, outputs, selection)
    previous = network.layers[selection.layer - 1] if selection.layer else None

    def picture(values: NDArray[np.floating], scale: float) -> Levels:
        levels = signed_levels(values, scale)
        if isinstance(previous, Conv2D):
            levels = levels.reshape(previous.output_shape).transpose(2, 0, 1)
        return input_tile(levels)

    weights = layer.weights[:, selection.unit]
    number = selection.unit + 1
    is_output = selection.layer == len(network.layers) - 1
    title = gettext("Weights, unit {number}", number=number)
    if is_output:
        title = gettext("Weights, output {number}", number=number)
    pictures, titles = [picture(weights, usual_magnitude(weights))], [title]
    if outputs is not None:
        products = selected_terms(network, outputs, selection).products
        pictures.append(picture(products, largest_magnitude(products)))
        titles.append(gettext("Weights × inputs"))
    return pictures, titles


def _filter_pictures(
    network: Network, outputs: Sequence[LayerOutput] | None, selection: Selection
) -> tuple[list[Levels], list[str]]:
    layer = network.layers[selection.layer]
    assert isinstance(layer, Conv2D)
    weights = filter_weights(layer)[selection.unit]
    side = f"{layer.kernel} × {layer.kernel}"
    pictures = [input_tile(signed_levels(weights, usual_magnitude(weights)))]
    titles = [gettext("Filter {number}, {size}", number=selection.unit + 1, size=side)]
    if outputs is not None:
        window = selected_terms(network, outputs, selection).inputs
        pictures.append(input_tile(signed_levels(window, largest_magnitude(window))))
        titles.append(gettext("Window, {size}", size=side))
    return pictures, titles
