"""Interleaved runs: each repetition measures every entry once, so that drift affects all alike.

A measurement that fails is reported in its row and does not end the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.results import Result


class BenchmarkError(RuntimeError):
    """An implementation cannot be installed, started or measured; the message gives the reason."""


@dataclass(frozen=True)
class Plan:
    """How long to measure: `repetitions` times `seconds`, each after `warm_up` seconds."""

    repetitions: int
    seconds: float
    warm_up: float

    @property
    def is_full(self) -> bool:
        """Whether the run is at least as long as `FULL`."""
        return self.repetitions >= FULL.repetitions


FULL = Plan(repetitions=5, seconds=0.3, warm_up=0.1)
QUICK = Plan(repetitions=3, seconds=0.1, warm_up=0.05)


@dataclass
class Entry:
    """A result, and the function that measures one more repetition of it."""

    result: Result
    measure: Callable[[], float]


def run_interleaved(entries: Sequence[Entry], repetitions: int) -> None:
    """Measure all entries in each repetition; one that failed is skipped from then on."""
    for _ in range(repetitions):
        for entry in entries:
            if entry.result.missing is not None:
                continue
            try:
                entry.result.repetitions.append(entry.measure())
            except BenchmarkError as error:
                entry.result.repetitions.clear()
                entry.result.missing = str(error)
