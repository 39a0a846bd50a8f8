"""What contestants are measured in, natively and in the browser alike, and in which units.

Here seconds per call become the figures of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.cases import ONE_DIGIT, PRODUCTS, TRAINING, Case
from benchmarks.contestant import Contestant
from benchmarks.results import Result, Section
from benchmarks.rounds import ContestantError, Entry, Plan

Contestants = Mapping[str, Contestant | ContestantError]
"""By the titles in the table; an error stands for a contestant that is missing."""


@dataclass(frozen=True)
class Discipline:
    """What the contestants' modules call `name`, and the figure that its seconds stand for."""

    name: str
    case: Case
    title: str
    unit: str
    figure: Callable[[float], float]
    more_is_better: bool = True

    def measure(self, contestant: Contestant | ContestantError, plan: Plan) -> float:
        """Give one figure; raises the reason if the contestant is missing."""
        if isinstance(contestant, ContestantError):
            raise contestant
        return self.figure(contestant.seconds_per_call(self.name, self.case, plan))


def samples_per_second(name: str, case: Case) -> Discipline:
    return Discipline(name, case, case.title, "samples/s", lambda seconds: case.batch / seconds)


def billions_per_second(name: str, case: Case, title: str, operations: int) -> Discipline:
    return Discipline(name, case, title, "GFLOP/s", lambda seconds: operations / seconds / 1e9)


TRAINING_AND_ONE_DIGIT = (
    *(samples_per_second("training_step", case) for case in TRAINING),
    Discipline(
        "forward_pass",
        ONE_DIGIT,
        "one digit forward",
        "µs",
        lambda seconds: 1e6 * seconds,
        more_is_better=False,
    ),
)
KERNEL_PRODUCTS = tuple(
    billions_per_second("kernel_product", case, case.product_title, case.forward_operations)
    for case in PRODUCTS
)


def make_entries(
    section: Section,
    disciplines: Sequence[Discipline],
    contestants: Contestants,
    ours: str,
    plan: Plan,
    *,
    suffix: str = "",
) -> list[Entry]:
    """An entry for each discipline and contestant; `ours` is what the others are compared with.

    `suffix` goes behind the names of the disciplines.
    """
    entries = []
    for discipline in disciplines:
        for title, contestant in contestants.items():
            result = Result(
                section.name,
                discipline.title + suffix,
                title,
                discipline.unit,
                more_is_better=discipline.more_is_better,
                ours=None if title == ours else ours,
            )
            if isinstance(contestant, ContestantError):
                result.missing = str(contestant)
            entries.append(Entry(result, partial(discipline.measure, contestant, plan)))
    section.results.extend(entry.result for entry in entries)
    return entries


def note_facts(section: Section, contestants: Contestants, suffix: str = "") -> Contestants:
    """Enter the facts of all contestants; one that cannot give them is replaced by its error."""
    known: dict[str, Contestant | ContestantError] = {}
    for title, contestant in contestants.items():
        known[title] = contestant
        if isinstance(contestant, Contestant):
            try:
                section.facts[f"{title}{suffix}"] = contestant.facts()
            except ContestantError as error:
                known[title] = error
    return known
