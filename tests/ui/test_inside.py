"""The panel Inside as people use it: point, ablate and restore, by mouse and by keys."""

from __future__ import annotations

import pytest
from browser_page import SEVEN, LabPage

pytestmark = pytest.mark.ui


def test_units_are_pointed_at_ablated_and_restored(lab: LabPage) -> None:
    lab.draw(SEVEN)
    lab.wait_digit(7)
    for panel in ("Why", "Inside"):  # A panel that was left and opened again works as before.
        lab.page.locator(".ink-panels").get_by_text(panel, exact=True).click()
        lab.page.locator(f".ink-{panel.lower()}").first.wait_for()
    lab.wait_text(".titles", "Layer 1")
    picture = lab.page.locator(".ink-inside [role=application]")
    picture.press("ArrowRight")
    lab.wait_data(".ink-inside-unit", layer=0, unit=1)
    picture.press("Space")
    lab.wait_text(".ink-inside-ablation", r"1 unit ablated .* → .* %")
    lab.click("ink-inside-restore")
    lab.wait_text(".ink-inside-ablation", "^Click a unit")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    # The outputs are the last row, each 34 of 440 wide, above their names.
    scale = box["width"] / 440
    lab.page.mouse.move(
        box["x"] + 7.5 * 34 * scale, box["y"] + box["height"] - (16 + 6 + 17) * scale
    )
    lab.wait_data(".ink-inside-unit", unit=7)
