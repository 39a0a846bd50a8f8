"""The spiral at the defaults of its case study: full-batch steps and pictures of the plane.

Ours on each backend in a browser tab and natively, beside a net of objects in JavaScript, which
takes one example at a time as TensorFlow Playground does.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.browser import INKLING, OURS, find_pyodide, open_inkling
from benchmarks.cases import PLANE_PICTURE, PLANE_STEP
from benchmarks.contestant import Contestant
from benchmarks.disciplines import Contestants, Discipline, make_entries, note_facts
from benchmarks.pages import PageContestant, open_browser, served_pages
from benchmarks.processes import WorkerProcess
from benchmarks.results import Section
from benchmarks.rounds import ContestantError, Plan, take_turns
from dashboard.site.pyodide_files import pinned

NATIVE = "Inkling, native"
OBJECTS = "net of objects"

STEPS = Discipline(
    "plane_step",
    PLANE_STEP,
    "2-100-5, all 500 points",
    "steps/s",
    lambda seconds: 1 / seconds,
)
PICTURES = Discipline(
    "plane_picture",
    PLANE_PICTURE,
    "picture of 100 × 100",
    "ms",
    lambda seconds: 1000 * seconds,
    more_is_better=False,
)


def measure(plan: Plan) -> Section:
    """Measure all contestants; those that are missing keep their rows."""
    section = Section("the plane")
    section.notes.append("headless Chromium, each contestant in a worker of its own, no threads")
    with ExitStack() as stack:
        native = WorkerProcess(Path(sys.executable), "plane", threads=1)
        own = {**_open_pages(section, stack), NATIVE: stack.enter_context(native)}
        objects = own.pop(OBJECTS)
        own = dict(note_facts(section, own))
        entries = [
            *make_entries(section, [STEPS], {**own, OBJECTS: objects}, OURS, plan),
            *make_entries(section, [PICTURES], own, OURS, plan),
        ]
        take_turns(entries, plan.rounds)
    section.compare()
    return section


def _open_pages(section: Section, stack: ExitStack) -> dict[str, Contestant | ContestantError]:
    try:
        browser = stack.enter_context(open_browser())
        section.facts["browser"] = {"chromium": browser.version}
        address = stack.enter_context(served_pages(find_pyodide(), pinned()["lock"]))
    except ContestantError as error:
        missing: Contestants = dict.fromkeys((*INKLING, OBJECTS), error)
        return dict(missing)
    pages: dict[str, Contestant | ContestantError] = {
        title: stack.enter_context(open_inkling(browser, address, backend, "plane"))
        for title, backend in INKLING.items()
    }
    pages[OBJECTS] = stack.enter_context(PageContestant(browser, address, script="objectnet.js"))
    return pages
