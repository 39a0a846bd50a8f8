"""Training on this machine without a browser: ours, PyTorch and scikit-learn.

Everybody runs once with one thread, as the app does, and once with a thread for every core.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.cases import ONE_DIGIT, TRAINING, Case
from benchmarks.peers import python_peer
from benchmarks.processes import WorkerProcess
from benchmarks.results import Result, Section
from benchmarks.rounds import ContestantError, Entry, Plan, take_turns

NAMES = {"ours": "Inkling", "pytorch": "PyTorch", "scikit_learn": "scikit-learn"}
NAME = "native: training"


def measure(plan: Plan) -> Section:
    """Measure all contestants; peers that are missing keep their rows."""
    section = Section(NAME)
    section.notes.append(
        "plain SGD, cross-entropy, float32, random data; threads are set for all libraries "
        "(OPENBLAS_, OMP_ and MKL_NUM_THREADS)"
    )
    pythons, missing = find_pythons()
    with ExitStack() as stack:
        entries: list[Entry] = []
        for threads in sorted({1, os.cpu_count() or 1}):
            workers = {
                name: stack.enter_context(WorkerProcess(python, name, threads))
                for name, python in pythons.items()
            }
            _note_facts(section, workers, threads, missing)
            entries += _entries(section, workers, threads, missing, plan)
        section.results.extend(sorted((entry.result for entry in entries), key=_order))
        take_turns(entries, plan.rounds)
    section.compare()
    return section


def find_pythons() -> tuple[dict[str, Path], dict[str, str]]:
    """The Python of each contestant, and the reasons of those that have none."""
    pythons, missing = {"ours": Path(sys.executable)}, {}
    for name in NAMES:
        if name == "ours":
            continue
        try:
            pythons[name] = python_peer(name)
        except ContestantError as error:
            missing[name] = str(error)
    return pythons, missing


def _note_facts(
    section: Section, workers: dict[str, WorkerProcess], threads: int, missing: dict[str, str]
) -> None:
    for name, worker in workers.items():
        try:
            section.facts[f"{NAMES[name]}, {_threads(threads)}"] = worker.ask({"do": "facts"})
        except ContestantError as error:
            missing[name] = str(error)


def _entries(
    section: Section,
    workers: dict[str, WorkerProcess],
    threads: int,
    missing: dict[str, str],
    plan: Plan,
) -> list[Entry]:
    entries = []
    disciplines = [("training_step", case) for case in TRAINING] + [("forward_pass", ONE_DIGIT)]
    for discipline, case in disciplines:
        for name, title in NAMES.items():
            result = _make_result(section.name, discipline, case, threads)
            result.contestant = title
            result.ours = None if name == "ours" else NAMES["ours"]
            result.missing = missing.get(name)
            measure_once: Callable[[], float] = lambda: 0.0  # noqa: E731
            if name in workers:
                measure_once = partial(_figure, workers[name], discipline, case, plan)
            entries.append(Entry(result, measure_once))
    return entries


def _make_result(section: str, discipline: str, case: Case, threads: int) -> Result:
    if discipline == "forward_pass":
        title = f"one digit forward, {_threads(threads)}"
        return Result(section, title, "", "µs", more_is_better=False)
    return Result(section, f"{case.title}, {_threads(threads)}", "", "samples/s")


def _figure(worker: WorkerProcess, discipline: str, case: Case, plan: Plan) -> float:
    seconds = worker.seconds_per_call(discipline, case, plan)
    return 1e6 * seconds if discipline == "forward_pass" else case.batch / seconds


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _order(result: Result) -> str:
    """Sort rows by the number of threads only; sorting keeps the rest as it is."""
    return result.case.rsplit(", ", 1)[1]
