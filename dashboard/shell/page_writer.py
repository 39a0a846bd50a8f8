"""Writes to one visitor's page: through Bokeh's document lock when served, directly in a worker.

Everything that changes the page outside a widget's own event goes through a `PageWriter`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Protocol

from dashboard.languages.text import in_current_language
from dashboard.upstream.model_search import search_once

if TYPE_CHECKING:
    from dashboard.upstream.served_messages import Deliveries

Change = Callable[[], None]
Schedule = Callable[[float, Change], object]
"""Calls a function after some seconds."""

LATER_SECONDS = 0.002
"""Enough for what came before to have left: the page shows it while Python makes what is later."""


class PageWriter(Protocol):
    """The one way in which views change the page."""

    def write(self, change: Change, key: Hashable | None = None) -> None:
        """Run a function that changes the page, now or soon.

        Parameters
        ----------
        change
            Sets properties of models; it reads the newest state when it runs.
        key
            A change is dropped when an earlier one with the same key has not run yet; None keeps
            every change.
        """

    async def delivered(self) -> None:
        """Wait until the page has received what was written, except for a few messages."""

    def write_later(self, change: Change, key: Hashable) -> None:
        """Run a function that changes the page after what a person waits for has been shown.

        Parameters
        ----------
        change, key
            As in `write`.
        """


class DirectPageWriter:
    """Changes the page at once; in a worker nothing else can be changing it.

    Parameters
    ----------
    schedule
        How `write_later` waits; None: it changes the page at once, too.
    document
        The Bokeh document of the page; None: there is none.
    """

    def __init__(self, schedule: Schedule | None = None, document: Any = None) -> None:
        self._schedule = schedule
        self._document = document
        self._waiting_keys: set[Hashable] = set()

    def write(self, change: Change, key: Hashable | None = None) -> None:
        """Run the change now."""
        with search_once(self._document):
            change()

    async def delivered(self) -> None:
        """Return at once."""

    def write_later(self, change: Change, key: Hashable) -> None:
        """Run the change after `LATER_SECONDS`."""
        if self._schedule is None:
            self.write(change)
        elif key not in self._waiting_keys:
            self._waiting_keys.add(key)

            def run() -> None:
                self._waiting_keys.discard(key)
                self.write(change)

            self._schedule(LATER_SECONDS, in_current_language(run))


class ServedPageWriter:
    """Changes a served page while holding the lock of its document, until `close`.

    Parameters
    ----------
    document
        The Bokeh document of the visitor's session.

    Attributes
    ----------
    deliveries
        What the page confirms of the messages to it; None if it confirms none.

    Notes
    -----
    After `close` changes are dropped: Bokeh destroys the document of a session that has ended, and
    a training step that was still under way must not touch it.
    """

    def __init__(self, document: Any) -> None:
        self._document = document
        self.deliveries: Deliveries | None = None
        self._is_open = True
        self._waiting_keys: set[Hashable] = set()
        self._waiting: list[tuple[Hashable | None, Change]] = []
        """What the next tick of `write` runs."""

    def write_later(self, change: Change, key: Hashable) -> None:
        """Run the change on a tick of its own, which sends a message; see `PageWriter`."""
        if self._take_key(key):
            self._document.add_next_tick_callback(lambda: self._run([(key, change)]))

    def write(self, change: Change, key: Hashable | None = None) -> None:
        """Run the change on the next tick of the document; see `PageWriter`.

        A busy server ticks seldom, so one tick runs everything that waits for it.
        """
        if not self._take_key(key):
            return
        self._waiting.append((key, change))
        if len(self._waiting) == 1:
            self._document.add_next_tick_callback(self._run_waiting)

    def _take_key(self, key: Hashable | None) -> bool:
        """Return whether a change is to run, and note its key until then."""
        if not self._is_open or key in self._waiting_keys:
            return False
        if key is not None:
            self._waiting_keys.add(key)
        return True

    def _run_waiting(self) -> None:
        changes, self._waiting = self._waiting, []
        try:
            self._run(changes)
        finally:  # one that fails does not stop those after it
            if changes:
                self._waiting[:0] = changes
                self._document.add_next_tick_callback(self._run_waiting)

    def _run(self, changes: list[tuple[Hashable | None, Change]]) -> None:
        """Take changes out of a list one by one and run them."""
        # `hold` sends the changes by Bokeh's own dispatch when it ends; Panel's dispatch past
        # the document lock loses a message that follows another one closely.
        self._document.hold("combine")
        try:
            with search_once(self._document):
                while changes:
                    key, change = changes.pop(0)
                    self._waiting_keys.discard(key)
                    change()
        finally:
            self._document.unhold()

    async def delivered(self) -> None:
        """Wait while many messages are on their way, as to a browser that is asleep."""
        if self.deliveries is not None:
            await self.deliveries.wait()

    def close(self) -> None:
        """Drop all changes from now on."""
        self._is_open = False
