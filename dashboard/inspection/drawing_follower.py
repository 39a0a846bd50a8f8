"""Requests the computations of a panel when the drawing, the network or the classes change.

What a person does is computed at once, what training changes at a limited rate.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from dashboard.digits.state import DigitsState
from dashboard.inspection.latest_computation import LatestComputation
from nn import Network

FOLLOWED = ("prediction", "snapshot", "shown_checkpoint", "class_names", "origin", "running")


def subject_of(state: DigitsState) -> Hashable:
    """Return what results are about: another one makes results of before wrong, not only old."""
    checkpoint, network = state.shown_checkpoint, state.shown_network
    return (
        state.prediction.image is None,
        state.class_names,
        state.snapshot.run,
        None if checkpoint is None else checkpoint.iteration,
        state.origin,
        network.title,
    )


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
        self._seen: tuple[Any, Network | None, Hashable] = (None, None, None)
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

    def _changed(self, *events: Any) -> None:
        state = self._state
        image, network, subject = state.prediction.image, state.shown_network, subject_of(state)
        old_image, old_network, old_subject = self._seen
        self._seen = (image, network, subject)
        is_same = image is old_image and subject == old_subject
        # The last request of training may still wait for its turn.
        has_paused = any(event.name == "running" for event in events) and not state.running
        if not is_same or has_paused:
            self.request()
        elif network is not old_network:  # snapshots also count blocks, for example
            self._network_changed()

    def _network_changed(self) -> None:
        if not (self._is_visible and self._state.running):
            self.request()
            return
        for computation in self._computations:
            computation.request_in_training()
