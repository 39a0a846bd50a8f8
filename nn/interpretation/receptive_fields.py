"""Receptive fields: the pixels of the input on which a unit of a network depends.

Rows and columns are independent of each other, so a field is a set of rows and a set of columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nn.convolution import Conv2D
from nn.network import Network


class FieldGeometry(NamedTuple):
    """Where the receptive fields of a convolution's values lie, along rows and columns alike.

    The value at position i depends on the `size` pixels from `start` + `stride` * i, as far as
    they are in the image.
    """

    start: int
    size: int
    stride: int


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """The pixels of a square image on which a unit depends: every row with every column.

    Attributes
    ----------
    rows, columns
        Ascending indices, from the upper left.
    """

    rows: np.ndarray
    columns: np.ndarray

    def mask(self, side: int) -> np.ndarray:
        """Return the field as (side, side) bool."""
        mask = np.zeros((side, side), bool)
        mask[np.ix_(self.rows, self.columns)] = True
        return mask

    def rectangles(self) -> list[tuple[int, int, int, int]]:
        """Return the field as rectangles (top, left, bottom, right), the ends exclusive.

        There is more than one only where the windows of a pooling leave gaps.
        """
        return [
            (top, left, bottom, right)
            for top, bottom in _ranges(self.rows)
            for left, right in _ranges(self.columns)
        ]


def field_geometry(network: Network, layer: int) -> FieldGeometry:
    """Return the geometry of the values of a convolution, before its pooling.

    Parameters
    ----------
    network : Network
    layer : int
        Index of a convolution.

    Notes
    -----
    Exact where no window reaches over the edge of a map.

    References
    ----------
    A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural networks",
    Distill, 2019.
    """
    convolutions = network.convolutions[: layer + 1]
    start, size, stride = _crop_offset(convolutions[0]), 1, 1
    for index, convolution in enumerate(convolutions):
        start -= convolution.padding * stride
        size += (convolution.kernel - 1) * stride
        if convolution.pool is not None and index < layer:
            size += (convolution.pool.size - 1) * stride
            stride *= convolution.pool.stride
    return FieldGeometry(start, size, stride)


def receptive_field(
    network: Network, layer: int, row: int | None = None, column: int | None = None
) -> ReceptiveField:
    """Return the pixels on which a unit depends.

    Parameters
    ----------
    network : Network
        Its inputs are the pixels of a square image.
    layer : int
        Index of the layer.
    row, column : int, optional
        A pixel of a convolution's values, before its pooling. None for a dense layer, whose units
        all depend on the same pixels.
    """
    side = round(network.inputs**0.5)
    convolutions = network.convolutions
    if not convolutions:
        return ReceptiveField(np.arange(side), np.arange(side))
    if layer >= len(convolutions):
        height, width, _ = convolutions[-1].output_shape
        last = len(convolutions) - 1
        return ReceptiveField(
            _input_positions(
                convolutions, _pooled_positions(convolutions[last], np.arange(height))
            ),
            _input_positions(convolutions, _pooled_positions(convolutions[last], np.arange(width))),
        )
    assert row is not None, "a pixel of a feature map has a row and a column"
    assert column is not None
    below = convolutions[: layer + 1]
    return ReceptiveField(
        _input_positions(below, np.array([row])), _input_positions(below, np.array([column]))
    )


def _input_positions(convolutions: tuple[Conv2D, ...], positions: np.ndarray) -> np.ndarray:
    """Return the rows of the image that positions of the last convolution's values depend on.

    Maps are square, so columns are found in the same way.
    """
    for index in reversed(range(len(convolutions))):
        convolution = convolutions[index]
        reached = positions[:, np.newaxis] + np.arange(convolution.kernel) - convolution.padding
        positions = np.unique(reached)
        # What is beyond the edge is padding.
        inside = (positions >= 0) & (positions < convolution.input_shape.height)
        positions = positions[inside]
        if index:
            positions = _pooled_positions(convolutions[index - 1], positions)
    return positions + _crop_offset(convolutions[0])


def _pooled_positions(convolution: Conv2D, positions: np.ndarray) -> np.ndarray:
    """Return the positions before a convolution's pooling of positions after it."""
    if convolution.pool is None:
        return positions
    size, stride = convolution.pool
    return np.unique(positions[:, np.newaxis] * stride + np.arange(size))


def _crop_offset(first: Conv2D) -> int:
    """Return how many rows and columns are cropped away before the first convolution."""
    return 0 if first.image_side is None else (first.image_side - first.input_shape.height) // 2


def _ranges(positions: np.ndarray) -> list[tuple[int, int]]:
    """Return the ranges (begin, end) of consecutive integers, the ends exclusive."""
    parts = np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts if len(part)]
