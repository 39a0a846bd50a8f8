"""Turns the plane controller into bytes and back: points, net, curve, settings and looks.

It is imported only with the spiral's pane, which is made when somebody first opens it.
"""

from __future__ import annotations

from typing import Any

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.plane_record import SEEN, SETTINGS, SpiralRecord
from dashboard.autosave.save import SaveError
from dashboard.plane.controller import PlaneController
from dashboard.plane.dataset import OWN
from dashboard.training.archive import ArchiveError

CALM = frozenset(("snapshot", "history", "checkpoints"))
"""What changes with every slice of training."""


class SavedPlane:
    """The controller of the spiral as a part that can be kept; see `SavedPart`.

    The checkpoints of time travel are not kept: they would weigh a hundred times as much as all
    the rest, and begin anew where one goes on.
    """

    name = "spiral"

    def __init__(self, controller: PlaneController) -> None:
        self._controller = controller
        self._state = controller.state
        self._opened_with = self._values()

    @property
    def is_running(self) -> bool:
        """Whether it trains."""
        return bool(self._state.running)

    @property
    def title(self) -> str:
        """Say what there is; "" when nothing was done.

        A preset and what a link said are there without anybody's doing.
        """
        iteration = self._state.snapshot.iteration
        if iteration:
            return f"iteration {iteration:,} on the spiral"
        if self._state.points.origin == OWN:
            return "your points on the spiral"
        if not self._state.preset and self._values() != self._opened_with:
            return "your settings of the spiral"
        return ""

    def capture(self) -> bytes | None:
        """Return the record of the controller; None while a change waits, or weights are bad."""
        standing = self._controller.capture()
        if standing is None:
            return None
        state = self._state
        record = SpiralRecord(self._values(), state.running, state.ablated, state.points, standing)
        try:
            return record.to_bytes()
        except ValueError:
            return None  # weights that are being taken back this moment are not worth keeping

    async def restore(self, content: bytes) -> None:
        """Put the controller where it was; see `SavedPart`."""
        try:
            record = SpiralRecord.from_bytes(content)
            self._controller.restore(record.values, record.data, record.standing, record.ablated)
        except (ArchiveError, LookupError, TypeError, ValueError) as error:
            raise SaveError(str(error)) from error
        self._state.running = record.running

    def follow(self, autosave: Autosave) -> None:
        """Let the autosave hear of every change."""
        autosave.follow(self._state, (*SETTINGS, *SEEN, "running", "points", "ablated"), CALM)

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self._state, name) for name in (*SETTINGS, *SEEN)}
