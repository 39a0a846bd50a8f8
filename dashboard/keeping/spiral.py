"""Turns the spiral's laboratory into bytes and back: points, net, curve, settings and looks.

It is imported only with the spiral's pane, which is made when somebody first opens it.
"""

from __future__ import annotations

from typing import Any

from ..archive import ArchiveError
from ..plane.data import OWN
from ..plane.laboratory import PlaneLaboratory
from .keeper import Keeper
from .save import SaveError
from .spiral_record import SEEN, SETTINGS, SpiralRecord

CALM = frozenset(("snapshot", "history", "checkpoints"))
"""What changes with every slice of training."""


class KeptSpiral:
    """The laboratory of the spiral as a part that can be kept; see `Kept`.

    The checkpoints of time travel are not kept: they would weigh a hundred times as much as all
    the rest, and begin anew where one goes on.
    """

    name = "spiral"

    def __init__(self, laboratory: PlaneLaboratory) -> None:
        self._laboratory = laboratory
        self._state = laboratory.state
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
        """Return the record of the laboratory; None while a change waits, or weights are bad."""
        standing = self._laboratory.standing()
        if standing is None:
            return None
        state = self._state
        record = SpiralRecord(self._values(), state.running, state.ablated, state.points, standing)
        try:
            return record.to_bytes()
        except ValueError:
            return None  # weights that are being taken back this moment are not worth keeping

    async def restore(self, content: bytes) -> None:
        """Put the laboratory where it was; see `Kept`."""
        try:
            record = SpiralRecord.from_bytes(content)
            self._laboratory.go_on(record.values, record.data, record.standing, record.ablated)
        except (ArchiveError, LookupError, TypeError, ValueError) as error:
            raise SaveError(str(error)) from error
        self._state.running = record.running

    def follow(self, keeper: Keeper) -> None:
        """Let the keeper hear of every change."""
        keeper.follow(self._state, (*SETTINGS, *SEEN, "running", "points", "ablated"), CALM)

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self._state, name) for name in (*SETTINGS, *SEEN)}
