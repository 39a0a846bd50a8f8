"""A run on points of the plane, which lie in memory and may change while it trains.

Changes are applied between slices, because a slice may be computed in a thread.
"""

from __future__ import annotations

import numpy as np

from dashboard.plane.dataset import InputSamples
from dashboard.plane.settings import PlaneSettings
from dashboard.training.run import Run, RunGenerators
from dashboard.training.run_state import ModelState, RunState
from data_cache import Batch, PointFeed, PointPosition

FIRST_GAP = 10
"""Steps between two validations at first."""

GAP_SHARE = 70
"""Later the gap is this part of the steps taken so far."""


class PlaneRun(Run):
    """A network in training on points.

    Parameters
    ----------
    settings
        Read before every slice, so every setting takes effect while the run continues.
    samples
        Training points; at least one.
    classes
        Number of classes.
    """

    feed: PointFeed

    def __init__(self, settings: PlaneSettings, samples: InputSamples, classes: int) -> None:
        generators = RunGenerators.from_seed(settings.seed)
        super().__init__(
            settings,
            PointFeed(samples.images, samples.labels, generator=generators.feed),
            network=settings.make_network(samples.images.shape[1], classes, generators.weights),
            generators=generators,
        )
        self._next_validation = 1

    def has_samples(self, samples: InputSamples) -> bool:
        """Return whether the run trains on these points already, in this order."""
        feed = self.feed
        return np.array_equal(feed.inputs, samples.images) and np.array_equal(
            feed.labels, samples.labels
        )

    def replace_samples(self, samples: InputSamples) -> None:
        """Continue with other points; call it between slices."""
        self.feed.replace(samples.images, samples.labels)
        self.consumed = 0

    def load_state(self, state: RunState) -> None:
        """Continue from a state of a run on the same points; see `Run.load_state`."""
        position, samples = state.position, self.feed.sample_count
        if not isinstance(position, PointPosition):
            raise ValueError("expected a position in points, found one in blocks")
        if max(state.consumed, position.consumed) >= samples:
            raise ValueError(
                f"expected a position before the end of the {samples:,} points, found "
                f"{max(state.consumed, position.consumed):,}"
            )
        super().load_state(state)
        self.feed.seek(position)

    def _load_model_state(self, state: ModelState) -> None:
        super()._load_model_state(state)
        self._next_validation = next_validation(self.iteration)

    def _advance(self, batch: Batch) -> None:
        super()._advance(batch)
        if self.iteration >= self._next_validation:
            self._next_validation = next_validation(self.iteration)
            self.validation_due = True


def next_validation(iteration: int) -> int:
    """Return the iteration of the first validation after `iteration`.

    Validations get rarer with the iteration and not with the epoch, which may be a single step.
    """
    due = 1
    while due <= iteration:
        due += max(FIRST_GAP, due // GAP_SHARE)
    return due
