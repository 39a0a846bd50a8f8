"""No work is lost or offered to another tab, however a browser stores, or refuses to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from browser_page import (
    CHROMIUM_ARGUMENTS,
    DEADLINE_MS,
    DEEP,
    START_DEADLINE_MS,
    LabPage,
    find_chromium,
)
from faulty_site import FaultySite, faulty_site
from playwright.sync_api import Browser, BrowserContext
from saves import HANGS_LATER, NO_LOCKS, NO_STORAGE, SAVES, SAYS_THAT_IT_IS_OPEN, set_hanging
from static_server import static_server

pytestmark = pytest.mark.ui

ALL = os.environ.get("INKLING_SITE_STORAGE") == "all"
needs_time = pytest.mark.skipif(not ALL, reason="takes minutes: INKLING_SITE_STORAGE=all")
ALERT, OFFER = ".ink-alert", ".ink-offer"


@pytest.fixture
def site(site_folder: Path) -> Iterator[FaultySite]:
    with faulty_site(site_folder) as site:
        yield site


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    context.add_init_script(DEEP)
    return context


def tab_of(context: BrowserContext, url: str, copied: LabPage | None = None) -> LabPage:
    """Begin to open a tab; a copy has what the other has in its session storage."""
    page = context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    if copied is not None:
        name = copied.page.evaluate("sessionStorage['inkling-tab']")
        page.add_init_script(f"sessionStorage['inkling-tab'] ??= '{name}'")
    page.goto(url, wait_until="commit")
    return LabPage(page, url)


def is_open(lab: LabPage) -> None:
    lab.page.wait_for_function(
        "document.documentElement?.dataset.site === 'ready'", timeout=START_DEADLINE_MS
    )
    lab.wait_ready()


def work(lab: LabPage, steps: int) -> None:
    """Train for some steps more, until they are saved."""
    lab.page.bring_to_front()  # pages behind others paint rarely, so that clicks take seconds
    goal = lab.iteration() + steps
    for count in range(goal - steps + 1, goal + 1):
        lab.click("ink-step")
        lab.wait_status(iteration=count)
    lab.wait_until(lambda: f"iteration {goal}" in own_title(lab), "the steps were not saved")


def own_title(lab: LabPage) -> str:
    """The title of this tab's newest save."""
    tab = lab.page.evaluate("sessionStorage['inkling-tab']")
    titles = [title for name, title in lab.page.evaluate(SAVES) if name.startswith(f"{tab}.")]
    return titles[-1] if titles else ""


def name_of(lab: LabPage) -> str:
    return str(lab.page.evaluate("sessionStorage['inkling-tab']"))


def reload_together(labs: Sequence[LabPage]) -> None:
    for lab in labs:
        lab.page.evaluate("window.isOld = true; setTimeout(() => location.reload())")
    for lab in labs:
        lab.page.wait_for_function("!window.isOld")
        is_open(lab)


def is_offered_its_own(lab: LabPage, iteration: int) -> None:
    """Wait for the offer of this tab's work, and see that no other is in the list."""
    lab.page.bring_to_front()
    lab.wait_text(OFFER, f"iteration {iteration} of")
    assert lab.page.locator(OFFER).is_visible()
    assert not lab.page.locator(".ink-saves").is_visible()


def all_are_offered_their_own(context: BrowserContext, url: str, count: int) -> None:
    labs = [tab_of(context, url) for _ in range(count)]
    for steps, lab in enumerate(labs, 1):
        is_open(lab)
        work(lab, steps)
    assert not any(lab.page.locator(OFFER).is_visible() for lab in labs)
    reload_together(labs)
    for steps, lab in enumerate(labs, 1):
        is_offered_its_own(lab, steps)
    for lab, steps in list(zip(labs, range(1, count + 1), strict=True))[1::2]:
        lab.click("ink-resume")
        lab.wait_status(iteration=steps)
        lab.page.locator(OFFER).wait_for(state="hidden")
    # Closed in any order; one that is opened again is offered all that was done.
    for lab in [*labs[::3], *labs[1::3], *labs[2::3]]:
        lab.page.close()
    last = tab_of(context, url)
    is_open(last)
    last.wait_text(OFFER, "iteration")
    offered = last.page.locator(".ink-saves option").all_inner_texts()
    for steps in range(1, count + 1):
        assert sum(f"iteration {steps} of" in text for text in offered) == 1, offered


@needs_time
@pytest.mark.parametrize("before", ["", NO_LOCKS], ids=["locks", "no-locks"])
def test_tabs_that_are_reloaded_together_are_offered_their_own_work_alone(
    context: BrowserContext, site: FaultySite, before: str
) -> None:
    site.before = before
    all_are_offered_their_own(context, site.url, 10)


