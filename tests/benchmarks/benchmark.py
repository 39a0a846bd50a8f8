"""Benchmarks of implementations: what is timed, in which unit, and how an implementation is asked.

An implementation is Inkling or a peer; it runs in a process (`processes.py`) or in a page of a
browser (`pages.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.cases import ONE_DIGIT, PRODUCTS, TRAINING, Case
from benchmarks.results import Result, Section
from benchmarks.runner import BenchmarkError, Entry, Plan


class Implementation(ABC):
    """Code under test that answers one request at a time; a context manager that closes it."""

    @abstractmethod
    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the response to a request; raise BenchmarkError if there is none."""

    @abstractmethod
    def close(self) -> None:
        """End its process or page."""

    def __enter__(self) -> Implementation:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def facts(self) -> dict[str, object]:
        """Return versions, backend and number of threads."""
        return self.ask({"do": "facts"})

    def seconds_per_call(self, function: str, case: Case | None, plan: Plan) -> float:
        """Time one function of its module once."""
        request = {"do": function, "case": case and case.as_json()}
        response = self.ask(request | {"seconds": plan.seconds, "warm_up": plan.warm_up})
        return float(response["seconds"])


Implementations = Mapping[str, Implementation | BenchmarkError]
"""By their titles in the table; an error stands for an implementation that is missing."""


@dataclass(frozen=True)
class Benchmark:
    """A function of the implementations' modules, and the value that its seconds stand for."""

    function: str
    case: Case
    title: str
    unit: str
    value: Callable[[float], float]
    more_is_better: bool = True

    def measure(self, implementation: Implementation | BenchmarkError, plan: Plan) -> float:
        """Return one value; raise the reason if the implementation is missing."""
        if isinstance(implementation, BenchmarkError):
            raise implementation
        return self.value(implementation.seconds_per_call(self.function, self.case, plan))


def samples_per_second(function: str, case: Case) -> Benchmark:
    """Return a benchmark of training speed."""
    return Benchmark(function, case, case.title, "samples/s", lambda seconds: case.batch / seconds)


def gflops(function: str, case: Case, title: str, operations: int) -> Benchmark:
    """Return a benchmark of floating-point operations per second."""
    return Benchmark(function, case, title, "GFLOP/s", lambda seconds: operations / seconds / 1e9)


TRAINING_AND_ONE_DIGIT = (
    *(samples_per_second("training_step", case) for case in TRAINING),
    Benchmark(
        "forward_pass",
        ONE_DIGIT,
        "one digit forward",
        "µs",
        lambda seconds: 1e6 * seconds,
        more_is_better=False,
    ),
)
KERNEL_PRODUCTS = tuple(
    gflops("kernel_product", case, case.product_title, case.forward_operations) for case in PRODUCTS
)


def make_entries(
    section: Section,
    benchmarks: Sequence[Benchmark],
    implementations: Implementations,
    baseline: str,
    plan: Plan,
    *,
    suffix: str = "",
) -> list[Entry]:
    """Return an entry for each benchmark and implementation, and add its result to the section.

    `baseline` is the title of the implementation with which the others are compared; `suffix` is
    appended to the titles of the benchmarks.
    """
    entries = []
    for benchmark in benchmarks:
        for title, implementation in implementations.items():
            result = Result(
                section.name,
                benchmark.title + suffix,
                title,
                benchmark.unit,
                more_is_better=benchmark.more_is_better,
                baseline=None if title == baseline else baseline,
            )
            if isinstance(implementation, BenchmarkError):
                result.missing = str(implementation)
            entries.append(Entry(result, partial(benchmark.measure, implementation, plan)))
    section.results.extend(entry.result for entry in entries)
    return entries


def note_facts(
    section: Section, implementations: Implementations, suffix: str = ""
) -> Implementations:
    """Record the facts of all implementations; replace one that cannot give them by its error."""
    known: dict[str, Implementation | BenchmarkError] = {}
    for title, implementation in implementations.items():
        known[title] = implementation
        if isinstance(implementation, Implementation):
            try:
                section.facts[f"{title}{suffix}"] = implementation.facts()
            except BenchmarkError as error:
                known[title] = error
    return known
