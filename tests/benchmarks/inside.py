"""The panel Inside in the built site: what it costs training, and how soon a dot moves it.

A dense network trains on the full MNIST, if it is there. The panel is open with a drawing on the
pad; or another panel, which computes nothing for a blank pad, is open instead, with Inside never
opened, or opened before and hidden.
"""

from __future__ import annotations

from functools import partial

from browser_page import DEADLINE_MS, SEVEN, LabPage, open_lab
from playwright.sync_api import Browser

from benchmarks.app_overhead import CASE, train_fresh
from benchmarks.prediction_latency import DRAWINGS, QUICK_DRAWINGS, add_times
from benchmarks.results import Result, Section
from benchmarks.runner import BenchmarkError, Entry, Plan, run_interleaved
from benchmarks.start import served_site
from data_cache import data_set_available

SECONDS, QUICK_SECONDS = 4.0, 2.0
CLOSED, HIDDEN, OPEN = "Inside never opened", "Inside hidden", "Inside open, a digit drawn"

# From the release of the mouse on the pad until the picture of the input has changed.
WATCH = """
() => {
  const source = Bokeh.documents
    .map((document) => document.get_model_by_name("inside-squares"))
    .find((model) => model != null)
  const ink = () => source.data.image[0].reduce((sum, level) => sum + level, 0)
  window.insideTimes = []
  // Without a drawing Inside shows the input alone, of no unit.
  window.isInsideBlank = () => source.data.image.length === 1
  let released = null
  let shown = ink()
  addEventListener("pointerup", (event) => {
    const isPad = event.composedPath().some((part) => part.classList?.contains("ink-pad"))
    released = isPad ? performance.now() : null
  }, true)
  source.properties.data.change.connect(() => {
    const now = ink()
    if (now !== shown && released !== null) insideTimes.push(performance.now() - released)
    if (now !== shown) released = null
    shown = now
  })
}
"""


def measure(plan: Plan) -> Section:
    """Measure the speed with the panel open, hidden and never opened, and the latency of dots."""
    section = Section("browser: Inside")
    data_set = "mnist" if data_set_available("mnist") else "digits"
    seconds = SECONDS if plan.is_full else QUICK_SECONDS
    count = DRAWINGS if plan.is_full else QUICK_DRAWINGS
    with served_site() as (browser, address):
        labs = {CLOSED: _open(browser, address, data_set, "why")}
        labs[HIDDEN] = _open(browser, address, data_set, "inside")
        _hide(labs[HIDDEN])
        labs[OPEN] = _open(browser, address, data_set, "inside")
        labs[OPEN].draw(SEVEN)
        entries = []
        for title, lab in labs.items():
            baseline = None if title == CLOSED else CLOSED
            result = Result(
                section.name, f"{data_set} trains", title, "samples/s", baseline=baseline
            )
            section.results.append(result)
            entries.append(Entry(result, partial(train_fresh, lab, seconds)))
        run_interleaved(entries, plan.repetitions)
        section.compare()
        lab = labs[OPEN]
        lab.page.evaluate(WATCH)
        add_times(section, "a dot moves Inside, at rest", _draw_dots(lab, count))
        lab.press_train("Train")
        lab.wait_text(".ink-status", r"epoch ([1-9]|0\.[1-9])")
        add_times(section, f"a dot moves Inside, while {data_set} trains", _draw_dots(lab, count))
    return section


def _open(browser: Browser, address: str, data_set: str, panel: str) -> LabPage:
    query = f"data={data_set}&architecture=dense&hidden=128&batch={CASE.batch}&inside={panel}"
    lab = open_lab(browser, f"{address}index.html?{query}")
    lab.wait_text(".ink-status", f"batch {CASE.batch} ")
    _clear(lab)
    return lab


def _hide(lab: LabPage) -> None:
    """Show a drawing in the panel, then open another one and clear the pad."""
    lab.draw(SEVEN)
    lab.wait_digit(7)
    lab.page.locator(".ink-panels").get_by_text("Why", exact=True).click()
    lab.wait_data(".ink-why", state="explained")
    _clear(lab)


def _clear(lab: LabPage) -> None:
    """Clear the pad, also of an example that is put on it after the first attempt."""

    def is_blank() -> bool:
        lab.click("ink-clear")
        return lab.data(".ink-prediction").get("state") == "blank"

    lab.wait_until(is_blank, "the pad is blank")


def _draw_dots(lab: LabPage, count: int) -> list[float]:
    """Draw dots in different places; return the time that each takes in milliseconds."""
    box = lab.page.locator(".ink-pad").bounding_box()
    if box is None:
        raise BenchmarkError("the page has no drawing pad")
    _clear_inside(lab)
    lab.page.evaluate("insideTimes.length = 0")
    for number in range(count):
        across, down = 0.3 + 0.4 * (number % 7) / 7, 0.3 + 0.4 * (number % 5) / 5
        lab.page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        lab.page.wait_for_function(
            "(length) => insideTimes.length > length", arg=number, timeout=DEADLINE_MS
        )
        _clear_inside(lab)
    times: list[float] = lab.page.evaluate("insideTimes")
    return times


def _clear_inside(lab: LabPage) -> None:
    """Clear the pad, and wait for Inside, which must not show two dots one after the other."""
    _clear(lab)
    lab.page.wait_for_function("isInsideBlank()", timeout=DEADLINE_MS)
