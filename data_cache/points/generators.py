"""Generators of labelled points: spirals, circles and other two-dimensional data sets.

Each is a function of the number of points and classes, the noise and a random generator; points
are within [-1, 1] before noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sin

import numpy as np

from data_cache.points.plane_points import MAX_CLASSES, PlanePoints

Generator = np.random.Generator

BLOB_RADIUS = 0.65
CLUSTER_DISTANCE = 0.65
CHECKERS = 4
"""Squares along a side of the checkerboard."""


def spiral(
    count: int, classes: int, noise: float, generator: Generator, arm_angle: float = pi
) -> PlanePoints:
    """Generate points on spiral arms from the centre, one arm for each class.

    Along an arm the radius r grows evenly from 0 to 1 and the angle t by `arm_angle`; x = r sin t,
    y = r cos t. The arms start 2π / classes apart and share the same noise, so that each is a
    rotated copy of the others and equally difficult.

    Parameters
    ----------
    count : int
        Number of points, divided evenly between the arms.
    classes : int
    noise : float
        Standard deviation of the angle, in radians.
    generator : numpy.random.Generator
    arm_angle : float
        Angle from the start to the end of an arm, in radians.

    References
    ----------
    Stanford CS231n, "Putting it together: Minimal Neural Network Case Study", whose three arms
    start 4 radians apart.
    """
    parts = []
    sizes = _divide_evenly(count, classes)
    deviation = noise * generator.standard_normal(sizes[0])
    for arm, size in enumerate(sizes):
        r = np.linspace(0, 1, size)
        begin = 2 * pi * arm / classes
        t = np.linspace(begin, begin + arm_angle, size) + deviation[:size]
        parts.append(np.column_stack([r * np.sin(t), r * np.cos(t)]))
    return _join_classes(parts)


def circles(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Generate points on rings of radius 1 / classes, 2 / classes … 1, one for each class.

    `noise` is the standard deviation of the radius, in halves of the distance between two rings.
    """
    parts = []
    for ring, size in enumerate(_divide_evenly(count, classes)):
        t = generator.uniform(0, 2 * pi, size)
        r = (ring + 1 + noise / 2 * generator.standard_normal(size)) / classes
        parts.append(np.column_stack([r * np.cos(t), r * np.sin(t)]))
    return _join_classes(parts)


