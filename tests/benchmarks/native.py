"""Native training on this machine: Inkling, PyTorch and scikit-learn.

Each runs once with a thread per core, the libraries' default, and once with one thread, as the app
does where visitors share the cores.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.benchmark import (
    TRAINING_AND_ONE_DIGIT,
    Implementation,
    make_entries,
    note_facts,
    samples_per_second,
)
from benchmarks.cases import BEST_MODEL
from benchmarks.peers import python_peer
from benchmarks.processes import WorkerProcess
from benchmarks.results import Section
from benchmarks.runner import BenchmarkError, Entry, Plan, run_interleaved

OURS = "Inkling"
PYTORCH = "PyTorch"
CONVOLUTIONS = samples_per_second("training_step", BEST_MODEL)
PEERS = {PYTORCH: "pytorch", "scikit-learn": "scikit_learn"}


def measure(plan: Plan) -> Section:
    """Measure all implementations; peers that are missing keep their rows."""
    section = Section("native: training")
    section.notes.append(
        "plain SGD (the convolutions: Adam), cross-entropy, float32, real digits; threads are set "
        "for all libraries (OPENBLAS_, OMP_ and MKL_NUM_THREADS)"
    )
    pythons = {title: _find_python(module) for title, module in PEERS.items()}
    with ExitStack() as stack:
        entries: list[Entry] = []
        for threads in sorted({1, os.cpu_count() or 1}):
            suffix = ", 1 thread" if threads == 1 else f", {threads} threads"
            found: dict[str, Implementation | BenchmarkError] = {
                OURS: stack.enter_context(WorkerProcess(Path(sys.executable), "inkling", threads))
            }
            for title, python in pythons.items():
                found[title] = (
                    python
                    if isinstance(python, BenchmarkError)
                    else stack.enter_context(WorkerProcess(python, PEERS[title], threads))
                )
            known = note_facts(section, found, suffix)
            convolutional = {title: known[title] for title in (OURS, PYTORCH)}
            for benchmarks, implementations in (
                (TRAINING_AND_ONE_DIGIT, known),
                ([CONVOLUTIONS], convolutional),
            ):
                entries += make_entries(
                    section, benchmarks, implementations, OURS, plan, suffix=suffix
                )
        run_interleaved(entries, plan.repetitions)
    section.compare()
    return section


def _find_python(module: str) -> Path | BenchmarkError:
    try:
        return python_peer(module)
    except BenchmarkError as error:
        return error
