"""The page fits on a desktop and on a phone, in light and dark, and its controls have names."""

from __future__ import annotations

import pytest
from browser_page import NAMELESS, SEVEN, LabPage, opened
from playwright.sync_api import Browser

pytestmark = pytest.mark.ui

COLORS = """
() => {
  const style = getComputedStyle(document.querySelector(".card"))
  return [getComputedStyle(document.body).backgroundColor, style.backgroundColor, style.color]
}
"""
SCROLLS = """
() => [document.documentElement.scrollWidth > innerWidth,
       document.documentElement.scrollHeight > innerHeight]
"""


CERTAIN_HEIGHTS = """
() => {
  const bars = deep(".bars")
  bars.querySelector(".best .share").textContent = "100.0 %"
  return [...bars.rows].map((row) => row.offsetHeight)
}
"""


def test_the_page_fits_a_small_desktop_without_scrolling(lab: LabPage) -> None:
    assert lab.page.evaluate(SCROLLS) == [False, False]
    for css_class in ("ink-pad", "ink-prediction", "ink-loss", "ink-accuracy", "ink-status"):
        box = lab.page.locator(f".{css_class}").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800
        assert box["x"] + box["width"] <= 1280


def test_a_probability_of_100_per_cent_needs_no_second_line(lab: LabPage) -> None:
    lab.draw(SEVEN)
    lab.wait_digit(7)
    heights = lab.page.evaluate(CERTAIN_HEIGHTS)
    assert len(heights) == 10
    assert len(set(heights)) == 1


@pytest.mark.parametrize("form", ["served", "site"])
def test_a_phone_gets_one_column_and_no_sideways_scrolling(
    browser: Browser, form: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{form}_url")
    with opened(browser, url, viewport={"width": 390, "height": 844}, is_mobile=True) as lab:
        assert lab.page.evaluate(SCROLLS) == [False, True]
        tops = []
        for css_class in ("ink-pad", "ink-train", "ink-loss", "ink-field-learning-rate"):
            box = lab.page.locator(f".{css_class}").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            tops.append(box["y"])
        assert tops == sorted(tops)


def test_dark_and_light_follow_the_system_and_the_button(own_lab: LabPage) -> None:
    light = own_lab.page.evaluate(COLORS)
    own_lab.page.get_by_role("button", name="Switch between light and dark").click()
    dark = own_lab.page.evaluate(COLORS)
    assert all(one != other for one, other in zip(light, dark, strict=True))
    own_lab.page.reload()
    own_lab.wait_ready()
    assert own_lab.page.evaluate(COLORS) == dark


def test_every_control_has_a_name(lab: LabPage) -> None:
    assert lab.page.evaluate(NAMELESS) == []


def test_a_slider_in_use_is_called_by_its_title(lab: LabPage) -> None:
    names = set()
    for handle in lab.page.locator(".noUi-handle:visible").all():
        handle.focus()
        names.add(handle.get_attribute("aria-label"))
    assert names == {"Brush", "Smoothing"}
