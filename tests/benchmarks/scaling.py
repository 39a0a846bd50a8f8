"""Native speed and memory of Inkling by the width of the hidden layer and by the batch size.

Each point runs in a separate process, so that its memory is that of one network.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Implementation
from benchmarks.cases import Case
from benchmarks.processes import WorkerProcess
from benchmarks.results import Result, Section
from benchmarks.runner import Entry, Plan, run_interleaved

WIDTHS = tuple(Case((784, width, 10), 64) for width in (64, 128, 256, 512, 1024, 2048))
BATCHES = tuple(Case((784, 128, 10), batch) for batch in (1, 4, 16, 64, 256, 1024))
MEGABYTE = 1 << 20


def measure(plan: Plan) -> Section:
    """Measure the speed at all points, interleaved, and then the memory of every process."""
    section = Section("native: scaling")
    section.notes.append(
        "1 thread; memory is the growth of the process by the network, its step and 8 batches"
    )
    with ExitStack() as stack:
        for title, cases in (("wider hidden layer", WIDTHS), ("bigger batch", BATCHES)):
            _measure_cases(section, title, cases, plan, stack)
    return section


def _measure_cases(
    section: Section, title: str, cases: tuple[Case, ...], plan: Plan, stack: ExitStack
) -> None:
    workers = [
        stack.enter_context(WorkerProcess(Path(sys.executable), "inkling", threads=1))
        for _ in cases
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
    run_interleaved(entries, plan.repetitions)
    section.results.extend(entry.result for entry in entries)
    for (worker, case), start in zip(points, before, strict=True):
        result = Result(section.name, f"{title}: memory", case.title, "MB", more_is_better=False)
        result.repetitions.append((_memory(worker) - start) / MEGABYTE)
        section.results.append(result)


def _speed(worker: Implementation, case: Case, plan: Plan) -> float:
    return case.batch / worker.seconds_per_call("training_step", case, plan)


def _memory(worker: Implementation) -> int:
    return int(worker.ask({"do": "memory"})["bytes"])
