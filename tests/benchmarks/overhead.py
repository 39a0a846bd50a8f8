"""The overhead of the training loop (queue, batches, history, snapshots) over the bare step.

All variants run in one process, interleaved, with one BLAS thread as in the app.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Implementation
from benchmarks.processes import WorkerProcess
from benchmarks.results import Result, Section
from benchmarks.runner import BenchmarkError, Entry, Plan, run_interleaved

NAME = "native: the trainer's overhead"
BARE = "bare TrainingStep"
VARIANTS = {
    "bare": BARE,
    "loop": "whole loop",
    "loop_in_threads": "whole loop, slices in a thread",
    "loop_with_scores": "whole loop, 500 digits scored as in the app",
    "loop_on_bundled_digits": "the same on the 4,000 bundled digits",
}
CASE = "784-128-10, batch 64, 60,000 digits"
SLICES = 10
"""A slice takes 30 ms, so a repetition must last for several of them."""


def measure(plan: Plan) -> Section:
    """Measure all variants, and the share of the bare step's speed that each reaches."""
    section = Section(NAME)
    with WorkerProcess(Path(sys.executable), "training_loop", threads=1) as worker:
        entries = [
            Entry(_result(title), partial(_samples_per_second, worker, variant, plan))
            for variant, title in VARIANTS.items()
        ]
        section.results.extend(entry.result for entry in entries)
        run_interleaved(entries, plan.repetitions)
        try:
            section.facts["Inkling"] = worker.facts()
        except BenchmarkError as error:
            section.notes.append(str(error))
    section.compare()
    section.notes.extend(share_notes(section.results))
    return section


def _result(title: str) -> Result:
    return Result(NAME, CASE, title, "samples/s", baseline=None if title == BARE else BARE)


def _samples_per_second(worker: Implementation, variant: str, plan: Plan) -> float:
    long_enough = Plan(plan.repetitions, max(plan.seconds, SLICES * 0.03), plan.warm_up)
    return 1 / worker.seconds_per_call(variant, None, long_enough)


def share_notes(results: list[Result]) -> list[str]:
    """Return the ratios as notes: shares of the bare step's speed."""
    return [
        f"{result.implementation}: {100 / result.ratio:.0f} % of the bare step"
        for result in results
        if result.ratio is not None
    ]
