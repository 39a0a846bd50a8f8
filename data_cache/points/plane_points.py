"""Labelled points of the plane, the data set of a small network.

A record of points is immutable; editing returns a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data_cache.errors import DataError

MAX_CLASSES = 10

PLANE_LIMIT = 1.25
"""Half the side of the square that is shown; generated points are within [-1, 1] before noise."""


@dataclass(frozen=True, eq=False)
class PlanePoints:
    """Points with their labels.

    Attributes
    ----------
    points : (n, 2) float32
        x and y, finite, in about [-1, 1].
    labels : (n,) intp
        From 0 to classes − 1.
    classes : int
        Number of classes, 1 to 10; a class may have no points.

    Raises
    ------
    DataError
        If a shape or value differs from these.
    """

    points: np.ndarray
    labels: np.ndarray
    classes: int

    def __post_init__(self) -> None:
        points = np.ascontiguousarray(self.points, np.float32)
        labels = np.asarray(self.labels)
        if points.ndim != 2 or points.shape[1] != 2 or labels.shape != (len(points),):
            raise DataError(
                "PlanePoints: expected points of shape (n, 2) and n labels, found "
                f"{points.shape} and {labels.shape}."
            )
        if not np.isfinite(points).all():
            raise DataError("PlanePoints: expected finite coordinates, found NaN or infinity.")
        if not 1 <= self.classes <= MAX_CLASSES:
            raise DataError(
                f"PlanePoints: expected 1 to {MAX_CLASSES} classes, found {self.classes}."
            )
        if len(labels) and not (labels.min() >= 0 and labels.max() < self.classes):
            raise DataError(
                f"PlanePoints: expected labels from 0 to {self.classes - 1}, found "
                f"{labels.min()} to {labels.max()}."
            )
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "labels", labels.astype(np.intp))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | np.ndarray) -> PlanePoints:
        """Return the points of a slice, an array of indices or a mask."""
        return PlanePoints(self.points[index], self.labels[index], self.classes)

    def with_points(self, added: Sequence[tuple[float, float]], label: int) -> PlanePoints:
        """Return these points followed by more of one class."""
        new = np.array(added, np.float32).reshape(-1, 2)
        labels = np.append(self.labels, np.full(len(new), label))
        return PlanePoints(np.concatenate([self.points, new]), labels, self.classes)

    def with_moved(self, index: int, x: float, y: float) -> PlanePoints:
        """Return these points with the one at `index` moved; a DataError if there is none."""
        points = self.points.copy()
        points[self._checked(index)] = x, y
        return PlanePoints(points, self.labels, self.classes)

    def without(self, index: int) -> PlanePoints:
        """Return these points without the one at `index`; a DataError if there is none."""
        index = self._checked(index)
        return PlanePoints(
            np.delete(self.points, index, axis=0), np.delete(self.labels, index), self.classes
        )

    def of_classes(self, classes: int) -> PlanePoints:
        """Return the points with another number of classes, without those of removed classes."""
        kept = self.labels < classes
        return PlanePoints(self.points[kept], self.labels[kept], classes)

    def counts(self) -> np.ndarray:
        """Return the number of points of each class, (classes,)."""
        return np.bincount(self.labels, minlength=self.classes)

    def _checked(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise DataError(
                f"PlanePoints: expected the index of one of {len(self)} points, found {index}."
            )
        return index


def no_points(classes: int) -> PlanePoints:
    """Return no points of so many classes."""
    return PlanePoints(np.empty((0, 2), np.float32), np.empty(0, np.intp), classes)


def join_points(first: PlanePoints, second: PlanePoints) -> PlanePoints:
    """Return the points of both, the first ones first, with the larger number of classes."""
    return PlanePoints(
        np.concatenate([first.points, second.points]),
        np.concatenate([first.labels, second.labels]),
        max(first.classes, second.classes),
    )


def split_points(
    points: PlanePoints, train_share: float, generator: np.random.Generator
) -> tuple[PlanePoints, PlanePoints]:
    """Split points at random into training and test points, stratified by class.

    Parameters
    ----------
    points : PlanePoints
        Both parts keep their order.
    train_share : float
        In (0, 1]; this share of each class, rounded but at least one point, is for training.
    generator : numpy.random.Generator

    Returns
    -------
    tuple of PlanePoints
        The training and the test points, which are disjoint.

    Raises
    ------
    ValueError
        If `train_share` is outside (0, 1].
    """
    if not 0 < train_share <= 1:
        raise ValueError(f"train_share: expected a number in (0, 1], found {train_share}.")
    in_train = np.zeros(len(points), bool)
    for label in range(points.classes):
        indices = generator.permutation(np.flatnonzero(points.labels == label))
        if len(indices):
            in_train[indices[: max(1, round(train_share * len(indices)))]] = True
    return points[in_train], points[~in_train]
