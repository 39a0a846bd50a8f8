"""The plane's pane of the built site while it trains: redraws per second, and latency of clicks.

Each click paints a point; the time is from pressing the mouse button until the page has the point.
"""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median

from browser_page import opened
from spiral_page import choose_tool, click_plane, press, status

from benchmarks.results import Result, Section
from benchmarks.runner import Plan
from benchmarks.start import served_site

NAME = "browser: the plane's page"
CASE = "2-100-5, all 500 points, picture of 100 × 100, training"
SECONDS, QUICK_SECONDS = 4, 2
CLICKS = 20

# Counts the pictures, and records the milliseconds from pressing the button to the painted point.
WATCH = """
() => {
  const named = (name) => Bokeh.documents.map((doc) => doc.get_model_by_name(name)).find((x) => x)
  window.planeCounts = { pictures: 0, answers: [] }
  let pressed = null
  addEventListener("pointerdown", () => { pressed = performance.now() }, true)
  named("surface").properties.data.change.connect(() => { planeCounts.pictures += 1 })
  named("train-points").properties.data.change.connect(() => {
    if (pressed !== null) planeCounts.answers.push(performance.now() - pressed)
    pressed = null
  })
}
"""
COUNT = """
async (seconds) => {
  const started = performance.now()
  const before = planeCounts.pictures
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds))
  return 1000 * (planeCounts.pictures - before) / (performance.now() - started)
}
"""


def measure(plan: Plan) -> Section:
    """Count redraws while the pane trains, then paint points."""
    section = Section(NAME)
    seconds = SECONDS if plan.is_full else QUICK_SECONDS
    with ExitStack() as stack:
        browser, address = stack.enter_context(served_site())
        lab = stack.enter_context(opened(browser, f"{address}?pane=spiral"))
        lab.page.evaluate(WATCH)
        press(lab, "train")
        status(lab, r"iteration [1-9]")
        rates = [lab.page.evaluate(COUNT, seconds) for _ in range(plan.repetitions)]
        choose_tool(lab, "Paint")
        for number in range(CLICKS):
            click_plane(lab, 1.1, -1.1 + 2.2 * number / CLICKS)
            lab.page.wait_for_function(f"planeCounts.answers.length > {number}")
        times = sorted(lab.page.evaluate("planeCounts.answers"))
        section.notes.append(status(lab, "iteration"))
    section.results.append(Result(NAME, CASE, "pictures", "1/s", repetitions=rates))
    case = "a point painted"
    for title, value in (("median", median(times)), ("longest", times[-1])):
        result = Result(NAME, case, title, "ms", more_is_better=False, repetitions=[value])
        section.results.append(result)
    return section
