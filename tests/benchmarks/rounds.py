"""Lets the contestants take turns, so that whatever else the machine does hits all of them alike.

A measurement that fails is reported in its contestant's row and does not end the bench.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.results import Result


class ContestantError(RuntimeError):
    """A contestant cannot be installed, started or measured; the message says why."""


@dataclass(frozen=True)
class Plan:
    """How long to measure: `rounds` turns of `seconds` each, after `warm_up` seconds."""

    rounds: int
    seconds: float
    warm_up: float


FULL = Plan(rounds=5, seconds=0.3, warm_up=0.1)
QUICK = Plan(rounds=3, seconds=0.1, warm_up=0.05)


@dataclass
class Entry:
    """A result to be filled, and what gives it one more repetition."""

    result: Result
    measure: Callable[[], float]


def take_turns(entries: Sequence[Entry], rounds: int) -> None:
    """Measure every entry once in each round; one that failed is left out of further rounds."""
    for _ in range(rounds):
        for entry in entries:
            if entry.result.missing is not None:
                continue
            try:
                entry.result.repetitions.append(entry.measure())
            except ContestantError as error:
                entry.result.repetitions.clear()
                entry.result.missing = str(error)
