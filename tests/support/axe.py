"""Checks a page with axe-core, which comes with the package axe-playwright-python."""

from __future__ import annotations

from importlib.resources import files

from playwright.sync_api import Locator, Page

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
RULES = (*WCAG, "best-practice")

RULES_OF_THEMES = {"dark": ("color-contrast", "link-in-text-block"), "light": RULES}
"""The themes differ in their colors alone."""

# Without preloading: axe-core would load the style sheets of every component anew, more than a
# thousand files at once, which Chromium refuses, for a rule on audio and an experimental one.
# Targets that lie partly under a bar at the edge of the window or under an open menu are looked at
# again, scrolled to and without the menu, which the next press outside it closes.
RUN = """
async ([rules, within]) => {
  const menus = [...document.querySelectorAll("[aria-expanded=true][aria-controls]")].map(
    (button) => document.getElementById(button.getAttribute("aria-controls"))
  )
  const options = { preload: false, elementRef: true, resultTypes: ["violations"] }
  const run = async (part, runOnly) => (await axe.run(part, { ...options, runOnly })).violations
  const found = []
  for (const { id, nodes } of await run(within, rules)) {
    for (const { element, html } of nodes) {
      if (id === "target-size") {
        element.scrollIntoView({ block: "center" })
        const above = menus.filter((menu) => menu != null && !menu.contains(element))
        for (const menu of above) menu.style.visibility = "hidden"
        const is_small = (await run(element, [id])).length > 0
        for (const menu of above) menu.style.visibility = ""
        if (!is_small) continue
      }
      found.push([id, html.slice(0, 200)])
    }
  }
  return found
}
"""


def violations(
    page: Page, rules: tuple[str, ...] = RULES, within: str = "html"
) -> list[tuple[str, str]]:
    """Return what axe-core finds wrong in a part of a page now: rules with the elements."""
    if not page.evaluate("'axe' in window"):
        script = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
        page.evaluate("(script) => (0, eval)(script)", script)
    wait_for_slider_names(page)
    return [(rule, html) for rule, html in page.evaluate(RUN, [list(rules), within])]


def wait_for_slider_names(page: Page) -> None:
    """Wait until all sliders have names, which they are given twice a second."""
    page.wait_for_function("() => !window.deep?.('.noUi-handle:not([aria-label])')")


def violations_in_both_themes(page: Page, within: str = "html") -> list[tuple[str, str, str]]:
    """Return what axe-core finds wrong, light and dark, after the theme; light remains."""
    found = []
    for theme, rules in RULES_OF_THEMES.items():
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        found += [(theme, *violation) for violation in violations(page, rules, within)]
    return found


def violations_of_report(page: Page, button: Locator) -> list[tuple[str, str]]:
    """Return what axe-core finds wrong in the report of a run that a button downloads."""
    with page.expect_download() as download:
        button.click()
    assert page.context.browser is not None
    report = page.context.browser.new_page()
    report.set_content(download.value.path().read_text())
    found = violations(report)
    report.close()
    return found
