"""Every pane, panel, dialog, lesson and fault: axe-core's rules, texts that fit, no control lost.

The suite looks at the served page in English in a window of 1280 × 800; `INKLING_TOURS=all` adds
both runtimes, all languages, phones, and the forms in which a control could be lost.
"""

from __future__ import annotations

from importlib.resources import files
from os import environ
from typing import Any, NamedTuple

import pytest
from browser_page import LabPage, opened
from page_tour import tour
from playwright.sync_api import Browser
from text_fit import controls, lengthen, misfits, space

from dashboard.languages.language import ENGLISH, LANGUAGES

pytestmark = pytest.mark.ui

TOURS = environ.get("INKLING_TOURS", "")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# The themes differ in their colors alone.
RULES_OF_THEMES = {"dark": ("color-contrast", "link-in-text-block"), "light": RULES}

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
WINDOWS = {"desktop": DESKTOP, "phone": PHONE}
TOUCH: dict[str, Any] = PHONE | {"is_mobile": True, "has_touch": True}
FORMS: dict[str, dict[str, Any]] = {
    "forced colours": DESKTOP | {"forced_colors": "active"},
    "200 %": {"viewport": {"width": 640, "height": 400}},
    "400 %": {"viewport": {"width": 320, "height": 256}},
    "phone": TOUCH,
    "phone, turned": TOUCH | {"viewport": {"width": 844, "height": 390}},
}
"""Forms of the page whose controls are compared with those of a desktop."""


class Case(NamedTuple):
    """Where a tour goes, and what is done with the texts there."""

    runtime: str
    code: str
    window: str
    texts: str


def cases() -> list[Case]:
    if TOURS != "all":
        return [Case("served", "en", "desktop", "longer")]
    found = []
    for runtime in ("served", "site"):
        for language in LANGUAGES:
            kinds = ("longer", "spaced") if language is ENGLISH else ("as they are",)
            found += [
                Case(runtime, language.code, window, texts) for window in WINDOWS for texts in kinds
            ]
    return found


@pytest.mark.parametrize("case", cases(), ids="-".join)
def test_every_part_of_the_page_keeps_the_rules_of_axe_and_its_texts_fit(
    browser: Browser, case: Case, request: pytest.FixtureRequest
) -> None:
    found: dict[str, Any] = {}
    url = request.getfixturevalue(f"{case.runtime}_url")
    with opened(browser, f"{url}?lang={case.code}", **WINDOWS[case.window]) as lab:
        for place in tour(lab):
            found[f"{place}: axe"] = violations_in_both_themes(lab)
            if case.texts == "longer":
                lengthen(lab, 0.3)
            if case.texts == "spaced":
                space(lab)
            # Wider spaced, long names of models and layers end with an ellipsis.
            found[f"{place}: texts"] = misfits(lab, may_shorten=case.texts == "spaced")
            if place == "runs":
                found["report: axe"] = violations_of_report(lab)
    assert {place: wrong for place, wrong in found.items() if wrong} == {}


def load_axe(page: Any) -> None:
    """Give a page axe-core, which comes with the package axe-playwright-python."""
    if not page.evaluate("'axe' in window"):
        script = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
        page.evaluate("(script) => (0, eval)(script)", script)


def violations(page: Any, rules: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return what axe-core finds wrong in a page as it is now: rules with the elements."""
    load_axe(page)
    found = page.evaluate(
        "(rules) => axe.run('html', { resultTypes: ['violations'], runOnly: rules })", list(rules)
    )["violations"]
    return [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]]


def violations_in_both_themes(lab: LabPage) -> list[tuple[str, str, str]]:
    # Sliders and announcements are looked after twice a second.
    lab.wait_until(
        lambda: lab.page.locator(".noUi-handle:not([aria-label])").count() == 0,
        "a slider without a name",
    )
    found = []
    for theme, rules in RULES_OF_THEMES.items():
        show = "(theme) => { document.documentElement.dataset.theme = theme }"
        lab.page.evaluate(show, theme)
        found += [(theme, *violation) for violation in violations(lab.page, rules)]
    return found


def violations_of_report(lab: LabPage) -> list[tuple[str, str]]:
    with lab.page.expect_download() as download:
        lab.page.locator(".ink-runs [data-do=report][data-run='1']").click()
    assert lab.page.context.browser is not None
    report = lab.page.context.browser.new_page()
    report.set_content(download.value.path().read_text())
    found = violations(report, RULES)
    report.close()
    return found


def all_controls(browser: Browser, url: str, form: dict[str, Any]) -> set[str]:
    """Return the controls of all parts of the page, by their roles and names."""
    found: set[str] = set()
    with opened(browser, url, **form) as lab:
        for _place in tour(lab):
            found.update(controls(lab))
    # An evaluation may have ended or not.
    return found - {"button Evaluate", "button Cancel"}


@pytest.fixture(scope="module")
def desktop_controls(browser: Browser, served_url: str) -> set[str]:
    return all_controls(browser, served_url, DESKTOP)


@pytest.mark.skipif(TOURS != "all", reason="takes a minute each; INKLING_TOURS=all runs it")
@pytest.mark.parametrize("form", FORMS)
def test_no_control_is_lost_in_any_form_of_the_page(
    browser: Browser, served_url: str, desktop_controls: set[str], form: str
) -> None:
    found = all_controls(browser, served_url, FORMS[form])
    assert sorted(desktop_controls - found) == []
    assert sorted(found - desktop_controls) == []
