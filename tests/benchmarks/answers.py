"""How long somebody who draws waits for the answer, at rest and while the full MNIST trains.

A dot is put on the pad of the built site and wiped away again, over and over; the clock runs from
the release of the mouse until the page shows what the net makes of it.
"""

from __future__ import annotations

from browser_page import LabPage
from playwright.sync_api import Error as BrowserError

from benchmarks.app_overhead import open_app
from benchmarks.results import Result, Section
from benchmarks.rounds import FULL, ContestantError, Plan
from benchmarks.start import served_site
from data_cache import data_set_available

DRAWINGS, QUICK_DRAWINGS = 60, 20
EPOCH_SAMPLES = 60_000

# From the release of the mouse on a blank pad until the words about it change.
WATCH = """
() => {
  const blank = "Draw a digit"
  window.answerTimes = []
  let released = null
  let shown = blank
  addEventListener("pointerup", () => { released = performance.now() }, true)
  const look = () => {
    const text = deepText(".ink-prediction")
    if (text !== shown) {
      if (shown === blank && released !== null) answerTimes.push(performance.now() - released)
      released = null
      shown = text
    }
    requestAnimationFrame(look)
  }
  look()
}
"""


def measure(plan: Plan) -> Section:
    """Measure the answers, and the speed of the training beside them."""
    section = Section("browser: answers")
    section.notes.append("from the release of the mouse to the answer on the page, painted frames")
    data_set = "mnist" if data_set_available("mnist") else "digits"
    try:
        with served_site() as (browser, address):
            lab = open_app(browser, address, data_set)
            lab.page.evaluate(WATCH)
            count = DRAWINGS if plan.rounds >= FULL.rounds else QUICK_DRAWINGS
            _note(section, "a dot, at rest", _draw_dots(lab, count))
            lab.press_train("Train")
            lab.wait_text(".ink-status", r"epoch ([1-9]|0\.[1-9])")
            _note(section, f"a dot, while {data_set} trains", _draw_dots(lab, count))
            speed = int(lab.status()["speed"])
            section.notes.append(
                f"at the {speed:,} samples/s of the training that was drawn into, an epoch of "
                f"{EPOCH_SAMPLES:,} digits takes {EPOCH_SAMPLES / speed:.1f} s"
            )
    except (ContestantError, BrowserError, AssertionError) as error:
        section.notes.append(f"not measured: {str(error).splitlines()[0]}")
    return section


def _note(section: Section, case: str, times: list[float]) -> None:
    for title, share in (("half of them", 0.5), ("95 %", 0.95)):
        worst = sorted(times)[min(int(share * len(times)), len(times) - 1)]
        section.results.append(
            Result(section.name, case, title, "ms", more_is_better=False, repetitions=[worst])
        )


def _draw_dots(lab: LabPage, count: int) -> list[float]:
    """Draw so many dots in different places and give the milliseconds until each was answered."""
    box = lab.page.locator(".ink-pad").bounding_box()
    if box is None:
        raise ContestantError("the page shows no pad")
    lab.page.evaluate("answerTimes.length = 0")
    for number in range(count):
        across, down = 0.3 + 0.4 * (number % 7) / 7, 0.3 + 0.4 * (number % 5) / 5
        lab.page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        lab.wait_text(".ink-prediction", "^(?!Draw a digit)")
        lab.click("ink-clear")
        lab.wait_text(".ink-prediction", "^Draw a digit$")
    times: list[float] = lab.page.evaluate("answerTimes")
    return times
