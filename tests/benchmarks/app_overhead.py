"""What the whole app in a browser tab (page, charts, queue, scores) costs beside the bare step.

Both are Pyodide on the same backend, with the settings that the app starts with and batches of 64;
while one of them is timed, the other does nothing.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from browser_page import LabPage, open_lab
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from benchmarks.browser import find_pyodide, open_inkling
from benchmarks.cases import SMALL, Case
from benchmarks.disciplines import make_entries, samples_per_second
from benchmarks.overhead import share_notes
from benchmarks.pages import served_pages
from benchmarks.results import Result, Section
from benchmarks.rounds import FULL, ContestantError, Entry, Plan, take_turns
from benchmarks.start import served_site
from dashboard.site.pyodide_files import pinned
from data_cache import DATA_SETS, data_set_available

CASE = Case(SMALL, 64)
BARE = samples_per_second("app_step", CASE)
BARE_TITLE = "bare TrainingStep in Pyodide"
SECONDS = 3.0
QUICK_SECONDS = 1.5
"""The status line changes ten times a second, so a turn has to be long beside that. The bare step
has turns as long: both begin with a fresh net, because a net that has learnt much trains at another
speed than one that has not."""

# Starts counting at a change of the iteration and stops at the first change after so many seconds.
# It looks seldom: a look in every frame would itself slow the app down.
COUNT = """
(seconds) => new Promise((resolve) => {
  const read = () => Number(deepText(".ink-status").match(/iteration (\\d+)/)[1])
  const first = read()
  let begun = null
  let last = first
  const look = () => {
    const iteration = read()
    const now = performance.now() / 1000
    if (iteration !== last) {
      last = iteration
      if (begun === null) begun = {iteration, now}
      else if (now - begun.now >= seconds) {
        resolve((iteration - begun.iteration) / (now - begun.now))
        return
      }
    }
    setTimeout(look, 40)
  }
  look()
})
"""


def measure(plan: Plan) -> Section:
    """Measure the app on the data sets that are at hand, and the bare step."""
    section = Section("browser: the app's overhead")
    section.notes.append("plain digits, scored on validation digits as often as a visitor has it")
    names = [name for name in ("digits", "mnist") if data_set_available(name)]
    titles = {name: f"the whole app, {DATA_SETS[name].title}" for name in names}
    with ExitStack() as stack:
        try:
            entries = _open_all(section, titles, plan, stack)
        except (ContestantError, BrowserError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            return Section(section.name, notes=[f"not measured: {reason}"])
        take_turns(entries, plan.rounds)
    section.compare()
    section.notes.extend(share_notes(section.results))
    return section


def _open_all(
    section: Section, titles: dict[str, str], plan: Plan, stack: ExitStack
) -> list[Entry]:
    browser, address = stack.enter_context(served_site())
    pages = stack.enter_context(served_pages(find_pyodide(), pinned()["lock"]))
    bare = stack.enter_context(open_inkling(browser, pages, "auto"))
    section.facts[BARE_TITLE] = bare.facts()
    seconds = SECONDS if plan.rounds >= FULL.rounds else QUICK_SECONDS
    as_long = replace(plan, seconds=seconds, warm_up=0.0)
    entries = make_entries(section, [BARE], {BARE_TITLE: bare}, BARE_TITLE, as_long)
    for name, title in titles.items():
        lab = open_app(browser, address, name)
        result = Result(section.name, BARE.title, title, "samples/s", ours=BARE_TITLE)
        section.results.append(result)
        entries.append(Entry(result, partial(_train, lab, seconds)))
    return entries


def open_app(browser: Browser, address: str, data_set: str) -> LabPage:
    """Open the built site with batches of the case's size and a data set."""
    lab = open_lab(browser, address)
    lab.fill("batch-size", str(CASE.batch))
    lab.wait_text(".ink-status", f"batch {CASE.batch} ")
    if data_set != "digits":
        lab.choose("ink-data-set", DATA_SETS[data_set].title)
        lab.wait_text(".ink-notice", f"{DATA_SETS[data_set].title}: .* samples to train on")
    return lab


def _train(lab: LabPage, seconds: float) -> float:
    """Train a fresh net and give the samples per second; the app rests before and after."""
    try:
        lab.click("ink-reset")
        lab.wait_text(".ink-status", "iteration 0 ")
        lab.press_train("Train")
        steps_per_second = float(lab.page.evaluate(COUNT, seconds))
        lab.press_train("Pause")
        lab.wait_text(".ink-train", "Train")
    except (BrowserError, AssertionError) as error:
        raise ContestantError(f"the app: {str(error).splitlines()[0]}") from error
    return CASE.batch * steps_per_second
