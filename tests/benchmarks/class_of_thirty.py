"""A class of thirty visitors, ten of whom train a convolutional network.

Measures how long a drawing waits for its answer, a page to open and `/api/health`, whether the
visitor past the limit is told so, and whether the ten curves are those of lone runs of their seeds.

    PYTHONPATH=tests/support:tests python -m benchmarks.class_of_thirty
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median, quantiles
from urllib.request import urlopen

from page_client import PageClient, enlarged, fetch_token, open_page
from served_app import ServedApp, served_app
from tornado.httpclient import AsyncHTTPClient

from data_cache import load_digits

VISITORS, TRAINING = 30, 10
SECONDS = 30.0
STEPS = 200
"""Of a curve, that are compared with a lone run."""
PAUSE_SECONDS = 2.0
CONVOLUTIONS = "architecture=small"
Times = dict[str, list[float]]


async def timed(times: list[float], work: Callable[[], Awaitable[object]]) -> object:
    """Append the seconds that some work takes; return its result."""
    began = time.perf_counter()
    result = await work()
    times.append(time.perf_counter() - began)
    return result


async def draw_at_random(page: PageClient, times: list[float], end: float, seed: int) -> None:
    """Draw digits at random moments, each after the answer to the one before."""
    images, generator = load_digits().test.images, random.Random(seed)
    while time.perf_counter() < end:
        await asyncio.sleep(generator.expovariate(1 / PAUSE_SECONDS))
        answer = page.expect("ink-prediction", "data-digit")
        picture = enlarged(images[generator.randrange(len(images))])
        times.append(await page.seconds_until(page.draw(picture), answer))


def health_seconds(address: str, seconds: float) -> list[float]:
    """Request `/api/health` once a second, in a process that the visitors do not slow."""
    end, times = time.perf_counter() + seconds, []
    while (began := time.perf_counter()) < end:
        with urlopen(f"{address}/api/health") as answer:
            answer.read()
        times.append(time.perf_counter() - began)
        time.sleep(1)
    return times


async def use(app: ServedApp) -> tuple[Times, bool, list[list[str]]]:
    """Return the seconds by what was waited for, whether the 31st was told, and the curves."""
    times: Times = {"a page opens": [], "a drawing": []}
    url = f"{app.address}/app"
    pages = []
    for number in range(VISITORS):
        query = f"?{CONVOLUTIONS}&seed={number}" if number < TRAINING else ""

        async def opened(query: str = query) -> PageClient:
            return await open_page(url, token=await fetch_token(url + query))

        page = await timed(times["a page opens"], opened)
        assert isinstance(page, PageClient)
        pages.append(page)
    refusal = await AsyncHTTPClient().fetch(url)
    for page in pages[:TRAINING]:
        await page.toggle("ink-train", on=True)
    end = time.perf_counter() + SECONDS
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        health = processes.submit(health_seconds, app.address, SECONDS)
        await asyncio.gather(
            *(draw_at_random(page, times["a drawing"], end, n) for n, page in enumerate(pages))
        )
        times["/api/health"] = await asyncio.wrap_future(health)
    curves = [await trained_losses(page) for page in pages[:TRAINING]]
    for page in pages:
        await page.close()
    return times, "places of this server are taken" in refusal.body.decode(), curves


async def trained_losses(page: PageClient) -> list[str]:
    """Pause the training; return the losses of its first steps as in the exported curve."""
    await page.toggle("ink-train", on=False)
    lines = await page.export_curve()
    losses = [line.split(",")[:2] for line in lines[1:]]
    return [loss for iteration, loss in losses if 0 < int(iteration) <= STEPS]


async def lone_losses(app: ServedApp, number: int) -> list[str]:
    """Return the losses of the first steps of a visitor who is alone."""
    url = f"{app.address}/app"
    page = await open_page(url, token=await fetch_token(f"{url}?{CONVOLUTIONS}&seed={number}"))
    answer = page.expect("ink-status", r"iteration (?:[5-9]\d|\d\d\d|\d,)")
    await page.toggle("ink-train", on=True)
    await asyncio.wait_for(answer, 120)
    losses = await trained_losses(page)
    await page.close()
    return losses


def main() -> None:
    """Print the table."""
    environment = {"INKLING_MAX_SESSIONS": str(VISITORS)}
    with served_app(**environment) as app:
        times, is_told, curves = asyncio.run(use(app))
    load = os.getloadavg()[0]
    lines = [f"{VISITORS} visitors, {TRAINING} training; load of the machine {load:.1f}"]
    for name, seconds in times.items():
        milliseconds = [1000 * one for one in seconds]
        lines.append(
            f"{name:>14}: {len(seconds):4} times, median {median(milliseconds):6.0f} ms, 95 % "
            f"{quantiles(milliseconds, n=20)[-1]:6.0f} ms, longest {max(milliseconds):6.0f} ms"
        )
    lines.append(f"the visitor past the limit is told: {'yes' if is_told else 'no'}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    equal = 0
    with served_app() as app:
        for number, curve in enumerate(curves):
            lone = asyncio.run(lone_losses(app, number))
            steps = min(len(lone), len(curve))
            equal += steps > 0 and lone[:steps] == curve[:steps]
    sys.stdout.write(
        f"{equal} of {TRAINING} curves equal those of lone runs; the shortest has "
        f"{min(map(len, curves))} steps\n"
    )


if __name__ == "__main__":
    main()
