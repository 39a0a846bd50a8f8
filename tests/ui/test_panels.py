"""The panels beside Inside as people use them: ask, compare, experiment, and look at the layers."""

from __future__ import annotations

import pytest
from browser_page import SEVEN, LabPage

pytestmark = pytest.mark.ui


def open_panel(lab: LabPage, title: str) -> None:
    lab.page.locator(".ink-panels").get_by_text(title, exact=True).click()


def test_a_drawing_is_explained_compared_changed_and_replaced(own_lab: LabPage) -> None:
    own_lab.draw(SEVEN)
    own_lab.wait_digit(7)

    open_panel(own_lab, "Play")
    before = own_lab.wait_data(".ink-play", state="answered", **{"class": "7"})
    handle = own_lab.page.locator(".ink-play-epsilon .noUi-handle")
    handle.focus()
    for _ in range(20):
        handle.press("ArrowRight")
    own_lab.wait_until(
        lambda: own_lab.data(".ink-play")["probability"] != before["probability"],
        "the attack changes the answer",
    )
    own_lab.click("ink-play-reset")
    own_lab.wait_data(".ink-play", probability=before["probability"])

    open_panel(own_lab, "Why")
    own_lab.wait_data(".ink-why", state="explained", target=7, against="")
    own_lab.choose("ink-why-against", "1")
    found = own_lab.wait_data(".ink-why", target=7, against=1)
    assert float(found["sum"]) == pytest.approx(float(found["difference"]), rel=0.01)
    own_lab.wait_text(".ink-neighbours", r"\d")
    nearest = own_lab.page.locator(".ink-neighbour button").first
    label = nearest.inner_text().strip()
    nearest.click()
    own_lab.wait_digit(int(label))
    own_lab.wait_data(".ink-why", target=label)

    open_panel(own_lab, "Play")
    own_lab.choose("ink-play-class", "3")
    own_lab.wait_data(".ink-maximized", state="maximized", **{"class": "3"})
    own_lab.click("ink-put")
    own_lab.wait_data(".ink-prediction", digit=3)


def test_map_health_and_advanced_open_while_training_without_a_complaint(own_lab: LabPage) -> None:
    open_panel(own_lab, "Map")
    own_lab.wait_data(".ink-map-text", state="map")
    own_lab.press_train("Train")
    own_lab.page.click("#theme")
    open_panel(own_lab, "Health")
    own_lab.wait_data(".ink-health-text", state="measured")
    own_lab.page.click("#theme")
    own_lab.reach(".ink-log input").check()
    own_lab.click("ink-advanced")
    own_lab.page.locator(".ink-queue").wait_for(state="visible")
    own_lab.press_train("Pause")
