"""The spiral's pane of the built site while it trains: pictures a second, and clicks answered.

Clicks paint a point each; the clock runs from the press of the mouse until the page has the point.
"""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median

from browser_page import opened
from playwright.sync_api import Error as BrowserError
from spiral_page import choose_tool, click_plane, press, status

from benchmarks.results import Result, Section
from benchmarks.rounds import FULL, ContestantError, Plan
from benchmarks.start import served_site

NAME = "browser: the plane's page"
CASE = "2-100-5, all 500 points, picture of 100 × 100, training"
SECONDS, QUICK_SECONDS = 4, 2
CLICKS = 20

# Counts the pictures, and notes the milliseconds from a press of the mouse to the painted point.
WATCH = """
() => {
  const named = (name) => Bokeh.documents.map((doc) => doc.get_model_by_name(name)).find((x) => x)
  window.seenOfPlane = { pictures: 0, answers: [] }
  let pressed = null
  addEventListener("pointerdown", () => { pressed = performance.now() }, true)
  named("surface").properties.data.change.connect(() => { seenOfPlane.pictures += 1 })
  named("train-points").properties.data.change.connect(() => {
    if (pressed !== null) seenOfPlane.answers.push(performance.now() - pressed)
    pressed = null
  })
}
"""
COUNT = """
async (seconds) => {
  const begun = performance.now()
  const before = seenOfPlane.pictures
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds))
  return 1000 * (seenOfPlane.pictures - before) / (performance.now() - begun)
}
"""


def measure(plan: Plan) -> Section:
    """Watch the pane train, then paint points into it."""
    section = Section(NAME)
    seconds = SECONDS if plan.rounds >= FULL.rounds else QUICK_SECONDS
    try:
        with ExitStack() as stack:
            browser, address = stack.enter_context(served_site())
            lab = stack.enter_context(opened(browser, f"{address}?pane=spiral"))
            lab.page.evaluate(WATCH)
            press(lab, "train")
            status(lab, r"iteration [1-9]")
            rates = [lab.page.evaluate(COUNT, seconds) for _ in range(plan.rounds)]
            section.results.append(Result(NAME, CASE, "pictures", "1/s", repetitions=rates))
            choose_tool(lab, "Paint")
            for number in range(CLICKS):
                click_plane(lab, 1.1, -1.1 + 2.2 * number / CLICKS)
                lab.page.wait_for_function(f"seenOfPlane.answers.length > {number}")
            answers = sorted(lab.page.evaluate("seenOfPlane.answers"))
            for title, value in (("half of the clicks", median(answers)), ("longest", answers[-1])):
                section.results.append(
                    Result(
                        NAME,
                        "a point painted",
                        title,
                        "ms",
                        more_is_better=False,
                        repetitions=[value],
                    )
                )
            section.notes.append(status(lab, "iteration"))
    except (ContestantError, BrowserError, AssertionError) as error:
        section.notes.append(f"not measured: {str(error).splitlines()[0]}")
    return section
