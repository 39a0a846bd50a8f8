"""The page fits every window, moves nothing by itself, and its controls have names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe import violations
from browser_page import NAMELESS, SEVEN, LabPage, opened
from playwright.sync_api import Browser, expect
from text_fit import layout_faults, pseudo_localize

pytestmark = pytest.mark.ui

COLORS = """
() => {
  const style = getComputedStyle(document.querySelector(".card"))
  return [getComputedStyle(document.body).backgroundColor, style.backgroundColor, style.color]
}
"""

CERTAIN_HEIGHTS = """
() => {
  const bars = deep(".bars")
  bars.querySelector(".best .share").textContent = "100.0 %"
  return [...bars.rows].map((row) => row.offsetHeight)
}
"""

MEASURES = """
() => {
  const boxes = {}
  for (const name of ["pad", "prediction", "bars", "train"]) {
    const { left, top, right, bottom } = deep(`.ink-${name}`).getBoundingClientRect()
    boxes[name] = [left, top, right, bottom]
  }
  const page = document.documentElement
  // What lies under the card's edge, or under a bar at the bottom of the window, is not seen.
  const { bottom } = deep(".picture").getBoundingClientRect()
  const { top } = deep(".run").getBoundingClientRect()
  const seen = Math.min(innerHeight, bottom, top > innerHeight / 2 ? top : innerHeight)
  return { boxes, width: innerWidth, height: innerHeight, content: page.scrollWidth, seen }
}
"""

# The parts of the drawing pad beside which the button for a correction stands.
BESIDE_CORRECTION = """
() => {
  const box = deep(".ink-ask").getBoundingClientRect()
  return [".ink-prediction", ".ink-tools", ".ink-centre"].filter((name) => {
    const { top, bottom, height } = deep(name).getBoundingClientRect()
    return height > 0 && top < box.bottom && bottom > box.top
  })
}
"""

# Whether the charts of the 2-D data and the text under them overlap nothing and stay in their card.
ONE_BELOW_THE_OTHER = """
() => {
  const names = [".ink-spiral-loss", ".ink-spiral-accuracy", ".ink-spiral-marks"]
  const boxes = names.map((name) => deep(name).getBoundingClientRect())
  const card = deep("#pane-spiral .watch").getBoundingClientRect()
  return boxes.every((box, at) => box.bottom <= (boxes[at + 1]?.top ?? card.bottom) + 1)
}
"""

# Of every empty chart: how far its text reaches beyond the chart to the left, right and bottom.
EMPTY_TEXTS_BEYOND = """
() => [".ink-loss", ".ink-accuracy"].map((name) => {
  const chart = deep(name)
  const range = document.createRange()
  range.selectNodeContents(deep(".empty-chart", chart.shadowRoot))
  const [text, { left, right, bottom }] = [range, chart].map((it) => it.getBoundingClientRect())
  return [left - text.left, text.right - right, text.bottom - bottom]
})
"""

# By how many pixels the canvas of each figure that is shown is larger or smaller than its box.
CANVASES_BEYOND = """
() => [...Bokeh.index.query(({ model }) => model.type === "Figure")]
  .filter((view) => view.el.offsetParent != null)
  .flatMap(({ el, canvas_view }) => {
    const [box, { canvas }] = [el.getBoundingClientRect(), canvas_view.primary]
    const [width, height] = [canvas.width, canvas.height].map((side) => side / devicePixelRatio)
    return [Math.abs(box.width - width), Math.abs(box.height - height)]
  })
"""

# Give the first chart that is shown a height, and measure all boxes from a view around it.
SET_CHART_HEIGHT = """
(height) => {
  const charts = Bokeh.index
    .query(({ model }) => model.type === "Figure" && model.sizing_mode === "stretch_both")
  const chart = [...charts].find((view) => view.el.offsetParent != null)
  for (const name of ["height", "min-height", "max-height"]) {
    chart.el.style.setProperty(name, height, "important")
  }
  chart.parent.update_bbox()
  return chart.el.getBoundingClientRect().height
}
"""

STYLES_WRITTEN_BY_PAINTING = """
() => {
  const views = [...Bokeh.index.query(({ model }) => model.type === "Figure")]
    .filter((view) => view.el.offsetParent != null)
  const paint = () => views.forEach((view) => {
    view.invalidate_painters()
    view.repaint()
  })
  const observer = new MutationObserver(() => {})
  const observe = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === "style") observer.observe(element, { childList: true })
      if (element.shadowRoot) observe(element.shadowRoot)
    }
  }
  paint() // after which nothing changes
  for (const view of views) observe(view.el.shadowRoot)
  paint()
  return { figures: views.length > 0, written: observer.takeRecords().length }
}
"""

CONTRAST = """
(selector) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const luminance = (color) => {
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    const linear = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }
  const { color, backgroundColor } = getComputedStyle(deep(selector))
  const [low, high] = [luminance(color), luminance(backgroundColor)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}
