"""Latency of predictions for drawings, while the app is idle and while it trains on the full MNIST.

A dot is drawn on the pad of the built site and cleared again, repeatedly. The time is from the
release of the mouse button until the page shows the prediction.
"""

from __future__ import annotations

from browser_page import LabPage

from benchmarks.app_overhead import open_app
from benchmarks.results import Result, Section
from benchmarks.runner import BenchmarkError, Plan
from benchmarks.start import served_site
from data_cache import data_set_available

DRAWINGS, QUICK_DRAWINGS = 60, 20
EPOCH_SAMPLES = 60_000

# From the release of the mouse button on a blank pad until the prediction changes.
WATCH = """
() => {
  const blank = "Draw a digit"
  window.answerTimes = []
  let released = null
  let shown = blank
  addEventListener("pointerup", () => { released = performance.now() }, true)
  const poll = () => {
    const text = deepText(".ink-prediction")
    if (text !== shown) {
      if (shown === blank && released !== null) answerTimes.push(performance.now() - released)
      released = null
      shown = text
    }
    requestAnimationFrame(poll)
  }
  poll()
}
"""


def measure(plan: Plan) -> Section:
    """Measure the latency, and the speed of the training at the same time."""
    section = Section("browser: answers")
    section.notes.append("from the release of the mouse to the prediction on the page, per frame")
    data_set = "mnist" if data_set_available("mnist") else "digits"
    count = DRAWINGS if plan.is_full else QUICK_DRAWINGS
    with served_site() as (browser, address):
        lab = open_app(browser, address, data_set)
        lab.click("ink-clear")
        lab.wait_blank()
        lab.page.evaluate(WATCH)
        add_times(section, "a dot, at rest", _draw_dots(lab, count))
        lab.press_train("Train")
        lab.wait_text(".ink-status", r"epoch ([1-9]|0\.[1-9])")
        add_times(section, f"a dot, while {data_set} trains", _draw_dots(lab, count))
        speed = int(lab.status()["speed"])
    section.notes.append(
        f"at the {speed:,} samples/s of this training, an epoch of {EPOCH_SAMPLES:,} digits takes "
        f"{EPOCH_SAMPLES / speed:.1f} s"
    )
    return section


def add_times(section: Section, case: str, times: list[float]) -> None:
    """Add the median and the 95th percentile of times in milliseconds."""
    for title, share in (("median", 0.5), ("95th percentile", 0.95)):
        value = sorted(times)[min(int(share * len(times)), len(times) - 1)]
        section.results.append(
            Result(section.name, case, title, "ms", more_is_better=False, repetitions=[value])
        )


def _draw_dots(lab: LabPage, count: int) -> list[float]:
    """Draw dots in different places; return the latency of each in milliseconds."""
    box = lab.page.locator(".ink-pad").bounding_box()
    if box is None:
        raise BenchmarkError("the page has no drawing pad")
    lab.page.evaluate("answerTimes.length = 0")
    for number in range(count):
        across, down = 0.3 + 0.4 * (number % 7) / 7, 0.3 + 0.4 * (number % 5) / 5
        lab.page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        lab.wait_text(".ink-prediction", "^(?!Draw a digit)")
        lab.click("ink-clear")
        lab.wait_text(".ink-prediction", "^Draw a digit$")
    times: list[float] = lab.page.evaluate("answerTimes")
    return times
