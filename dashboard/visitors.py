"""How many visitors a served process has, and who may open a page now.

Making a page occupies the event loop for some tenths of a second, and a session takes memory, so
both are limited; a refused visitor gets the reason on a page that tries again by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.api.limits import RateLimit
from dashboard.languages.text import gettext


class Visitors:
    """The sessions of one process.

    Parameters
    ----------
    max_sessions
        Sessions that may be open at the same time.
    pages_per_second
        Pages that one address may open per second in the long run; bursts of twice as many, at
        least one.
    clock
        A monotonic clock, in seconds.
    max_training
        Networks that may be trained at the same time.

    Attributes
    ----------
    count
        Sessions that are open.
    refused
        Pages that were refused so far.
    """

    def __init__(
        self,
        max_sessions: int,
        pages_per_second: float,
        clock: Callable[[], float],
        max_training: int = 1000,
    ) -> None:
        self.count = 0
        self.training = 0
        """Networks that are being trained."""
        self._max_training = max_training
        self.refused = 0
        self._max_sessions = max_sessions
        self._pages = RateLimit(pages_per_second, clock)

    @property
    def has_room(self) -> bool:
        """Whether one more session may be opened."""
        return self.count < self._max_sessions

    def refuse(self, address: str) -> str:
        """Return why a page must not be opened now from an address; empty if it may."""
        if self.count >= self._max_sessions:
            self.refused += 1
            return gettext(
                "All {count:,} places of this server are taken. This page tries again by itself "
                "and opens as soon as there is room.",
                count=self._max_sessions,
            )
        wait = self._pages.take(address)
        if not wait:
            return ""
        self.refused += 1
        return gettext(
            "Too many pages were opened from this address; this one tries again by itself, in "
            "{seconds:.0f} s at the earliest.",
            seconds=max(wait, 1),
        )

    def limit_training(self, state: Any, warn: Callable[[str], None]) -> Callable[[], None]:
        """Count a network while it is trained, and pause one that begins beyond the limit.

        Parameters
        ----------
        state
            Has the parameter `running`.
        warn
            Called with a sentence for the visitor.

        Returns
        -------
        callable
            Ends the counting, because the visitor has left.
        """
        is_counted = False

        def changed(*_events: Any) -> None:
            nonlocal is_counted
            if state.running and not is_counted and self.training >= self._max_training:
                self.refused += 1
                state.running = False
                warn(
                    gettext(
                        "All {count:,} places for training on this server are taken; press Train "
                        "again in a minute.",
                        count=self._max_training,
                    )
                )
            elif state.running != is_counted:
                is_counted = state.running
                self.training += 1 if is_counted else -1

        watcher = state.param.watch(changed, "running")

        def end() -> None:
            nonlocal is_counted
            state.param.unwatch(watcher)
            self.training -= is_counted
            is_counted = False

        return end

    def enter(self) -> None:
        """Count a session that was opened."""
        self.count += 1

    def leave(self) -> None:
        """Count a session that has ended."""
        self.count -= 1
