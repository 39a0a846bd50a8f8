"""Requests the computations of a panel when the drawing, the network or the classes change.

What a person does is computed at once, what training changes at a limited rate.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from dashboard.digits.state import DigitsState
from dashboard.inspection.latest_computation import LatestComputation

FOLLOWED = ("prediction", "snapshot", "class_names", "origin", "running")


def subject_of(state: DigitsState) -> Hashable:
    """Return what results are about: another one makes results of before wrong, not only old."""
    network = state.shown_network
    is_blank = state.prediction.image is None
    return is_blank, state.snapshot.run, state.origin, network.title, state.class_names


class DrawingFollower:
    """Follows the digits pane for one panel, while the panel can be seen.

    Parameters
    ----------
    state
        Of the digits pane.
    computations
        Those that are requested.
    """

    def __init__(self, state: DigitsState, *computations: LatestComputation) -> None:
        self._state = state
        self._computations = computations
        self._is_visible = False
        self._is_stale = True
        self._seen: tuple[Any, Hashable] | None = None
        state.param.watch(self._changed, list(FOLLOWED))

    def show(self, is_visible: bool) -> None:
        """Tell whether the panel can be seen."""
        self._is_visible = is_visible
        if is_visible and self._is_stale:
            self.request()

    def request(self) -> None:
        """Compute soon, or when the panel is seen next."""
        self._is_stale = not self._is_visible
        if self._is_visible:
            for computation in self._computations:
                computation.request()

    def _changed(self, *_events: Any) -> None:
        state = self._state
        seen = (state.prediction.image, subject_of(state))
        is_same = self._seen is not None and seen[0] is self._seen[0] and seen[1] == self._seen[1]
        self._seen = seen
        if self._is_visible and is_same and state.running:
            for computation in self._computations:
                computation.request_in_training()
        else:
            self.request()
