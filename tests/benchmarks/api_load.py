"""The API under load from another process: blocks beside Tornado's own files, and a mixed crowd.

The blocks are asked for with wrk where it is installed, else with clients of our own; while the
crowd reads and writes, somebody draws in the app.
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
from benchmarks.rounds import FULL, ContestantError, Entry, Plan, take_turns
from benchmarks.sessions import percentile_95
from data_cache import load_digits

NAME = "served: the API under load"
CASE = "GET of one block of 500 digits, 16 connections"
STATIC = "Tornado's StaticFileHandler"
BLOCKS = "GET /api/blocks/0"
SECONDS, QUICK_SECONDS = 3, 1
CROWD = 64
CROWD_SECONDS, QUICK_CROWD_SECONDS = 60, 10
ALLOWED = {"200", "304", "409", "412", "429", "reset"}
PAUSE_SECONDS = 0.3


def measure(plan: Plan) -> Section:
    """Measure both, against one server."""
    is_full = plan.rounds >= FULL.rounds
    section = Section(NAME)
    with served_app(plugins=["static_blocks_plugin"]) as app:
        _compare_blocks(section, app, plan.rounds, SECONDS if is_full else QUICK_SECONDS)
        _face_a_crowd(section, app, CROWD_SECONDS if is_full else QUICK_CROWD_SECONDS)
    return section


def _compare_blocks(section: Section, app: ServedApp, rounds: int, seconds: int) -> None:
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
        result = Result(NAME, CASE, title, "requests/s", ours=None if url == ours else BLOCKS)
        section.results.append(result)
        entries.append(Entry(result, partial(_wrk, url, seconds)))
    take_turns(entries, rounds)
    section.compare()


def _wrk(url: str, seconds: int) -> float:
    """Ask for one address as often as possible; ContestantError if any answer is an error."""
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", url]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", found)
    if rate is None or "Non-2xx" in found or "Socket errors" in found:
        raise ContestantError(f"{url}: {found}")
    return float(rate[1])


def _face_a_crowd(section: Section, app: ServedApp, seconds: int) -> None:
    found, drawings = asyncio.run(_crowd_and_drawing(app, seconds))
    statuses = found["statuses"]
    errors = found["failed"] + sum(n for status, n in statuses.items() if status not in ALLOWED)
    case = f"{CROWD} clients reading and writing"
    for title, unit, value in (
        ("answers", "1/s", sum(statuses.values()) / seconds),
        ("changes acknowledged", "1/s", found["acknowledged"] / seconds),
        ("a drawing answered, median", "ms", median(drawings)),
        ("a drawing answered, 95th percentile", "ms", percentile_95(drawings)),
    ):
        section.results.append(Result(NAME, case, title, unit, repetitions=[value]))
    said = ", ".join(f"{number:,} × {status}" for status, number in sorted(statuses.items()))
    section.notes += [
        f"the crowd in {seconds} s: {said}; {errors} errors, {found['lost']} lost updates "
        f"of {found['acknowledged']:,}; {len(drawings)} drawings",
        *(f"failure: {failure}" for failure in found["failures"]),
    ]


async def _crowd_and_drawing(app: ServedApp, seconds: int) -> tuple[dict, list[float]]:
    client = Path(TESTS) / "support" / "load_client.py"
    page = await open_page(f"{app.address}/app")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, client, app.address, str(CROWD), str(seconds), "1"),
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
