"""Start-up time of the built site by stages, compared with Pyodide and NumPy alone.

Every visit has a new browser context without a cache; the second visit is served by the service
worker. All files are served from this machine, so no network is measured.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from browser_page import DEADLINE_MS, DEEP, NO_SERVICE_WORKER, SEVEN, START_DEADLINE_MS, LabPage
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as BrowserError
from static_server import static_server

from benchmarks.pages import open_browser, served_pages
from benchmarks.peers import BUILD
from benchmarks.processes import ROOT
from benchmarks.results import Result, Section, ratio_of
from benchmarks.runner import BenchmarkError, Plan

SITE = BUILD / "bench-site"
VISITS, QUICK_VISITS = 5, 2
VIEWPORT = {"width": 1280, "height": 800}

BARE = {"python": "loadPyodide", "numpy": "and NumPy"}
STAGES = {
    "packages": "Python with NumPy",
    "app": "and the packages",
    "ready": "and the app is drawn",
    "answer": "and a drawn digit is predicted",
}
"""The ends of stages; each value is the time since the address was opened."""
FIRST_TEXT = {"text": "the first text, after the first byte"}
FIRST_TEXT_SECONDS = """
(performance.getEntriesByName("first-contentful-paint")[0].startTime
  - performance.getEntriesByType("navigation")[0].responseStart) / 1000
"""

# Records when each stage begins, from the number in the status line and html[data-site].
WATCH = (
    ";"
    + DEEP
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
  mark("answer", /^7 seven/.test(window.deepText(".ink-prediction")))
  if (!("answer" in marks)) requestAnimationFrame(watchAnswers)
}
requestAnimationFrame(watchAnswers)
"""
)


ENDED = "(last) => last in marks || document.documentElement.dataset.site === 'failed'"
# The service worker has cached the whole build.
CACHED = "navigator.serviceWorker.controller !== null"


def measure(plan: Plan) -> Section:
    """Open the site and the page with Pyodide alone, interleaved."""
    section = Section("browser: start-up")
    section.notes.append(
        "seconds since the page was opened, no cache, served from this machine; the site's Python "
        "is compiled to bytecode, the bare page has Pyodide's files as distributed"
    )
    bare = _results(BARE, "Pyodide and NumPy alone")
    site = _results(FIRST_TEXT | STAGES, "Inkling's site")
    again = _results(FIRST_TEXT | STAGES, "the same, second visit")
    section.results = [*bare.values(), *site.values(), *again.values()]
    try:
        _run_interleaved(plan, bare, site, again)
    except (BenchmarkError, BrowserError) as error:
        for result in section.results:
            if not result.repetitions:
                result.missing = str(error).splitlines()[0]
    else:
        for visit, results in (("first", site), ("second", again)):
            ratio = ratio_of(
                results["answer"].repetitions, bare["numpy"].repetitions, more_is_better=True
            )
            section.notes.append(
                f"the {visit} visit takes {ratio:.2f} times as long as Pyodide with NumPy alone"
            )
    return section


def _results(stages: dict[str, str], case: str) -> dict[str, Result]:
    return {
        mark: Result("start", case, title, "s", more_is_better=False)
        for mark, title in stages.items()
    }


def _run_interleaved(
    plan: Plan, bare: dict[str, Result], site: dict[str, Result], again: dict[str, Result]
) -> None:
    build_site()
    with ExitStack() as stack:
        browser = stack.enter_context(open_browser())
        pages = stack.enter_context(served_pages())
        address = stack.enter_context(static_server(SITE))
        for _ in range(VISITS if plan.is_full else QUICK_VISITS):
            _add(bare, lambda: _open_bare(browser, f"{pages}bare.html"))
            _add(site, lambda: _visit(browser, address))
            _add(again, lambda: _visit_again(browser, address))


def _add(results: dict[str, Result], measure_marks: Callable[[], dict[str, float]]) -> None:
    marks = measure_marks()
    for mark, result in results.items():
        result.repetitions.append(marks[mark])


def _open_bare(browser: Browser, url: str) -> dict[str, float]:
    with browser.new_context(viewport=VIEWPORT) as context:
        page = _open(context, url, "window.marks ??= {}")
        return _marks(page, "numpy")


def _visit(browser: Browser, url: str) -> dict[str, float]:
    """Open the site for the first time, without a service worker."""
    with browser.new_context(viewport=VIEWPORT) as context:
        return _use(_open(context, url, NO_SERVICE_WORKER + WATCH), url)


def _visit_again(browser: Browser, url: str) -> dict[str, float]:
    """Open the site after its service worker has cached it."""
    with browser.new_context(viewport=VIEWPORT) as context:
        first = _open(context, url, WATCH)
        first.wait_for_function(CACHED, timeout=START_DEADLINE_MS)
        first.close()
        return _use(_open(context, url, WATCH), url)


def _open(context: BrowserContext, url: str, script: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.add_init_script(script)
    page.goto(url)
    return page


def _use(page: Page, url: str) -> dict[str, float]:
    """Draw a digit as soon as possible, and return the marks once it is predicted."""
    _marks(page, "ready")
    LabPage(page, url).draw(SEVEN)
    return {**_marks(page, "answer"), "text": page.evaluate(FIRST_TEXT_SECONDS)}


def _marks(page: Page, last: str) -> dict[str, float]:
    """Wait for a mark and return all marks so far."""
    page.wait_for_function(ENDED, arg=last, timeout=START_DEADLINE_MS)
    marks: dict[str, float] = page.evaluate("marks")
    if last not in marks:
        status = page.evaluate("document.querySelector('.site-status')?.textContent")
        raise BenchmarkError(f"the page stopped at: {status}")
    return marks


@contextmanager
def served_site() -> Iterator[tuple[Browser, str]]:
    """Build and serve the site; yield a browser and the address."""
    build_site()
    with open_browser() as browser, static_server(SITE) as address:
        yield browser, address


@cache
def build_site() -> None:
    """Build the site once; raise BenchmarkError if it cannot be built."""
    command = [sys.executable, "-m", "dashboard.cli", "site", str(SITE)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if built.returncode:
        lines = built.stderr.strip().splitlines() or ["no reason given"]
        raise BenchmarkError(f"the site could not be built: {lines[-1]}")