# Holds locks of some names until the page is closed.
HOLD = """
(names) => Promise.all(names.map((name) => new Promise((resolve, reject) => {
  const hold = () => { resolve(); return new Promise(() => {}) }
  const lock = `inkling-session ${name}`
  navigator.locks.request(lock, { mode: name.endsWith(".0") ? "shared" : "exclusive" }, hold)
    .catch(reject)
})))
"""


def test_a_worker_that_outlives_its_page_counts_as_closed(
    context: BrowserContext, site: FaultySite
) -> None:
    page = context.new_page()
    page.goto(f"{site.url}app.webmanifest")
    # A tab that is being loaded again, two that have one name, and a worker of an older build.
    names = ["a.0", "a.1000", "a.2000", "b.0", "b.0", "b.1000", "b.2000", "c.1000"]
    page.evaluate(HOLD, names)
    script = files("dashboard.autosave").joinpath("indexed_db.js").read_text(encoding="utf-8")
    found = page.evaluate(f"({script})('inkling').openSessions()")
    assert set(found) == set(names) - {"a.1000"}


def test_a_tab_without_locks_is_open_for_others_before_python_runs(
    context: BrowserContext, site: FaultySite
) -> None:
    site.before = NO_LOCKS
    site.spoil({"packages.bin": "hang"})
    lab = tab_of(context, site.url)
    # `wait_for_function` does not wait for a promise.
    lab.wait_until(
        lambda: lab.page.evaluate(SAYS_THAT_IT_IS_OPEN), "it does not say that it is open"
    )


@needs_time
@pytest.mark.parametrize("before", ["", NO_LOCKS], ids=["locks", "no-locks"])
def test_a_copy_of_a_copy_has_a_name_and_work_of_its_own(
    context: BrowserContext, site: FaultySite, before: str
) -> None:
    site.before = before
    original = tab_of(context, site.url)
    is_open(original)
    work(original, 1)
    labs = [original]
    for steps in (2, 3):
        copy = tab_of(context, site.url, labs[-1])
        is_open(copy)
        others = [name_of(lab) for lab in labs]
        copy.wait_until(lambda it=copy, known=others: name_of(it) not in known, "the same name")
        assert not copy.page.locator(OFFER).is_visible()
        work(copy, steps)
        labs.append(copy)
    reload_together(labs)
    for steps, lab in enumerate(labs, 1):
        is_offered_its_own(lab, steps)


def works_and_says_that_nothing_is_saved(lab: LabPage, reason: str) -> None:
    lab.wait_text(ALERT, f"cannot be saved in this browser at present .*{reason}")
    assert lab.page.locator(ALERT).is_visible()
    lab.press_train("Train")
    lab.wait_until(lambda: lab.iteration() > 20, "training did not go on")
    lab.press_train("Pause")
    assert lab.page.locator(ALERT).is_visible()


REASONS = {
    "undefined": "has no database",
    "hangs": "does not answer",
    "refused": "refuses to store",
}


@pytest.mark.parametrize(
    "kind",
    [kind if kind == "undefined" else pytest.param(kind, marks=needs_time) for kind in NO_STORAGE],
)
def test_a_browser_that_stores_nothing_is_told_of_and_everything_works(
    context: BrowserContext, site: FaultySite, kind: str
) -> None:
    site.before = NO_STORAGE[kind]
    lab = tab_of(context, site.url)
    is_open(lab)
    works_and_says_that_nothing_is_saved(lab, REASONS[kind])


# Holds the database open, and asks that it be deleted: whoever opens it next waits.
BLOCK = """async () => {
  const request = indexedDB.open("inkling", 1)
  request.onupgradeneeded = () => request.result.createObjectStore("records")
  await new Promise((resolve) => { request.onsuccess = resolve })
  window.unblock = () => request.result.close()
  const deletion = indexedDB.deleteDatabase("inkling")
  await new Promise((resolve) => { deletion.onblocked = resolve })
}"""


@needs_time
def test_a_database_that_another_tab_blocks_is_told_of_and_used_once_it_is_free(
    context: BrowserContext, site: FaultySite
) -> None:
    other = context.new_page()
    other.goto(f"{site.url}app.webmanifest")
    other.evaluate(BLOCK)
    lab = tab_of(context, site.url)
    is_open(lab)
    works_and_says_that_nothing_is_saved(lab, "does not answer")
    lab.wait_status(state="paused")
    goal = lab.iteration()
    other.evaluate("unblock()")
    lab.page.locator(ALERT).wait_for(state="hidden")
    lab.wait_until(lambda: f"iteration {goal:,}" in own_title(lab), "the work was not saved")


def pause_unsaved(lab: LabPage) -> int:
    """Pause training that goes on although it cannot be saved; return its iteration."""
    seen = lab.iteration()
    lab.wait_until(lambda: lab.iteration() > seen, "training did not go on")
    lab.press_train("Pause")
    lab.wait_status(state="paused")
    assert lab.page.locator(ALERT).is_visible()
    return lab.iteration()


