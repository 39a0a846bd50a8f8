"""Training on this machine without a browser: ours, PyTorch and scikit-learn.

Everybody runs once with a thread for every core, as the libraries do by themselves, and once with
one thread, as the app does where visitors share the cores.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.contestant import Contestant
from benchmarks.disciplines import TRAINING_AND_ONE_DIGIT, Contestants, make_entries, note_facts
from benchmarks.peers import python_peer
from benchmarks.processes import WorkerProcess
from benchmarks.results import Section
from benchmarks.rounds import ContestantError, Entry, Plan, take_turns

OURS = "Inkling"
PEERS = {"PyTorch": "pytorch", "scikit-learn": "scikit_learn"}


def measure(plan: Plan) -> Section:
    """Measure all contestants; peers that are missing keep their rows."""
    section = Section("native: training")
    section.notes.append(
        "plain SGD, cross-entropy, float32, random data; threads are set for all libraries "
        "(OPENBLAS_, OMP_ and MKL_NUM_THREADS)"
    )
    pythons = {title: _find_python(module) for title, module in PEERS.items()}
    with ExitStack() as stack:
        entries: list[Entry] = []
        for threads in sorted({1, os.cpu_count() or 1}):
            suffix = ", 1 thread" if threads == 1 else f", {threads} threads"
            own = WorkerProcess(Path(sys.executable), "ours", threads)
            contestants: dict[str, Contestant | ContestantError] = {OURS: stack.enter_context(own)}
            for title, python in pythons.items():
                contestants[title] = (
                    python
                    if isinstance(python, ContestantError)
                    else stack.enter_context(WorkerProcess(python, PEERS[title], threads))
                )
            known: Contestants = note_facts(section, contestants, suffix)
            entries += make_entries(
                section, TRAINING_AND_ONE_DIGIT, known, OURS, plan, suffix=suffix
            )
        take_turns(entries, plan.rounds)
    section.compare()
    return section


def _find_python(module: str) -> Path | ContestantError:
    try:
        return python_peer(module)
    except ContestantError as error:
        return error
