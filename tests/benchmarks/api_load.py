"""The API under load from another process: block files, and many clients that read and write.

Blocks are requested with wrk and compared with files from Tornado's StaticFileHandler. While the
clients read and write, drawings are predicted in the app.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import numpy as np
from page_client import enlarged, open_page
from served_app import ServedApp, served_app

from benchmarks.processes import ROOT, TESTS
from benchmarks.results import Result, Section
from benchmarks.runner import BenchmarkError, Entry, Plan, run_interleaved
from benchmarks.sessions import percentile_95
from data_cache import load_digits

NAME = "served: the API under load"
CASE = "GET of one block of 500 digits, 16 connections"
STATIC = "Tornado's StaticFileHandler"
BLOCKS = "GET /api/blocks/0"
SECONDS, QUICK_SECONDS = 3, 1
CLIENTS = 64
LOAD_SECONDS, QUICK_LOAD_SECONDS = 60, 10
ALLOWED = {"200", "304", "409", "412", "429", "reset"}
PAUSE_SECONDS = 0.3


def measure(plan: Plan) -> Section:
    """Measure both with one server."""
    section = Section(NAME)
    # Without a token, changes are refused unless the API is open.
    with served_app(plugins=["static_blocks_plugin"], INKLING_API_OPEN="yes") as app:
        _compare_blocks(section, app, plan)
        _measure_load(section, app, LOAD_SECONDS if plan.is_full else QUICK_LOAD_SECONDS)
    return section


def _compare_blocks(section: Section, app: ServedApp, plan: Plan) -> None:
    seconds = SECONDS if plan.is_full else QUICK_SECONDS
    ours = f"{app.address}/api/blocks/0"
    with urlopen(f"{app.address}/api/manifest"), urlopen(ours) as answer:
        content = answer.read()
    [block] = app.folder.glob("cache/blocks-*/blocks/0000.bin.gz")
    theirs = f"{app.address}/static-blocks/{block.relative_to(app.folder / 'cache').as_posix()}"
    with urlopen(theirs) as answer:
        assert answer.read() == content
    if shutil.which("wrk") is None:
        section.notes.append("wrk is not installed (apt-get install wrk): blocks not measured")
        return
    entries = []
    for title, url in ((BLOCKS, ours), (STATIC, theirs)):
        result = Result(NAME, CASE, title, "requests/s", baseline=None if url == ours else BLOCKS)
        section.results.append(result)
        entries.append(Entry(result, partial(_wrk, url, seconds)))
    run_interleaved(entries, plan.repetitions)
    section.compare()


def _wrk(url: str, seconds: int) -> float:
    """Return the requests per second for one address; raise BenchmarkError if a response fails."""
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", url]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", found)
    if rate is None or "Non-2xx" in found or "Socket errors" in found:
        raise BenchmarkError(f"{url}: {found}")
    return float(rate[1])


def _measure_load(section: Section, app: ServedApp, seconds: int) -> None:
    found, drawings = asyncio.run(_load_and_drawing(app, seconds))
    statuses = found["statuses"]
    errors = found["failed"] + sum(n for status, n in statuses.items() if status not in ALLOWED)
    if not found["acknowledged"]:
        raise BenchmarkError(f"no change was accepted; responses by status: {statuses}")
    case = f"{CLIENTS} clients reading and writing"
    for title, unit, value in (
        ("responses", "1/s", sum(statuses.values()) / seconds),
        ("changes acknowledged", "1/s", found["acknowledged"] / seconds),
        ("a drawing predicted, median", "ms", median(drawings)),
        ("a drawing predicted, 95th percentile", "ms", percentile_95(drawings)),
    ):
        section.results.append(Result(NAME, case, title, unit, repetitions=[value]))
    counts = ", ".join(f"{number:,} × {status}" for status, number in sorted(statuses.items()))
    section.notes += [
        f"{seconds} s: {counts}; {errors} errors, {found['lost']} lost updates "
        f"of {found['acknowledged']:,}; {len(drawings)} drawings",
        *(f"failure: {failure}" for failure in found["failures"]),
    ]


async def _load_and_drawing(app: ServedApp, seconds: int) -> tuple[dict, list[float]]:
    client = Path(TESTS) / "support" / "load_client.py"
    page = await open_page(f"{app.address}/app")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, client, app.address, str(CLIENTS), str(seconds), "1"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    images, drawings = load_digits().test.images, []
    ended = asyncio.ensure_future(process.communicate())
    number = 0
    while not ended.done():
        picture = enlarged(np.roll(images[number % len(images)], number))
        answer = page.expect("ink-prediction", "%")
        drawings.append(1000 * await page.seconds_until(page.draw(picture), answer))
        number += 1
        await asyncio.wait([ended], timeout=PAUSE_SECONDS)
    await page.close()
    return json.loads((await ended)[0]), drawings
