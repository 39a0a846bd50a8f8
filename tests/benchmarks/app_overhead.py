"""The overhead of the whole app in a browser (page, charts, queue, validation) over the bare step.

Both run in Pyodide on the same backend with batches of 64 and the settings that the app starts
with; while one is timed, the other is idle.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from browser_page import LabPage, open_lab
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from benchmarks.benchmark import make_entries, samples_per_second
from benchmarks.cases import SMALL, Case
from benchmarks.overhead import share_notes
from benchmarks.pages import PageImplementation, inkling_page, served_pages
from benchmarks.results import Result, Section
from benchmarks.runner import BenchmarkError, Entry, Plan, run_interleaved
from benchmarks.start import served_site
from data_cache import DATA_SETS, data_set_available

CASE = Case(SMALL, 64)
BARE = samples_per_second("app_step", CASE)
BARE_TITLE = "bare TrainingStep in Pyodide"
SECONDS = 3.0
QUICK_SECONDS = 1.5
"""The status line changes ten times a second, so a repetition must last much longer than that. The
bare step runs as long: both begin with a fresh network, since a trained one has another speed."""

# Starts at a change of the iteration and stops at the first change after the given seconds. It
# polls rarely, since polling in every frame would slow the app down.
COUNT = """
(seconds) => new Promise((resolve) => {
  const read = () => Number(deepText(".ink-status").match(/iteration (\\d+)/)[1])
  const first = read()
  let started = null
  let last = first
  const poll = () => {
    const iteration = read()
    const now = performance.now() / 1000
    if (iteration !== last) {
      last = iteration
      if (started === null) started = {iteration, now}
      else if (now - started.now >= seconds) {
        resolve((iteration - started.iteration) / (now - started.now))
        return
      }
    }
    setTimeout(poll, 40)
  }
  poll()
})
"""


def measure(plan: Plan) -> Section:
    """Measure the app on the available data sets, and the bare step."""
    section = Section("browser: the app's overhead")
    section.notes.append("plain digits, evaluated on validation digits as often as in the app")
    names = [name for name in ("digits", "mnist") if data_set_available(name)]
    titles = {name: f"the whole app, {DATA_SETS[name].title}" for name in names}
    seconds = SECONDS if plan.is_full else QUICK_SECONDS
    with ExitStack() as stack:
        browser, address = stack.enter_context(served_site())
        pages = stack.enter_context(served_pages())
        bare = stack.enter_context(PageImplementation(browser, pages, inkling_page("auto")))
        section.facts[BARE_TITLE] = bare.facts()
        as_long = replace(plan, seconds=seconds, warm_up=0.0)
        entries = make_entries(section, [BARE], {BARE_TITLE: bare}, BARE_TITLE, as_long)
        for name, title in titles.items():
            lab = open_app(browser, address, name)
            result = Result(section.name, BARE.title, title, "samples/s", baseline=BARE_TITLE)
            section.results.append(result)
            entries.append(Entry(result, partial(train_fresh, lab, seconds)))
        run_interleaved(entries, plan.repetitions)
    section.compare()
    section.notes.extend(share_notes(section.results))
    return section


def open_app(browser: Browser, address: str, data_set: str) -> LabPage:
    """Open the built site with a data set and batches of the size of `CASE`."""
    lab = open_lab(browser, address)
    lab.fill("batch-size", str(CASE.batch))
    lab.wait_text(".ink-status", f"batch {CASE.batch} ")
    if data_set != "digits":
        lab.choose("ink-data-set", DATA_SETS[data_set].title)
        lab.wait_text(".ink-notice", f"{DATA_SETS[data_set].title}: .* samples to train on")
    return lab


def train_fresh(lab: LabPage, seconds: float) -> float:
    """Train a fresh network and return the samples per second; the app is idle before and after."""
    try:
        lab.click("ink-reset")
        lab.wait_text(".ink-status", "iteration 0 ")
        lab.press_train("Train")
        steps_per_second = float(lab.page.evaluate(COUNT, seconds))
        lab.press_train("Pause")
        lab.wait_text(".ink-train", "Train")
    except (BrowserError, AssertionError) as error:
        raise BenchmarkError(f"the app: {str(error).splitlines()[0]}") from error
    return CASE.batch * steps_per_second
