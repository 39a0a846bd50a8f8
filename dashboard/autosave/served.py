"""The autosave of a served page: whose work it is, when its session ends, and who continues it.

The page brings the key under which the server finds the work of its browser.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.browser import run_autosave
from dashboard.autosave.store import StoreError
from dashboard.autosave.visitor_store import SaveService, VisitorStore
from dashboard.digits.controller import DigitsController
from dashboard.languages.text import gettext
from dashboard.shell.connection import Handshake, PageConnection
from dashboard.shell.restore_offer import RestoreOffer
from dashboard.training.background_tasks import sleep_without_context

SILENCE_SECONDS = 180.0
"""A page that says nothing for so long is gone; browsers wake hidden pages once a minute."""


class ServedAutosave:
    """Saves one served page on the server, and ends its session when nobody uses it.

    Parameters
    ----------
    autosave
        Of the page.
    connection
        What the page says.
    controller
        Of the digits; shows warnings and runs background tasks.
    offer
        Asks whether to restore earlier saves.
    service
        Stores the saves; None: the operator has turned saving off.
    hand_over
        Ends the session, because another page continues its work; saves before if told so.
    is_training
        Returns whether something is under way, so that the session is used without a person.
    disconnect
        Closes the connection of a page that is gone without a word.
    idle_seconds
        After which an unused page is told that its session ends.
    clock
        A monotonic clock in seconds.
    """

    def __init__(
        self,
        autosave: Autosave,
        connection: PageConnection,
        controller: DigitsController,
        offer: RestoreOffer,
        service: SaveService | None,
        *,
        hand_over: Callable[[bool], Awaitable[None]],
        is_training: Callable[[], bool],
        disconnect: Callable[[], None],
        idle_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._autosave, self._connection = autosave, connection
        self._controller, self._offer = controller, offer
        self._service, self._hand_over = service, hand_over
        self._is_training, self._idle_seconds = is_training, idle_seconds
        self._disconnect, self._clock = disconnect, clock
        self._heard_at = clock()
        self._store: VisitorStore | None = None
        self._is_lost = False
        connection.on_idle = self._on_idle

    async def run(self) -> None:
        """Restore the work of the page's earlier load or offer other work; then save."""
        handshake = await self._connection.handshake()
        self._heard_at = self._clock()
        self._controller.spawn(self._watch_silence())
        store = self._open_store(handshake)
        if store is None:
            self._autosave.go_without_store()
            return
        if self._is_lost:
            return  # the page is gone already; its next load continues the work
        self._store = store
        self._autosave.tab = handshake.tab
        if handshake.is_gone:
            store.continued_tab = handshake.tab

        async def nothing_found() -> None:
            if handshake.expects:
                self._controller.warn(
                    gettext(
                        "The work of this page is not on the server any more; saves are "
                        "deleted when they are old, or when the space is used up."
                    )
                )

        resume = nothing_found if handshake.resume else None
        await run_autosave(self._autosave, store, self._controller, self._offer, resume=resume)

    def connection_lost(self) -> None:
        """Let another page of the same tab continue from now on."""
        self._is_lost = True
        if self._store is not None:
            self._controller.spawn(self._mark_disconnected(self._store))

    async def _watch_silence(self) -> None:
        """Disconnect a page that has said nothing for so long that it must be gone."""
        while self._clock() - self._heard_at <= SILENCE_SECONDS:
            await sleep_without_context(SILENCE_SECONDS / 6)
        self._disconnect()

    async def _mark_disconnected(self, store: VisitorStore) -> None:
        with suppress(StoreError):
            await store.set_connected(False)

    def _open_store(self, handshake: Handshake) -> VisitorStore | None:
        if self._service is None or not handshake.key:
            return None
        try:
            return self._service.store_of(handshake.key, self._hand_over)
        except ValueError:
            return None  # no page of this server has made such a key

    def _on_idle(self, seconds: float) -> None:
        self._heard_at = self._clock()
        if seconds >= self._idle_seconds and not self._is_training():
            self._connection.report_ended()
