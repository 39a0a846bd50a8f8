"""The package in a learning platform: started, score and completion received, resumed.

The platform is a small stand-in for its API; INKLING_SCORM_AGAIN names a `scorm12.js` of the npm
package scorm-again, which then takes its place.
"""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import ZipFile

import pytest
from browser_page import START_DEADLINE_MS
from lesson_helpers import SHORT
from playwright.sync_api import Browser, Page
from static_server import static_server

from dashboard.site.scorm import read_lesson_file, write_scorm

pytestmark = pytest.mark.ui

STAND_IN = """
window.values = JSON.parse(localStorage.getItem("cmi") ?? "{}")
window.calls = []
window.API = {
  LMSInitialize: () => { calls.push("initialize"); return "true" },
  LMSGetValue: (name) => values[name] ?? "",
  LMSSetValue: (name, value) => { values[name] = value; return "true" },
  LMSCommit: () => { localStorage.setItem("cmi", JSON.stringify(values)); return "true" },
  LMSFinish: () => { calls.push("finish"); return "true" },
}
window.read = (name) => values[name] ?? ""
"""

SCORM_AGAIN = """
window.calls = []
window.API = new Scorm12API({ autocommit: false })
const kept = JSON.parse(localStorage.getItem("cmi") ?? "null")
if (kept != null) { API.loadFromJSON(kept, "") }
API.on("LMSInitialize", () => calls.push("initialize"))
API.on("LMSFinish", () => calls.push("finish"))
API.on("LMSCommit", () => {
  localStorage.setItem("cmi", JSON.stringify(API.renderCMIToJSONObject().cmi))
})
window.read = (name) => name.split(".").reduce((found, key) => found[key], { cmi: API.cmi })
"""


@pytest.fixture
def platform(site_folder: Path, tmp_path: Path) -> Path:
    """A folder with the package, unzipped, and the page of a platform around it."""
    lesson, package = tmp_path / "short.toml", tmp_path / "site.zip"
    lesson.write_text(SHORT, encoding="utf-8")
    write_scorm(site_folder, *read_lesson_file(lesson), package)
    folder = tmp_path / "platform"
    with ZipFile(package) as opened:
        opened.extractall(folder / "course")
    again = os.environ.get("INKLING_SCORM_AGAIN")
    scripts = [STAND_IN] if again is None else [Path(again).read_text("utf-8"), SCORM_AGAIN]
    html = "".join(f"<script>{script}</script>" for script in scripts)
    (folder / "platform.html").write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">{html}'
        '<iframe src="course/scorm.html" style="width: 1200px; height: 760px"></iframe>',
        encoding="utf-8",
    )
    return folder


def test_a_platform_gets_score_and_completion_and_the_student_continues(
    browser: Browser, platform: Path
) -> None:
    with static_server(platform) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}platform.html")
        lesson = page.frame_locator("iframe").frame_locator("iframe")
        begin = lesson.locator(".ink-lesson [data-do=begin]")
        begin.wait_for(timeout=START_DEADLINE_MS)
        assert page.evaluate("calls") == ["initialize"]
        assert value(page, "core.lesson_status") == "incomplete"
        begin.click()
        wait(page, "core.score.raw", "33")
        lesson.locator(".ink-lesson [data-do=next]").click()
        wait(page, "suspend_data", "step=2&done=1")
        # Left, and opened again later.
        page.goto("about:blank")
        page.goto(f"{address}platform.html")
        lesson.locator(".ink-lesson [data-step='2']").wait_for(timeout=START_DEADLINE_MS)
        assert "Step 2 of 3" in str(lesson.locator(".ink-lesson [data-step='2']").text_content())
        lesson.locator(".ink-lesson [data-do=explain]").click()
        lesson.locator(".ink-lesson [data-do=next]").click()
        lesson.locator(".ink-lesson [data-do=answer][data-run='2']").click()
        wait(page, "core.lesson_status", "completed")
        assert value(page, "core.score.raw") == "100"
        assert complaints == []
        page.close()


def value(page: Page, name: str) -> str:
    return str(page.evaluate("(name) => String(read(name))", f"cmi.{name}"))


def wait(page: Page, name: str, expected: str) -> None:
    page.wait_for_function(
        "([name, expected]) => String(read(name)) === expected", arg=[f"cmi.{name}", expected]
    )
