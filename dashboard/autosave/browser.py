"""The autosave of the browser runtime: joins the parts of the page, the store and the offer.

While the browser refuses to store anything, the page works without it and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.digits import SavedDigits, SavedStoredModel
from dashboard.autosave.save import Save, SavedPart, describe_age
from dashboard.autosave.store import IndexedDBStore, Store, StoreError
from dashboard.digits.controller import DigitsController
from dashboard.shell.alert import Alert
from dashboard.shell.restore_offer import RestoreOffer

if TYPE_CHECKING:
    from dashboard.plane.controller import PlaneController


def create_autosave(controller: DigitsController, tab: str, alert: Alert) -> Autosave:
    """Return the autosave of a page whose digits exist.

    Parameters
    ----------
    controller
        Of the digits.
    tab
        Name of the tab.
    alert
        Says why nothing can be saved, as long as that is so.
    """

    def report(error: StoreError | None) -> None:
        if error is None:
            alert.hide()
        else:
            alert.show(failure_sentence(error), [("Try again", autosave.retry_now)])

    parts: list[SavedPart] = [SavedDigits(controller), SavedStoredModel(controller)]
    autosave = Autosave(parts, tab=tab, tell=controller.warn, report=report)
    return autosave


def failure_sentence(error: StoreError) -> str:
    """Return the sentence that tells why nothing can be saved in this browser."""
    return (
        f"Your work cannot be saved in this browser at present ({error}). Everything else works, "
        "and saving is tried again by itself; save the weights to keep them."
    )


def add_plane(autosave: Autosave, plane: PlaneController) -> None:
    """Save the controller of the plane too, from now on."""
    from dashboard.autosave.plane import SavedPlane  # noqa: PLC0415 - imported with its pane only

    plane.spawn(autosave.add(SavedPlane(plane)))


async def autosave_in_browser(
    autosave: Autosave, controller: DigitsController, offer: RestoreOffer, *, resume: bool
) -> None:
    """Restore earlier work or offer it, then save in IndexedDB until cancelled."""
    await run_autosave(autosave, IndexedDBStore(), controller, offer, resume=resume)


async def run_autosave(
    autosave: Autosave,
    store: Store,
    controller: DigitsController,
    offer: RestoreOffer,
    *,
    resume: bool,
) -> None:
    """Do the same with any store.

    Parameters
    ----------
    autosave
        Of the page.
    store
        Where saves are; as long as it cannot be used, it is tried again.
    controller
        Runs the background task that restores a save.
    offer
        Asks whether to restore a save.
    resume
        Whether to restore without asking, as after a crash.
    """
    save = await _connect(autosave, store)
    if save is not None and resume:
        await autosave.restore(save)
    elif save is not None:
        _ask(autosave, save, controller, offer)
    autosave.note_change()  # something may have been done meanwhile
    await autosave.run()


async def _connect(autosave: Autosave, store: Store) -> Save | None:
    while True:
        try:
            return await autosave.connect(store)
        except StoreError as error:
            autosave.note_failure(error)
            await autosave.pause_before_retry()


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
