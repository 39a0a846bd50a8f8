"""Keeping in the browser form: puts store, keeper and page together.

Whatever the browser refuses, the laboratory works without it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..laboratory import Laboratory
from ..views.resume_offer import ResumeOffer
from .digits import KeptDigits
from .indexed_db import IndexedDBStore
from .keeper import Keeper
from .latecomers import Latecomers
from .save import Save, describe_age
from .store import Store, StoreError

if TYPE_CHECKING:
    from ..plane.laboratory import PlaneLaboratory


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


def keep_spiral(plane: PlaneLaboratory, latecomers: Latecomers) -> None:
    """Keep the laboratory of the spiral too, from now on."""
    from .spiral import KeptSpiral  # noqa: PLC0415 - only who opens the pane needs it

    plane.spawn(latecomers.add(KeptSpiral(plane)))


async def keep_in_browser(
    laboratory: Laboratory, offer: ResumeOffer, launch: Launch, latecomers: Latecomers
) -> None:
    """Offer earlier work, or go on with it, and from then on save, until cancelled."""
    try:
        store = IndexedDBStore()
        await store.open()
        await keep(laboratory, offer, launch, store, latecomers, now=milliseconds)
    except StoreError as error:
        laboratory.warn(
            f"Your work cannot be kept in this browser ({error}). Everything else works; "
            "save the weights to keep them."
        )


async def keep(
    laboratory: Laboratory,
    offer: ResumeOffer,
    launch: Launch,
    store: Store,
    latecomers: Latecomers,
    *,
    now: Callable[[], int],
    **options: Any,
) -> None:
    """Do the same with any store; a StoreError means that it cannot be used at all."""
    digits = KeptDigits(laboratory)
    keeper = Keeper(
        store,
        [digits],
        tab=launch.tab,
        now=now,
        clock=time.perf_counter,
        tell=laboratory.warn,
        **options,
    )
    digits.follow(keeper)
    await latecomers.meet(keeper)
    save = await keeper.find()
    if save is not None and launch.resume:
        await keeper.resume(save)
    elif save is not None:
        _ask(laboratory, offer, keeper, save, (now() - save.saved_at) / 1000)
    keeper.note()  # something may have been done meanwhile
    await keeper.keep()


def _ask(
    laboratory: Laboratory, offer: ResumeOffer, keeper: Keeper, save: Save, age: float
) -> None:
    question = f"Go on where you left: {save.title}, {describe_age(age)}?"

    async def resume() -> None:
        if not await keeper.resume(save):
            offer.ask(question, answer)

    def answer(wanted: bool) -> None:
        if wanted:
            laboratory.spawn(resume())
        else:
            keeper.start_fresh()

    offer.ask(question, answer)


def milliseconds() -> int:
    """Return the milliseconds since 1970, by the clock of this machine."""
    return time.time_ns() // 1_000_000
