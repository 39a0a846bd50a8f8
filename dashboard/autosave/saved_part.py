"""What the autosave needs to know of a part of the page, so that it need not know what it is."""

from __future__ import annotations

from typing import Protocol


class SavedPart(Protocol):
    """A part of the page that can be kept."""

    name: str

    @property
    def is_running(self) -> bool:
        """Whether it changes all the time, as in training."""
        ...

    @property
    def title(self) -> str:
        """Say what there is, for the person who is to choose; "" when nothing was done in it."""
        ...

    def capture(self) -> bytes | None:
        """Return all that there is; None when it cannot be kept just now."""
        ...

    async def restore(self, content: bytes) -> None:
        """Go on from what `capture` gave.

        Raises
        ------
        SaveError
            When the bytes cannot be used, now or later.
        data_cache.DataError
            When something that they need cannot be had just now.
        """
        ...
