"""The panels beside Inside as people use them: ask, compare, experiment, and look at the layers."""

from __future__ import annotations

import pytest
from browser_page import SEVEN, LabPage

pytestmark = pytest.mark.ui


def open_panel(lab: LabPage, title: str) -> None:
    lab.page.locator(".ink-panels").get_by_text(title, exact=True).click()


def test_a_drawing_is_explained_compared_changed_and_replaced(lab: LabPage) -> None:
    lab.draw(SEVEN)
    lab.wait_digit(7)

    open_panel(lab, "Play")
    before = lab.wait_data(".ink-play", state="answered", **{"class": "7"})
    handle = lab.page.locator(".ink-play-epsilon .noUi-handle")
    handle.focus()
    for _ in range(20):
        handle.press("ArrowRight")
    lab.wait_until(
        lambda: lab.data(".ink-play")["probability"] != before["probability"],
        "the attack changes the answer",
    )
    lab.click("ink-play-reset")
    lab.wait_data(".ink-play", probability=before["probability"])

    open_panel(lab, "Why")
    lab.wait_data(".ink-why", state="explained", target=7, against="")
    lab.choose("ink-why-against", "1")
    found = lab.wait_data(".ink-why", target=7, against=1)
    assert float(found["sum"]) == pytest.approx(float(found["difference"]), rel=0.01)
    lab.wait_text(".ink-neighbours", r"\d")
    nearest = lab.page.locator(".ink-neighbour button").first
    label = nearest.inner_text().strip()
    nearest.click()
    lab.wait_digit(int(label))
    lab.wait_data(".ink-why", target=label)

    open_panel(lab, "Play")
    lab.choose("ink-play-class", "3")
    lab.wait_data(".ink-maximized", state="maximized", **{"class": "3"})
    lab.click("ink-put")
    lab.wait_data(".ink-prediction", digit=3)
    open_panel(lab, "Inside")


def test_map_health_and_advanced_open_while_training_without_a_complaint(lab: LabPage) -> None:
    open_panel(lab, "Map")
    lab.wait_data(".ink-map-text", state="map")
    lab.press_train("Train")
    lab.page.click("#theme")
    open_panel(lab, "Health")
    lab.wait_data(".ink-health-text", state="measured")
    lab.page.click("#theme")
    lab.reach(".ink-log input").check()
    lab.reach(".ink-log input").uncheck()
    lab.click("ink-advanced")
    lab.page.locator(".ink-queue").wait_for(state="visible")
    lab.click("ink-advanced")
    lab.press_train("Pause")
    open_panel(lab, "Inside")
