"""Crashes of the app in a browser at random moments of training, and the state it restores.

The page records when it showed which iteration, from which the lost training time follows.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from browser_page import DEADLINE_MS, DEEP, START_DEADLINE_MS, LabPage
from playwright.sync_api import BrowserContext

KINDS = ("reload", "close the tab", "kill the worker")
OFFERED = re.compile(r"iteration ([\d,]+) of")

# Records [time, iteration] whenever the status line shows another iteration.
WATCH = """
() => {
  window.seen = []
  const poll = () => {
    const found = /iteration (\\d+)/.exec(deepText(".ink-status"))
    const iteration = found === null ? 0 : Number(found[1])
    if (iteration !== window.seen.at(-1)?.[1]) window.seen.push([performance.now(), iteration])
  }
  poll()
  setInterval(poll, 50)
}
"""


@dataclass(frozen=True)
class Crash:
    """One crash: its kind, the iterations shown last and saved last, and the seconds lost."""

    kind: str
    shown: int
    saved: int
    seconds_lost: float


def open_tab(context: BrowserContext, url: str) -> LabPage:
    """Open the app in a new tab of a browser context."""
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
    """Wait for the offer to resume, and return its iteration."""
    lab.page.locator(".ink-offer .ink-resume button").wait_for(state="visible")
    found = OFFERED.search(lab.text(".ink-offer"))
    assert found, f"the offer names no iteration: {lab.text('.ink-offer')!r}"
    return int(found[1].replace(",", ""))


def resume(lab: LabPage, iteration: int) -> None:
    """Accept the offer and wait until training continues."""
    lab.click("ink-resume")
    lab.wait_until(lambda: lab.iteration() > iteration, "training did not continue")


def train_until_saved(lab: LabPage) -> None:
    """Start training, and wait for a save after the first step."""
    lab.press_train("Train")
    lab.wait_until(
        lambda: any(OFFERED.search(start) for start in lab.page.evaluate(STARTS_OF_SAVES)),
        "no step of training was saved",
    )


# The first bytes of each save, which contain its title; empty while there is no database.
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


def crash(
    lab: LabPage, generator: random.Random, *, kind: str | None = None, max_steps: int = 3000
) -> tuple[LabPage, Crash]:
    """Train for a while, crash, open the page again and resume; return the page and the crash.

    Without `kind` it is chosen at random.
    """
    page = lab.page
    page.evaluate(WATCH)
    kind = kind or generator.choice(KINDS)
    goal = lab.iteration() + generator.randint(0, max_steps)
    lab.wait_until(lambda: lab.iteration() >= goal, "training stopped")
    seen, now = page.evaluate("[window.seen, performance.now()]")
    if kind == "kill the worker":
        page.evaluate("siteBridge.worker.terminate()")
    if kind == "close the tab":
        context = page.context
        page.close()
        lab = open_tab(context, lab.url)
    else:
        page.reload()
        wait_open(lab)
    saved = offered_iteration(lab)
    shown = [time for time, iteration in seen if iteration > saved]
    lost = (now - shown[0]) / 1000 if shown else 0.0
    resume(lab, saved)
    return lab, Crash(kind, seen[-1][1], saved, lost)


def curve(lab: LabPage) -> list[str]:
    """Pause, and return the lines of the learning curve that the page exports."""
    lab.press_train("Pause")
    lab.wait_text(".ink-train", "Train")
    with lab.page.expect_download() as waiting:
        lab.click("ink-csv")
    return waiting.value.path().read_text(encoding="utf-8").splitlines()


def uninterrupted_curve(context: BrowserContext, url: str, length: int) -> list[str]:
    """Train in a new browser context without interruption, and return the learning curve."""
    lab = open_tab(context, url)
    lab.press_train("Train")
    lab.wait_until(lambda: lab.iteration() >= length, "training stopped early")
    return curve(lab)
