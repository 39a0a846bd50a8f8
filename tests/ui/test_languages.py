"""The main job in other languages: every control is found by its role and its translated name."""

from __future__ import annotations

import re
from os import environ

import pytest
from browser_page import ONE, LabPage, opened
from playwright.sync_api import Browser, Locator

from dashboard.languages.language import ENGLISH, LANGUAGES, Language
from dashboard.languages.text import translate

pytestmark = pytest.mark.ui

TRIED = [
    language
    for language in LANGUAGES
    if language.code == "de" or (environ.get("INKLING_LANGUAGES") == "all" and language != ENGLISH)
]

# Texts and names that can be seen or heard and have a word that only English has.
ENGLISH_TEXTS = """
() => {
  const english = /\\b(the|of|and|which|from|this|are|its|they|your|press)\\b/i
  const found = new Set()
  const note = (text) => { if (english.test(text)) found.add(text.trim().slice(0, 120)) }
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches("style, script, #language, #language *")) continue
      if (!element.checkVisibility({ visibilityProperty: true })) continue
      for (const name of ["aria-label", "title", "placeholder", "aria-roledescription"]) {
        note(element.getAttribute(name) ?? "")
      }
      for (const node of element.childNodes) if (node.nodeType === 3) note(node.data)
      if (element.shadowRoot) {
        for (const node of element.shadowRoot.childNodes) if (node.nodeType === 3) note(node.data)
        visit(element.shadowRoot)
      }
    }
  }
  visit(document)
  return [...found]
}
"""


PAD = (
    "Drawing pad. Arrow keys move the cursor, with Shift they draw; space sets or clears a cell, "
    "Delete clears the drawing."
)
MISTAKES = "Mistakes. Arrow keys go from one to the next, Enter puts it on the drawing pad."

EXPERIMENTS = {
    "Compare": "runs-compare",
    "Seeds": "seeds-start",
    "Fork": "fork-start",
    "Rate": "rate-start",
    "Search": "search-start",
}
"""The experiments, and the button in each of them."""


class TranslatedPage:
    """A page whose controls are found by their roles and their names in its language."""

    def __init__(self, lab: LabPage, language: Language) -> None:
        self.lab, self._language = lab, language

    def name(self, text: str) -> str:
        """Return a text of the source in the language of the page."""
        return translate(self._language, text)

    def begins(self, text: str) -> re.Pattern[str]:
        """Return what a name matches that is a text up to its first value."""
        return re.compile(re.escape(re.split(r"[{<]", self.name(text))[0].strip()))

    def find(self, role: str, text: str) -> Locator:
        """Return the visible control of a role with exactly this name."""
        found = self.lab.page.get_by_role(role, name=self.name(text), exact=True)
        return found.filter(visible=True).first

    def press(self, role: str, text: str) -> None:
        """Click the control of a role with this name."""
        self.find(role, text).click()

    def check(self, place: str) -> None:
        """Check that nothing on the page is in English."""
        assert self.lab.page.evaluate(ENGLISH_TEXTS) == [], place


@pytest.mark.parametrize("language", TRIED, ids=lambda it: it.code)
def test_the_main_job_is_done_by_translated_names(
    browser: Browser, served_url: str, language: Language
) -> None:
    with opened(browser, f"{served_url}?lang={language.code}") as lab:
        page = TranslatedPage(lab, language)
        draw_and_train(page)
        look_at_every_pane(page)
        train_in_the_plane(page)


def draw_and_train(page: TranslatedPage) -> None:
    """Draw a 1, read the answer, train, see the validation, and save the weights."""
    lab = page.lab
    page.find("application", PAD).wait_for()
    lab.draw(ONE)
    lab.wait_digit(1)
    lab.wait_text(".ink-prediction", page.name("one"))
    page.press("button", "Train")
    lab.wait_text(".ink-progress", page.begins("Validation <b>{accuracy}</b>").pattern + r".*\d")
    page.press("button", "Pause")
    lab.wait_status(state="paused")
    page.check("Digits")
    page.press("button", "All settings")
    save = page.find("button", "Save")
    with lab.page.expect_download() as download:
        save.click()
    assert download.value.path().stat().st_size > 0
    page.check("settings")
    page.press("button", "Close the settings")


def look_at_every_pane(page: TranslatedPage) -> None:
    """Find the worst mistake, and open all panels, the runs and a lesson."""
    lab = page.lab
    for panel, shown in (
        ("Why", ".ink-why [data-state=explained]"),
        ("Map", ".ink-map-text [data-state=map]"),
        ("Health", ".ink-health-text [data-state=measured]"),
        ("Play", ".ink-play [data-state=answered]"),
    ):
        page.press("tab", panel)
        lab.page.locator(shown).wait_for()
        page.check(panel)
    page.press("tab", "Evaluate")
    lab.page.locator(".ink-rejection b").first.wait_for()
    page.check("Evaluate")
    page.find("application", MISTAKES).focus()
    for key in ("ArrowRight", "ArrowLeft", "Enter"):
        lab.page.keyboard.press(key)
    lab.wait_until(
        lambda: page.find("tab", "Digits").get_attribute("aria-selected") == "true",
        "the mistake is not put on the pad",
    )
    page.press("button", "Reset")
    page.press("tab", "Runs")
    lab.wait_data(".ink-runs", runs=1)
    for experiment, button in EXPERIMENTS.items():
        page.press("button", experiment)
        lab.page.locator(f".ink-{button}").wait_for()
        page.check(experiment)
    page.press("button", "Lessons")
    page.press("button", "The learning rate: too small, right, too high")
    lab.wait_data(".ink-lesson", lesson="learning-rate", step=1)
    page.press("button", "Show the explanation now")
    lab.wait_text(".ink-lesson", page.name("Explain"))
    page.check("a lesson")
    page.press("button", "Teacher’s notes")
    lab.wait_text(".ink-lesson", page.name("What is tested with ten seeds"))
    page.check("notes")
    page.press("button", "Close the lessons")


def train_in_the_plane(page: TranslatedPage) -> None:
    """Train a network on the points of the plane."""
    page.press("tab", "2-D data")
    page.lab.wait_text(".ink-spiral-status", page.begins("iteration {iteration}").pattern)
    page.press("button", "Train")
    page.lab.wait_text(
        ".ink-spiral-status", page.begins("iteration {iteration}").pattern + r"\D*[1-9]"
    )
    page.press("button", "Pause")
    page.check("2-D data")
