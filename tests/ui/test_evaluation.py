"""The evaluation pane as people use it: evaluate, look at a mistake, put it on the pad."""

from __future__ import annotations

import re

import pytest
from browser_page import LabPage
from playwright.sync_api import Page

pytestmark = pytest.mark.ui

# The middle of a cell of the confusion matrix.
CELL = """
([row, column]) => {
  const [view] = Bokeh.index.query(({ model }) => model.css_classes?.includes("ink-confusion"))
  const { x, y } = view.canvas_view.el.getBoundingClientRect()
  const { left, top, width, height } = view.frame.bbox
  return [x + left + (column + 0.5) * width / 10, y + top + (row + 0.5) * height / 10]
}
"""
NOTICE = ".ink-evaluation-notice"


def click_at(page: Page, selector: str, x: float, y: float) -> None:
    """Click a place in a figure, in shares of its width and height."""
    place = page.locator(selector)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_a_net_is_evaluated_and_a_mistake_put_on_the_pad(own_lab: LabPage) -> None:
    page = own_lab.page
    own_lab.choose_model("MLP (pretrained)")
    own_lab.wait_data(".ink-model", model="mlp")
    own_lab.click("ink-clear")
    own_lab.wait_blank()
    page.locator("#tab-evaluate").click()
    own_lab.wait_text(".ink-evaluation-accuracy", r"\d\d\.\d\d % \d+ of 500 correct")
    own_lab.wait_text(".ink-rejection", r"\d\.\d % of 180 synthetic non-digits rejected")
    # The curves take long: cancelling keeps what there is.
    if page.locator(".ink-evaluate button").inner_text() == "Cancel":
        page.locator(".ink-evaluate button").click()
    own_lab.wait_text(NOTICE, "Cancelled|finished")
    assert re.search(r"error 0\.\d{4}", own_lab.text(".ink-calibration"))
    assert re.match(r"0\d+\.\d % ?1", own_lab.text(".ink-recall"))
    assert re.match(r"\d+ mistakes?, most confident first", own_lab.text(".ink-mistakes-told"))
    assert own_lab.data(".ink-prediction")["state"] == "blank"

    def count() -> str:
        return own_lab.text(".ink-mistakes-told").split()[0]

    every = count()
    page.locator(".ink-confusion").scroll_into_view_if_needed()
    for cell in ([5, 5], [8, 3]):  # in quick succession, which is no double click
        page.mouse.click(*page.evaluate(CELL, cell))
    own_lab.wait_until(lambda: count() != every, "the mistakes of one cell are shown")
    for key in ("Home", "Enter"):  # to the first cell, which is on the diagonal
        page.keyboard.press(key)
    own_lab.wait_text(".ink-mistakes-told", "samples of 0 predicted correctly, least confident")
    own_lab.wait_text("#announcer", "samples of 0 predicted correctly")
    page.locator(".ink-all-mistakes button").click()
    own_lab.wait_until(lambda: count() == every, "all mistakes are shown again")
    click_at(page, ".ink-mistakes", 0.05, 0.15)
    own_lab.wait_text(".ink-prediction", r"\d")
    assert page.evaluate("document.documentElement.dataset.pane") == "digits"
