"""The plane pane as people use it: train, change settings, paint, inspect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from browser_page import NAMELESS, LabPage, opened
from playwright.sync_api import Browser
from spiral_page import (
    choose_tool,
    click_plane,
    drag,
    drawn,
    place,
    press,
    set_field,
    status,
    unit_place,
)

pytestmark = pytest.mark.ui

# Where the name of each feature begins in the diagram, and the width of a square to its height.
FEATURE_NAMES = """
() => {
  const models = Bokeh.documents.map((it) => it.get_model_by_name("inkling-network"))
  const model = models.find((it) => it != null)
  const view = model && Bokeh.index.find_one(model)
  if (!view || view.el.getBoundingClientRect().width === 0) return []
  const { x_scale, y_scale } = view.frame
  const side = (scale) => Math.abs(scale.compute(1) - scale.compute(0))
  const { glyph, data_source } = model.renderers.find(({ glyph }) => glyph.type === "Text")
  const { x, text, align, baseline } = data_source.data
  const context = document.createElement("canvas").getContext("2d")
  context.font = `${glyph.text_font_size.value} ${glyph.text_font.value}`
  return Array.from(text, (name, at) => ({ name, at }))
    .filter(({ at }) => align[at] === "right" && baseline[at] === "middle")
    .map(({ name, at }) => [
      x_scale.compute(x[at]) - context.measureText(name).width, side(x_scale) / side(y_scale),
    ])
}
"""


def test_panes_open_by_tab_and_the_hidden_one_goes_on_unseen(own_lab: LabPage) -> None:
    own_lab.press_train("Train")
    own_lab.page.get_by_role("tab", name="2-D data").click()
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

    own_lab.page.get_by_role("tab", name="2-D data").press("ArrowLeft")
    assert own_lab.page.get_by_role("tab", name="Digits").get_attribute("aria-selected") == "true"
    seen = int(re.match(r"iteration (\d+)", digits)[1])  # type: ignore[index]
    own_lab.wait_until(lambda: own_lab.iteration() > seen, "the digits did not go on")
    own_lab.page.go_back()
    own_lab.page.wait_for_selector(".ink-spiral")


@pytest.fixture(scope="module", params=["served", "site"])
def spiral(request: pytest.FixtureRequest, browser: Browser) -> Iterator[LabPage]:
    """One page of a runtime for the two long tests."""
    url = request.getfixturevalue(f"{request.param}_url")
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
    spiral.page.locator(".ink-spiral-time .bk-slider-title", has_text="iteration 0").wait_for()
    spiral.wait_until(
        lambda: drawn(spiral)["surface"] == untrained["surface"], "the first surface is not back"
    )
    press(spiral, "continue")
    status(spiral, "^iteration 0 ")


@pytest.mark.upstream_patch("message_loop", runtime="site")
def test_lines_and_units(spiral: LabPage) -> None:
    # Look at a place, and along a line.
    choose_tool(spiral, "Inspect")
    spiral.page.mouse.move(*place(spiral, 0.5, 0.5))
    spiral.wait_text(".ink-spiral-place", r"x 0\.5\d?, y 0\.5\d? .class \d \d+\.\d %")
    choose_tool(spiral, "Cross-section")
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

    # Look at a unit, and ablate it.
    spiral.page.mouse.move(*unit_place(spiral, 0, 0))
    spiral.wait_text(".ink-spiral-place", "Shown: unit 1 of hidden layer 1")
    spiral.wait_text(".ink-spiral-pointed", r"unit 1 of hidden layer 1: -?\d\S* at x 0\.05")
    spiral.page.mouse.click(*unit_place(spiral, 0, 0))
    spiral.wait_text(".ink-spiral-units", "1 ablated")
    spiral.wait_text(".ink-spiral-notice", "Without unit 1 of layer 1: test accuracy")
    spiral.page.mouse.move(1, 1)
    spiral.wait_text(".ink-spiral-place", "Point at the plane|^x ")

    # Choose a bias, and change it.
    diagram = spiral.page.locator(".ink-spiral-units [role=application]")
    diagram.press("ArrowRight")
    diagram.press("Enter")
    spiral.wait_text(".ink-spiral-weights", "x₁.*x₂.*bias")
    weight = spiral.page.locator(".ink-spiral-weight input")
    weight.fill("7.5")
    weight.press("Enter")
    spiral.wait_text(".ink-spiral-weights", "bias7.5")


@pytest.fixture(scope="module")
def plane_page(browser: Browser, served_url: str) -> Iterator[LabPage]:
    """One served page; what the plane does with the pointer is the same in both runtimes."""
    with opened(browser, f"{served_url}?pane=spiral") as page:
        yield page


IS_LAST_POINT = """
([x, y]) => {
  const named = (name) => Bokeh.documents.map((doc) => doc.get_model_by_name(name)).find((x) => x)
  const { data } = named("train-points")
  return Math.hypot(data.x.at(-1) - x, data.y.at(-1) - y) < 0.02
}
"""


def painted_after(lab: LabPage, gesture: Callable[[], None]) -> int:
    """How many points are painted by a gesture and by one click after it."""
    before = drawn(lab)["train"]
    gesture()
    choose_tool(lab, "Paint")
    click_plane(lab, -1.1, 1.1)
    lab.wait_until(
        lambda: drawn(lab)["train"] > before and lab.page.evaluate(IS_LAST_POINT, [-1.1, 1.1]),
        "the pointer is dead",
    )
    return drawn(lab)["train"] - before


def test_a_line_that_ends_in_an_unusual_way_leaves_the_pointer_usable(plane_page: LabPage) -> None:
    page, tools = plane_page.page, plane_page.page.locator(".ink-spiral-tools")

    def begin_line() -> None:
        choose_tool(plane_page, "Cross-section")
        page.mouse.move(*place(plane_page, -0.5, 0))
        page.mouse.down()
        page.mouse.move(*place(plane_page, 0, 0.2), steps=4)

    def end_line() -> None:
        page.mouse.move(*place(plane_page, 0.5, 0.5), steps=4)
        page.mouse.up()

    def escape() -> None:
        begin_line()
        page.keyboard.press("Escape")
        end_line()

    def use_space() -> None:
        begin_line()
        page.keyboard.press("Space")
        end_line()

    def change_tool() -> None:
        begin_line()
        tools.get_by_role("button", name="Paint").evaluate("(button) => button.click()")
        end_line()

    for gesture in (escape, use_space, change_tool):
        assert painted_after(plane_page, gesture) == 1
    assert plane_page.complaints == []


def test_painting_ends_when_its_button_is_released_while_another_is_held(
    plane_page: LabPage,
) -> None:
    mouse = plane_page.page.mouse

    def paint_with_two_buttons() -> None:
        choose_tool(plane_page, "Paint")
        mouse.move(*place(plane_page, -1, -1))
        mouse.down()
        mouse.down(button="right")
        mouse.up()
        mouse.move(*place(plane_page, 1, -1), steps=10)
        mouse.up(button="right")

    assert painted_after(plane_page, paint_with_two_buttons) == 2


def test_a_pen_paints_while_the_hand_rests_on_the_plane(browser: Browser, served_url: str) -> None:
    with opened(browser, f"{served_url}?pane=spiral", has_touch=True) as lab:
        events = lab.page.context.new_cdp_session(lab.page)
        choose_tool(lab, "Paint")
        before = drawn(lab)["train"]

        def pen(kind: str, x: float, y: float, buttons: int) -> None:
            left, top = place(lab, x, y)
            values = {"x": left, "y": top, "button": "left", "buttons": buttons, "clickCount": 1}
            events.send("Input.dispatchMouseEvent", {"type": kind, "pointerType": "pen", **values})

        left, top = place(lab, 0.5, -1)
        touch = {"type": "touchStart", "touchPoints": [{"x": left, "y": top}]}
        events.send("Input.dispatchTouchEvent", touch)
        pen("mousePressed", -1, 0.8, 1)
        for step in range(1, 6):
            pen("mouseMoved", -1 + 0.3 * step, 0.8, 1)
        pen("mouseReleased", 0.5, 0.8, 0)
        events.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        lab.wait_until(lambda: drawn(lab)["train"] >= before + 6, "the pen painted nothing")


def test_a_phone_gets_the_plane_first_and_can_paint_with_a_finger(
    browser: Browser, served_url: str
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    features = "x1.x2.x1x1.x2x2.x1x2.sin-x1.sin-x2"
    with opened(browser, f"{served_url}?pane=spiral&inputs={features}", **phone) as lab:
        assert lab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        tops = []
        for hook in ("", "-train"):
            box = lab.page.locator(f".ink-spiral{hook}").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            tops.append(box["y"])
        assert tops == sorted(tops)
        choose_tool(lab, "Paint")
        lab.page.touchscreen.tap(*place(lab, 1, -1))
        lab.wait_until(lambda: drawn(lab)["train"] == 501, "no point was painted")
        lab.page.locator("#sheet-inside").click()
        for width in (390, 320):
            lab.page.set_viewport_size({"width": width, "height": 844})
            lab.page.wait_for_function("(width) => innerWidth === width", arg=width)
            lab.wait_until(lambda: len(lab.page.evaluate(FEATURE_NAMES)) == 7, "no diagram")
            for left, share in lab.page.evaluate(FEATURE_NAMES):
                assert left >= 0, width
                assert share == pytest.approx(1, abs=0.02), "the squares are stretched"
