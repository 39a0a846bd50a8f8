"""What each patch of `dashboard.upstream` gains: a start or a redraw with it and without it.

Starts of Python are measured in node by processor time, which other processes disturb little; what
the page gains, and messages, in a headless Chromium.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path

from browser_page import DEADLINE_MS, DEEP, NO_SERVICE_WORKER, START_DEADLINE_MS
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError
from static_server import static_server

from benchmarks.pages import find_pyodide, open_browser
from benchmarks.peers import BUILD
from benchmarks.processes import ROOT
from benchmarks.results import Result, Section
from benchmarks.runner import BenchmarkError, Entry, Plan, run_interleaved
from dashboard.site.python_files import find_node
from dashboard.upstream import PATCHES, VARIABLE
from dashboard.upstream.html_pane import HTMLText

REPETITIONS = 7
QUICK_REPETITIONS = 3
ALL = "all patches"
STARTS = ("model_defaults", "template", "import_costs")
VISITS = (
    "memory_snapshot", "import_costs", "adoption", "page_scripts", "pyodide_loading",
    "module_finder",
)  # fmt: skip
READY = "document.documentElement?.dataset.site === 'ready'"
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
PACKAGES_LOADED = "document.querySelector('.site-status')?.textContent.includes('3 of 3')"
CHANGES_PER_REPETITION = 200

# Prints the processor seconds for one document of the served app, as every visitor gets one.
DOCUMENT = """
import statistics, time
from panel.io.application import build_single_handler_application

app, taken = build_single_handler_application("dashboard/app.py"), []
for _ in range(6):
    began = time.process_time()
    app.create_document().to_json()
    taken.append(time.process_time() - began)
