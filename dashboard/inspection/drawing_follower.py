"""Requests the computations of a panel when the drawing, the network or the classes change.

What a person does is computed at once, what training changes at a limited rate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from typing import Any

import param

from dashboard.digits.state import DigitsState
from dashboard.inspection.latest_computation import LatestComputation, Steps
from dashboard.shell.redraw_scheduler import RedrawRate, RedrawScheduler
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
    """Follows the digits pane for one panel: computes and redraws while the panel can be seen.

    Parameters
    ----------
    digits
        The state of the digits pane.
    results
        The state of the panel, which gets what is computed.
    steps
        Begin the computations: asynchronous generators of values of `results`, by name.
    redraws
        The redraws of the panel.
    rate
        How often a computation may begin because of training.
    """

    def __init__(
        self,
        digits: DigitsState,
        results: param.Parameterized,
        steps: Sequence[Steps],
        redraws: RedrawScheduler,
        rate: RedrawRate,
    ) -> None:
        self._state = digits
        self._redraws = redraws
        self._computations = [
            LatestComputation(
                begin,
                subject=lambda: subject_of(digits),
                deliver=lambda values: results.param.update(**values),
                rate=rate,
            )
            for begin in steps
        ]
        self._is_visible = False
        self._is_stale = True
        self._seen: tuple[Any, Network | None, Hashable] = (None, None, None)
        digits.param.watch(self._changed, list(FOLLOWED))

    def show(self, is_visible: bool) -> None:
        """Tell whether the panel can be seen."""
        self._redraws.set_visible(is_visible)
        self._is_visible = is_visible
        if is_visible and self._is_stale:
            self.request()

    async def run(self) -> None:
        """Compute and redraw what has changed, until cancelled."""
        works = [computation.run() for computation in self._computations]
        await asyncio.gather(*works, self._redraws.run())

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
