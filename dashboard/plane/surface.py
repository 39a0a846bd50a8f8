"""The decision surface: probabilities of a network on a square grid, and their picture.

The grid and its derived inputs are computed once per resolution and all arrays are reused, so a
surface can be redrawn while the network trains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.plane.colors import REGION_CHANNELS, REGION_PIXELS, pack_pixels
from data_cache import PLANE_LIMIT, derive_inputs
from nn import Network, activation_function, matrix_product

CHUNK_VALUES = 64 * 1024
"""Values of the widest layer that are computed in one call, so that they stay in the CPU cache."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Probabilities on a square grid; valid until its evaluator computes the next surface.

    Attributes
    ----------
    probabilities : (side * side, classes) float32
        Row by row, the row of the smallest y first, as Bokeh draws images.
    side : int
        Grid points along a side; they are the centers of side × side squares.
    """

    probabilities: np.ndarray
    side: int

    @property
    def labels(self) -> np.ndarray:
        """The most probable class of every grid point, (side, side) uint8."""
        return self.probabilities.argmax(axis=1).astype(np.uint8).reshape(self.side, self.side)

    def picture(self, mode: str) -> np.ndarray:
        """Return the surface as pixels.

        Parameters
        ----------
        mode
            "soft" blends the colors of the classes by their probabilities; "hard" shows the color
            of the most probable class.

        Returns
        -------
        (side, side) uint32 of RGBA
        """
        if mode == "hard":
            return REGION_PIXELS[self.labels]
        classes = self.probabilities.shape[1]
        channels = np.empty((len(self.probabilities), 4), np.float32)
        # Probabilities sum to 1, so adding a half to every color rounds each weighted sum.
        matrix_product(self.probabilities, REGION_CHANNELS[:classes] + np.float32(0.5), channels)
        np.minimum(channels, 255, out=channels)
        with np.errstate(invalid="ignore"):  # the probabilities of a diverged network are NaN
            return pack_pixels(channels.astype(np.uint8)).reshape(self.side, self.side)


def grid_points(side: int, extent: float = PLANE_LIMIT) -> np.ndarray:
    """Return the centers of side × side squares, (side², 2) float32, the lowest row first."""
    step = 2 * extent / side
    line = -extent + step * (np.arange(side) + 0.5)
    x, y = np.meshgrid(line, line)
    return np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)


class SurfaceEvaluator:
    """Computes surfaces of one resolution in preallocated arrays.

    Parameters
    ----------
    side
        Grid points along a side.
    inputs
        Names of the inputs of the networks, see `data_cache.PLANE_INPUTS`.
    """

    def __init__(self, side: int, inputs: Sequence[str]) -> None:
        self.side = side
        self.inputs = tuple(inputs)
        grid = derive_inputs(grid_points(side), self.inputs)
        # A column of ones, whose weights are the biases of the first layer, saves adding them.
        self._grid = np.column_stack([grid, np.ones(len(grid), np.float32)])
        self._sizes: tuple[int, ...] = ()

    def __call__(self, network: Network) -> Surface:
        """Return the surface of a network; it overwrites the surface returned before."""
        if network.sizes != self._sizes:
            self._allocate(network.sizes)
        first = _with_bias_row(network)
        for start in range(0, len(self._grid), self._chunk):
            part = slice(start, start + self._chunk)
            self._evaluate(network, first, self._grid[part], self._probabilities[part])
        return Surface(self._probabilities, self.side)

    def _allocate(self, sizes: tuple[int, ...]) -> None:
        self._sizes = sizes
        points = len(self._grid)
        self._chunk = min(points, max(16, CHUNK_VALUES // max(sizes[1:])))
        self._preactivations = [np.empty((self._chunk, size), np.float32) for size in sizes[1:-1]]
        self._hidden = [np.empty_like(array) for array in self._preactivations]
        self._column = np.empty((self._chunk, 1), np.float32)
        self._probabilities = np.empty((points, sizes[-1]), np.float32)

    def _evaluate(
        self, network: Network, first: np.ndarray, x: np.ndarray, out: np.ndarray
    ) -> None:
        count = len(x)
        apply = activation_function(network.activation).apply
        with np.errstate(all="ignore"):
            for index, layer in enumerate(network.layers):
                is_last = index == len(self._hidden)
                z = out if is_last else self._preactivations[index][:count]
                matrix_product(x, layer.weights if index else first, z)
                if index and layer.bias is not None:
                    np.add(z, layer.bias, out=z)
                if not is_last:
                    x = self._hidden[index][:count]
                    apply(z, x)
            _softmax_in_place(out, self._column[:count])


def _with_bias_row(network: Network) -> np.ndarray:
    """Return the first layer's weights and, as one more row, its biases (zeros without)."""
    layer = network.layers[0]
    bias = np.zeros(layer.weights.shape[1], np.float32) if layer.bias is None else layer.bias
    return np.concatenate([layer.weights, bias[np.newaxis]])


def _softmax_in_place(logits: np.ndarray, column: np.ndarray) -> None:
    """Replace logits (n, classes) by probabilities; `column` is an (n, 1) workspace."""
    np.maximum.reduce(logits, axis=1, out=column, keepdims=True)
    np.subtract(logits, column, out=logits)
    np.exp(logits, out=logits)
    np.add.reduce(logits, axis=1, out=column, keepdims=True)
    np.divide(logits, column, out=logits)