print(statistics.median(taken[1:]))
"""

# Changes what a redraw of the charts changes, and gives the mean time of one in milliseconds.
REDRAW = """
async () => {
  const code = `
import asyncio, time
from bokeh.models import ColumnDataSource
from panel.io.state import state

models = list(state.curdoc.models)
sources = [model for model in models if isinstance(model, ColumnDataSource)][:4]
texts = [model for model in models if type(model).__module__ == "panel.models.markup"][:3]

async def redraw(count):
    began = time.perf_counter()
    for number in range(count):
        for source in sources:
            source.data = dict(source.data)
        for text in texts:
            text.text += " "
        await asyncio.sleep(0)
    return 1000 * (time.perf_counter() - began) / count

await redraw(20)
`
  return self.pyodide.runPythonAsync(code)
}
"""


def measure(plan: Plan) -> Section:
    """Measure all patches that are there for speed."""
    section = Section("upstream patches")
    section.notes.append(
        "“first is” says how many times faster a start or a redraw is with all patches"
    )
    repetitions = REPETITIONS if plan.is_full else QUICK_REPETITIONS
    with ExitStack() as stack:
        browser = stack.enter_context(open_browser())

        def paint(patches: str) -> float:
            return time_of(browser, sites[patches], FIRST_PAINT, FIRST_PAINT)

        def load(patches: str) -> float:
            return time_of(browser, sites[patches], PACKAGES_LOADED, "performance.now()")

        def visit(patches: str) -> float:
            return time_of(browser, sites[patches], READY, "performance.now()")

        def serve(patches: str) -> str:
            return stack.enter_context(static_server(build_site(patches)))

        starts = {ALL: "on", **{f"without {n}": all_but(n) for n in STARTS}, "no patches": "off"}
        visits = {ALL: "on", **{f"without {n}": all_but(n) for n in VISITS}, "no patches": "off"}
        paints = {ALL: "on", "without page_scripts": all_but("page_scripts")}
        loadings = {ALL: "on", "without pyodide_loading": all_but("pyodide_loading")}
        redraws = {ALL: "on", "without message_batching": all_but("message_batching")}
        texts = {ALL: "on", "without html_pane": all_but("html_pane")}
        served = {k: v for k, v in starts.items() if k != "without import_costs"}
        sites = {patches: serve(patches) for patches in {*visits.values(), *redraws.values()}}
        pages = {p: open_site(browser, sites[p]) for p in redraws.values()}
        entries = [
            *_entries(section, "Python until the document", "s", starts, start_python),
            *_entries(
                section,
                "Python until the document",
                "s",
                {"from the copy of memory": "on"},
                partial(start_python, way="copy"),
            ),
            *_entries(section, "a served document", "s", served, make_document),
            *_entries(section, "first contentful paint", "s", paints, paint),
            *_entries(section, "until the packages are loaded", "s", loadings, load),
            *_entries(section, "first visit until ready", "s", visits, visit),
            *_entries(section, "a redraw in the worker", "ms", redraws, lambda p: redraw(pages[p])),
            *_entries(section, "a changed text", "ms", texts, change_text),
        ]
        run_interleaved(entries, repetitions)
    section.compare()
    return section


def _entries(
    section: Section,
    case: str,
    unit: str,
    variants: dict[str, str],
    measure_patches: Callable[[str], float],
) -> list[Entry]:
    entries = []
    for title, patches in variants.items():
        baseline = None if title == ALL else ALL
        result = Result("upstream", case, title, unit, more_is_better=False, baseline=baseline)
        section.results.append(result)
        entries.append(Entry(result, partial(measure_patches, patches)))
    return entries


def all_but(name: str) -> str:
    """Return the value of the variable that turns one patch off."""
    names = [patch.name.rpartition("/")[2] for patch in PATCHES]
    return ",".join(other for other in names if other != name)


@cache
def build_site(patches: str) -> Path:
    """Build the site with some of the patches; `BenchmarkError` says why it cannot be built."""
    digest = hashlib.sha256(patches.encode()).hexdigest()[:8]
    folder = BUILD / "bench-upstream" / digest
    command = [sys.executable, "-m", "dashboard.cli", "site", str(folder)]
    variables = {**os.environ, VARIABLE: patches}
    built = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    if built.returncode:
        raise BenchmarkError(f"the site could not be built: {built.stderr.strip()}")
    return folder


@cache
def pyodide_folder() -> Path:
    """Return a folder with the files of Pyodide."""
    folder = BUILD / "bench-pyodide"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in find_pyodide().items():
        (folder / name).write_bytes(content)
    return folder


def start_python(patches: str, way: str = "plain") -> float:
    """Return the processor seconds until Python has the document of the app.

    It executes all imports, or with the way "copy" begins with a copy of its memory.
    """
    # The patches that are applied at run time need no site of their own.
    is_built = patches in ("on", "off") or "import_costs" not in patches
    script = Path(__file__).parent / "pages" / "python_start.mjs"
    site = build_site(patches if is_built else "on")
    command = [find_node() or "node", str(script), f"{pyodide_folder()}/", str(site), patches, way]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise BenchmarkError(f"node failed: {finished.stderr.strip()[-200:]}")
    return float(finished.stdout.split()[-1])


def make_document(patches: str) -> float:
    """Return the processor seconds for one document of the served app."""
    command, variables = [sys.executable, "-c", DOCUMENT], {**os.environ, VARIABLE: patches}
    finished = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        raise BenchmarkError(f"the app failed: {finished.stderr.strip()[-200:]}")
    return float(finished.stdout.split()[-1])


def open_site(browser: Browser, url: str) -> Page:
    """Open a site and wait until it is ready."""
    page = browser.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.add_init_script(DEEP + NO_SERVICE_WORKER)
    page.goto(url)
    page.wait_for_function(READY, timeout=START_DEADLINE_MS)
    return page


def time_of(browser: Browser, url: str, condition: str, time_ms: str) -> float:
    """Return the seconds from opening a site in a fresh context until a condition holds."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(NO_SERVICE_WORKER)
        page.goto(url, wait_until="commit")
        page.wait_for_function(condition, timeout=START_DEADLINE_MS)
        return float(page.evaluate(time_ms)) / 1000


def redraw(page: Page) -> float:
    """Return the milliseconds that Python takes for one redraw, with its messages."""
    try:
        return float(page.workers[0].evaluate(REDRAW))
    except BrowserError as error:
        raise BenchmarkError(f"the page failed: {error.message.splitlines()[0]}") from error


def change_text(patches: str) -> float:
    """Return the processor milliseconds for one change of a text, in the served form."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = patches
    pane = HTMLText("", stylesheets=["b {}"])
    pane.get_root()
    began = time.process_time()
    for number in range(CHANGES_PER_REPETITION):
        pane.object = f"<b>{number}</b>"
    taken = time.process_time() - began
    if before is None:
        del os.environ[VARIABLE]
    else:
        os.environ[VARIABLE] = before
    return 1000 * taken / CHANGES_PER_REPETITION
