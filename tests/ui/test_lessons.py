"""Lessons as people take them: from the list, by keys, by a link, and one of their own."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from browser_page import LabPage, opened
from lesson_helpers import SHORT
from playwright.sync_api import Browser

from dashboard.blas import limit_blas_threads
from dashboard.lessons.replay import check_result
from dashboard.lessons.result import read_result
from dashboard.lessons.task import read_task
from data_cache import load_digits

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
        lab.wait_status(state="paused", epoch="5.0000")
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
        hand_in_a_task(lab)


TASK = """
title = "Small"
text = "Reach 80 % with 16 units in 3 epochs."
pane = "digits"
goal = ["validation_accuracy >= 0.8", "hidden_units <= 16", "epoch <= 3"]
[fixed]
batch_size = 25
"""


def hand_in_a_task(lab: LabPage) -> None:
    """Solve a task, and have what is handed in repeated outside the page."""
    page = lab.page
    page.locator(".ink-lesson [data-do=notes]").click()
    page.locator(".ink-lesson [data-do=list]").click()
    file = {"name": "task.toml", "mimeType": "text/plain", "buffer": TASK.encode()}
    page.locator(".ink-lesson-file input").set_input_files(file)
    lab.wait_data(PAGE, lesson="task")
    page.locator("#tab-digits[aria-selected=true]").wait_for()
    page.locator(".ink-lesson [data-do=begin]").click()
    lab.wait_status(iteration=0)
    lab.fill("hidden-layers", "16")
    lab.click("ink-rebuild")
    lab.fill("stop-epoch", "3")
    lab.press_train("Train")
    lab.wait_data(".ink-lesson-live", met="true")
    lab.wait_status(state="paused", epoch="3.0000")
    page.locator(".ink-lesson [data-do=hand-in]").click()
    text = page.locator(".ink-lesson textarea.result").input_value()
    result = read_result(text, "result")
    assert result.backend == lab.status().get("backend", result.backend)
    checking = check_result(result, read_task(TASK), load_digits(), time.perf_counter)
    # Playwright's own event loop runs in this thread.
    with limit_blas_threads(), ThreadPoolExecutor() as threads:
        verdict = threads.submit(asyncio.run, checking).result()
    assert verdict.holds, verdict.faults
    # The server computes as this process does with one thread; the page's own backend does not.
    assert verdict.is_exact == (result.backend == "numpy")
