"""Many pages open at once, some of them training: how soon each answers, and what each holds.

The pages are clients of the websocket, since so many real browsers would need the cores for
themselves. First they click as visitors do, and the answers are timed; then they click as fast as
they are answered, until each has clicked as often as in an hour.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from page_client import PageClient, open_page
from served_app import ServedApp, served_app

from benchmarks.results import Result, Section
from benchmarks.rounds import FULL, Plan

PAGES = 32
TRAINING = 8
PAUSE_SECONDS = 2.0
"""Between two clicks on one page, on average."""
CLICKS_PER_HOUR = 360
"""One in ten seconds, as somebody who plays with the page all the time."""
SECONDS = 30.0
QUICK_SECONDS = 10.0
QUICK_CLICKS = 20
OPENED_AT_ONCE = 4
SHORT_LIVES = ("--unused-session-lifetime", "1000", "--check-unused-sessions", "500")
NAME = "served: many sessions"


@dataclass
class Figures:
    """What was measured: milliseconds of clicks, and the server's megabytes at some moments."""

    resting: list[float] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    megabytes: dict[str, float] = field(default_factory=dict)
    sessions_left: int = 0


def measure(plan: Plan) -> Section:
    """Open the pages, let them click, close them, and look at the server all the while."""
    is_full = plan.rounds >= FULL.rounds
    seconds, clicks = (SECONDS, CLICKS_PER_HOUR) if is_full else (QUICK_SECONDS, QUICK_CLICKS)
    with served_app(arguments=SHORT_LIVES) as app:
        figures = asyncio.run(_use(app, seconds, clicks))
    section = Section(NAME)
    case = f"a click answered, {PAGES} pages of which {TRAINING} train"
    for title, times in (
        ("a resting page", figures.resting),
        ("a training page", figures.training),
    ):
        for name, value in (
            ("median", median(times)),
            ("95th percentile", percentile_95(times)),
            ("longest", max(times)),
        ):
            result = Result(NAME, case, f"{title}, {name}", "ms", repetitions=[value])
            section.results.append(result)
    for moment, megabytes in figures.megabytes.items():
        result = Result(NAME, "the server's memory", moment, "MB", repetitions=[megabytes])
        section.results.append(result)
    before, opened = figures.megabytes["no page"], figures.megabytes[f"{PAGES} pages"]
    section.notes += [
        f"{(opened - before) / PAGES:.1f} MB per session",
        f"{len(figures.resting) + len(figures.training):,} clicks timed, then {clicks} on every "
        f"page; {figures.sessions_left} sessions left after all pages were closed",
    ]
    return section


def percentile_95(values: Sequence[float]) -> float:
    """The value below which 95 of 100 lie."""
    return quantiles(values, n=20)[-1]


async def _use(app: ServedApp, seconds: float, clicks: int) -> Figures:
    figures = Figures()
    # The first page brings what all pages share.
    first = await open_page(f"{app.address}/app")
    await first.close()
    await _until_all_are_gone(app)
    figures.megabytes["no page"] = app.megabytes()
    pages = await _open_all(app)
    figures.megabytes[f"{PAGES} pages"] = app.megabytes()
    for page in pages[:TRAINING]:
        await page.toggle("ink-train", on=True)
        await page.expect("ink-status", r"iteration [1-9]")
    generator = random.Random(1)
    await asyncio.gather(
        *(
            _click_now_and_then(page, times, seconds, generator)
            for page, times in zip(pages, _places(figures), strict=True)
        )
    )
    for moment in ("after half an hour's clicks", "after an hour's clicks"):
        await asyncio.gather(*(_click_often(page, clicks // 2) for page in pages))
        figures.megabytes[moment] = app.megabytes()
    for page in pages:
        await page.close()
    figures.sessions_left = await _until_all_are_gone(app)
    figures.megabytes["all pages closed"] = app.megabytes()
    return figures


def _places(figures: Figures) -> list[list[float]]:
    return [figures.training] * TRAINING + [figures.resting] * (PAGES - TRAINING)


async def _open_all(app: ServedApp) -> list[PageClient]:
    pages: list[PageClient] = []
    while len(pages) < PAGES:
        opening = (open_page(f"{app.address}/app") for _ in range(OPENED_AT_ONCE))
        pages += await asyncio.gather(*opening)
    return pages


async def _click_now_and_then(
    page: PageClient, times: list[float], seconds: float, generator: random.Random
) -> None:
    """Click at random moments, never before the last click was answered."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(generator.expovariate(1 / PAUSE_SECONDS))
        times.append(1000 * await _click(page))


async def _click_often(page: PageClient, clicks: int) -> None:
    for _ in range(clicks):
        await _click(page)


async def _click(page: PageClient) -> float:
    """Load a sample onto the pad; return the seconds until the page says which it is."""
    answer = page.expect("ink-notice", "Sample")
    return await page.seconds_until(page.click("ink-sample"), answer)


async def _until_all_are_gone(app: ServedApp) -> int:
    """Wait until the server has dropped its sessions; return how many are left in the end."""
    left = 0
    for _ in range(60):
        left = await asyncio.to_thread(lambda: app.census()["ServerSession"])
        if not left:
            break
        await asyncio.sleep(0.5)
    return left
