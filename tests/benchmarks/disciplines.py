"""What contestants are measured in, natively and in the browser alike: training, and one digit.

Here seconds per call become the figures of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from benchmarks.cases import ONE_DIGIT, TRAINING, Case
from benchmarks.contestant import Contestant
from benchmarks.results import Result, Section
from benchmarks.rounds import ContestantError, Entry, Plan

DISCIPLINES = (*(("training_step", case) for case in TRAINING), ("forward_pass", ONE_DIGIT))


def make_entries(
    section: Section,
    contestants: Mapping[str, Contestant | ContestantError],
    ours: str,
    plan: Plan,
    suffix: str = "",
) -> list[Entry]:
    """An entry for each discipline and contestant, by its title; `ours` is what others are beside.

    An error stands for a contestant that is missing. `suffix` goes behind the disciplines' names.
    """
    entries = []
    for discipline, case in DISCIPLINES:
        for title, contestant in contestants.items():
            result = _make_result(section.name, discipline, case, suffix)
            result.contestant = title
            result.ours = None if title == ours else ours
            if isinstance(contestant, ContestantError):
                result.missing = str(contestant)
            entries.append(Entry(result, partial(_figure, contestant, discipline, case, plan)))
    section.results.extend(entry.result for entry in entries)
    return entries


def note_facts(
    section: Section, contestants: Mapping[str, Contestant | ContestantError], suffix: str = ""
) -> dict[str, Contestant | ContestantError]:
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


def _make_result(section: str, discipline: str, case: Case, suffix: str) -> Result:
    if discipline == "forward_pass":
        return Result(section, f"one digit forward{suffix}", "", "µs", more_is_better=False)
    return Result(section, f"{case.title}{suffix}", "", "samples/s")


def _figure(
    contestant: Contestant | ContestantError, discipline: str, case: Case, plan: Plan
) -> float:
    if isinstance(contestant, ContestantError):
        raise contestant
    seconds = contestant.seconds_per_call(discipline, case, plan)
    return 1e6 * seconds if discipline == "forward_pass" else case.batch / seconds
