"""Where saves lie: a few named records of bytes, each written whole or not at all.

Several tabs may share one store; each writes records of its own session only.
"""

from __future__ import annotations

from typing import Protocol


class StoreError(Exception):
    """The store cannot be used; the message says why, as a part of a sentence."""


class Store(Protocol):
    """Named records of bytes; every method may raise a StoreError."""

    async def names(self) -> list[str]:
        """List the names of all records."""
        ...

    async def read(self, name: str) -> bytes:
        """Return a record; a StoreError if there is none of that name."""
        ...

    async def write(self, name: str, content: bytes) -> None:
        """Write a record, whole or not at all, and return when it is there."""
        ...

    async def delete(self, name: str) -> None:
        """Delete a record, if there is one of that name."""
        ...

    async def enter(self, session: str) -> None:
        """Let other tabs see that a session is alive, for as long as this tab lives."""
        ...

    async def living(self) -> set[str]:
        """Return the sessions of all tabs that are alive, as far as can be known."""
        ...


class MemoryStore:
    """A store that is gone with the process.

    Parameters
    ----------
    records
        What lies in it; shared by the stores of several imagined tabs.
    alive
        The sessions that are alive; shared likewise.
    """

    def __init__(
        self, records: dict[str, bytes] | None = None, alive: set[str] | None = None
    ) -> None:
        self.records = {} if records is None else records
        self.alive = set() if alive is None else alive

    async def names(self) -> list[str]:
        """List the names of all records."""
        return list(self.records)

    async def read(self, name: str) -> bytes:
        """Return a record."""
        if name not in self.records:
            raise StoreError(f"there is no record {name}")
        return self.records[name]

    async def write(self, name: str, content: bytes) -> None:
        """Write a record."""
        self.records[name] = content

    async def delete(self, name: str) -> None:
        """Delete a record."""
        self.records.pop(name, None)

    async def enter(self, session: str) -> None:
        """Note that a session is alive."""
        self.alive.add(session)

    async def living(self) -> set[str]:
        """Return the sessions that are alive."""
        return set(self.alive)
