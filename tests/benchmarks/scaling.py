"""How our speed and memory change as the hidden layer grows and as the batch grows, natively.

Every point runs in a process of its own, so that the memory is that of one network alone.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.contestant import Contestant
from benchmarks.processes import WorkerProcess
from benchmarks.results import Result, Section
from benchmarks.rounds import Entry, Plan, take_turns

WIDTHS = tuple(Case((784, width, 10), 64) for width in (64, 128, 256, 512, 1024, 2048))
BATCHES = tuple(Case((784, 128, 10), batch) for batch in (1, 4, 16, 64, 256, 1024))
MEGABYTE = 1 << 20


def measure(plan: Plan) -> Section:
    """Measure all points in turn; then ask every process for the memory that it has gained."""
    section = Section("native: scaling")
    section.notes.append(
        "1 thread; memory is what the process gained with the net, its step and 8 batches"
    )
    with ExitStack() as stack:
        for title, cases in (("wider hidden layer", WIDTHS), ("bigger batch", BATCHES)):
            _measure_cases(section, title, cases, plan, stack)
    return section


def _measure_cases(
    section: Section, title: str, cases: tuple[Case, ...], plan: Plan, stack: ExitStack
) -> None:
    workers = [
        stack.enter_context(WorkerProcess(Path(sys.executable), "ours", threads=1)) for _ in cases
    ]
    points = list(zip(workers, cases, strict=True))
    entries = [
        Entry(
            Result(section.name, f"{title}: speed", case.title, "samples/s"),
            partial(_speed, worker, case, plan),
        )
        for worker, case in points
    ]
    before = [_memory(worker) for worker in workers]
    take_turns(entries, plan.rounds)
    section.results.extend(entry.result for entry in entries)
    for (worker, case), start in zip(points, before, strict=True):
        result = Result(section.name, f"{title}: memory", case.title, "MB", more_is_better=False)
        result.repetitions.append((_memory(worker) - start) / MEGABYTE)
        section.results.append(result)


def _speed(worker: Contestant, case: Case, plan: Plan) -> float:
    return case.batch / worker.seconds_per_call("training_step", case, plan)


def _memory(worker: Contestant) -> int:
    return int(worker.ask({"do": "memory"})["bytes"])
