"""Pictures of the layers of a network: activations, incoming weights or gradients, unit by unit.

All are functions of a network and of what `nn.interpretation` computes; a picture is an array of
levels of the palette.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from dashboard.inspection.layers.arrangement import MAX_PIXELS, LayerPlace, square_side
from dashboard.inspection.layers.palette import (
    GAP,
    TONE_OF_LEVEL,
    ZERO,
    largest_magnitude,
    signed_levels,
    usual_magnitude,
)
from dashboard.shell.pictures import HOLE_EVERY, ROOM_FOR_HOLES, holes, perforate
from nn import Conv2D, Network
from nn.interpretation.activations import LayerOutput, filter_weights

MIN_CELL, MAX_CELL = 4, 15
"""Pixels along the side of the tile of a unit with a single value: more in a larger cell, so that
the lines between tiles are thin."""
FULL_TILES = 64
"""Units of a first layer whose tiles have all pixels; of more, each 2 × 2 become one."""
MAX_TILE = 32
"""Side of a tile, from which on each feature map is one pixel in it."""
FINE = 28
"""Pixels along the side of a single framed picture, at least about this."""
NEVER_NEGATIVE = ("relu", "sigmoid")
"""Activation functions without negative values."""
BOUNDED = {"sigmoid": 1.0, "tanh": 1.0}
"""Scales of activations with a fixed range."""

Levels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """The tiles of the units of a layer, in a grid.

    Attributes
    ----------
    levels
        (rows, columns) of pixels, from the upper left.
    side
        Values along the side of a tile; a line of the width of one value follows it.
    scale
        The magnitude of a value that has the full color; 0 if there are no values.
    has_tones
        Whether lightness tells signs apart, as there is no room for holes.
    """

    levels: Levels
    side: int
    scale: float
    has_tones: bool = False


def value_picture(
    values: NDArray[np.floating], place: LayerPlace, scale: float, is_signed: bool = True
) -> Picture:
    """Return the picture of values (units,) or (filters, height, width) of a layer."""
    shown = values[: place.shown]
    levels = signed_levels(shown, scale)
    if levels.ndim == 1:
        side = _cell_side(place)
        tiles = np.broadcast_to(levels[:, np.newaxis, np.newaxis], (len(levels), side, side))
        return Picture(mosaic(perforate(tiles, ZERO), place), side, scale)
    return tile_picture(levels, place, scale, is_signed)


def tile_picture(tiles: Levels, place: LayerPlace, scale: float, is_signed: bool = True) -> Picture:
    """Return the picture of tiles (units, side, side) of values, of which some may be negative.

    A negative value has a hole if there is room for one, else the tiles have tones.
    """
    side = tiles.shape[1]
    if place.cell >= ROOM_FOR_HOLES * (side + 1):
        enlarged = tiles.repeat(HOLE_EVERY, axis=1).repeat(HOLE_EVERY, axis=2)
        return Picture(mosaic(perforate(enlarged, ZERO), place, HOLE_EVERY), side, scale)
    if is_signed:
        tiles = TONE_OF_LEVEL[tiles]
    return Picture(mosaic(tiles, place), side, scale, is_signed)


def activation_picture(network: Network, output: LayerOutput, place: LayerPlace) -> Picture:
    """Return the activations of a layer for one input; probabilities for the output layer."""
    if place.is_output:
        return value_picture(softmax(output.values), place, 1.0)
    scale = BOUNDED.get(network.activation) or largest_magnitude(output.values[: place.shown])
    return value_picture(output.values, place, scale, network.activation not in NEVER_NEGATIVE)


def gradient_picture(gradient: NDArray[np.floating], place: LayerPlace) -> Picture:
    """Return the gradients with respect to the values of a layer."""
    return value_picture(gradient, place, largest_magnitude(gradient[: place.shown]))


def empty_picture(network: Network, place: LayerPlace) -> Picture:
    """Return the cells of a layer without values."""
    layer = network.layers[place.layer]
    side = layer.convolved_shape.height if isinstance(layer, Conv2D) else _cell_side(place)
    tile = np.broadcast_to(np.uint8(ZERO), (place.shown, side, side))
    return Picture(mosaic(tile, place), side, 0.0)


def weight_picture(network: Network, place: LayerPlace, before: LayerPlace | None) -> Picture:
    """Return the incoming weights of every unit of a layer, a tile for each.

    Parameters
    ----------
    network
    place
        Of the layer.
    before
        Of the layer before it, whose shown units alone are inputs in the tiles.
    """
    layer, count = network.layers[place.layer], place.shown
    if isinstance(layer, Conv2D):
        weights = filter_weights(layer)[:count]
        side = isqrt(max(MAX_PIXELS // count, 1)) // layer.kernel
        weights = weights[:, : max(side, 1) ** 2]
        scale = usual_magnitude(weights)
        return tile_picture(channel_tiles(signed_levels(weights, scale)), place, scale)
    rows = layer.weights[:, :count].T
    previous = network.layers[place.layer - 1] if place.layer else None
    if isinstance(previous, Conv2D):
        height, width, channels = previous.output_shape
        images = rows.reshape(count, height, width, channels).transpose(0, 3, 1, 2)
        if square_side(channels) * height <= MAX_TILE:
            scale = usual_magnitude(images)
            return tile_picture(channel_tiles(signed_levels(images, scale)), place, scale)
        rows = images.mean(axis=(2, 3))
    elif before is not None:
        rows = rows[:, : before.shown]
    elif is_image(network):
        rows = _halved(rows, isqrt(network.inputs)) if count > FULL_TILES else rows
    scale = usual_magnitude(rows)
    return tile_picture(square_tiles(signed_levels(rows, scale)), place, scale)


def is_image(network: Network) -> bool:
    """Return whether the inputs of a network are the pixels of a square image."""
    return isqrt(network.inputs) ** 2 == network.inputs


def softmax(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the probabilities of the classes; NaN, without a warning, for invalid logits."""
    with np.errstate(all="ignore"):
        powers = np.exp(logits - logits.max())
        return powers / powers.sum()