def blobs(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Generate normally distributed clusters with their centres on a circle, one for each class.

    `noise` is the standard deviation of x and of y, in halves of the distance between
    neighbouring centres.
    """
    half = BLOB_RADIUS * sin(pi / max(classes, 2))
    parts = []
    for blob, size in enumerate(_divide_evenly(count, classes)):
        angle = 2 * pi * blob / classes
        centre = BLOB_RADIUS * np.array([np.sin(angle), np.cos(angle)])
        parts.append(centre + noise * half * generator.standard_normal((size, 2)))
    return _join_classes(parts)


def moons(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Generate points on two interleaving half circles of radius 5/8.

    `noise` is the standard deviation of x and of y, in halves of the gap of 5/16 between them.
    """
    parts = []
    for moon, size in enumerate(_divide_evenly(count, classes)):
        t = np.linspace(0, pi, size)
        x, y = (np.cos(t), np.sin(t)) if moon == 0 else (1 - np.cos(t), 0.5 - np.sin(t))
        clean = np.column_stack([x - 0.5, y - 0.25]) / 1.6
        parts.append(clean + noise * 0.5 / 3.2 * generator.standard_normal((size, 2)))
    return _join_classes(parts)


def xor(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Generate points all over the square: class 1 where x and y have the same sign, else 0.

    `noise` is the standard deviation of x and of y in units of 1/4, added after labelling.
    """
    clean = generator.uniform(-1, 1, (count, 2))
    labels = (clean[:, 0] * clean[:, 1] > 0).astype(np.intp)
    return PlanePoints(_add_noise(clean, noise / 4, generator), labels, classes)


def checkerboard(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Generate points on a board of 4 × 4 squares with alternating classes in rows and columns.

    `noise` is the standard deviation of x and of y, in halves of a square's side, added after
    labelling.
    """
    clean = generator.uniform(-1, 1, (count, 2))
    squares = np.floor((clean + 1) / 2 * CHECKERS).astype(np.intp)
    labels = squares.sum(axis=1) % classes
    return PlanePoints(_add_noise(clean, noise / CHECKERS, generator), labels, classes)


def clusters(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Generate normally distributed clusters in 3 columns and 2 rows with alternating classes.

    `noise` is the standard deviation of x and of y, in halves of the distance between neighbouring
    clusters.
    """
    parts = []
    for label, size in enumerate(_divide_evenly(count, classes)):
        centres = np.array(
            [
                (x, y)
                for column, x in enumerate((-CLUSTER_DISTANCE, 0, CLUSTER_DISTANCE))
                for row, y in enumerate((-CLUSTER_DISTANCE / 2, CLUSTER_DISTANCE / 2))
                if (column + row) % classes == label
            ]
        )
        spread = noise * CLUSTER_DISTANCE / 2 * generator.standard_normal((size, 2))
        parts.append(centres[np.arange(size) % len(centres)] + spread)
    return _join_classes(parts)


def bands(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Generate points all over the square in diagonal bands of equal area, one for each class.

    `noise` is the standard deviation of x and of y in units of 1 / (2 · classes), added after
    labelling. Without noise the classes are linearly separable.
    """
    clean = generator.uniform(-1, 1, (count, 2))
    diagonal = clean.mean(axis=1)
    # The share of the square's area below the diagonal through a point.
    below = np.where(diagonal < 0, (1 + diagonal) ** 2 / 2, 1 - (1 - diagonal) ** 2 / 2)
    labels = np.minimum((below * classes).astype(np.intp), classes - 1)
    return PlanePoints(_add_noise(clean, noise / (2 * classes), generator), labels, classes)


def _add_noise(clean: np.ndarray, scale: float, generator: Generator) -> np.ndarray:
    return np.clip(clean + scale * generator.standard_normal(clean.shape), -1, 1)


def _divide_evenly(count: int, classes: int) -> list[int]:
    """Divide `count` points evenly between the classes; the first ones get the remainder."""
    return [count // classes + (label < count % classes) for label in range(classes)]


def _join_classes(parts: list[np.ndarray]) -> PlanePoints:
    labels = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return PlanePoints(np.concatenate(parts), labels, len(parts))


@dataclass(frozen=True)
class PlaneShape:
    """A kind of generated data set.

    Attributes
    ----------
    title : str
        Name to show.
    make : callable
        (count, classes, noise, generator) → PlanePoints
    fewest, most : int
        Range of the number of classes.
    """

    title: str
    make: Callable[..., PlanePoints]
    fewest: int = 2
    most: int = MAX_CLASSES

    def possible(self, classes: int) -> int:
        """Return the number of classes nearest to `classes` in the range."""
        return min(max(classes, self.fewest), self.most)


PLANE_SHAPES = {
    "spiral": PlaneShape("Spiral", spiral),
    "circles": PlaneShape("Circles", circles),
    "blobs": PlaneShape("Blobs", blobs),
    "checkerboard": PlaneShape("Checkerboard", checkerboard),
    "moons": PlaneShape("Moons", moons, most=2),
    "xor": PlaneShape("XOR", xor, most=2),
    "clusters": PlaneShape("Clusters", clusters, most=3),
    "bands": PlaneShape("Bands", bands),
}
"""The generated data sets by name."""


def make_shape(
    name: str,
    count: int,
    classes: int,
    noise: float,
    generator: Generator,
    *,
    arm_angle: float = pi,
) -> PlanePoints:
    """Generate the points of a shape.

    Parameters
    ----------
    name : str
        One of `PLANE_SHAPES`.
    count, classes : int
        Numbers of points and of classes.
    noise : float
        From 0; its unit depends on the shape.
    generator : numpy.random.Generator
    arm_angle : float
        Angle of a spiral's arm, in radians; ignored for other shapes.

    Raises
    ------
    ValueError
        If the shape cannot have that number of classes.
    """
    shape = PLANE_SHAPES[name]
    if shape.possible(classes) != classes:
        raise ValueError(
            f"{shape.title}: expected {shape.fewest} to {shape.most} classes, found {classes}."
        )
    extra = {"arm_angle": arm_angle} if shape.make is spiral else {}
    return shape.make(count, classes, noise, generator, **extra)
