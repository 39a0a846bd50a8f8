"""Where samples lie in the last hidden layer of a network: activations, neighbours, two dimensions.

The last hidden layer is what the classes are read from, so samples that a network treats alike are
close to each other there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nn.convolution import Conv2D
from nn.layers import create_workspaces
from nn.network import CHUNK_ROWS, IMAGE_CHUNK_ROWS, Network


def last_hidden_activations(network: Network, x: np.ndarray) -> np.ndarray:
    """Return the activations of the last hidden layer.

    Parameters
    ----------
    network : Network
    x : (n, inputs) floats, or uint8
        Bytes are scaled by 1 / 255. Large arrays are computed in chunks.

    Returns
    -------
    (n, units) of the network's dtype
        What the last layer is given: for a network without hidden layers the inputs, for one whose
        last hidden layer is a convolution its values in the order row, column, channel. NaN or
        infinite, without a warning, if the network has diverged.

    Raises
    ------
    ValueError
        If `x` has another shape or type.
    """
    x = network.check_inputs(x)
    chunk = IMAGE_CHUNK_ROWS if isinstance(network.layers[0], Conv2D) else CHUNK_ROWS
    workspaces = create_workspaces(network.layers, min(len(x), chunk))
    out = np.empty((len(x), network.layers[-1].inputs), network.dtype)
    with np.errstate(all="ignore"):
        for start in range(0, len(x), chunk):
            part = x[start : start + chunk]
            used = [workspace.first(len(part)) for workspace in workspaces]
            out[start : start + chunk] = network.forward(network.prepare_inputs(part), used)[-2]
    return out


class Neighbours(NamedTuple):
    """The nearest of some points, the nearest first.

    Attributes
    ----------
    indices : (k,) intp
        Of the points.
    distances : (k,) float64
        Euclidean.
    """

    indices: np.ndarray
    distances: np.ndarray


def nearest_neighbours(points: np.ndarray, query: np.ndarray, count: int) -> Neighbours:
    """Return the points that are nearest to a query by the Euclidean distance.

    Parameters
    ----------
    points : (n, d) floats
    query : (d,) floats
    count : int, 0 or more
        How many are wanted; fewer are returned when there are fewer. Of equally distant points the
        first ones come first, and points whose distance is not finite are left out.

    Raises
    ------
    ValueError
        If the query has another number of values than a point, or `count` is negative.
    """
    if query.shape != points.shape[1:]:
        raise ValueError(
            f"Expected a query of {points.shape[1]} values, as each point has, found one of the "
            f"shape {query.shape}."
        )
    if count < 0:
        raise ValueError(f"Expected a count of 0 or more, found {count}.")
    with np.errstate(all="ignore"):
        differences = points.astype(np.float64) - query
        distances = np.sqrt(np.einsum("nd,nd->n", differences, differences))
    order = np.argsort(distances, kind="stable")
    order = order[np.isfinite(distances[order])][:count]
    return Neighbours(order, distances[order])
