"""The points of the controller in their two parts, and how they come from the settings.

Whoever paints changes one part or the other; everything else is made anew from the seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dashboard.plane.settings import PlaneSettings
from data_cache import (
    PLANE_SHAPES,
    PlanePoints,
    derive_inputs,
    join_points,
    make_shape,
    split_points,
)

OWN = "own"
"""Origin of points that somebody painted, changed or loaded."""

PARTS = ("train", "test")


@dataclass(frozen=True, eq=False)
class PlaneData:
    """Points to learn from and points to test on.

    Attributes
    ----------
    train, test
        They share no point and have the same number of classes.
    origin
        The name of the shape that they are, or `OWN`.
    """

    train: PlanePoints
    test: PlanePoints
    origin: str = OWN

    def __len__(self) -> int:
        return len(self.train) + len(self.test)

    @property
    def classes(self) -> int:
        """How many classes there are, whether or not each has points."""
        return self.train.classes

    def all_points(self) -> PlanePoints:
        """Return the points of both parts, those to learn from first."""
        return join_points(self.train, self.test)

    def with_points(
        self, places: Sequence[tuple[float, float]], label: int, part: str
    ) -> PlaneData:
        """Return the same with more points of one class, in the part "train" or "test"."""
        return self._with(part, getattr(self, part).with_points(places, label))

    def with_moved(self, index: int, x: float, y: float, part: str) -> PlaneData:
        """Return the same with a point of a part elsewhere."""
        return self._with(part, getattr(self, part).with_moved(index, x, y))

    def without(self, index: int, part: str) -> PlaneData:
        """Return the same without a point of a part."""
        return self._with(part, getattr(self, part).without(index))

    def of_classes(self, classes: int) -> PlaneData:
        """Return the points of the first `classes` classes, with room for as many."""
        return PlaneData(self.train.of_classes(classes), self.test.of_classes(classes), OWN)

    def _with(self, part: str, points: PlanePoints) -> PlaneData:
        if part == "train":
            return replace(self, train=points, origin=OWN)
        return replace(self, test=points, origin=OWN)


@dataclass(frozen=True, eq=False)
class InputSamples:
    """What a net is given for some points: `images` (n, inputs) float32 and `labels` (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice) -> InputSamples:
        """Return part of them."""
        return InputSamples(self.images[index], self.labels[index])


def inputs_of(points: PlanePoints, names: list[str]) -> InputSamples:
    """Return what a net with the inputs called `names` is given for the points."""
    return InputSamples(derive_inputs(points.points, names), points.labels)


def samples_to_train_on(points: PlanePoints, names: list[str]) -> InputSamples:
    """Return what a run is given for the points: also without points it has something.

    Its net is worth a look while there is nothing to learn from; nobody trains it then.
    """
    if len(points):
        return inputs_of(points, names)
    return InputSamples(np.zeros((1, len(names)), np.float32), np.zeros(1, np.intp))


def make_data(settings: PlaneSettings) -> PlaneData:
    """Make the points that the settings describe; the same settings give the same points."""
    return PlaneData(
        _make_part(settings, settings.points_count, "train"),
        _make_part(settings, test_count(settings), "test"),
        settings.shape,
    )


def test_count(settings: PlaneSettings) -> int:
    """Return how many points to test on belong to the points to learn from."""
    share = settings.train_share
    return round(settings.points_count * (1 - share) / share)


def share_out(points: PlanePoints, settings: PlaneSettings) -> PlaneData:
    """Split points of one's own into the two parts, as the training share says."""
    generator = np.random.default_rng([settings.seed, 2])
    return PlaneData(*split_points(points, settings.train_share, generator))


def _make_part(settings: PlaneSettings, count: int, part: str) -> PlanePoints:
    # Each part has a generator of its own: the share must not change what is learnt from.
    generator = np.random.default_rng([settings.seed, PARTS.index(part)])
    return make_shape(
        settings.shape,
        count,
        PLANE_SHAPES[settings.shape].possible(settings.classes),
        settings.noise,
        generator,
        arm_angle=settings.arm_angle,
    )
