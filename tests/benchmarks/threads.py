"""In a browser: training by all cores in an isolated page, beside one thread and beside jax-js.

The time of a step includes copying the network to the memory that the threads share, and back.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from benchmarks.benchmark import make_entries, samples_per_second
from benchmarks.browser import JAX, PEERS
from benchmarks.cases import DEEP, SMALL, Case
from benchmarks.pages import inkling_page, open_pages
from benchmarks.results import Section
from benchmarks.runner import Plan, run_interleaved

OURS = "Inkling, all cores"
CASES = (
    *(Case(SMALL, batch) for batch in (1, 16, 64, 256, 1_000)),
    Case(DEEP, 64),
    Case(SMALL, 32, "adam"),
    Case(DEEP, 64, "adam"),
)


def measure(plan: Plan) -> Section:
    """Measure all; those that are missing keep their rows."""
    section = Section("browser: threads")
    pages = {
        OURS: replace(inkling_page("auto"), is_isolated=True),
        "Inkling, 1 thread": inkling_page("auto"),
        f"{JAX}, all cores": replace(PEERS[JAX], is_isolated=True),
        f"{JAX}, 1 thread": PEERS[JAX],
    }
    with ExitStack() as stack:
        found = open_pages(section, pages, stack)
        trainings = [samples_per_second("training_step", case) for case in CASES]
        entries = make_entries(section, trainings, found, OURS, plan)
        run_interleaved(entries, plan.repetitions)
    section.compare()
    return section
