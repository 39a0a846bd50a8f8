"""Keeping in the browser form: puts store, autosave and page together.

Whatever the browser refuses, the controller works without it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.digits import SavedDigits
from dashboard.autosave.indexed_db import IndexedDBStore
from dashboard.autosave.late_registration import Latecomers
from dashboard.autosave.save import Save, describe_age
from dashboard.autosave.store import Store, StoreError
from dashboard.digits.controller import DigitsController
from dashboard.shell.restore_offer import RestoreOffer

if TYPE_CHECKING:
    from dashboard.plane.controller import PlaneController


@dataclass(frozen=True)
class Launch:
    """What the page told the worker when it started it; see the package's docstring.

    `search` is None when the page did not say.
    """

    search: str | None
    tab: str
    resume: bool


def read_launch(text: str) -> Launch:
    """Read a worker's name; anything but the page's JSON counts as nothing told."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    search = told.get("search")
    tab = str(told.get("tab") or secrets.token_hex(8))
    return Launch(search if isinstance(search, str) else None, tab, bool(told.get("resume")))


def keep_spiral(plane: PlaneController, latecomers: Latecomers) -> None:
    """Keep the controller of the spiral too, from now on."""
    from dashboard.autosave.plane import SavedPlane  # noqa: PLC0415 - only who opens the pane needs it

    plane.spawn(latecomers.add(SavedPlane(plane)))


async def keep_in_browser(
    controller: DigitsController, offer: RestoreOffer, launch: Launch, latecomers: Latecomers
) -> None:
    """Offer earlier work, or go on with it, and from then on save, until cancelled."""
    try:
        store = IndexedDBStore()
        await store.open()
        await keep(controller, offer, launch, store, latecomers, now=milliseconds)
    except StoreError as error:
        controller.warn(
            f"Your work cannot be kept in this browser ({error}). Everything else works; "
            "save the weights to keep them."
        )


async def keep(
    controller: DigitsController,
    offer: RestoreOffer,
    launch: Launch,
    store: Store,
    latecomers: Latecomers,
    *,
    now: Callable[[], int],
    **options: Any,
) -> None:
    """Do the same with any store; a StoreError means that it cannot be used at all."""
    digits = SavedDigits(controller)
    autosave = Autosave(
        store,
        [digits],
        tab=launch.tab,
        now=now,
        clock=time.perf_counter,
        tell=controller.warn,
        **options,
    )
    digits.follow(autosave)
    await latecomers.meet(autosave)
    save = await autosave.find()
    if save is not None and launch.resume:
        await autosave.resume(save)
    elif save is not None:
        _ask(controller, offer, autosave, save, (now() - save.saved_at) / 1000)
    autosave.note()  # something may have been done meanwhile
    await autosave.keep()


def _ask(
    controller: DigitsController, offer: RestoreOffer, autosave: Autosave, save: Save, age: float
) -> None:
    question = f"Go on where you left: {save.title}, {describe_age(age)}?"

    async def resume() -> None:
        if not await autosave.resume(save):
            offer.ask(question, answer)

    def answer(wanted: bool) -> None:
        if wanted:
            controller.spawn(resume())
        else:
            autosave.start_fresh()

    offer.ask(question, answer)


def milliseconds() -> int:
    """Return the milliseconds since 1970, by the clock of this machine."""
    return time.time_ns() // 1_000_000