"""

SMALL_TARGETS = """
() => {
  const small = []
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const { width, height } = element.getBoundingClientRect()
      const isSeen = element.checkVisibility({ visibilityProperty: true })
      if (element.matches("button, select, input:not([type=checkbox]):not([type=radio])") && isSeen
          && width > 0 && height < 43.5) {
        small.push([element.textContent.slice(0, 20) || element.outerHTML.slice(0, 80), height])
      }
      const isField = element.matches("select, input.bk-input:not([type=file])")
      if (isField && isSeen && parseFloat(getComputedStyle(element).fontSize) < 16) {
        small.push(["text", element.outerHTML.slice(0, 80)])
      }
      if (element.shadowRoot) visit(element.shadowRoot)
    }
  }
  visit(document)
  return small
}
"""

# Which controls of the header and the bar overlap, or reach beyond the window; what is fixed lies
# above the rest by intention.
CROWDED = """
() => {
  const boxes = []
  const fixed = (element) => {
    let at = element
    while (at instanceof Element && getComputedStyle(at).position !== "fixed") {
      at = at.parentElement ?? at.getRootNode().host
    }
    return at
  }
  const measure = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches("button, select, input, .progress")) {
        const box = element.getBoundingClientRect()
        const isSeen = element.checkVisibility({ visibilityProperty: true })
        if (isSeen && box.width > 1 && box.height > 1) {
          boxes.push([element.textContent.trim().slice(0, 40), box, fixed(element)])
        }
      }
      if (element.shadowRoot && !element.matches(".ink-model-menu")) measure(element.shadowRoot)
    }
  }
  for (const part of document.querySelectorAll("header, .bar")) measure(part)
  const overlapping = []
  boxes.forEach(([name, one, layer], at) => {
    for (const [other_name, other, other_layer] of boxes.slice(at + 1)) {
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left)
      const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)
      if (layer === other_layer && width > 1.5 && height > 1.5) {
        overlapping.push([name, other_name])
      }
    }
  })
  for (const [name, box] of boxes) {
    if (box.left < -1 || box.right > innerWidth + 1) overlapping.push([name, "the edge"])
  }
  return overlapping
}
"""

# Names of fields of the settings that reach beyond their fields.
LONG_NAMES = """
() => {
  const found = []
  const right = (element) => element.getBoundingClientRect().right
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches(".bk-input-group > label") && element.checkVisibility()) {
        const [name, field] = [element, element.parentElement]
        if (right(name) > right(field) + 1) found.push(name.textContent)
      }
      if (element.shadowRoot) visit(element.shadowRoot)
    }
  }
  visit(document.querySelector("#settings-digits"))
  return found
}
"""

# Whether the name of the model is shown in full.
NAMES_MODEL = """
() => {
  const name = deep(".model .name")
  return name.scrollWidth <= name.clientWidth
}
"""

WINDOWS = [
    (1280, 800), (1366, 768), (1920, 1080), (1024, 768), (1000, 700), (933, 600), (700, 450),
    (768, 1024), (390, 844), (844, 390), (320, 568),
]  # fmt: skip
"""Desktops, one of 1400 × 900 enlarged to 150 and 200 %, a tablet, phones; width and height."""
TOUCH_WINDOWS = [(390, 844), (844, 390), (768, 1024), (1000, 700), (933, 600), (700, 450)]


def check_sight(found: Any, width: int, height: int) -> None:
    """Check that pad, answer, bars and Train are in the window, and nothing scrolls sideways."""
    assert found["content"] <= width
    boxes = found["boxes"]
    pad = boxes["pad"]
    assert pad[3] - pad[1] <= 0.45 * height + 1
    assert pad[3] - pad[1] == pytest.approx(pad[2] - pad[0], abs=1)
    assert max(boxes[name][3] for name in ("pad", "prediction", "bars")) <= found["seen"]
    for left, top, right, bottom in boxes.values():
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height


@pytest.mark.parametrize(("width", "height"), WINDOWS)
def test_pad_answer_and_bars_are_in_sight_and_texts_of_empty_charts_whole_in_every_window(
    served: LabPage, width: int, height: int
) -> None:
    served.page.set_viewport_size({"width": width, "height": height})
    served.wait_until(
        lambda: served.page.evaluate(MEASURES)["boxes"]["pad"][2] <= width, "the pad is too wide"
    )
    check_sight(served.page.evaluate(MEASURES), width, height)
    assert served.page.evaluate(BESIDE_CORRECTION) != []
    for beyond in served.page.evaluate(EMPTY_TEXTS_BEYOND):
        assert max(beyond) <= 0


@pytest.mark.upstream_patch("missed_resizes")
def test_a_chart_whose_box_was_measured_before_it_shrank_is_laid_out_again(lab: LabPage) -> None:
    page = lab.page
    whole = page.evaluate(SET_CHART_HEIGHT, "")
    for height in ("120px", ""):
        found = page.evaluate(SET_CHART_HEIGHT, height)
        assert found == (120 if height else whole)
        lab.wait_until(
            lambda: max(page.evaluate(CANVASES_BEYOND)) <= 1, f"a canvas is cut at {found} pixels"
        )


@pytest.mark.upstream_patch("unchanged_styles")
def test_painting_a_figure_again_writes_no_style_sheet_that_stays_as_it_is(lab: LabPage) -> None:
    assert lab.page.evaluate(STYLES_WRITTEN_BY_PAINTING) == {"figures": True, "written": 0}


def test_pad_inside_plane_and_units_grow_with_the_window(served: LabPage) -> None:
    page = served.page
    parts = {"spiral": (".ink-spiral", ".ink-spiral-units"), "digits": (".ink-pad", ".ink-inside")}
    for pane, hooks in parts.items():
        page.locator(f"#tab-{pane}").click()
        widths = []
        for width, height in ((1280, 800), (1920, 1080)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function("(width) => innerWidth === width", arg=width)
            boxes = [page.locator(hook).first.bounding_box() for hook in hooks]
            widths.append([box["width"] for box in boxes if box is not None])
        assert len(widths[0]) == len(hooks)
        for before, after in zip(*widths, strict=True):
            assert after > 1.3 * before, (pane, widths)
    page.set_viewport_size({"width": 1280, "height": 800})


def test_the_drawer_opens_and_closes_by_button_and_escape_and_gives_the_focus_back(
    served: LabPage,
) -> None:
    page = served.page
    button = page.locator(".ink-settings button")
    assert button.get_attribute("aria-expanded") == "false"
    assert not page.locator(".ink-save").is_visible()
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    page.locator(".ink-save").wait_for(state="visible")
    page.locator(".settings-close").first.focus()
    page.keyboard.press("Escape")
    assert button.get_attribute("aria-expanded") == "false"
    assert page.evaluate("document.activeElement.id") == "sheet-settings"


# Whether nothing lies over any corner of the sentence of a refused entry.
IS_ON_TOP = """
(field) => {
  const error = deep(".field-error", deep(field).shadowRoot)
  const {left, right, top, bottom} = error.getBoundingClientRect()
  const at = (x, y) => {
    let [found, outer] = [document.elementFromPoint(x, y), null]
    while (found !== outer && found !== error && found?.shadowRoot) {
      [found, outer] = [found.shadowRoot.elementFromPoint(x, y), found]
    }
    return found === error
  }
  const [xs, ys] = [[left + 3, right - 3], [top + 3, bottom - 3]]
  return xs.every((x) => ys.every((y) => at(x, y)))
}
"""


@pytest.fixture(scope="module")
def dark(browser: Browser, served_url: str) -> Iterator[LabPage]:
    """One page of a dark system, with a link of which parts cannot be used."""
    query = "?moon=full&rate=banana&batch=much&seed=x&hide=status,moon"
    with opened(browser, f"{served_url}{query}", color_scheme="dark") as page:
        yield page


def test_refused_entries_and_long_notices_can_be_read_and_move_nothing(dark: LabPage) -> None:
    page = dark.page
    dark.wait_text(".ink-notice", "Left out of this link")
    assert not page.locator("footer").is_visible()
    before = page.evaluate(MEASURES)
    page.locator(".ink-notice summary").click()
    dark.fill("learning-rate", "fast")
    dark.wait_text(".ink-field-learning-rate", "found “fast”")
    assert page.evaluate(CONTRAST, ".field-error") >= 4.5
    dark.fill("batch-size", "many")
    dark.wait_text(".ink-field-batch-size", "found “many”")
    for field in ("learning-rate", "batch-size"):
        page.locator(f".ink-field-{field} input").focus()
        assert page.evaluate(IS_ON_TOP, f".ink-field-{field}")
    assert page.evaluate(MEASURES) == before
    notice = page.locator(".ink-notice details").bounding_box()
    assert notice is not None
    assert notice["height"] > 40
    assert notice["y"] + notice["height"] <= 800


# The one help that is shown belongs to a mark, is whole in sight, and is no text of its own.
HELP_IS_INSIDE = """
(mark) => {
  const [shown, ...others] = Bokeh.index.query((view) => (
    view.model.type === "Tooltip" && view.el.matches(":popover-open")
  ))
  const box = shown?.el.getBoundingClientRect()
  return box !== undefined && others.length === 0 && shown.target === mark
    && shown.el.ariaHidden === "true" && box.left >= 0 && box.top >= 0
    && box.right <= innerWidth && box.bottom <= innerHeight
}
"""


def test_help_is_as_dark_as_the_page_and_inside_the_window(dark: LabPage) -> None:
    page = dark.page
    dark.open_settings()
    for width, height in ((1280, 800), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        if width < 1000:
            page.locator("#sheet-settings").click()
        for mark in page.locator(".settings .bk-description").all():
            mark.hover()  # the mouse comes from the one before
            page.wait_for_function(HELP_IS_INSIDE, arg=mark.element_handle())
        assert page.evaluate(CONTRAST, ".bk-Tooltip:popover-open") >= 4.5
        page.mouse.move(0, 0)
        page.locator(".bk-Tooltip:popover-open").wait_for(state="detached")


@pytest.mark.parametrize("runtime", ["served", "site"])
def test_a_phone_has_large_targets_and_one_sheet_at_a_time(
    browser: Browser, runtime: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{runtime}_url")
    phone: Any = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with opened(browser, url, **phone) as lab:
        shown = {"inside": ".ink-inside", "watch": ".ink-loss", "settings": ".ink-save"}
        for sheet, css_class in shown.items():
            lab.page.locator(f"#sheet-{sheet}").click()
            lab.page.locator(css_class).first.wait_for(state="visible")
            for other in set(shown.values()) - {css_class}:
                assert not lab.page.locator(other).first.is_visible()
            assert lab.page.evaluate("document.documentElement.scrollWidth") <= 390
            assert lab.page.evaluate(SMALL_TARGETS) == []
        assert violations(lab.page) == []
        train = lab.page.locator(".ink-train").bounding_box()
        assert train is not None
        assert train["y"] > 0.75 * 844
        for width, height in TOUCH_WINDOWS:
            lab.page.set_viewport_size({"width": width, "height": height})
            lab.page.wait_for_function("(width) => innerWidth === width", arg=width)
            lab.page.evaluate("scrollTo(0, 0)")
            check_sight(lab.page.evaluate(MEASURES), width, height)
            assert lab.page.evaluate(SMALL_TARGETS) == []
        lab.page.set_viewport_size(phone["viewport"])
        lab.page.click("#more")
        lab.page.click("#lessons-open")
        lab.page.click("#lessons-close")
        lab.page.locator("#lessons").wait_for(state="hidden")
        lab.page.click("#tab-spiral")
        lab.page.click("#sheet-watch")
        lab.page.locator(".ink-spiral-accuracy").wait_for(state="visible")
        lab.wait_until(lambda: lab.page.evaluate(ONE_BELOW_THE_OTHER), "charts overlap")
        # As a page of 1280 × 1024 enlarged to 400 %: one column, without bars that stay in sight.
        lab.page.set_viewport_size({"width": 320, "height": 256})
        lab.page.wait_for_function("innerWidth === 320")
        for pane in ("spiral", "digits"):
            lab.page.click(f"#tab-{pane}")
            assert lab.page.evaluate("document.documentElement.scrollWidth") <= 320
        lab.page.click("#sheet-inside")
        lab.page.click("#panel-digits-health")
        lab.page.locator(".layers").wait_for()
        assert lab.page.evaluate("document.documentElement.scrollWidth") <= 320
        bars = "[...document.querySelectorAll('.run, .news, .panes, .sheets')]"
        positions = lab.page.evaluate(f"{bars}.map((bar) => getComputedStyle(bar).position)")
        assert set(positions) == {"static"}


def test_a_link_opens_a_presentation_and_a_panel_and_a_copied_one_names_the_panel(
    browser: Browser, served_url: str
) -> None:
    with opened(browser, f"{served_url}?present=1&inside=why") as lab:
        page = lab.page
        size = "() => parseFloat(getComputedStyle(document.body).fontSize)"
        large = page.evaluate(size)
        assert not page.locator(".ink-settings").is_visible()
        for width, height in ((844, 390), (320, 256), (1280, 480), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function("deep('.ink-pad').getBoundingClientRect().width > 100")
        page.keyboard.press("Escape")
        assert page.evaluate(size) < large
        assert "present" not in page.url
        assert page.locator(".ink-settings").is_visible()
        page.locator(".ink-why").first.wait_for(state="visible")
        tab = page.get_by_role("tab", name="Why")
        assert tab.get_attribute("aria-selected") == "true"
        page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        page.click("#link-copy")
        assert "inside=why" in page.locator("#link-text").input_value()
        page.locator("#link .dialog-close").click()
        tab.press("ArrowLeft")
        page.locator(".ink-inside").first.wait_for(state="visible")
        assert "inside" not in page.url


def test_a_probability_of_100_per_cent_needs_no_second_line(lab: LabPage) -> None:
    lab.draw(SEVEN)
    lab.wait_digit(7)
    heights = lab.page.evaluate(CERTAIN_HEIGHTS)
    assert len(heights) == 10
    assert len(set(heights)) == 1


def test_dark_and_light_follow_the_system_and_the_button(served: LabPage) -> None:
    light = served.page.evaluate(COLORS)
    served.page.get_by_role("button", name="Switch between light and dark").click()
    dark = served.page.evaluate(COLORS)
    assert all(one != other for one, other in zip(light, dark, strict=True))
    served.page.reload()
    served.wait_ready()
    assert served.page.evaluate(COLORS) == dark
    served.page.get_by_role("button", name="Switch between light and dark").click()
    assert served.page.evaluate(COLORS) == light


def test_every_control_has_a_name(lab: LabPage) -> None:
    assert lab.page.evaluate(NAMELESS) == []


def test_a_slider_in_use_is_called_by_its_title(lab: LabPage) -> None:
    lab.click("ink-step")
    lab.page.locator(".ink-checkpoints-time").wait_for()
    names = set()
    for handle in lab.page.locator(".noUi-handle:visible").all():
        handle.focus()
        expect(handle).to_have_attribute("aria-label", re.compile("."))
        names.add((handle.get_attribute("aria-label") or "").partition(" (")[0])
    assert names == {"Brush", "Smoothing", "Checkpoints"}


def test_longer_names_and_writing_from_right_to_left_fit_the_page(
    browser: Browser, served_url: str
) -> None:
    with opened(browser, served_url) as lab:
        for width, height in ((1280, 800), (390, 844)):
            lab.page.set_viewport_size({"width": width, "height": height})
            for direction in ("ltr", "rtl"):
                lab.page.evaluate("(dir) => { document.documentElement.dir = dir }", direction)
                pseudo_localize(lab, 0.3)
                assert layout_faults(lab) == [], (width, direction)
                assert lab.page.evaluate(CROWDED) == [], (width, direction)


def test_a_language_is_chosen_by_the_address_and_by_the_menu_which_keeps_the_work(
    browser: Browser, served_url: str
) -> None:
    with opened(browser, f"{served_url}?lang=de") as lab:
        page = lab.page
        assert page.evaluate("document.documentElement.lang") == "de"
        lab.wait_text(".ink-train", "Trainieren")
        lab.draw(SEVEN)
        lab.wait_data(".ink-prediction", state="confident", digit="7")
        lab.wait_text(".ink-prediction", "sieben")
        page.locator(".ink-step button").click()
        lab.wait_status(iteration=1, state="paused")
        page.wait_for_function("document.documentElement.dataset.saved === 'yes'")
        assert page.evaluate(CROWDED) == []
        assert page.evaluate(NAMES_MODEL)
        menu = page.get_by_label("Sprache")
        assert [it.get_attribute("lang") for it in menu.locator("option").all()] == [
            "en", "de", "fr", "es", "zh-Hans",
        ]  # fmt: skip
        menu.select_option("fr")
        page.wait_for_function("document.documentElement.lang === 'fr'")
        lab.wait_text(".ink-train", "Entraîner")
        lab.wait_status(iteration=1, state="paused")
        assert "lang=fr" in page.url
        assert page.evaluate(NAMES_MODEL)
        lab.open_settings()
        assert page.evaluate(LONG_NAMES) == []
        page.set_viewport_size({"width": 390, "height": 844})
        lab.wait_until(lambda: page.evaluate(CROWDED) == [], "controls overlap or are cut")
