"""Work in the browser runtime outlives reloads, closed tabs, dead workers and damaged saves."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from axe import violations_in_both_themes
from browser_page import LabPage
from crash_helpers import crash, open_tab, train_until_saved, wait_open
from playwright.sync_api import BrowserContext, Page
from saves import SAVES
from spiral_page import STATUS, choose_tool, click_plane, drawn, press, status
from static_server import static_server

pytestmark = pytest.mark.ui

LOST_AT_MOST = 15  # seconds on a machine that others use too; `crash_recovery.py` measures it

ALERT = ".ink-alert"

NO_DATABASE = """
Object.defineProperty(self, "indexedDB", { value: { open() {
  throw new DOMException("The user denied permission to access the database.", "SecurityError")
} } })
"""


def complaints_of(lab: LabPage) -> list[str]:
    """Collect what the console says from now on."""
    found: list[str] = []
    lab.page.on(
        "console",
        lambda message: (
            found.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    lab.page.on("pageerror", lambda error: found.append(str(error)))
    return found


def test_training_that_was_broken_off_goes_on_from_its_newest_save(
    context: BrowserContext, site_url: str
) -> None:
    # `tests/benchmarks/crash_recovery.py` crashes more often, and compares the whole curve.
    generator = random.Random(1)
    lab = open_tab(context, site_url)
    train_until_saved(lab)
    for kind in ("kill the worker", "close the tab"):
        lab, last = crash(lab, generator, kind=kind, max_steps=200)
        assert last.seconds_lost <= LOST_AT_MOST, last
        assert last.saved > 0


def test_tabs_and_copies_of_tabs_keep_their_own_work_and_a_declined_offer_changes_nothing(
    context: BrowserContext, site_url: str
) -> None:
    first = open_tab(context, site_url)
    first.fill("hidden-layers", "12")
    first.click("ink-rebuild")
    first.click("ink-step")
    first.wait_text(".ink-status", "iteration 1 ")
    mine = "iteration 1 of a 784-12-10 net"
    first.wait_until(lambda: mine in titles(first), "the step was not saved")
    second = open_tab(context, site_url)
    name = tab_name(first)
    # What browsers do when they duplicate a tab.
    copied = f"""if (!sessionStorage["inkling-tab"]) sessionStorage["inkling-tab"] = "{name}" """
    context.add_init_script(copied)
    copy = open_tab(context, site_url)
    copy.wait_until(lambda: tab_name(copy) != name, "the copy has the name of the original")
    for lab in (second, copy):
        assert not lab.page.locator(".ink-offer").is_visible()
        lab.page.bring_to_front()
        lab.click("ink-step")
        lab.wait_until(lambda it=lab: saved(it) >= 1, "nothing was saved")
    own = tab_name(copy)
    assert len({name, own, tab_name(second)}) == 3
    for lab in (first, copy):
        lab.page.reload()
    for lab, expected in ((copy, own), (first, name)):
        lab.page.bring_to_front()
        wait_open(lab)
        lab.page.locator(".ink-resume button").wait_for(state="visible")
        assert tab_name(lab) == expected
        assert not lab.page.locator(".ink-saves").is_visible()
    first.wait_text(".ink-offer", mine)
    assert violations_in_both_themes(first.page) == []
    first.click("ink-fresh")
    first.page.locator(".ink-offer").wait_for(state="hidden")
    assert first.iteration() == 0


def tab_name(lab: LabPage) -> str:
    """The name of a tab in all its loads."""
    return str(lab.page.evaluate("sessionStorage['inkling-tab']"))


def saved(lab: LabPage) -> int:
    """How many saves there are of this very tab."""
    tab = tab_name(lab)
    return sum(name.startswith(tab) for name, _ in lab.page.evaluate(SAVES))


def test_points_net_and_curve_of_the_spiral_come_back_when_its_pane_is_opened(
    context: BrowserContext, site_url: str
) -> None:
    lab = open_tab(context, f"{site_url}?pane=spiral")
    choose_tool(lab, "Paint")
    click_plane(lab, 1, 1)
    lab.wait_until(lambda: drawn(lab)["train"] == 501, "no point was painted")
    press(lab, "train")
    status(lab, r"^iteration \d{2,} ")
    press(lab, "train")
    lab.wait_text(".ink-spiral-train", "Train")
    lab.wait_until(lambda: titles(lab)[-1:] == [f"{iteration(lab)} on 2-D data"], "not saved")
    kept = iteration(lab)
    lab.page.close()

    lab = open_tab(context, site_url)
    lab.wait_text(".ink-offer", f"{kept} on 2-D data")
    lab.click("ink-resume")
    lab.page.get_by_role("tab", name="2-D data").click()
    status(lab, f"^{kept.replace(',', '')} ")
    lab.wait_until(lambda: drawn(lab)["train"] == 501, "the painted point is lost")
    press(lab, "train")
    lab.wait_until(lambda: iteration(lab) != kept, "training did not go on")


def iteration(lab: LabPage) -> str:
    """The spiral's iteration, as titles of saves spell it."""
    found = re.match(r"iteration (\d+)", lab.text(STATUS))
    assert found
    return f"iteration {int(found[1]):,}"