def mosaic(tiles: Levels, place: LayerPlace, line: int = 1) -> Levels:
    """Return tiles (units, side, side) in the grid of a layer, with lines of a width between."""
    count, side, _ = tiles.shape
    rows, columns, pitch = place.rows, place.columns, side + line
    grid = np.full((rows * columns, pitch, pitch), ZERO, np.uint8)
    grid[:count] = GAP
    grid[:count, :side, :side] = tiles
    placed = grid.reshape(rows, columns, pitch, pitch).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(placed.reshape(rows * pitch, columns * pitch))


def square_tiles(levels: Levels) -> Levels:
    """Return (units, values) as square tiles, filled row by row; what is left over is empty."""
    count, values = levels.shape
    side = square_side(values)
    tiles = np.full((count, side * side), GAP, np.uint8)
    tiles[:, :values] = levels
    return tiles.reshape(count, side, side)


def channel_tiles(levels: Levels) -> Levels:
    """Return (units, channels, side, side) as square tiles, in which the channels form a grid."""
    count, channels, side, _ = levels.shape
    grid = square_side(channels)
    placed = np.full((count, grid * grid, side, side), GAP, np.uint8)
    placed[:, :channels] = levels
    placed = placed.reshape(count, grid, grid, side, side).transpose(0, 1, 3, 2, 4)
    return placed.reshape(count, grid * side, grid * side)


def framed(levels: Levels) -> Levels:
    """Return a picture with a line of one pixel around it."""
    return np.pad(levels, 1, constant_values=GAP)


def input_tile(levels: Levels) -> Levels:
    """Return what a unit is given, (inputs,) or (channels, side, side), as one framed square.

    A negative value has a hole in its middle.
    """
    tile = (square_tiles if levels.ndim == 1 else channel_tiles)(levels[np.newaxis])[0]
    # A line of one pixel around a few pixels would be thick.
    zoom = max(FINE // len(tile), ROOM_FOR_HOLES)
    enlarged = tile.repeat(zoom, axis=0).repeat(zoom, axis=1)
    enlarged[holes(tile < ZERO, zoom)] = ZERO
    return framed(enlarged)


def _cell_side(place: LayerPlace) -> int:
    return min(max(round(place.cell / 2), MIN_CELL), MAX_CELL)


def _halved(rows: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """Return images (n, side * side) with the mean of every 2 × 2 pixels, an odd edge left out."""
    half = side // 2
    images = rows.reshape(-1, side, side)[:, : 2 * half, : 2 * half]
    with np.errstate(all="ignore"):
        means = images.reshape(-1, half, 2, half, 2).mean(axis=(2, 4))
    return means.reshape(-1, half * half)


def layer_pictures(
    network: Network,
    places: Sequence[LayerPlace],
    mode: str,
    outputs: Sequence[LayerOutput] | None,
    gradients: Sequence[NDArray[np.floating]] | None,
) -> list[Picture]:
    """Return the picture of every layer.

    Parameters
    ----------
    network
    places
        Of its layers.
    mode
        "activations", "weights" or "gradients".
    outputs, gradients
        Of its layers for the drawing; None while nothing is drawn, or they are not needed.
    """
    if mode == "weights":
        before: list[LayerPlace | None] = [None, *places]
        return [
            weight_picture(network, place, previous)
            for place, previous in zip(places, before, strict=False)
        ]
    if mode == "gradients" and gradients is not None:
        return [gradient_picture(gradients[place.layer], place) for place in places]
    if mode == "activations" and outputs is not None:
        return [activation_picture(network, outputs[place.layer], place) for place in places]
    return [empty_picture(network, place) for place in places]
