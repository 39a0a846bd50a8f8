"""Breaks the browser runtime off at random moments of training, and sees what comes back.

The page notes when it showed which iteration, so that the time that was lost can be told.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from browser_page import DEADLINE_MS, DEEP, START_DEADLINE_MS, LabPage
from playwright.sync_api import BrowserContext

WAYS = ("reload", "close the tab", "kill the worker")
OFFERED = re.compile(r"iteration ([\d,]+) of")

# Notes [time, iteration] whenever the status line shows another iteration.
WATCH = """
() => {
  window.seen = []
  const look = () => {
    const found = /iteration (\\d+)/.exec(deepText(".ink-status"))
    const iteration = found === null ? 0 : Number(found[1])
    if (iteration !== window.seen.at(-1)?.[1]) window.seen.push([performance.now(), iteration])
  }
  look()
  setInterval(look, 50)
}
"""


@dataclass(frozen=True)
class Round:
    """One breaking off: how, the iteration seen last, the one kept, and the seconds lost."""

    way: str
    seen: int
    kept: int
    seconds_lost: float


def open_tab(context: BrowserContext, url: str) -> LabPage:
    """Open the app in a tab of a browser that remembers."""
    page = context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.add_init_script(DEEP)
    lab = LabPage(page, url)
    page.goto(url)
    wait_open(lab)
    return lab


def wait_open(lab: LabPage) -> None:
    lab.page.wait_for_function(
        "document.documentElement.dataset.site === 'ready'", timeout=START_DEADLINE_MS
    )
    lab.wait_ready()


def offered_iteration(lab: LabPage) -> int:
    """Wait for the offer to go on, and return the iteration that it names."""
    lab.page.locator(".ink-offer .ink-resume button").wait_for(state="visible")
    found = OFFERED.search(lab.text(".ink-offer"))
    assert found, f"the offer names no iteration: {lab.text('.ink-offer')!r}"
    return int(found[1].replace(",", ""))


def resume(lab: LabPage, iteration: int) -> None:
    """Take the offer and wait until training goes on from there."""
    lab.click("ink-resume")
    lab.wait_until(lambda: lab.iteration() > iteration, "training did not go on")


def train_until_kept(lab: LabPage) -> None:
    """Begin to train, and wait for a save that holds a step: the first may be of a fresh net."""
    lab.press_train("Train")
    lab.wait_until(
        lambda: any(OFFERED.search(start) for start in lab.page.evaluate(STARTS_OF_SAVES)),
        "no step of training was saved",
    )


# The first bytes of each save, in which its title is; none while there is no database yet.
STARTS_OF_SAVES = """
async () => {
  const records = await new Promise((resolve) => {
    const request = indexedDB.open("inkling", 1)
    request.onupgradeneeded = () => request.transaction.abort()
    request.onerror = () => resolve([])
    request.onsuccess = () => {
      const asked = request.result.transaction("records").objectStore("records").getAll()
      asked.onsuccess = () => { request.result.close(); resolve(asked.result) }
    }
  })
  return records.map((record) => new TextDecoder().decode(record.subarray(0, 500)))
}"""


def play_round(
    lab: LabPage, generator: random.Random, *, way: str | None = None, most_steps: int = 3000
) -> tuple[LabPage, Round]:
    """Train for a while, break off, come back, and go on; the page may be another one then.

    Without `way` chance decides how to break off.
    """
    page = lab.page
    page.evaluate(WATCH)
    way = way or generator.choice(WAYS)
    goal = lab.iteration() + generator.randint(0, most_steps)
    lab.wait_until(lambda: lab.iteration() >= goal, "training stopped")
    seen, now = page.evaluate("[window.seen, performance.now()]")
    if way == "kill the worker":
        page.evaluate("siteBridge.worker.terminate()")
    if way == "close the tab":
        context = page.context
        page.close()
        lab = open_tab(context, lab.url)
    else:
        page.reload()
        wait_open(lab)
    kept = offered_iteration(lab)
    shown = [time for time, iteration in seen if iteration > kept]
    lost = (now - shown[0]) / 1000 if shown else 0.0
    resume(lab, kept)
    return lab, Round(way, seen[-1][1], kept, lost)


def curve(lab: LabPage) -> list[str]:
    """Pause, and return the lines of the whole curve as the page exports it."""
    lab.press_train("Pause")
    lab.wait_text(".ink-train", "Train")
    with lab.page.expect_download() as waiting:
        lab.click("ink-csv")
    return waiting.value.path().read_text(encoding="utf-8").splitlines()


def unbroken_curve(context: BrowserContext, url: str, length: int) -> list[str]:
    """Train as long in one go, in a browser that knows of nothing."""
    lab = open_tab(context, url)
    lab.press_train("Train")
    lab.wait_until(lambda: lab.iteration() >= length, "training stopped early")
    return curve(lab)
