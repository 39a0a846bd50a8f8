"""The plane pane as people use it: train, change settings, paint, inspect, follow lessons."""

from __future__ import annotations

import re

import pytest
from browser_page import NAMELESS, LabPage, opened
from playwright.sync_api import Browser
from spiral_page import choose_tool, click_plane, drag, drawn, place, press, set_field, status

pytestmark = pytest.mark.ui


def test_panes_open_by_tab_and_the_hidden_one_goes_on_unseen(own_lab: LabPage) -> None:
    own_lab.press_train("Train")
    own_lab.page.get_by_role("tab", name="Spiral").click()
    status(own_lab, "^iteration 0 ")
    assert own_lab.page.url.endswith("?pane=spiral")
    assert own_lab.page.locator("#tab-digits .running").is_visible()
    digits = own_lab.text(".ink-status")
    untrained = drawn(own_lab)
    press(own_lab, "step")
    status(own_lab, "^iteration 1 ")
    # The spiral was drawn; the digits, which go on training, were not.
    own_lab.wait_until(
        lambda: drawn(own_lab)["surface"] != untrained["surface"], "no other surface"
    )
    assert own_lab.text(".ink-status") == digits

    own_lab.page.get_by_role("tab", name="Spiral").press("ArrowLeft")
    assert own_lab.page.get_by_role("tab", name="Digits").get_attribute("aria-selected") == "true"
    seen = int(re.match(r"iteration (\d+)", digits)[1])  # type: ignore[index]
    own_lab.wait_until(lambda: own_lab.iteration() > seen, "the digits did not go on")
    own_lab.page.go_back()
    own_lab.page.wait_for_selector(".ink-spiral")


@pytest.fixture
def spiral(browser: Browser, url: str):  # type: ignore[no-untyped-def]
    with opened(browser, f"{url}?pane=spiral") as page:
        yield page


def test_the_case_study_is_learnt_while_one_watches_turns_paints_and_goes_back(
    spiral: LabPage,
) -> None:
    untrained = drawn(spiral)
    assert untrained["train"] == 500
    press(spiral, "train")
    status(spiral, r"accuracy (9[5-9]|100)\.\d %")
    spiral.wait_text(
        ".ink-spiral-summary", r"Training accuracy (9[5-9]|100)\.\d % · test accuracy \d"
    )
    trained = drawn(spiral)
    assert trained["surface"] != untrained["surface"]

    # A knob, while it trains.
    set_field(spiral, "learning-rate", "0.2")
    status(spiral, "learning rate 0.2")
    set_field(spiral, "learning-rate", "none")
    spiral.wait_text(".ink-spiral-field-learning-rate", "“none”")

    # Points, while it trains.
    choose_tool(spiral, "Paint")
    click_plane(spiral, 0.9, 0.9)
    click_plane(spiral, 1.1, 0.9)
    spiral.wait_until(lambda: drawn(spiral)["train"] == 502, "no points were painted")
    choose_tool(spiral, "Delete")
    click_plane(spiral, 0.9, 0.9)
    spiral.wait_until(lambda: drawn(spiral)["train"] == 501, "no point was deleted")
    spiral.page.locator(".ink-spiral-field-show-test input").check()
    spiral.wait_until(lambda: drawn(spiral)["test"] == 500, "no test points are shown")

    # Back in time, and on from there.
    press(spiral, "train")
    spiral.wait_text(".ink-spiral-train", "Train")
    spiral.wait_text(".ink-spiral-time", r"Checkpoints \(\d+\)")
    spiral.page.locator(".ink-spiral-time .noUi-handle").press("Home")
    spiral.wait_text(".ink-spiral-time", "iteration 0")
    spiral.wait_until(
        lambda: drawn(spiral)["surface"] == untrained["surface"], "the first surface is not back"
    )
    press(spiral, "continue")
    status(spiral, "^iteration 0 ")


def test_lines_units_and_lessons(spiral: LabPage) -> None:
    # Take a lesson, and hear when it has happened.
    press(spiral, "lesson-rate")
    spiral.wait_text(".ink-spiral-lesson", "Watch the loss oscillate")
    status(spiral, "learning rate 4")
    press(spiral, "train")
    spiral.wait_text(".ink-spiral-lesson", "Observed: within 40 steps the loss oscillated")

    # Look at a place, and along a line.
    spiral.page.mouse.move(*place(spiral, 0.5, 0.5))
    spiral.wait_text(".ink-spiral-place", r"x 0\.5\d?, y 0\.5\d? class \d \d+\.\d %")
    choose_tool(spiral, "Line")
    drag(spiral, (-1, 0), (1, 0))
    spiral.page.locator(".ink-spiral-profile .bk-Figure").wait_for()

    # The same with keys: a cross moves, and space does what the tool does.
    choose_tool(spiral, "Paint")
    before = drawn(spiral)["train"]
    plane = spiral.page.locator(".ink-spiral [role=application]")
    plane.press("ArrowRight")
    spiral.wait_text(".ink-spiral-place", "x 0.05, y 0.00")
    plane.press("Space")
    spiral.wait_until(lambda: drawn(spiral)["train"] == before + 1, "no point was painted")
    assert spiral.page.evaluate(NAMELESS) == []

    # Look at a unit, and switch it off.
    maps = spiral.page.locator(".ink-spiral-units .bk-Figure")
    maps.hover(position={"x": 5, "y": 5})
    spiral.wait_text(".ink-spiral-place", "Shown: unit 1 of hidden layer 1")
    maps.click(position={"x": 5, "y": 5})
    spiral.wait_text(".ink-spiral-units", "1 off")
    spiral.wait_text(".ink-spiral-notice", "Without unit")
    spiral.page.mouse.move(1, 1)
    spiral.wait_text(".ink-spiral-place", "Point at the plane|^x ")

    # Change a weight.
    spiral.wait_text(".ink-spiral-train", "Pause")
    press(spiral, "train")
    spiral.wait_text(".ink-spiral-train", "Train")
    weight = spiral.page.locator(".ink-spiral-weight input")

    def is_changed() -> bool:
        # A last redraw of the training may still put the old number back while one types.
        weight.fill("7.5")
        weight.press("Enter")
        return "x₁7.5x₂" in spiral.text(".ink-spiral-weights")

    spiral.wait_until(is_changed, "the weight stays as it was")


def test_a_phone_gets_the_plane_first_and_can_paint_with_a_finger(
    browser: Browser, served_url: str
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with opened(browser, f"{served_url}?pane=spiral", **phone) as lab:
        assert lab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        tops = []
        for hook in ("", "-train", "-loss", "-field-learning-rate"):
            box = lab.page.locator(f".ink-spiral{hook}").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            tops.append(box["y"])
        assert tops == sorted(tops)
        choose_tool(lab, "Paint")
        lab.page.touchscreen.tap(*place(lab, 1, -1))
        lab.wait_until(lambda: drawn(lab)["train"] == 501, "no point was painted")
