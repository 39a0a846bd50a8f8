"""The autosave of a page: joins the parts of the page, the store and the offer.

The browser runtime saves in the browser, a served page on its server. While nothing can be stored,
the page works without it and says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from dashboard.autosave.autosave import LONGEST_PAUSE_SECONDS, Autosave
from dashboard.autosave.digits import SavedDigits, SavedStoredModel, decode_drawing
from dashboard.autosave.save import Save, SavedPart, describe_age
from dashboard.autosave.sessions import EarlierSave
from dashboard.autosave.store import IndexedDBStore, Store, StoreError, StoreFullError
from dashboard.digits.controller import DigitsController
from dashboard.languages.text import gettext, gettext_noop, ngettext
from dashboard.shell.alert import Action, Alert
from dashboard.shell.pictures import ink_pixels, picture_address
from dashboard.shell.restore_offer import OfferedSave, RestoreOffer

if TYPE_CHECKING:
    from dashboard.plane.controller import PlaneController

Resume = Callable[[], Awaitable[None]] | None


IN_THE_BROWSER, ON_THE_SERVER = gettext_noop("in this browser"), gettext_noop("on this server")
"""Where work is saved, in words; translated when they are shown."""


def create_autosave(
    controller: DigitsController,
    tab: str,
    alert: Alert,
    offer: RestoreOffer,
    *,
    rename_tab: Callable[[str], None],
    report_saved: Callable[[bool], None] = lambda _is_saved: None,
    between_slices: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    place: str = IN_THE_BROWSER,
    longest_pause: float = LONGEST_PAUSE_SECONDS,
) -> Autosave:
    """Return the autosave of a page whose digits exist.

    Parameters
    ----------
    controller
        Of the digits.
    tab
        Name of the tab.
    alert
        Says why nothing can be saved, as long as that is so.
    offer
        Asks whether to restore earlier saves.
    rename_tab, report_saved, between_slices, longest_pause
        As for `Autosave`.
    place
        Where work is saved: `IN_THE_BROWSER` or `ON_THE_SERVER`.
    """

    def report(error: StoreError | None) -> None:
        if error is None:
            alert.hide()
            return
        actions: list[Action] = [(gettext("Try again"), autosave.retry_now)]
        count = autosave.earlier_count
        if isinstance(error, StoreFullError) and count:
            label = ngettext(
                "Delete the earlier save", "Delete {count} earlier saves", count, count=count
            )
            actions.append((label, lambda: controller.spawn(make_space())))
        alert.show(failure_sentence(error, place), actions)

    async def make_space() -> None:
        await autosave.delete_earlier()
        offer.withdraw()
        autosave.retry_now()

    parts: list[SavedPart] = [SavedDigits(controller), SavedStoredModel(controller)]
    autosave = Autosave(
        parts,
        tab=tab,
        rename_tab=rename_tab,
        tell=controller.warn,
        report=report,
        report_saved=report_saved,
        between_slices=between_slices,
        longest_pause=longest_pause,
    )
    return autosave


def rename_worker_tab(name: str) -> None:
    """Have the page use another name of its tab from now on."""
    from js import self as worker  # noqa: PLC0415 - exists in a browser only
    from pyodide.ffi import to_js  # noqa: PLC0415

    worker.postMessage(to_js({"type": "tab", "name": name}, dict_converter=_js_object()))


def _js_object() -> Any:
    from js import Object  # noqa: PLC0415 - exists in a browser only

    return Object.fromEntries


def failure_sentence(error: StoreError, place: str = IN_THE_BROWSER) -> str:
    """Return the sentence that tells why nothing can be saved."""
    return gettext(
        "Your work cannot be saved {place} at present ({error}). Everything else "
        "works, and saving is tried again by itself; save the weights to keep them.",
        place=gettext(place),
        error=error,
    )


def add_plane(autosave: Autosave, plane: PlaneController) -> None:
    """Save the controller of the plane too, from now on."""
    from dashboard.autosave.plane import SavedPlane  # noqa: PLC0415 - imported with its pane only

    plane.spawn(autosave.add(SavedPlane(plane)))


async def autosave_in_browser(
    autosave: Autosave, controller: DigitsController, offer: RestoreOffer, *, resume: Resume = None
) -> None:
    """Restore earlier work or offer it, then save in IndexedDB until cancelled."""
    await run_autosave(autosave, IndexedDBStore(), controller, offer, resume=resume)


async def run_autosave(
    autosave: Autosave,
    store: Store,
    controller: DigitsController,
    offer: RestoreOffer,
    *,
    resume: Resume = None,
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
        Given to restore the save of this tab without asking, as after a crash or an update; called
        when there is none, to open the page as its address says.
    """
    saves: list[EarlierSave] = []
    is_connected = False
    while not is_connected:
        try:
            saves = await autosave.connect(store)
            is_connected = True
        except StoreError as error:
            autosave.note_failure(error)
        has_own = bool(saves) and saves[0].is_own
        if resume is not None and has_own and await autosave.restore(saves[0]):
            saves = []
        elif resume is not None and not has_own:
            await resume()
        resume = None
        if not is_connected:
            await autosave.pause_before_retry()
    if saves:
        _ask(autosave, saves, controller, offer)
    autosave.note_change()  # something may have been done meanwhile
    await autosave.run()


def _ask(
    autosave: Autosave,
    saves: list[EarlierSave],
    controller: DigitsController,
    offer: RestoreOffer,
) -> None:
    """Ask which save to restore, again after one was deleted or could not be restored."""

    def ask_again(left: list[EarlierSave]) -> None:
        if left:
            _ask(autosave, left, controller, offer)
        else:
            offer.withdraw()

    async def restore(index: int) -> None:
        if not await autosave.restore(saves[index]):
            ask_again(saves)

    async def delete(index: int) -> None:
        if await autosave.delete(saves[index]):
            ask_again([save for save in saves if save is not saves[index]])

    async def delete_all() -> None:
        deleted = [save for save in saves if await autosave.delete(save)]
        ask_again([save for save in saves if save not in deleted])

    offer.ask(
        [_offered(autosave, it.save) for it in saves],
        resume=lambda index: controller.spawn(restore(index)),
        delete=lambda index: controller.spawn(delete(index)),
        delete_all=lambda: controller.spawn(delete_all()),
        decline=autosave.decline,
    )


def _offered(autosave: Autosave, save: Save) -> OfferedSave:
    age = describe_age(autosave.seconds_since(save))
    try:
        picture = picture_address(ink_pixels(decode_drawing(save.picture))) if save.picture else ""
    except ValueError:
        picture = ""  # the bytes are those of another program
    return OfferedSave(f"{save.description}, {age}", picture)
