"""The spiral at the defaults of its case study: full-batch steps, and pictures of the plane.

Inkling on each backend in a browser and natively, and a JavaScript network of node and link
objects, which processes one example at a time as TensorFlow Playground does.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.benchmark import Benchmark, make_entries, note_facts
from benchmarks.browser import OURS, inkling_pages
from benchmarks.cases import PLANE_PICTURE, PLANE_STEP
from benchmarks.pages import PageSpec, open_pages
from benchmarks.processes import WorkerProcess
from benchmarks.results import Section
from benchmarks.runner import Plan, run_interleaved

NATIVE = "Inkling, native"
OBJECTS = "net of objects"

STEPS = Benchmark(
    "plane_step",
    PLANE_STEP,
    "2-100-5, all 500 points",
    "steps/s",
    lambda seconds: 1 / seconds,
)
PICTURES = Benchmark(
    "plane_picture",
    PLANE_PICTURE,
    "picture of 100 × 100",
    "ms",
    lambda seconds: 1000 * seconds,
    more_is_better=False,
)


def measure(plan: Plan) -> Section:
    """Measure all implementations; those that are missing keep their rows."""
    section = Section("the plane")
    with ExitStack() as stack:
        pages = {**inkling_pages("plane"), OBJECTS: PageSpec("objectnet.js")}
        found = dict(open_pages(section, pages, stack))
        objects = {OBJECTS: found.pop(OBJECTS)}
        native = stack.enter_context(WorkerProcess(Path(sys.executable), "plane", threads=1))
        ours = {**found, **note_facts(section, {NATIVE: native})}
        entries = [
            *make_entries(section, [STEPS], {**ours, **objects}, OURS, plan),
            *make_entries(section, [PICTURES], ours, OURS, plan),
        ]
        run_interleaved(entries, plan.repetitions)
    section.compare()
    return section
