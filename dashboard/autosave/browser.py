"""The autosave of the browser runtime: joins the parts of the page, the store and the offer.

The page works without it if the browser refuses to store anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.autosave.autosave import Autosave, refusal
from dashboard.autosave.digits import SavedDigits, SavedStoredModel
from dashboard.autosave.save import Save, SavedPart, describe_age
from dashboard.autosave.store import IndexedDBStore, Store, StoreError
from dashboard.digits.controller import DigitsController
from dashboard.shell.restore_offer import RestoreOffer

if TYPE_CHECKING:
    from dashboard.plane.controller import PlaneController


def create_autosave(controller: DigitsController, tab: str) -> Autosave:
    """Return the autosave of a page whose digits exist; `tab` is the name of the tab."""
    parts: list[SavedPart] = [SavedDigits(controller), SavedStoredModel(controller)]
    return Autosave(parts, tab=tab, tell=controller.warn)


def add_plane(autosave: Autosave, plane: PlaneController) -> None:
    """Save the controller of the plane too, from now on."""
    from dashboard.autosave.plane import SavedPlane  # noqa: PLC0415 - imported with its pane only

    plane.spawn(autosave.add(SavedPlane(plane)))


async def autosave_in_browser(
    autosave: Autosave, controller: DigitsController, offer: RestoreOffer, *, resume: bool
) -> None:
    """Restore earlier work or offer it, then save in IndexedDB until cancelled."""
    try:
        store = IndexedDBStore()
        await store.open()
        await run_autosave(autosave, store, controller, offer, resume=resume)
    except StoreError as error:
        controller.warn(refusal(error))


async def run_autosave(
    autosave: Autosave,
    store: Store,
    controller: DigitsController,
    offer: RestoreOffer,
    *,
    resume: bool,
) -> None:
    """Do the same with any store; StoreError when it does not store anything.

    Parameters
    ----------
    autosave
        Of the page.
    store
        Open.
    controller
        Runs the background task that restores a save.
    offer
        Asks whether to restore a save.
    resume
        Whether to restore without asking, as after a crash.
    """
    save = await autosave.connect(store)
    if save is not None and resume:
        await autosave.restore(save)
    elif save is not None:
        _ask(autosave, save, controller, offer)
    autosave.note_change()  # something may have been done meanwhile
    await autosave.run()


def _ask(autosave: Autosave, save: Save, controller: DigitsController, offer: RestoreOffer) -> None:
    age = describe_age(autosave.seconds_since(save))
    question = f"Restore your earlier work: {save.title}, {age}?"

    async def restore() -> None:
        if not await autosave.restore(save):
            offer.ask(question, answer)

    def answer(wanted: bool) -> None:
        if wanted:
            controller.spawn(restore())
        else:
            autosave.discard()

    offer.ask(question, answer)
