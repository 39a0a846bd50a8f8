"""Points of the plane in a training and a test part, and how the settings generate them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dashboard.languages.text import gettext
from dashboard.plane.settings import PlaneSettings
from data_cache import (
    PLANE_SHAPES,
    DataError,
    PlanePoints,
    PointSource,
    derive_inputs,
    join_points,
    make_shape,
    split_points,
)

OWN = "own"
"""Origin of points that were painted, edited or loaded from a file."""

PARTS = ("train", "test")
_PLANE = PointSource()


@dataclass(frozen=True, eq=False)
class PlaneData:
    """Training points and test points of the same classes.

    Attributes
    ----------
    train, test
        They share no point.
    origin
        The name of the shape that generated them, or `OWN`.
    source
        How they differ from those in the file that they are from.
    """

    train: PlanePoints
    test: PlanePoints
    origin: str = OWN
    source: PointSource = _PLANE

    def __len__(self) -> int:
        return len(self.train) + len(self.test)

    @property
    def classes(self) -> int:
        """The number of classes, including those without points."""
        return self.train.classes

    def all_points(self) -> PlanePoints:
        """Return the points of both parts, the training points first."""
        return join_points(self.train, self.test)

    def part(self, name: str) -> PlanePoints:
        """Return the points of the part "train" or "test"; DataError for another name."""
        if name not in PARTS:
            raise DataError(
                gettext(
                    "A part of the points is {names}; found “{name}”.",
                    names=" or ".join(PARTS),
                    name=name,
                )
            )
        return self.train if name == "train" else self.test

    def with_part(self, name: str, points: PlanePoints) -> PlaneData:
        """Return a copy with other points in a part."""
        if name == "train":
            return replace(self, train=points, origin=OWN)
        return replace(self, test=points, origin=OWN)

    def of_classes(self, classes: int) -> PlaneData:
        """Return a copy with `classes` classes; points of higher classes are left out."""
        return PlaneData(self.train.of_classes(classes), self.test.of_classes(classes), OWN)


@dataclass(frozen=True, eq=False)
class InputSamples:
    """Inputs of a network, `images` (n, inputs) float32, with their `labels` (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice) -> InputSamples:
        """Return a slice of the samples."""
        return InputSamples(self.images[index], self.labels[index])


def inputs_of(points: PlanePoints, names: list[str]) -> InputSamples:
    """Return the samples for a network with the inputs called `names`."""
    return InputSamples(derive_inputs(points.points, names), points.labels)


def training_samples(points: PlanePoints, names: list[str]) -> InputSamples:
    """Return the samples of a run: those of the points, or one placeholder without points.

    A run needs a sample even while there are no points; it is not trained then.
    """
    if len(points):
        return inputs_of(points, names)
    return InputSamples(np.zeros((1, len(names)), np.float32), np.zeros(1, np.intp))


def make_data(settings: PlaneSettings) -> PlaneData:
    """Generate the points that the settings describe; the same settings give the same points."""
    share = settings.train_share
    test_count = round(settings.points_count * (1 - share) / share)
    return PlaneData(
        _make_part(settings, settings.points_count, "train"),
        _make_part(settings, test_count, "test"),
        settings.shape,
    )


def split_data(points: PlanePoints, settings: PlaneSettings) -> PlaneData:
    """Split points into the two parts by the training fraction and the seed of the settings."""
    generator = np.random.default_rng([settings.seed, 2])
    return PlaneData(*split_points(points, settings.train_share, generator))


def _make_part(settings: PlaneSettings, count: int, part: str) -> PlanePoints:
    # A generator per part: the training fraction must not change the training points.
    generator = np.random.default_rng([settings.seed, PARTS.index(part)])
    return make_shape(
        settings.shape,
        count,
        PLANE_SHAPES[settings.shape].possible(settings.classes),
        settings.noise,
        generator,
        arm_angle=settings.arm_angle,
    )
