"""Shapes of labelled points that nets are tried on: spirals, circles and their kind.

Each shape is a function of its size, its noise and a generator, and lies within [-1, 1] but for
the noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sin

import numpy as np

from data_cache.points.plane_points import MAX_CLASSES, PlanePoints

Generator = np.random.Generator

BLOB_RADIUS = 0.65
CHECKERS = 4
"""Squares along a side of the checkerboard."""


def spiral(
    count: int, classes: int, noise: float, generator: Generator, arm_angle: float = pi
) -> PlanePoints:
    """Points on arms that wind out of the middle, one class to an arm.

    The data of the case study in Stanford's CS231n, for any number of arms: along an arm the
    radius r grows evenly from 0 to 1 and the angle t by `arm_angle`, x = r sin t, y = r cos t.
    The arms begin 2π / classes apart (there: 4 radians apart, for three arms nearly the same) and
    stray by the same noise, so that each is a turned copy of the others and none is the harder.

    Parameters
    ----------
    count
        Points in all; the arms have equally many, but for a remainder.
    noise
        Standard deviation of the angle, in radians.
    arm_angle
        How far an arm winds, in radians.
    """
    parts = []
    sizes = _sizes(count, classes)
    stray = noise * generator.standard_normal(sizes[0])
    for arm, size in enumerate(sizes):
        r = np.linspace(0, 1, size)
        begin = 2 * pi * arm / classes
        t = np.linspace(begin, begin + arm_angle, size) + stray[:size]
        parts.append(np.column_stack([r * np.sin(t), r * np.cos(t)]))
    return _assembled(parts)


def circles(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Rings around the middle, one class to a ring, at the radii 1 / classes, 2 / classes ... 1.

    `noise` is the standard deviation of the radius, in halves of the distance between two rings.
    """
    parts = []
    for ring, size in enumerate(_sizes(count, classes)):
        t = generator.uniform(0, 2 * pi, size)
        r = (ring + 1 + noise / 2 * generator.standard_normal(size)) / classes
        parts.append(np.column_stack([r * np.cos(t), r * np.sin(t)]))
    return _assembled(parts)


def blobs(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Clouds whose middles lie on a circle, one class to a cloud.

    `noise` is the standard deviation of x and of y, in halves of the distance between neighbours.
    """
    half = BLOB_RADIUS * sin(pi / max(classes, 2))
    parts = []
    for blob, size in enumerate(_sizes(count, classes)):
        angle = 2 * pi * blob / classes
        middle = BLOB_RADIUS * np.array([np.sin(angle), np.cos(angle)])
        parts.append(middle + noise * half * generator.standard_normal((size, 2)))
    return _assembled(parts)


def moons(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Two half circles of radius 5/8 that reach into each other.

    `noise` is the standard deviation of x and of y, in halves of the gap of 5/16 between them.
    """
    parts = []
    for moon, size in enumerate(_sizes(count, classes)):
        t = np.linspace(0, pi, size)
        x, y = (np.cos(t), np.sin(t)) if moon == 0 else (1 - np.cos(t), 0.5 - np.sin(t))
        clean = np.column_stack([x - 0.5, y - 0.25]) / 1.6
        parts.append(clean + noise * 0.5 / 3.2 * generator.standard_normal((size, 2)))
    return _assembled(parts)


def xor(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Points all over the square: class 1 where x and y have the same sign, else 0.

    The class is that of the place before `noise`, in quarters of the square's half side, is added.
    """
    clean = generator.uniform(-1, 1, (count, 2))
    labels = (clean[:, 0] * clean[:, 1] > 0).astype(np.intp)
    return PlanePoints(_moved(clean, noise / 4, generator), labels, classes)


def checkerboard(count: int, classes: int, noise: float, generator: Generator) -> PlanePoints:
    """Points all over a board of 4 × 4 squares, whose classes take turns along rows and columns.

    The class is that of the place before `noise`, in halves of the side of a square, is added.
    """
    clean = generator.uniform(-1, 1, (count, 2))
    squares = np.floor((clean + 1) / 2 * CHECKERS).astype(np.intp)
    labels = squares.sum(axis=1) % classes
    return PlanePoints(_moved(clean, noise / CHECKERS, generator), labels, classes)


def _moved(clean: np.ndarray, scale: float, generator: Generator) -> np.ndarray:
    return np.clip(clean + scale * generator.standard_normal(clean.shape), -1, 1)


def _sizes(count: int, classes: int) -> list[int]:
    """Deal `count` points out to the classes, the first of which get what does not divide."""
    return [count // classes + (label < count % classes) for label in range(classes)]


def _assembled(parts: list[np.ndarray]) -> PlanePoints:
    labels = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return PlanePoints(np.concatenate(parts), labels, len(parts))


@dataclass(frozen=True)
class PlaneShape:
    """A shape by its title, the function that makes it, and how many classes it may have."""

    title: str
    make: Callable[..., PlanePoints]
    fewest: int = 2
    most: int = MAX_CLASSES

    def possible(self, classes: int) -> int:
        """Return the number of classes nearest to `classes` that the shape can have."""
        return min(max(classes, self.fewest), self.most)


PLANE_SHAPES = {
    "spiral": PlaneShape("Spiral", spiral),
    "circles": PlaneShape("Circles", circles),
    "blobs": PlaneShape("Blobs", blobs),
    "checkerboard": PlaneShape("Checkerboard", checkerboard),
    "moons": PlaneShape("Moons", moons, most=2),
    "xor": PlaneShape("XOR", xor, most=2),
}
"""The shapes by name."""


def make_shape(
    name: str,
    count: int,
    classes: int,
    noise: float,
    generator: Generator,
    *,
    arm_angle: float = pi,
) -> PlanePoints:
    """Make the points of a shape.

    Parameters
    ----------
    name
        One of `PLANE_SHAPES`.
    count, classes
        Points in all, and classes among them; the shape must have that many.
    noise
        0 for none; its unit is the shape's own.
    arm_angle
        Of the spiral, in radians.
    """
    shape = PLANE_SHAPES[name]
    if shape.possible(classes) != classes:
        raise ValueError(
            f"{shape.title} has {shape.fewest} to {shape.most} classes; found {classes}."
        )
    extra = {"arm_angle": arm_angle} if shape.make is spiral else {}
    return shape.make(count, classes, noise, generator, **extra)
