"""What can be shown of the inside of a network on paper, as one picture.

Of a network on images these are the weights of the first layer, a tile for every unit or filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from dashboard.languages.text import gettext
from dashboard.shell.pictures import ROOM_FOR_HOLES, signed_pixels
from nn import Conv2D, Network
from nn.interpretation.activations import filter_weights

SHOWN_UNITS = 64
"""Most units or filters in the picture, the first ones."""

COLUMNS = 16


@dataclass(frozen=True, eq=False)
class InsidePicture:
    """A picture of the inside of a network.

    Attributes
    ----------
    title
        What is shown.
    pixels
        (height, width, 4) uint8, as `encode_png` takes them.
    caption
        What the colours and tiles are, in a sentence.
    share_of_width
        Width as a share of that of a full row, in [0, 1].
    """

    title: str
    pixels: NDArray[np.uint8]
    caption: str
    share_of_width: float


def weight_sheet(network: Network) -> InsidePicture | None:
    """Return the first-layer weights of a network on images; None for other networks."""
    layer = network.layers[0]
    if isinstance(layer, Conv2D):
        kernel, tiles = layer.kernel, filter_weights(layer)[:, 0]
        count = len(tiles)
        kind = gettext("{count:,} filters of {side} × {side} weights", count=count, side=kernel)
    else:
        side, count = isqrt(network.inputs), layer.outputs
        if side * side != network.inputs:
            return None
        tiles = layer.weights.T.reshape(count, side, side)
        kind = gettext("{count:,} units, {side} × {side} weights each", count=count, side=side)
    shown = tiles[:SHOWN_UNITS].astype(np.float64)
    which = gettext("All {units}", units=kind)
    if count > SHOWN_UNITS:
        which = gettext("The first {shown} of {units}", shown=SHOWN_UNITS, units=kind)
    caption = gettext(
        "{which}: green is positive, pink with holes negative; in every tile the largest magnitude "
        "is fully coloured.",
        which=which,
    )
    width = min(len(shown), COLUMNS) / COLUMNS
    return InsidePicture(gettext("Weights of the first layer"), _mosaic(shown), caption, width)


def _mosaic(tiles: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return tiles (count, side, side) in rows, with white lines between them."""
    count, side, _ = tiles.shape
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    # Few pixels are enlarged here, because not every reader of HTML leaves their edges sharp.
    zoom = max(28 // side, ROOM_FOR_HOLES)
    pitch = zoom * side + 2
    sheet = np.full((rows * pitch, columns * pitch, 4), (255, 255, 255, 255), np.uint8)
    for number, tile in enumerate(tiles):
        top, left = pitch * (number // columns), pitch * (number % columns)
        pixels = signed_pixels(tile, zoom=zoom)
        # Blended with light gray, so that the tile of a unit without weights can be seen.
        alpha = pixels[..., 3:] / 255
        blended = alpha * pixels[..., :3] + (1 - alpha) * 246
        sheet[top : top + zoom * side, left : left + zoom * side, :3] = np.round(blended)
    return sheet