def save_at_last(lab: LabPage, goal: int) -> None:
    """Save again on request; the work is offered after a reload."""
    lab.page.locator(ALERT).get_by_role("button", name="Try again").click()
    lab.page.locator(ALERT).wait_for(state="hidden")
    lab.wait_until(lambda: f"iteration {goal:,}" in own_title(lab), "the work was not saved")
    reload_together([lab])
    lab.wait_text(OFFER, f"iteration {goal:,} of")


@needs_time
def test_a_quota_that_is_lowered_while_training_is_told_of_until_there_is_space_again(
    context: BrowserContext, site: FaultySite
) -> None:
    lab = tab_of(context, site.url)
    is_open(lab)
    work(lab, 1)
    storage = context.new_cdp_session(lab.page)
    origin = lab.page.evaluate("location.origin")
    lab.press_train("Train")
    lab.wait_until(lambda: "iteration 1 " not in own_title(lab), "training was not saved")
    storage.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
    lab.wait_text(ALERT, "space that the browser allows is used up")
    saved = own_title(lab)
    goal = pause_unsaved(lab)
    assert own_title(lab) == saved  # what was saved before stays
    storage.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    save_at_last(lab, goal)


@needs_time
def test_a_database_that_falls_silent_while_training_is_told_of_until_it_answers(
    context: BrowserContext, site: FaultySite
) -> None:
    site.before = HANGS_LATER
    lab = tab_of(context, site.url)
    is_open(lab)
    work(lab, 1)
    lab.press_train("Train")
    lab.wait_until(lambda: "iteration 1 " not in own_title(lab), "training was not saved")
    lab.page.evaluate(set_hanging(True))
    lab.wait_text(ALERT, "cannot be saved in this browser at present .*does not answer")
    goal = pause_unsaved(lab)
    lab.page.evaluate(set_hanging(False))
    save_at_last(lab, goal)


@contextmanager
def chromium_with(browser: Browser, folder: Path, profile: Mapping[str, Any]) -> Iterator[Any]:
    """Start a Chromium whose visitor has changed settings; what it stores is in a folder."""
    settings = folder / "Default" / "Preferences"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"profile": profile}))
    context = browser.browser_type.launch_persistent_context(
        folder,
        executable_path=find_chromium(),
        # Playwright disables the partitions in which frames of other sites store; the last counts.
        args=[*CHROMIUM_ARGUMENTS, "--disable-features=PaintHolding"],
        viewport={"width": 1280, "height": 800},
    )
    context.add_init_script(DEEP)
    try:
        yield context
    finally:
        context.close()


@needs_time
def test_a_chromium_that_blocks_all_storage_is_told_of_and_everything_works(
    browser: Browser, site: FaultySite, tmp_path: Path
) -> None:
    blocked = {"default_content_setting_values": {"cookies": 2}}
    with chromium_with(browser, tmp_path, blocked) as context:
        lab = tab_of(context, site.url)
        is_open(lab)
        works_and_says_that_nothing_is_saved(lab, REASONS["refused"])


# Whether this frame may store anything.
CAN_STORE = """() => new Promise((resolve) => {
  try {
    const request = indexedDB.open("probe")
    request.onsuccess = () => resolve(true)
    request.onerror = () => resolve(false)
  } catch {
    resolve(false)
  }
})"""


@needs_time
@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"cookie_controls_mode": 1, "block_third_party_cookies": True},
        {"default_content_setting_values": {"cookies": 2}},
    ],
    ids=["usual", "no-third-party", "nothing"],
)
def test_a_frame_of_another_site_in_chromium_saves_or_says_that_it_cannot(
    browser: Browser, site: FaultySite, tmp_path: Path, profile: Mapping[str, Any]
) -> None:
    course = tmp_path / "course"
    course.mkdir()
    frame = f'<iframe src="{site.url}" width="1200" height="700"></iframe>'
    (course / "index.html").write_text(f"<!DOCTYPE html><title>Course</title>{frame}")
    with (
        static_server(course) as address,
        chromium_with(browser, tmp_path / "profile", profile) as context,
    ):
        page = context.new_page()
        page.set_default_timeout(START_DEADLINE_MS)
        page.goto(address.replace("127.0.0.1", "localhost"), wait_until="load")
        inner = page.frames[1]
        inner.wait_for_function("Number(deepData('.ink-status').cached) > 0")
        inner.evaluate("deep('button', deep('.ink-train').shadowRoot).click()")
        inner.wait_for_function("Number(deepData('.ink-status').iteration) > 20")
        if inner.evaluate(CAN_STORE):
            lab = LabPage(page, site.url)
            lab.wait_until(lambda: inner.evaluate(SAVES), "nothing was saved")
            assert not inner.locator(ALERT).is_visible()
        else:
            inner.wait_for_function("/tab of its own/.test(deepText('.ink-alert'))")
            assert inner.locator(ALERT).is_visible()
