"""A run on points of the plane: they lie in memory and may change while it learns from them.

Changes wait for the end of the slice under way, because that may be computed in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dashboard.plane.dataset import InputSamples
from dashboard.plane.settings import PlaneSettings
from dashboard.training.divergence import DivergenceDetector
from dashboard.training.history import History
from dashboard.training.run import Mark, Run, run_generators
from data_cache import Batch, PointFeed, PointPosition

FIRST_SCORES = 10
"""Steps between two scores on the test points at first."""

SCORES_PER_DOUBLING = 70
"""Later a score is due after every so many-th part of the steps taken so far."""


@dataclass(frozen=True, eq=False)
class Place:
    """All that the next step of a run on the same points depends on."""

    mark: Mark
    optimizer: str
    position: PointPosition
    dropout_state: dict[str, Any]
    epoch: int
    consumed: int


@dataclass(frozen=True, eq=False)
class Standing:
    """All that a run is besides its settings and points, as copies.

    Attributes
    ----------
    place
        What the next step depends on.
    good
        What it falls back to when the loss goes out of hand.
    guard
        What losses are compared with.
    next_score
        The step from which on the test points are to be scored again.
    validation_due
        Whether they are to be scored before the next step.
    history
        The curve so far.
    """

    place: Place
    good: Mark
    guard: DivergenceDetector
    next_score: int
    validation_due: bool
    history: History


class PlaneRun(Run):
    """A network in training on points.

    Parameters
    ----------
    settings
        Read before every step, so each knob works while the run goes on.
    samples
        What it learns from; at least one.
    classes
        How many classes the net tells apart.
    """

    feed: PointFeed

    def __init__(self, settings: PlaneSettings, samples: InputSamples, classes: int) -> None:
        generators = run_generators(settings.seed)
        super().__init__(
            settings,
            PointFeed(samples.images, samples.labels, generator=generators.feed),
            network=settings.make_network(samples.images.shape[1], classes, generators.weights),
            dropout_generator=generators.dropout,
        )
        self._changes: list[Callable[[], None]] = []
        self._next_score = 1

    @property
    def is_settled(self) -> bool:
        """Whether nothing is still to be done `soon`."""
        return not self._changes

    def soon(self, change: Callable[[], None]) -> None:
        """Do something to the run at the next `apply_settings`, when no step is under way."""
        self._changes.append(change)

    def apply_settings(self) -> None:
        """Make the knobs take effect that a step does not read, and what was to be done `soon`."""
        while self._changes:
            self._changes.pop(0)()
        super().apply_settings()

    def learn_from(self, samples: InputSamples) -> None:
        """Go on with other points; call it only between slices."""
        self.feed.replace(samples.images, samples.labels)
        self.consumed = 0

    def place(self) -> Place:
        """Record where the run stands; call it only between slices."""
        return Place(
            self.mark(),
            self.optimizer_name,
            self.feed.position,
            dict(self.dropout_generator.bit_generator.state),
            self.epoch,
            self.consumed,
        )

    def go_to(self, place: Place) -> None:
        """Go back to an earlier place; what follows has the same numbers as it had then."""
        self.optimizer_name = place.optimizer
        self.return_to(place.mark)
        self.feed.seek(place.position)
        self.dropout_generator.bit_generator.state = place.dropout_state
        self.epoch, self.consumed = place.epoch, place.consumed
        self._good = place.mark
        self._next_score = _next_score(self.iteration)
        self.validation_due = False
        self.note_slice()

    def standing(self) -> Standing:
        """Record everything, for `go_on`; call it only between slices."""
        return Standing(
            self.place(),
            self._good,
            replace(self._guard),
            self._next_score,
            self.validation_due,
            self.history.copy(),
        )

    def go_on(self, standing: Standing) -> None:
        """Go on where another run of the same form, points and settings stood.

        Raises
        ------
        ValueError
            When a net, moments or a generator of another form come with it.
        """
        self.history = standing.history.copy()
        self.go_to(standing.place)
        self._good = standing.good
        self._guard = replace(standing.guard)
        self._next_score = standing.next_score
        self.validation_due = standing.validation_due

    def _advance(self, batch: Batch) -> None:
        """Count the batch; scores come more and more seldom, for an epoch may be a single step."""
        super()._advance(batch)
        if self.iteration >= self._next_score:
            self._next_score = _next_score(self.iteration)
            self.validation_due = True


def _next_score(iteration: int) -> int:
    return iteration + max(FIRST_SCORES, iteration // SCORES_PER_DOUBLING)
