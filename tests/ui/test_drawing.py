"""The pad as people use it: pen, eraser, undo, clear, single cells, keyboard and touch."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browser_page import INK, ONE, SEVEN, LabPage, opened
from playwright.sync_api import Browser

pytestmark = pytest.mark.ui


@pytest.fixture
def pad_page(served: LabPage) -> LabPage:
    """A served page with a blank pad; what the page does by itself is the same in both runtimes."""
    served.click("ink-clear")
    served.wait_blank()
    return served


def test_ink_appears_before_python_has_answered(lab: LabPage) -> None:
    lab.draw(SEVEN, lift=False)
    assert lab.inked() > 500
    lab.page.mouse.up()


def test_a_click_leaves_a_dot(lab: LabPage) -> None:
    lab.draw(((0.5, 0.5),))
    assert 100 < lab.inked() < 300
    lab.wait_until(lambda: lab.data(".ink-prediction")["state"] != "blank", "no answer to a dot")


def test_undo_takes_back_strokes_one_by_one_and_even_clear(lab: LabPage) -> None:
    lab.draw(ONE)
    one = lab.inked()
    lab.draw(((0.1, 0.9), (0.9, 0.9)))
    assert lab.inked() > one
    lab.click("ink-undo")
    assert lab.inked() == one
    lab.click("ink-clear")
    lab.wait_text(".ink-prediction", "^Draw a digit$")
    lab.click("ink-undo")
    assert lab.inked() == one
    lab.wait_text(".ink-prediction", "^1 one")
    lab.click("ink-undo")
    lab.wait_text(".ink-prediction", "^Draw a digit$")


def test_the_eraser_removes_ink_and_the_brush_has_a_width(pad_page: LabPage) -> None:
    pad_page.draw(ONE)
    before = pad_page.inked()
    pad_page.page.get_by_role("button", name="Eraser").click()
    pad_page.draw(((0.3, 0.5), (0.7, 0.5)))
    assert 0 < pad_page.inked() < before
    pad_page.page.get_by_role("button", name="Pen", exact=True).click()
    pad_page.click("ink-clear")
    handle = pad_page.page.locator(".ink-brush .noUi-handle")
    handle.focus()
    for _ in range(15):
        handle.press("ArrowRight")
    pad_page.draw(ONE)
    assert pad_page.inked() > 1.5 * before


def test_the_grid_sets_single_cells_with_mouse_and_keyboard(lab: LabPage) -> None:
    lab.click("ink-grid")
    lab.draw(((0.51, 0.51),))
    assert lab.inked() == 36
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("Space")
    assert lab.inked() == 72
    lab.page.keyboard.press("Space")
    assert lab.inked() == 36
    lab.page.keyboard.press("Delete")
    assert lab.inked() == 0


def test_what_the_net_sees_is_shown_beside_the_drawing(lab: LabPage) -> None:
    seen = "() => Bokeh.documents[0].get_model_by_name('seen').data.image[0]"
    lab.draw(((0.1, 0.1), (0.1, 0.35)))
    lab.wait_text(".ink-prediction", r"\d")
    picture = lab.page.evaluate(f"() => [...({seen})()]")
    rows = [row for row in range(28) if any(picture[row * 28 : row * 28 + 28])]
    assert rows[0] == pytest.approx(4, abs=1)
    assert rows[-1] == pytest.approx(23, abs=1)


def test_a_finger_draws_without_scrolling_the_page(browser: Browser, served_url: str) -> None:
    phone: dict[str, Any] = {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
    }
    with opened(browser, served_url, **phone) as lab:
        pad = lab.page.locator(".ink-pad")
        pad.scroll_into_view_if_needed()
        scrolled = lab.page.evaluate("scrollY")
        box = pad.bounding_box()
        assert box is not None
        touch = lab.page.context.new_cdp_session(lab.page)
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]

        def send(kind: str, *places: tuple[float, float]) -> None:
            touch.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in places]},
            )

        send("touchStart", points[0])
        for (x, y), (next_x, next_y) in pairwise(points):
            for part in range(1, 7):
                send("touchMove", (x + (next_x - x) * part / 6, y + (next_y - y) * part / 6))
        send("touchEnd")
        lab.wait_text(".ink-prediction", "^7 seven")
        assert lab.page.evaluate("scrollY") == scrolled

        def pen(kind: str, x: float, y: float, buttons: int = 1) -> None:
            values = {"x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1}
            touch.send("Input.dispatchMouseEvent", {"type": kind, "pointerType": "pen", **values})

        # A resting palm is wide; one that came as a finger is undone when the pen comes.
        seven, corner = lab.inked(), points[0]
        palm = {"x": corner[0], "y": corner[1] + 40, "radiusX": 60, "radiusY": 60}
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [palm]})
        send("touchEnd")
        assert lab.inked() == seven
        send("touchStart", (corner[0], corner[1] + 60))
        assert lab.inked() > seven
        pen("mousePressed", *points[1])
        pen("mouseReleased", *points[1], buttons=0)
        send("touchEnd")
        send("touchStart", (corner[0], corner[1] + 60))
        send("touchEnd")
        assert abs(lab.inked() - seven) < 100


def test_a_stroke_ends_with_its_button_though_another_is_held(pad_page: LabPage) -> None:
    pad_page.draw(((0.3, 0.3), (0.4, 0.3)), lift=False)
    mouse = pad_page.page.mouse
    mouse.down(button="right")
    mouse.up(button="left")
    before = pad_page.inked()
    box = pad_page.page.locator(".ink-pad").bounding_box()
    assert box is not None
    mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.8 * box["height"], steps=4)
    mouse.up(button="right")
    assert pad_page.inked() == before


def test_undo_works_away_from_the_pad_and_with_caps_lock_but_not_in_a_text_field(
    pad_page: LabPage,
) -> None:
    keys = pad_page.page.keyboard
    for key in ("Control+z", "Control+Z"):  # the second is what Caps Lock makes of the first
        pad_page.draw(ONE)
        assert pad_page.inked() > 0
        pad_page.page.locator(".ink-train button").first.focus()
        keys.press(key)
        assert pad_page.inked() == 0
    pad_page.draw(ONE)
    one = pad_page.inked()
    pad_page.page.evaluate("document.body.append(document.createElement('input'))")
    pad_page.page.locator("body > input").focus()
    keys.press("Control+z")
    assert pad_page.inked() == one
    pad_page.page.evaluate("document.querySelector('body > input').remove()")


WHERE = f"""
() => {{
  const ink = [...({INK})()], sum = [0, 0]
  let count = 0
  ink.forEach((value, index) => {{
    if (value > 127) {{
      sum[0] += index % 168
      sum[1] += 167 - Math.floor(index / 168)
      count += 1
    }}
  }})
  return sum.map((value) => value / count / 168)
}}
"""


@pytest.mark.parametrize("style", ["zoom: 1.3", "transform: scale(0.8); transform-origin: 0 0"])
def test_ink_lies_under_the_pointer_where_the_page_is_zoomed_or_scaled(
    pad_page: LabPage, style: str
) -> None:
    before = pad_page.page.evaluate("document.body.style.cssText")
    set_style = "(style) => { document.body.style.cssText = style }"
    pad_page.page.evaluate(set_style, f"{before}; {style}")
    pad_page.draw(((0.3, 0.6),))
    x, y = pad_page.page.evaluate(WHERE)
    pad_page.page.evaluate(set_style, before)
    assert x == pytest.approx(0.3, abs=0.02)
    assert min(abs(y - 0.6), abs(1 - y - 0.6)) < 0.02  # Bokeh's rows begin at the bottom


PICTURES = Path(__file__).parents[1] / "files" / "pictures"


def test_a_chosen_or_dropped_picture_lands_on_the_pad_and_undo_brings_the_drawing_back(
    lab: LabPage,
) -> None:
    lab.draw(ONE)
    one = lab.inked()
    with lab.page.expect_file_chooser() as chooser:
        lab.click("ink-picture")
    chooser.value.set_files(PICTURES / "white_on_clear.png")
    lab.wait_text(".ink-prediction", "^7 seven")
    lab.click("ink-undo")
    lab.wait_text(".ink-prediction", "^1 one")
    assert lab.inked() == one
    content = list((PICTURES / "photo.heic").read_bytes())
    lab.page.evaluate(
        """(content) => {
          const files = new DataTransfer()
          files.items.add(new File([new Uint8Array(content)], "photo.heic"))
          const find = (root) => {
            for (const element of root.querySelectorAll("*")) {
              if (element.classList.contains("ink-pad")) return element
              const inner = element.shadowRoot && find(element.shadowRoot)
              if (inner) return inner
            }
          }
          find(document).dispatchEvent(
            new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }),
          )
        }""",
        content,
    )
    lab.wait_text(".ink-notice", "HEIC")
