"""The measured values of implementations, by section and case, and their ratios to a baseline.

The table and the JSON file are made from these records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Result:
    """All repetitions of one implementation in one case.

    `baseline` is the title of the implementation to compare it with; `missing` is the reason if
    there are no repetitions.
    """

    section: str
    case: str
    implementation: str
    unit: str
    more_is_better: bool = True
    repetitions: list[float] = field(default_factory=list)
    baseline: str | None = None
    missing: str | None = None
    ratio: float | None = None

    @property
    def median(self) -> float:
        return median(self.repetitions)


@dataclass
class Section:
    """One part of a run: its results, facts on its implementations, and notes."""

    name: str
    results: list[Result] = field(default_factory=list)
    facts: dict[str, dict[str, object]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def compare(self) -> None:
        """Set the ratio of every result with a baseline; above 1 the baseline is better."""
        known = {(result.case, result.implementation): result for result in self.results}
        for result in self.results:
            baseline = known.get((result.case, result.baseline or ""))
            if baseline is not None and baseline.repetitions and result.repetitions:
                result.ratio = ratio_of(
                    baseline.repetitions, result.repetitions, more_is_better=result.more_is_better
                )


def ratio_of(baseline: Sequence[float], other: Sequence[float], *, more_is_better: bool) -> float:
    """Return the median of the ratios of each repetition, in which a drift cancels out."""
    pairs = zip(baseline, other, strict=True)
    return median(a / b if more_is_better else b / a for a, b in pairs)
