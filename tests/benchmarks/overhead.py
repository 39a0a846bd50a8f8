"""What the app's loop of training (queue, batches, curve, snapshots) costs beside the bare step.

All forms run in one process, with one thread for BLAS as in the app, and take turns.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from benchmarks.contestant import Contestant
from benchmarks.processes import WorkerProcess
from benchmarks.results import Result, Section
from benchmarks.rounds import ContestantError, Entry, Plan, take_turns

NAME = "native: the trainer's overhead"
BARE = "bare TrainingStep"
FORMS = {
    "bare": BARE,
    "loop": "whole loop",
    "loop_in_threads": "whole loop, slices in a thread",
    "loop_with_scores": "whole loop, 500 digits scored as in the app",
    "loop_on_bundled_digits": "the same on the 4,000 bundled digits",
}
CASE = "784-128-10, batch 64, 60,000 digits"
SLICES = 10
"""A slice takes 30 ms, so a turn has to be long enough for some of them."""


def measure(plan: Plan) -> Section:
    """Measure the forms of training, and how much of the bare step's speed each reaches."""
    section = Section(NAME)
    with WorkerProcess(Path(sys.executable), "trainer", threads=1) as worker:
        entries = [
            Entry(_result(title), partial(_samples_per_second, worker, form, plan))
            for form, title in FORMS.items()
        ]
        section.results.extend(entry.result for entry in entries)
        take_turns(entries, plan.rounds)
        try:
            section.facts["Inkling"] = worker.facts()
        except ContestantError as error:
            section.notes.append(str(error))
    section.compare()
    section.notes.extend(share_notes(section.results))
    return section


def _result(title: str) -> Result:
    return Result(NAME, CASE, title, "samples/s", ours=None if title == BARE else BARE)


def _samples_per_second(worker: Contestant, form: str, plan: Plan) -> float:
    long_enough = Plan(plan.rounds, max(plan.seconds, SLICES * 0.03), plan.warm_up)
    return 1 / worker.seconds_per_call(form, None, long_enough)


def share_notes(results: list[Result]) -> list[str]:
    """The ratios in words, as shares of the bare step's speed."""
    return [
        f"{result.contestant}: {100 / result.ratio:.0f} % of the bare step"
        for result in results
        if result.ratio is not None
    ]
