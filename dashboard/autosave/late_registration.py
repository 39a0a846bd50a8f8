"""Brings the autosave and parts that are made later than the page together, whichever comes first.

The autosave waits for the browser's database, and a part for somebody who opens its pane.
"""

from __future__ import annotations

from typing import Protocol

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.saved_part import SavedPart


class Latecomer(SavedPart, Protocol):
    """A part that tells the autosave itself when something changed."""

    def follow(self, autosave: Autosave) -> None:
        """Let the autosave hear of every change."""
        ...


class Latecomers:
    """The parts of one page that are made later; without a autosave they just wait."""

    def __init__(self) -> None:
        self._autosave: Autosave | None = None
        self._parts: list[Latecomer] = []

    async def add(self, part: Latecomer) -> None:
        """Keep a part, as soon as there is a autosave; it goes on from what waits for it."""
        if self._autosave is None:
            self._parts.append(part)
        else:
            await self._join(part, self._autosave)

    async def meet(self, autosave: Autosave) -> None:
        """Let the autosave keep the parts that are there, and all that come."""
        self._autosave = autosave
        for part in self._parts:
            await self._join(part, autosave)

    async def _join(self, part: Latecomer, autosave: Autosave) -> None:
        part.follow(autosave)
        await autosave.add(part)
