"""How long the built site takes until it answers, by its stages, beside Pyodide with NumPy alone.

Every turn opens a fresh context, so nothing comes out of a cache; all of it is served from this
machine, so no network is measured either.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache

from browser_page import DEADLINE_MS, DEEP, START_DEADLINE_MS
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError
from static_server import static_server

from benchmarks.browser import find_pyodide
from benchmarks.pages import open_browser, served_pages
from benchmarks.peers import BUILD
from benchmarks.processes import ROOT
from benchmarks.results import Result, Section
from benchmarks.rounds import ContestantError, Plan
from dashboard.site.pyodide_files import pinned

SITE = BUILD / "bench-site"
TURNS = 5
QUICK_TURNS = 2

BARE = {"python": "loadPyodide", "numpy": "and NumPy"}
STAGES = {
    "packages": "Python with NumPy",
    "app": "and the packages",
    "ready": "and the app is drawn",
    "answer": "and Python has answered",
}
"""Ends of stages; each figure is the time since the address was opened."""

# Notes when the page says for the first time that a stage has begun: its status line has a number,
# and html[data-site] and the bridge tell the rest.
WATCH = (
    DEEP
    + """
window.marks = {}
const mark = (name, holds) => {
  if (holds && !(name in marks)) marks[name] = performance.now() / 1000
}
new MutationObserver(() => {
  const text = document.querySelector(".site-status")?.textContent ?? ""
  const state = document.documentElement?.dataset.site
  mark("packages", text.includes("2 of 3"))
  mark("app", text.includes("3 of 3"))
  mark("ready", state === "ready")
}).observe(document, {subtree: true, childList: true, characterData: true, attributes: true})
const watchAnswers = () => {
  mark("answer", /cached [1-9]/.test(window.deepText(".ink-status")) && "ready" in marks)
  if (!("answer" in marks)) requestAnimationFrame(watchAnswers)
}
requestAnimationFrame(watchAnswers)
"""
)


ENDED = "(last) => last in marks || document.documentElement.dataset.site === 'failed'"


def measure(plan: Plan) -> Section:
    """Open the site and the bare page in turn."""
    section = Section("browser: start-up")
    section.notes.append(
        "seconds since the page was opened, no cache, served from this machine; the site's Python "
        "is compiled to bytecode, the bare page has Pyodide's files as distributed"
    )
    bare = _results(BARE, "Pyodide and NumPy alone")
    site = _results(STAGES, "Inkling's site")
    section.results = [*bare.values(), *site.values()]
    try:
        _take_turns(plan, bare, site)
    except (ContestantError, BrowserError) as error:
        for result in section.results:
            if not result.repetitions:
                result.missing = str(error).splitlines()[0]
    else:
        own = site["answer"].median - bare["numpy"].median
        section.notes.append(f"the site takes {own:.1f} s longer than Pyodide with NumPy alone")
    return section


def _results(stages: dict[str, str], case: str) -> dict[str, Result]:
    return {
        mark: Result("start", case, title, "s", more_is_better=False)
        for mark, title in stages.items()
    }


def _take_turns(plan: Plan, bare: dict[str, Result], site: dict[str, Result]) -> None:
    build_site()
    with ExitStack() as stack:
        browser = stack.enter_context(open_browser())
        pages = stack.enter_context(served_pages(find_pyodide(), pinned()["lock"]))
        address = stack.enter_context(static_server(SITE))
        for _ in range(TURNS if plan.rounds >= TURNS else QUICK_TURNS):
            _add(bare, lambda: _open(browser, f"{pages}bare.html", "numpy", "window.marks ??= {}"))
            _add(site, lambda: _open(browser, address, "answer", WATCH))


def _add(results: dict[str, Result], measure_marks: Callable[[], dict[str, float]]) -> None:
    marks = measure_marks()
    for mark, result in results.items():
        result.repetitions.append(marks[mark])


def _open(browser: Browser, url: str, last: str, script: str) -> dict[str, float]:
    """Open a page in a fresh context and give its marks once the last one is there."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.add_init_script(script)
    page.goto(url)
    page.wait_for_function(ENDED, arg=last, timeout=START_DEADLINE_MS)
    marks: dict[str, float] = page.evaluate("marks")
    status = page.evaluate("document.querySelector('.site-status')?.textContent")
    context.close()
    if last not in marks:
        raise ContestantError(f"the page says: {status}")
    return marks


@cache
def build_site() -> None:
    """Build the site as it is now, once; `ContestantError` says why it cannot be built."""
    command = [sys.executable, "-m", "dashboard.commands", "site", str(SITE)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if built.returncode:
        lines = built.stderr.strip().splitlines() or ["no reason given"]
        raise ContestantError(f"the site could not be built: {lines[-1]}")
