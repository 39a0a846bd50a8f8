"""What is checked for people who use a keyboard or a screen reader: axe-core, names, announcements.

`test_page_parts.py` looks at more parts of the page, where asked in all languages and forms.
"""

from __future__ import annotations

from itertools import pairwise
from os import environ
from typing import Any

import pytest
from accessibility_tree import AccessibilityTree
from axe import violations_in_both_themes, violations_of_report
from browser_page import ONE, SEVEN, LabPage
from page_parts import open_lessons

KEYBOARD = environ.get("INKLING_KEYBOARD")
ANNOUNCED = int(environ.get("INKLING_ANNOUNCED", "0"))

# Changes of every live region of the page, with their times in seconds.
RECORD = """
() => {
  const roots = (within, found = []) => {
    found.push(within)
    for (const element of within.querySelectorAll("*")) {
      if (element.shadowRoot) roots(element.shadowRoot, found)
    }
    return found
  }
  window.announced = []
  const texts = new WeakMap()
  const look = (record) => {
    for (const root of roots(document)) {
      for (const region of root.querySelectorAll("[role=status], [role=alert], [aria-live]")) {
        const text = region.textContent.trim()
        if (record && text && texts.get(region) !== text) {
          window.announced.push([performance.now() / 1000, text])
        }
        texts.set(region, text)
      }
    }
    requestAnimationFrame(() => look(true))
  }
  look(false)
}
"""


def test_axe_finds_no_violation_in_any_pane_panel_or_dialog(served: LabPage) -> None:
    browser_page = served.page
    found = {}

    def check(place: str) -> None:
        found[place] = violations_in_both_themes(browser_page)

    for tab in browser_page.locator("#pane-digits, #pane-spiral, .panes [role=tab]").all():
        if tab.get_attribute("role") != "tab":
            continue
        tab.click()
        pane = browser_page.evaluate("document.documentElement.dataset.pane")
        served.wait_until(
            lambda name=pane: browser_page.locator(f"#pane-{name} .bk-btn").count() > 0,
            f"the pane {pane} does not open",
        )
        check(pane)
        for panel in browser_page.locator(f"#pane-{pane} .panels [role=tab]").all():
            panel.click()
            check(f"{pane}, {panel.text_content()}")
    browser_page.locator(".panes [role=tab]").first.click()
    served.open_settings()
    check("settings")
    browser_page.keyboard.press("Escape")
    for button in ("Keys", "About"):
        browser_page.get_by_role("button", name=button, exact=True).click()
        check(button)
        browser_page.keyboard.press("Escape")
    assert {place: rules for place, rules in found.items() if rules} == {}


def test_axe_finds_no_violation_in_lessons_experiments_and_reports(served: LabPage) -> None:
    browser_page = served.page
    found: dict[str, Any] = {
        place: violations_in_both_themes(browser_page, ".lessons") for place in open_lessons(served)
    }
    browser_page.locator(".ink-spiral-reset button").click()
    browser_page.locator("#tab-runs").click()
    browser_page.locator(".ink-runs-source").get_by_role("button", name="2-D data").click()
    served.wait_data(".ink-runs", runs=1)
    # The first panel of the pane is checked with all others above; the rest has its fields.
    browser_page.get_by_role("button", name="Search", exact=True).first.click()
    browser_page.locator(".ink-search-start button").wait_for()
    found["search"] = violations_in_both_themes(browser_page, "#pane-runs")
    report = browser_page.locator(".ink-runs [data-do=report][data-run='1']")
    found["report"] = violations_of_report(browser_page, report)
    assert {place: rules for place, rules in found.items() if rules} == {}


def test_a_drawing_and_training_are_announced_once_each(served_lab: LabPage) -> None:
    page = served_lab.page
    page.evaluate(RECORD)
    served_lab.draw(SEVEN)
    served_lab.wait_digit(7)
    page.wait_for_function("() => announced.length > 0")
    served_lab.click("ink-train")
    page.wait_for_function("() => announced.some(([, text]) => text.startsWith('Training,'))")
    served_lab.click("ink-train")
    page.wait_for_function("() => announced.some(([, text]) => text.startsWith('Paused,'))")
    announced = page.evaluate("() => announced")
    answers = [text for _, text in announced if text.startswith("7 seven")]
    assert len(answers) == 1
    told = [(time, text) for time, text in announced if text.startswith(("Training", "Paused"))]
    assert len([text for _, text in told if ", iteration" in text]) == 2
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(told)]
    assert min(gaps) > 4.4, announced


