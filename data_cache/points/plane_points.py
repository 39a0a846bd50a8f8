"""Points of the plane, each with a class: what a small net learns to tell apart.

A record of points never changes; painting and dragging make a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data_cache.errors import DataError

MAX_CLASSES = 10

PLANE_LIMIT = 1.25
"""Half the side of the square that is shown; shapes lie within [-1, 1] but for their noise."""


@dataclass(frozen=True, eq=False)
class PlanePoints:
    """Points and their classes.

    Attributes
    ----------
    points : (n, 2) float32
        x and y, in about [-1, 1].
    labels : (n,) intp
        From 0 to classes - 1.
    classes : int
        How many classes there are, whether or not each has points; 1 to 10.
    """

    points: np.ndarray
    labels: np.ndarray
    classes: int

    def __post_init__(self) -> None:
        points = np.ascontiguousarray(self.points, np.float32)
        labels = np.asarray(self.labels)
        if points.ndim != 2 or points.shape[1] != 2 or labels.shape != (len(points),):
            raise DataError(
                f"Points of the shape (n, 2) with n labels were expected; found {points.shape} "
                f"and {labels.shape}."
            )
        if not np.isfinite(points).all():
            raise DataError("The coordinates of points must be finite numbers.")
        if not 1 <= self.classes <= MAX_CLASSES:
            raise DataError(f"There may be 1 to {MAX_CLASSES} classes; found {self.classes}.")
        if len(labels) and not (labels.min() >= 0 and labels.max() < self.classes):
            raise DataError(
                f"Labels from 0 to {self.classes - 1} were expected; found {labels.min()} to "
                f"{labels.max()}."
            )
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "labels", labels.astype(np.intp))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | np.ndarray) -> PlanePoints:
        """Return some of the points, by slice, by indices or by a mask."""
        return PlanePoints(self.points[index], self.labels[index], self.classes)

    def with_points(self, places: Sequence[tuple[float, float]], label: int) -> PlanePoints:
        """Return these points and, behind them, more of one class."""
        added = np.array(places, np.float32).reshape(-1, 2)
        labels = np.append(self.labels, np.full(len(added), label))
        return PlanePoints(np.concatenate([self.points, added]), labels, self.classes)

    def with_moved(self, index: int, x: float, y: float) -> PlanePoints:
        """Return these points, the one at `index` moved."""
        points = self.points.copy()
        points[self._checked(index)] = x, y
        return PlanePoints(points, self.labels, self.classes)

    def without(self, index: int) -> PlanePoints:
        """Return these points but for the one at `index`."""
        index = self._checked(index)
        return PlanePoints(
            np.delete(self.points, index, axis=0), np.delete(self.labels, index), self.classes
        )

    def of_classes(self, classes: int) -> PlanePoints:
        """Return the same points among another number of classes; those beyond it are left out."""
        return PlanePoints(*_kept(self, self.labels < classes), classes)

    def counts(self) -> np.ndarray:
        """Return the number of points of each class, (classes,)."""
        return np.bincount(self.labels, minlength=self.classes)

    def _checked(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise DataError(
                f"There is no point {index}: the points have the numbers 0 to {len(self) - 1}."
                if len(self)
                else "There are no points."
            )
        return index


def _kept(points: PlanePoints, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return points.points[mask], points.labels[mask]


def no_points(classes: int) -> PlanePoints:
    """Return an empty plane."""
    return PlanePoints(np.empty((0, 2), np.float32), np.empty(0, np.intp), classes)


def join_points(first: PlanePoints, second: PlanePoints) -> PlanePoints:
    """Return the points of both, the first ones first, among the larger number of classes."""
    return PlanePoints(
        np.concatenate([first.points, second.points]),
        np.concatenate([first.labels, second.labels]),
        max(first.classes, second.classes),
    )


def split_points(
    points: PlanePoints, train_share: float, generator: np.random.Generator
) -> tuple[PlanePoints, PlanePoints]:
    """Split at random into points to learn from and points to test on, each class by itself.

    Parameters
    ----------
    points
        Both parts keep their order.
    train_share
        In (0, 1]; of every class this share, rounded but at least one point, goes to the first
        part.

    Returns
    -------
    The two parts, which share no point.
    """
    if not 0 < train_share <= 1:
        raise ValueError(f"The training share lies above 0 and up to 1; found {train_share}.")
    in_train = np.zeros(len(points), bool)
    for label in range(points.classes):
        places = generator.permutation(np.flatnonzero(points.labels == label))
        if len(places):
            in_train[places[: max(1, round(train_share * len(places)))]] = True
    return points[in_train], points[~in_train]
