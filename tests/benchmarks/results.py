"""The figures of one contestant in one discipline, and what they say beside ours.

The table and the JSON file are both made from these records and from nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Result:
    """All repetitions of one contestant in one discipline, or why there are none.

    `ours` names the contestant that this one is to be compared with; `missing` is a sentence.
    """

    section: str
    case: str
    contestant: str
    unit: str
    more_is_better: bool = True
    repetitions: list[float] = field(default_factory=list)
    ours: str | None = None
    missing: str | None = None
    ratio: float | None = None

    @property
    def median(self) -> float:
        return median(self.repetitions)


@dataclass
class Section:
    """One part of the bench: its results, the facts of its contestants, and remarks on them."""

    name: str
    results: list[Result] = field(default_factory=list)
    facts: dict[str, dict[str, object]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def compare(self) -> None:
        """Give every result that names ours its ratio: above 1 means that ours is better."""
        known = {(result.case, result.contestant): result for result in self.results}
        for result in self.results:
            ours = known.get((result.case, result.ours or ""))
            if ours is not None and ours.repetitions and result.repetitions:
                result.ratio = ratio_of(
                    ours.repetitions, result.repetitions, more_is_better=result.more_is_better
                )


def ratio_of(ours: Sequence[float], theirs: Sequence[float], *, more_is_better: bool) -> float:
    """The median of the ratios round by round, so that a drift of the machine cancels out."""
    pairs = zip(ours, theirs, strict=True)
    return median(a / b if more_is_better else b / a for a, b in pairs)