# The iterations and losses of the curve of the moving average.
AVERAGES = """
() => {
  const host = deep("[data-chart]", deep(".ink-loss").shadowRoot)
  const [chart] = [...Bokeh.index.query((view) => view.el === host)]
  const curve = chart.model.renderers.find(({ name }) => name === "moving average")
  const { iteration, smoothed } = curve.data_source.data
  return [...iteration].map((step, index) => [step, smoothed[index]])
}
"""


def test_arrow_keys_go_along_the_curves_of_a_chart_and_say_each_point(own_lab: LabPage) -> None:
    page = own_lab.page
    for iteration in range(1, 4):
        own_lab.click("ink-step")
        own_lab.wait_text(".ink-status", f"iteration {iteration} ")
    own_lab.wait_until(lambda: len(page.evaluate(AVERAGES)) == 3, "three steps are not drawn")
    averages = page.evaluate(AVERAGES)
    page.locator(".ink-loss [data-chart]").focus()
    told = {}
    for key, point in (("ArrowLeft", 3), ("ArrowLeft", 2), ("Home", 1), ("End", 3)):
        page.keyboard.press(key)
        told[key, point] = text = page.locator("#announcer").text_content() or ""
        step, loss = averages[point - 1]
        assert text.startswith("moving average"), told
        assert f"iteration {step:.0f}, point {point} of 3" in text, told
        said = float(text.split("cross-entropy ")[1].split(" ")[0])
        assert said == pytest.approx(loss, rel=1e-3)
    own_lab.click("ink-test")
    own_lab.wait_text(".ink-notice", "Test: ")
    page.locator(".ink-loss [data-chart]").focus()
    own_lab.wait_until(lambda: says_after(own_lab, "ArrowDown", "test: "), "no other curve")


def says_after(lab: LabPage, key: str, beginning: str) -> bool:
    lab.page.keyboard.press(key)
    return (lab.page.locator("#announcer").text_content() or "").startswith(beginning)


@pytest.mark.skipif(not ANNOUNCED, reason="INKLING_ANNOUNCED=20: drawings, seconds are thrice it")
def test_every_answer_is_announced_once_and_training_every_five_seconds_at_most(
    own_lab: LabPage,
) -> None:
    page = own_lab.page
    page.evaluate(RECORD)
    answers = "announced.filter(([, text]) => /^[17] (one|seven)/.test(text)).length"
    for count in range(1, ANNOUNCED + 1):
        own_lab.click("ink-clear")
        own_lab.draw(ONE if count % 2 else SEVEN)
        own_lab.wait_digit(1 if count % 2 else 7)
        page.wait_for_function(f"() => {answers} >= {count}")
    assert page.evaluate(answers) == ANNOUNCED
    for tab, button in (("digits", "ink-train"), ("spiral", "ink-spiral-train")):
        page.locator(f"#tab-{tab}").click()
        page.locator(f".{button} button").click()
        page.evaluate("() => { window.begun = performance.now(); window.announced = [] }")
        seconds = 3 * ANNOUNCED
        page.wait_for_function(
            "(seconds) => performance.now() > begun + 1000 * seconds", arg=seconds, timeout=90_000
        )
        told = page.evaluate("announced")
        assert told, "training is not announced"
        gaps = [later - earlier for (earlier, _), (later, _) in pairwise(told)]
        assert min(gaps, default=5) > 4.4, told
        assert page.evaluate(answers) == 0
        page.locator(f".{button} button").click()


def test_a_preference_for_reduced_motion_is_known_to_python(served: LabPage) -> None:
    tags = """Bokeh.documents.flatMap((document) => [...document._all_models.values()])
      .find((model) => model.name === "inkling-motion").tags.join()"""
    for wanted, expected in (("reduce", "reduced"), ("no-preference", "full")):
        served.page.emulate_media(reduced_motion=wanted)
        served.wait_until(
            lambda expected=expected: served.page.evaluate(tags) == expected, expected
        )


