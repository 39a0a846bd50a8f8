"""Many open pages, some of them training: latency of clicks, and memory of the server.

The pages are clients of the websocket, since so many real browsers would occupy all cores. First
they click at random intervals, and the responses are timed; then each clicks as fast as possible,
as often as a visitor does in an hour.
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
from benchmarks.runner import Plan

PAGES = 32
TRAINING = 8
PAUSE_SECONDS = 2.0
"""Mean time between two clicks on one page."""
CLICKS_PER_HOUR = 360
"""One every ten seconds: a visitor who uses the page all the time."""
SECONDS = 30.0
QUICK_SECONDS = 10.0
QUICK_CLICKS = 20
OPENED_AT_ONCE = 4
SHORT_LIVES = ("--unused-session-lifetime", "1000", "--check-unused-sessions", "500")
NAME = "served: many sessions"


@dataclass
class Measurements:
    """Milliseconds of clicks, and the server's memory in megabytes at several moments."""

    resting: list[float] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    megabytes: dict[str, float] = field(default_factory=dict)
    sessions_left: int = 0


def measure(plan: Plan) -> Section:
    """Open the pages, click, close them, and measure the server's memory in between."""
    seconds, clicks = (SECONDS, CLICKS_PER_HOUR) if plan.is_full else (QUICK_SECONDS, QUICK_CLICKS)
    with served_app(arguments=SHORT_LIVES) as app:
        measured = asyncio.run(_use(app, seconds, clicks))
    section = Section(NAME)
    case = f"a click answered, {PAGES} pages of which {TRAINING} train"
    for title, times in (
        ("a resting page", measured.resting),
        ("a training page", measured.training),
    ):
        for name, value in (
            ("median", median(times)),
            ("95th percentile", percentile_95(times)),
            ("longest", max(times)),
        ):
            result = Result(NAME, case, f"{title}, {name}", "ms", repetitions=[value])
            section.results.append(result)
    for moment, megabytes in measured.megabytes.items():
        result = Result(NAME, "the server's memory", moment, "MB", repetitions=[megabytes])
        section.results.append(result)
    before, opened = measured.megabytes["no page"], measured.megabytes[f"{PAGES} pages"]
    section.notes += [
        f"{(opened - before) / PAGES:.1f} MB per session",
        f"{len(measured.resting) + len(measured.training):,} clicks timed, then {clicks} on every "
        f"page; {measured.sessions_left} sessions left after all pages were closed",
    ]
    return section


def percentile_95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(values, n=20)[-1]


async def _use(app: ServedApp, seconds: float, clicks: int) -> Measurements:
    measured = Measurements()
    # The first page loads what all pages share.
    first = await open_page(f"{app.address}/app")
    await first.close()
    await _wait_for_no_session(app)
    measured.megabytes["no page"] = app.megabytes()
    pages = await _open_all(app)
    measured.megabytes[f"{PAGES} pages"] = app.megabytes()
    for page in pages[:TRAINING]:
        await page.toggle("ink-train", on=True)
        await page.expect("ink-status", r"iteration [1-9]")
    generator = random.Random(1)
    await asyncio.gather(
        *(
            _click_at_random(page, times, seconds, generator)
            for page, times in zip(pages, _lists_by_page(measured), strict=True)
        )
    )
    for moment in ("after half an hour's clicks", "after an hour's clicks"):
        await asyncio.gather(*(_click_repeatedly(page, clicks // 2) for page in pages))
        measured.megabytes[moment] = app.megabytes()
    for page in pages:
        await page.close()
    measured.sessions_left = await _wait_for_no_session(app)
    measured.megabytes["all pages closed"] = app.megabytes()
    return measured


def _lists_by_page(measured: Measurements) -> list[list[float]]:
    return [measured.training] * TRAINING + [measured.resting] * (PAGES - TRAINING)


async def _open_all(app: ServedApp) -> list[PageClient]:
    pages: list[PageClient] = []
    while len(pages) < PAGES:
        opening = (open_page(f"{app.address}/app") for _ in range(OPENED_AT_ONCE))
        pages += await asyncio.gather(*opening)
    return pages


async def _click_at_random(
    page: PageClient, times: list[float], seconds: float, generator: random.Random
) -> None:
    """Click at random moments, each after the response to the previous click."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(generator.expovariate(1 / PAUSE_SECONDS))
        times.append(1000 * await _click(page))


async def _click_repeatedly(page: PageClient, clicks: int) -> None:
    for _ in range(clicks):
        await _click(page)


async def _click(page: PageClient) -> float:
    """Load a sample onto the pad; return the seconds until the page names it."""
    answer = page.expect("ink-notice", "Sample")
    return await page.seconds_until(page.click("ink-sample"), answer)


async def _wait_for_no_session(app: ServedApp) -> int:
    """Wait until the server has closed its sessions; return the number of remaining ones."""
    left = 0
    for _ in range(60):
        left = await asyncio.to_thread(lambda: app.census()["ServerSession"])
        if not left:
            break
        await asyncio.sleep(0.5)
    return left