def titles(lab: LabPage) -> list[str]:
    """The titles of all saves, the newest last."""
    return [title for _, title in lab.page.evaluate(SAVES)]


def test_a_browser_that_keeps_nothing_says_so_in_a_place_that_stays_and_everything_works(
    context: BrowserContext, site_url: str
) -> None:
    def without_database(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=NO_DATABASE + answer.text())

    context.route("**/worker.js", without_database)
    lab = open_tab(context, f"{site_url}?hide=controls,draw,inside,charts,status")
    complaints = complaints_of(lab)
    lab.wait_text(ALERT, "cannot be saved in this browser .*refuses to store.*save the weights")
    assert lab.page.locator(ALERT).is_visible()
    lab.page.evaluate("document.documentElement.dataset.hide = ''")
    lab.click("ink-reset")
    lab.press_train("Train")
    lab.wait_until(lambda: lab.iteration() > 20, "training did not go on")
    assert lab.page.locator(ALERT).is_visible()
    lab.click("ink-alert-close")
    lab.page.locator(ALERT).wait_for(state="hidden")
    assert complaints == []


def test_work_is_saved_again_as_soon_as_a_full_disk_has_space(
    context: BrowserContext, site_url: str
) -> None:
    lab = open_tab(context, site_url)
    complaints = complaints_of(lab)
    set_quota(lab, 1)
    lab.press_train("Train")
    lab.wait_text(ALERT, "cannot be saved in this browser .*space")
    lab.press_train("Pause")
    assert titles(lab) == []
    set_quota(lab, None)
    lab.click("ink-alert-1")
    lab.page.locator(ALERT).wait_for(state="hidden")
    assert re.match(r"iteration \d", titles(lab)[-1])
    assert complaints == []


def set_quota(lab: LabPage, size: int | None) -> None:
    """Let the browser store so many bytes for the site; None: as many as by default."""
    origin: str = lab.page.evaluate("location.origin")
    values = {"origin": origin} | ({} if size is None else {"quotaSize": size})
    lab.page.context.new_cdp_session(lab.page).send("Storage.overrideQuotaForOrigin", values)


@pytest.fixture
def store_page(context: BrowserContext, tmp_path: Path) -> Iterator[Page]:
    """A page of a host of its own, with the functions of the store as `store`."""
    script = (files("dashboard.autosave") / "indexed_db.js").read_text(encoding="utf-8")
    (tmp_path / "index.html").write_text(f"<script>window.makeStore = {script}</script>")
    with static_server(tmp_path) as address:
        page = context.new_page()
        page.goto(address)
        page.evaluate("window.store = makeStore('inkling')")
        yield page


def error_of(page: Page, call: str) -> list[str]:
    """The class and the name of the error with which a call fails."""
    found: list[str] = page.evaluate(
        f"{call}.then(() => [], (error) => [error.constructor.name, error.name])"
    )
    return found


def test_errors_of_the_database_are_plain_errors_and_it_is_opened_again(store_page: Page) -> None:
    page = store_page
    session = page.context.new_cdp_session(page)
    quota = {"origin": page.evaluate("location.origin"), "quotaSize": 300_000}
    session.send("Storage.overrideQuotaForOrigin", quota)
    write = "store.write('a/1', new Uint8Array(2e6))"
    assert error_of(page, write) == ["Error", "QuotaExceededError"]
    assert error_of(page, "store.write('a/1', () => {})") == ["Error", "DataCloneError"]
    session.send("Storage.overrideQuotaForOrigin", {"origin": quota["origin"]})
    assert error_of(page, write) == []
    page.evaluate(
        """new Promise((resolve, reject) => {
          const request = indexedDB.deleteDatabase("inkling")
          request.onsuccess = resolve
          request.onerror = reject
        })"""
    )
    assert error_of(page, write) == []
    assert page.evaluate("store.names()") == ["a/1"]


def test_without_locks_a_session_is_open_as_long_as_it_says_so(store_page: Page) -> None:
    page = store_page
    page.clock.install()
    page.evaluate("Object.defineProperty(Navigator.prototype, 'locks', {value: undefined})")
    page.evaluate("window.one = makeStore('inkling'); window.other = makeStore('inkling')")
    page.evaluate("Promise.all([one.enter('a.1'), other.enter('b.1')])")
    page.evaluate("one.write('a.1/2', new Uint8Array(3))")
    for _ in range(4):
        page.clock.run_for(8_000)
        assert sorted(page.evaluate("one.openSessions()")) == ["a.1", "b.1"]
    assert page.evaluate("one.names()") == ["a.1/2"]
    page.evaluate("one.leave('a.1')")
    assert page.evaluate("other.openSessions()") == ["b.1"]
    page.evaluate("setInterval = clearInterval = () => 0; other.enter('c.1')")
    page.clock.run_for(15_000)
    assert page.evaluate("other.openSessions()") == ["b.1"]
