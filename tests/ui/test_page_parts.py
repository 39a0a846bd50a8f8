"""Every pane, panel, dialog, lesson and fault: axe-core's rules, texts that fit, no control lost.

`INKLING_PARTS=1` looks at the served page in English on a desktop and a phone, in three
minutes; `INKLING_PARTS=all` adds both runtimes, all languages, and the forms in which a
control could be lost.
"""

from __future__ import annotations

from os import environ
from typing import Any, NamedTuple

import pytest
from axe import violations, violations_in_both_themes, violations_of_report
from browser_page import opened
from page_parts import open_parts
from playwright.sync_api import Browser
from text_fit import controls, layout_faults, pseudo_localize, space

from dashboard.languages.language import ENGLISH, LANGUAGES

pytestmark = pytest.mark.ui

PARTS = environ.get("INKLING_PARTS", "")
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
    """A runtime, a language and a window, and what is done with the texts."""

    runtime: str
    code: str
    window: str
    texts: str


def cases() -> list[Case]:
    if PARTS != "all":
        return [Case("served", "en", window, "longer") for window in WINDOWS]
    found = []
    for runtime in ("served", "site"):
        for language in LANGUAGES:
            kinds = ("longer", "spaced") if language is ENGLISH else ("as they are",)
            found += [
                Case(runtime, language.code, window, texts) for window in WINDOWS for texts in kinds
            ]
    return found


@pytest.mark.skipif(not PARTS, reason="takes three minutes; INKLING_PARTS=1 or all runs it")
@pytest.mark.parametrize("case", cases(), ids="-".join)
def test_every_part_of_the_page_keeps_the_rules_of_axe_and_its_texts_fit(
    browser: Browser, case: Case, request: pytest.FixtureRequest
) -> None:
    found: dict[str, Any] = {}
    url = request.getfixturevalue(f"{case.runtime}_url")
    with opened(browser, f"{url}?lang={case.code}", **WINDOWS[case.window]) as lab:
        for place in open_parts(lab):
            found[f"{place}: axe"] = violations_in_both_themes(lab.page)
            if case.texts == "longer":
                pseudo_localize(lab, 0.3)
            if case.texts == "spaced":
                space(lab)
            # Wider spaced, long names of models and layers end with an ellipsis.
            found[f"{place}: texts"] = layout_faults(lab, may_shorten=case.texts == "spaced")
            if place == "runs":
                report = lab.page.locator(".ink-runs [data-do=report][data-run='1']")
                found["report: axe"] = violations_of_report(lab.page, report)
    assert {place: wrong for place, wrong in found.items() if wrong} == {}


def all_controls(browser: Browser, url: str, form: dict[str, Any]) -> set[str]:
    """Return the controls of all parts of the page, by their roles and names; axe looks at them."""
    found: set[str] = set()
    wrong = {}
    with opened(browser, url, **form) as lab:
        for place in open_parts(lab):
            found.update(controls(lab))
            wrong[place] = violations(lab.page)
    assert {place: rules for place, rules in wrong.items() if rules} == {}
    # An evaluation may have ended or not.
    return found - {"button Evaluate", "button Cancel"}


@pytest.fixture(scope="module")
def desktop_controls(browser: Browser, served_url: str) -> set[str]:
    return all_controls(browser, served_url, DESKTOP)


@pytest.mark.skipif(PARTS != "all", reason="takes a minute each; INKLING_PARTS=all runs it")
@pytest.mark.parametrize("form", FORMS)
def test_no_control_is_lost_in_any_form_of_the_page(
    browser: Browser, served_url: str, desktop_controls: set[str], form: str
) -> None:
    found = all_controls(browser, served_url, FORMS[form])
    assert sorted(desktop_controls - found) == []
    assert sorted(found - desktop_controls) == []
