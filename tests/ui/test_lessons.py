"""Lessons as people take them: from the list, by keys, by a link, and one of their own."""

from __future__ import annotations

import pytest
from browser_page import LabPage, opened
from lesson_helpers import SHORT
from playwright.sync_api import Browser

pytestmark = pytest.mark.ui

PAGE = ".ink-lesson"


def train(lab: LabPage) -> dict[str, str]:
    """Train the run of the step until it pauses, and return the state of the lesson."""
    lab.page.locator(".ink-lesson [data-do=begin]").click()
    found = lab.wait_data(PAGE, state="reached")
    lab.page.locator(".ink-lesson tr[data-measure]").first.wait_for()
    return found


def test_a_lesson_is_taken_beside_both_panes(browser: Browser, url: str) -> None:
    with opened(browser, url) as lab:
        page = lab.page
        page.locator("#lessons-open").click()
        page.locator(".ink-lesson [data-do=open][data-run='2']").click()
        lab.wait_data(PAGE, lesson="initialisation", step=1)
        lab.wait_until(lambda: page.url.endswith("?lesson=initialisation&step=1"), "no address")
        page.locator(".ink-lesson [data-do=predict][data-run='2']").click()
        page.locator(".ink-lesson [data-do=predict][data-run='2'][aria-pressed=true]").wait_for()
        train(lab)
        assert lab.wait_status(state="paused")["epoch"] == "5.0000"
        lab.wait_text("[data-measure=distinct_units]", r"1$")
        page.keyboard.press("ArrowRight")
        lab.wait_data(PAGE, step=2, state="waiting")
        page.keyboard.press("ArrowLeft")
        lab.wait_data(PAGE, step=1)
        # One of their own, about the other pane, which opens.
        page.locator(".ink-lesson [data-do=list]").click()
        file = {"name": "short.toml", "mimeType": "text/plain", "buffer": SHORT.encode()}
        page.locator(".ink-lesson-file input").set_input_files(file)
        lab.wait_data(PAGE, lesson="own", step=1)
        page.locator("#tab-spiral[aria-selected=true]").wait_for()
        train(lab)
        link = page.url
        assert "lesson-text=" in link
        page.locator("#lessons-close").click()
        lab.wait_until(lambda: "lesson" not in page.url, "still in the address")
        page.goto(link.replace("step=1", "step=2"))
        lab.wait_ready()
        lab.wait_data(PAGE, lesson="own", step=2)
        page.locator(".ink-lesson [data-do=notes]").click()
        lab.wait_text(".ink-lesson", "For the <teacher>")
