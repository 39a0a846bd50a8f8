"""What a net says about every place of the plane, quickly enough to be redrawn while it learns.

The places and their inputs are computed once for a resolution; each picture then costs products
in arrays that are made once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.plane.palette import Palette, pack_pixels
from data_cache import PLANE_LIMIT, derive_inputs
from nn import Network, activation_function, matrix_product

CHUNK_NUMBERS = 64 * 1024
"""Numbers of the widest layer that are computed at once, so that they stay in the cache."""


@dataclass(frozen=True, eq=False)
class Surface:
    """What a net says on a square grid; valid until its maker is asked for the next one.

    Attributes
    ----------
    probabilities : (side * side, classes) float32
        Row by row from below, as Bokeh draws images; in a row from left to right.
    side : int
        Places along a side.
    extent : float
        The grid reaches from -extent to extent along both axes; its places are the middles of
        side × side squares.
    """

    probabilities: np.ndarray
    side: int
    extent: float = PLANE_LIMIT

    @property
    def labels(self) -> np.ndarray:
        """The most probable class of every place, (side, side) uint8."""
        return self.probabilities.argmax(axis=1).astype(np.uint8).reshape(self.side, self.side)

    def picture(self, palette: Palette, mode: str) -> np.ndarray:
        """Paint it, (side, side) uint32 of RGBA: "soft" blends the classes, "hard" does not."""
        if mode == "hard":
            return palette.packed[self.labels]
        classes = self.probabilities.shape[1]
        pixels = np.empty((len(self.probabilities), 4), np.float32)
        # Probabilities sum to 1, so that a half added to every colour rounds each sum.
        matrix_product(self.probabilities, palette.regions[:classes] + np.float32(0.5), pixels)
        np.minimum(pixels, 255, out=pixels)
        with np.errstate(invalid="ignore"):  # a net that has blown up gives no numbers
            channels = pixels.astype(np.uint8)
        return pack_pixels(channels).reshape(self.side, self.side)


def grid_points(side: int, extent: float = PLANE_LIMIT) -> np.ndarray:
    """Return the middles of side × side squares, (side², 2) float32, row by row from below."""
    step = 2 * extent / side
    line = -extent + step * (np.arange(side) + 0.5)
    x, y = np.meshgrid(line, line)
    return np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)


class SurfaceMaker:
    """Evaluates nets of one form on one grid; everything that can be kept is kept.

    Parameters
    ----------
    side
        Places along a side of the grid.
    inputs
        Names of the nets' inputs.
    """

    def __init__(self, side: int, inputs: Sequence[str]) -> None:
        self.side = side
        self.inputs = tuple(inputs)
        grid = derive_inputs(grid_points(side), self.inputs)
        # A column of ones, whose weights are the biases of the first layer, saves adding them.
        self._grid = np.column_stack([grid, np.ones(len(grid), np.float32)])
        self._form: tuple[int, ...] = ()

    def __call__(self, network: Network) -> Surface:
        """Return what the network says; it overwrites the surface returned before."""
        if network.sizes != self._form:
            self._make_room(network.sizes)
        first = _with_bias_row(network)
        for start in range(0, len(self._grid), self._chunk):
            part = slice(start, start + self._chunk)
            self._evaluate(network, first, self._grid[part], self._probabilities[part])
        return Surface(self._probabilities, self.side)

    def _make_room(self, sizes: tuple[int, ...]) -> None:
        self._form = sizes
        places = len(self._grid)
        self._chunk = min(places, max(16, CHUNK_NUMBERS // max(sizes[1:])))
        self._sums = [np.empty((self._chunk, size), np.float32) for size in sizes[1:-1]]
        self._hidden = [np.empty_like(sums) for sums in self._sums]
        self._column = np.empty((self._chunk, 1), np.float32)
        self._probabilities = np.empty((places, sizes[-1]), np.float32)

    def _evaluate(
        self, network: Network, first: np.ndarray, x: np.ndarray, out: np.ndarray
    ) -> None:
        count = len(x)
        apply = activation_function(network.activation).apply
        with np.errstate(all="ignore"):
            for index, layer in enumerate(network.layers):
                is_last = index == len(self._hidden)
                z = out if is_last else self._sums[index][:count]
                matrix_product(x, layer.weights if index else first, z)
                if index and layer.bias is not None:
                    np.add(z, layer.bias, out=z)
                if not is_last:
                    x = self._hidden[index][:count]
                    apply(z, x)
            softmax_in_place(out, self._column[:count])


def _with_bias_row(network: Network) -> np.ndarray:
    """Return the first layer's weights and, as one more row, its biases (zeros without)."""
    layer = network.layers[0]
    bias = np.zeros(layer.weights.shape[1], np.float32) if layer.bias is None else layer.bias
    return np.concatenate([layer.weights, bias[np.newaxis]])


def softmax_in_place(scores: np.ndarray, column: np.ndarray) -> None:
    """Turn scores (n, classes) into probabilities; `column` is (n, 1) scratch."""
    np.maximum.reduce(scores, axis=1, out=column, keepdims=True)
    np.subtract(scores, column, out=scores)
    np.exp(scores, out=scores)
    np.add.reduce(scores, axis=1, out=column, keepdims=True)
    np.divide(scores, column, out=scores)
