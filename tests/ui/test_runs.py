"""Runs as people use them: kept at Reset, listed, compared, restored; and experiments with more."""

from __future__ import annotations

import pytest
from browser_page import LabPage

pytestmark = pytest.mark.ui


def train_for_an_epoch(lab: LabPage) -> None:
    lab.wait_status(iteration=0)  # a run before is no longer shown
    lab.press_train("Train")
    lab.wait_text(".ink-notice", "Training paused: 1 epoch")
    lab.wait_status(state="paused", epoch="1.0000")


def press(lab: LabPage, command: str, run: int) -> None:
    """Press a button in the row of a run."""
    lab.page.locator(f".ink-runs [data-do={command}][data-run='{run}']").click()


def test_runs_are_kept_compared_and_restored_and_repeats_are_tested(own_lab: LabPage) -> None:
    lab, page = own_lab, own_lab.page
    lab.fill("stop-epoch", "1")
    train_for_an_epoch(lab)
    first = lab.status()["iteration"]
    lab.click("ink-reset")
    lab.fill("learning-rate", "0.01")
    train_for_an_epoch(lab)
    lab.click("ink-reset")
    page.locator("#tab-runs").click()
    lab.wait_data(".ink-runs", runs=2)
    assert lab.text(".ink-runs").count("0.002") == 1  # the setting that differs
    press(lab, "baseline", 1)
    lab.wait_text(".ink-runs", r"[+−]\d\.\d\d")
    press(lab, "select", 2)
    name = page.locator(".ink-runs-name input")
    name.fill("faster")
    name.press("Enter")
    lab.wait_text(".ink-runs", "faster")
    for run in (1, 2):
        press(lab, "choose", run)
        page.locator(f".ink-runs [data-do=choose][data-run='{run}'][aria-pressed=true]").wait_for()
    page.locator(".ink-runs-compare button").click()
    compared = lab.wait_data(".ink-runs-two", count=500)
    assert int(compared["disagreements"]) > 0
    page.locator(".ink-runs-disagreements").wait_for(state="visible")

    with page.expect_download() as download:
        press(lab, "report", 1)
    assert page.context.browser is not None
    opened = page.context.browser.new_page(offline=True)
    opened.set_content(download.value.path().read_text())
    assert "Run 1" in opened.inner_text("h1")
    assert opened.locator("pre[data-code=repeat]").count() == 1
    assert opened.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") in (3, 4)
    opened.close()

    page.get_by_role("button", name="Seeds", exact=True).click()
    for field, value in (("seeds", "2"), ("epochs", "1")):
        entry = page.locator(f".ink-runs-{field} input")
        entry.fill(value)
        entry.press("Enter")
    page.locator(".ink-seeds-value input").fill("1e-5")
    page.locator(".ink-seeds-value input").press("Enter")
    page.locator(".ink-seeds-start button").click()
    seeds = lab.wait_data(".ink-seeds-result", done=4)
    assert float(seeds["difference"]) < -0.1
    lab.wait_text(".ink-seeds-result", "paired t-test")

    page.get_by_role("button", name="Rate", exact=True).click()
    page.locator(".ink-rate-start button").click()
    page.locator(".ink-rate-use button:enabled").click()
    suggestion = lab.data(".ink-rate-result")["suggestion"]
    assert 1e-4 < float(suggestion) < 1

    press(lab, "restore", 1)
    page.locator("#tab-digits").click()
    lab.wait_status(iteration=first)
    assert lab.complaints == []


def test_runs_in_the_plane_are_kept_too(served_lab: LabPage) -> None:
    lab, page = served_lab, served_lab.page
    page.locator("#tab-spiral").click()
    lab.wait_text(".ink-spiral-status", r"iteration \d+")
    page.locator(".ink-spiral-train button").click()
    lab.wait_text(".ink-spiral-status", r"iteration [1-9]\d\d")
    page.locator(".ink-spiral-train button").click()
    page.locator(".ink-spiral-reset button").click()
    page.locator("#tab-runs").click()
    page.locator(".ink-runs-source").get_by_role("button", name="2-D data").click()
    lab.wait_data(".ink-runs", runs=1)
    page.get_by_role("button", name="Fork", exact=True).click()
    page.locator(".ink-fork-value input").fill("0.1")
    page.locator(".ink-fork-value input").press("Enter")
    page.locator(".ink-fork-start button").click()
    lab.wait_data(".ink-fork-result", taken=200)
    lab.wait_data(".ink-runs", runs=3)
    assert lab.complaints == []