def test_the_keyboard_alone_draws_a_one_and_hears_it(served_lab: LabPage) -> None:
    page = served_lab.page
    page.evaluate(RECORD)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.keyboard.press("Enter")
    for key in ["Delete", *["ArrowUp"] * 9, *["Shift+ArrowDown"] * 17]:
        page.keyboard.press(key)
    served_lab.wait_digit(1)
    page.wait_for_function("() => announced.some(([, text]) => text.startsWith('1 one'))")
    page.keyboard.press("?")
    assert page.locator("#keys").get_attribute("open") is not None


@pytest.mark.skipif(not KEYBOARD, reason="takes a minute; INKLING_KEYBOARD=1 runs it")
def test_the_keyboard_alone_does_the_main_job_heard_in_the_accessibility_tree(
    own_lab: LabPage,
) -> None:
    tree, press = AccessibilityTree(own_lab.page), own_lab.page.keyboard.press
    press("Tab")
    assert tree.focused() == ("button", "Skip to the picture")
    press("Enter")
    assert tree.focused()[0] == "application"
    for key in ["Delete", *["ArrowUp"] * 9, *["Shift+ArrowDown"] * 17]:
        press(key)
    tree.wait_spoken("1 one")

    # Training is heard at its start, and at its end with the accuracy on validation samples.
    assert "validation accuracy" in train_and_pause(tree, own_lab)

    # The pretrained model is evaluated, its most confident mistake put on the pad.
    tree.tab_to("tab", "Digits", "Shift+Tab")
    press("ArrowRight")
    press("ArrowRight")
    tree.wait(lambda: tree.focused() == ("tab", "Evaluate"), "no pane Evaluate")
    tree.wait(lambda: tree.find("table", "Confusion matrix"), "no table of the matrix")
    tree.tab_to("application", "Confusion matrix")
    press("ArrowRight")
    tree.wait_spoken("true 0, predicted 1: ")
    tree.tab_to("application", "Mistakes")
    press("ArrowRight")
    press("ArrowLeft")
    heard = tree.wait(
        lambda: [text for text in tree.spoken() if "mistake 1 of" in text], "no mistake is heard"
    )
    wrong = heard[0].split("predicted ")[1][0]
    press("Enter")
    tree.wait(lambda: tree.focused()[1].startswith("Drawing pad"), "the pad gets no focus")
    tree.wait(
        lambda: any(text.startswith(wrong) or f"· {wrong} " in text for text in tree.spoken()),
        "the answer to the mistake is not heard",
    )

    # The weights are saved.
    tree.tab_to("button", "All settings", "Shift+Tab")
    press("Enter")
    tree.tab_to("button", "Save", limit=120)
    with own_lab.page.expect_download() as download:
        press("Enter")
    assert download.value.path().stat().st_size > 0
    press("Escape")

    # Points of two classes are painted in the plane, and trained.
    tree.tab_to("tab", "Digits", "Shift+Tab", limit=150)
    press("ArrowRight")
    tree.tab_to("application", "The plane")
    press("ArrowRight")
    assert tree.wait_spoken("x 0.05, y 0.00").count("class") > 1
    tree.tab_to("button", "Paint")
    press("Enter")
    for number, arrow in (("0", "ArrowLeft"), ("1", "ArrowRight")):
        tree.tab_to("button", f"{'●■'[int(number)]}{number}")
        press("Enter")
        tree.tab_to("application", "The plane. Paint", "Shift+Tab")
        for _ in range(3):
            press(f"Shift+{arrow}")
        press("Space")
        tree.wait_spoken(f"Point of class {number} at")
    assert "training accuracy" in train_and_pause(tree, own_lab)


def train_and_pause(tree: AccessibilityTree, lab: LabPage) -> str:
    """Train by keys until the start is announced; return what is announced of the pause."""
    tree.tab_to("button", "Train", "Shift+Tab")
    lab.page.keyboard.press("Enter")
    tree.wait_spoken("Training,")
    if tree.focused() != ("button", "Pause"):
        tree.tab_to("button", "Pause")
    lab.page.keyboard.press("Enter")
    return tree.wait_spoken("Paused,")
