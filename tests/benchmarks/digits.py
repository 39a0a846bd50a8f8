"""Training on real digits for thousands of steps: the speed over time, natively and in a browser.

Random data hides what real digits do: the pixels at the border are almost always blank, and what an
optimiser remembers of them decays. All implementations train on MNIST if it is there, else on the
bundled digits, with the same batches, in turns of 100 steps.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.benchmark import Implementation, Implementations, note_facts
from benchmarks.browser import JAX, OURS, PEERS, TFJS_WASM
from benchmarks.cases import DEEP, DIGIT_RATES, SMALL, Case
from benchmarks.pages import inkling_page, open_pages
from benchmarks.peers import python_peer
from benchmarks.processes import WorkerProcess
from benchmarks.results import Result, Section
from benchmarks.runner import BenchmarkError, Plan
from data_cache import data_set_available

STEPS, QUICK_STEPS = 5_000, 3_000
TURN = 100
BATCH = 32
CASES = [Case(sizes, BATCH, name) for sizes in (SMALL, DEEP) for name in DIGIT_RATES]


def measure_native(plan: Plan) -> Section:
    """Measure Inkling and PyTorch, each with one thread."""
    section = _section("native: digits over time")
    with ExitStack() as stack:
        found: dict[str, Implementation | BenchmarkError] = {
            OURS: stack.enter_context(WorkerProcess(Path(sys.executable), "inkling", 1))
        }
        try:
            found["PyTorch"] = stack.enter_context(
                WorkerProcess(python_peer("pytorch"), "pytorch", 1)
            )
        except BenchmarkError as error:
            found["PyTorch"] = error
        _measure(section, CASES, note_facts(section, found), plan)
    return section


def measure_browser(plan: Plan) -> Section:
    """Measure Inkling's kernels, TF.js and jax-js."""
    section = _section("browser: digits over time")
    pages = {
        OURS: inkling_page("auto"),
        TFJS_WASM: PEERS[TFJS_WASM],
        JAX: PEERS[JAX],
    }
    with ExitStack() as stack:
        found = open_pages(section, pages, stack)
        cases = CASES if plan.is_full else [case for case in CASES if case.sizes == SMALL]
        _measure(section, cases, found, plan)
    return section


def _section(name: str) -> Section:
    section = Section(name)
    title = "MNIST" if data_set_available("mnist") else "the bundled digits"
    rates = ", ".join(f"{name} {rate}" for name, rate in DIGIT_RATES.items())
    section.notes.append(f"trained on {title}; learning rates: {rates}")
    return section


def _measure(
    section: Section, cases: Sequence[Case], implementations: Implementations, plan: Plan
) -> None:
    steps = STEPS if plan.is_full else QUICK_STEPS
    spans = [(100, 400), (900, 1_200), (1_900, 2_200), (steps - 300, steps)]
    for case in cases:
        speeds: dict[str, list[float]] = {title: [] for title in implementations}
        missing = {
            title: str(error)
            for title, error in implementations.items()
            if isinstance(error, BenchmarkError)
        }
        for _ in range(steps // TURN):
            for title, implementation in implementations.items():
                if title not in missing:
                    assert isinstance(implementation, Implementation)
                    try:
                        speeds[title].append(_turn(implementation, case))
                    except BenchmarkError as error:
                        missing[title] = str(error)
        _add(section, case, speeds, missing, [*spans, (0, steps)])
    section.compare()


def _turn(implementation: Implementation, case: Case) -> float:
    """Train for another 100 steps, and return the samples per second."""
    request = {"do": "digits_training", "case": case.as_json(), "steps": TURN}
    return case.batch * TURN / float(implementation.ask(request)["seconds"])


def _add(
    section: Section,
    case: Case,
    speeds: dict[str, list[float]],
    missing: dict[str, str],
    spans: Sequence[tuple[int, int]],
) -> None:
    for start, end in spans:
        for title, of_turns in speeds.items():
            section.results.append(
                Result(
                    section.name,
                    f"{case.title}, {case.optimizer}, steps {start:,} to {end:,}",
                    title,
                    "samples/s",
                    baseline=None if title == OURS else OURS,
                    repetitions=[] if title in missing else of_turns[start // TURN : end // TURN],
                    missing=missing.get(title),
                )
            )
    for title, of_turns in speeds.items():
        if title not in missing:
            late, early = median(of_turns[-3:]), median(of_turns[1:4])
            section.notes.append(
                f"{case.title}, {case.optimizer}: {title} ends at {late / early:.2f} of the speed "
                "of the steps from 100 to 400"
            )
