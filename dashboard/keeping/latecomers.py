"""Brings the keeper and parts that are made later than the page together, whichever comes first.

The keeper waits for the browser's database, and a part for somebody who opens its pane.
"""

from __future__ import annotations

from typing import Protocol

from .keeper import Keeper
from .kept import Kept


class Latecomer(Kept, Protocol):
    """A part that tells the keeper itself when something changed."""

    def follow(self, keeper: Keeper) -> None:
        """Let the keeper hear of every change."""
        ...


class Latecomers:
    """The parts of one page that are made later; without a keeper they just wait."""

    def __init__(self) -> None:
        self._keeper: Keeper | None = None
        self._parts: list[Latecomer] = []

    async def add(self, part: Latecomer) -> None:
        """Keep a part, as soon as there is a keeper; it goes on from what waits for it."""
        if self._keeper is None:
            self._parts.append(part)
        else:
            await self._join(part, self._keeper)

    async def meet(self, keeper: Keeper) -> None:
        """Let the keeper keep the parts that are there, and all that come."""
        self._keeper = keeper
        for part in self._parts:
            await self._join(part, keeper)

    async def _join(self, part: Latecomer, keeper: Keeper) -> None:
        part.follow(keeper)
        await keeper.add(part)
