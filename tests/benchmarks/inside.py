"""The panel Inside in the built site: what it costs training, and how soon a drawing moves it.

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

# From the release of the mouse on the pad until the picture of the input is that of the drawing.
WATCH = """
() => {
  const source = Bokeh.documents
    .map((document) => document.get_model_by_name("inside-squares"))
    .find((model) => model != null)
  const ink = () => source.data.image[0].reduce((sum, level) => sum + level, 0)
  // Without a drawing Inside shows the input alone, of no unit.
  window.isInsideBlank = () => source.data.image.length === 1
  let shown = ink()
  let released = null
  let changed = null
  addEventListener("pointerup", (event) => {
    const isPad = event.composedPath().some((part) => part.classList?.contains("ink-pad"))
    released = isPad ? performance.now() : null
    changed = null
  }, true)
  source.properties.data.change.connect(() => {
    const now = ink()
    if (now !== shown) changed = performance.now()
    shown = now
  })
  // null until the picture has been still for a while; parts of a stroke move it, too.
  window.insideTime = () => {
    if (released === null || changed === null) return null
    return performance.now() - changed > %d ? changed - released : null
  }
}
"""
STILL_MS = 200
MOVES = {"a dot": 0, "a stroke": 10}
"""Movements of the mouse between its press and its release, one in each frame of the display."""
FRAME_MS = 16
ASK_MS = 50


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
        lab.page.evaluate(WATCH % STILL_MS)
        for when in ("at rest", f"while {data_set} trains"):
            if when != "at rest":
                lab.press_train("Train")
                lab.wait_text(".ink-status", r"epoch ([1-9]|0\.[1-9])")
            for what, moves in MOVES.items():
                add_times(section, f"{what} moves Inside, {when}", _draw(lab, count, moves))
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


def _draw(lab: LabPage, count: int, moves: int) -> list[float]:
    """Draw in different places; return the time that each drawing takes in milliseconds."""
    box = lab.page.locator(".ink-pad").bounding_box()
    if box is None:
        raise BenchmarkError("the page has no drawing pad")
    mouse, times = lab.page.mouse, []
    for number in range(count):
        _clear_inside(lab)
        across, down = 0.3 + 0.4 * (number % 7) / 7, 0.3 + 0.4 * (number % 5) / 5
        mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        mouse.down()
        for move in range(1, moves + 1):
            lab.page.wait_for_timeout(FRAME_MS)
            length = 0.2 * move / moves
            mouse.move(
                box["x"] + (across + length) * box["width"],
                box["y"] + (down + length) * box["height"],
            )
        mouse.up()
        _wait(lab, "insideTime() !== null")
        times.append(float(lab.page.evaluate("insideTime()")))
    return times


def _clear_inside(lab: LabPage) -> None:
    """Clear the pad, and wait for Inside, which must not show two dots one after the other."""
    _clear(lab)
    _wait(lab, "isInsideBlank()")


def _wait(lab: LabPage, condition: str) -> None:
    """Wait for a condition, and ask seldom: at every frame, that takes half a processor."""
    lab.page.wait_for_function(condition, polling=ASK_MS, timeout=DEADLINE_MS)
