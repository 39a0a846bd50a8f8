"""Where samples lie in the last hidden layer of a network: activations, neighbours, two dimensions.

The last hidden layer is what the classes are read from, so samples that a network treats alike are
close to each other there.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class PCA:
    """The principal components of some points.

    Attributes
    ----------
    mean : (d,) float64
        Of the points.
    components : (k, d) float64
        Orthonormal directions, that of the largest variance first. Of each, the entry of the
        largest magnitude is positive. One without variance is zero.
    explained_variance : (k,) float64
        Variance of the points along each component, with n - 1 degrees of freedom.
    explained_variance_ratio : (k,) float64
        The same as fractions of the total variance, in [0, 1]; zeros without any variance.
    """

    mean: np.ndarray
    components: np.ndarray
    explained_variance: np.ndarray
    explained_variance_ratio: np.ndarray

    def transform(self, points: np.ndarray) -> np.ndarray:
        """Return the coordinates (n, k) float64 of points (n, d) along the components."""
        return (points - self.mean) @ self.components.T


def fit_pca(points: np.ndarray, count: int = 2) -> PCA:
    """Return the first principal components of points.

    Parameters
    ----------
    points : (n, d) finite floats, n at least 1
    count : int
        How many components are wanted; there are at most min(n, d).

    Raises
    ------
    ValueError
        If there are no points, or a value is NaN or infinite.

    Notes
    -----
    They are the right singular vectors of the centred points. These are found as eigenvectors of
    the smaller of the two matrices XᵀX and XXᵀ, in float64, which takes a fraction of the time of
    the singular value decomposition of X (Jolliffe, "Principal Component Analysis", section 3.5).
    """
    if not len(points) or not np.isfinite(points).all():
        raise ValueError("Expected at least one point and finite values; found none, or others.")
    points = points.astype(np.float64)
    n, d = points.shape
    mean = points.mean(axis=0)
    x = points - mean
    squares, vectors = np.linalg.eigh(x.T @ x if d <= n else x @ x.T)
    kept = min(count, n, d)
    squares, vectors = squares[::-1][:kept].clip(0), vectors[:, ::-1][:, :kept]
    total = float(np.einsum("nd,nd->", x, x))
    components = vectors.T if d <= n else vectors.T @ x
    has_variance = squares > max(n, d) * np.finfo(np.float64).eps * total
    lengths = np.linalg.norm(components, axis=1, keepdims=True)
    components = np.where(has_variance[:, None], components / np.where(lengths, lengths, 1), 0)
    largest = np.abs(components).argmax(axis=1)[:, None]
    components = components * np.where(np.take_along_axis(components, largest, 1) < 0, -1, 1)
    squares = np.where(has_variance, squares, 0)
    return PCA(mean, components, squares / max(n - 1, 1), squares / (total or 1))


def align(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the rotation or reflection after which points are nearest to a reference.

    Principal components have no sign, and those of similar variances may change places from one
    training step to the next; pictures of them that follow each other are aligned by this.

    Parameters
    ----------
    points, reference : (n, k) finite floats
        The same n points, each set with the mean 0.

    Returns
    -------
    (k, k) float64
        The orthogonal matrix R that minimises the sum of the squares of `points @ R - reference`:
        the orthogonal Procrustes problem (Schönemann, 1966).
    """
    left, _, right = np.linalg.svd(points.T.astype(np.float64) @ reference)
    rotation: np.ndarray = left @ right
    return rotation
