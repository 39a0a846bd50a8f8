"""How the site begins, what it weighs, and what happens when its worker dies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from browser_page import DEEP, NO_SERVICE_WORKER, START_DEADLINE_MS, LabPage
from playwright.sync_api import Browser
from static_server import static_server

from dashboard.site.sizes import BUDGET_BYTES, first_answer_bytes

pytestmark = pytest.mark.ui

WATCH = """;
window.seen = []
new MutationObserver(() => {
  const text = document.querySelector(".site-status:not([hidden])")?.textContent
  if (text && seen.at(-1) !== text) seen.push(text)
}).observe(document, {subtree: true, childList: true, characterData: true})
"""

# As if it had just started: a worker that dies quickly waits for the visitor.
DIE = """
() => {
  const now = performance.now
  performance.now = () => now.call(performance) - 1e6
  siteBridge.worker.dispatchEvent(new ErrorEvent("error", {message: "no memory"}))
  performance.now = now
}
"""


def test_all_until_the_first_answer_stays_within_the_budget(site_folder: Path) -> None:
    assert first_answer_bytes(site_folder) < BUDGET_BYTES


def test_a_file_that_is_missing_is_named_instead_of_waited_for(
    browser: Browser, site_folder: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    shutil.copytree(site_folder, site)
    (site / "packages.bin").unlink()
    page = browser.new_page()
    with static_server(site) as url:
        page.goto(url)
        page.wait_for_function("document.documentElement.dataset.site === 'failed'")
        expected = "packages.bin could not be loaded: the server answered 404"
        assert expected in page.inner_text(".site-status")
        page.close()


def test_the_start_is_counted_and_a_worker_that_died_is_started_again(
    browser: Browser, site_url: str
) -> None:
    page = browser.new_page()
    page.set_default_timeout(START_DEADLINE_MS)
    page.add_init_script(DEEP + NO_SERVICE_WORKER + WATCH)
    page.goto(site_url)
    lab = LabPage(page, site_url)
    lab.wait_ready()
    seen = " | ".join(page.evaluate("seen"))
    for part in ("Starting Python (1 of 3)", " MB, ", "(2 of 3)", "(3 of 3)"):
        assert part in seen

    page.evaluate(DIE)
    assert page.evaluate("document.documentElement.dataset.site") == "died"
    assert page.locator("main [inert]").count() > 0
    status = page.locator(".site-status", has_text="Python stopped: no memory")
    status.locator("button", has_text="Start again").click()
    page.wait_for_function("document.documentElement.dataset.site === 'ready'")
    lab.wait_ready()
    assert page.locator("main [inert]").count() == 0
    assert not page.locator(".site-status").is_visible()
    page.close()


def test_modules_are_found_without_a_search_through_folders(
    browser: Browser, site_url: str
) -> None:
    page = browser.new_page()
    page.set_default_timeout(START_DEADLINE_MS)
    page.add_init_script(NO_SERVICE_WORKER)
    page.goto(site_url)
    page.wait_for_function("document.documentElement.dataset.site === 'ready'")
    searched = page.workers[0].evaluate(
        """() => self.pyodide.runPython(`
import sys
import panel.widgets.select
" ".join(folder for folder in sys.path_importer_cache if "/panel" in folder)
`)"""
    )
    assert searched == ""
    page.close()
