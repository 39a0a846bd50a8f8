"""What the bench knows of a contestant, wherever it runs: it answers questions and can be timed.

`processes.py` and `pages.py` have the two kinds, processes and pages of a browser.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from benchmarks.cases import Case
from benchmarks.rounds import Plan


class Contestant(ABC):
    """Answers one request at a time; closes with `with`."""

    @abstractmethod
    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give the answer to a request; `ContestantError` if there is none."""

    @abstractmethod
    def close(self) -> None:
        """End it."""

    def __enter__(self) -> Contestant:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def facts(self) -> dict[str, object]:
        """Versions and whatever else a reader of the figures must know."""
        return self.ask({"do": "facts"})

    def seconds_per_call(self, discipline: str, case: Case | None, plan: Plan) -> float:
        """Time one discipline once."""
        request = {"do": discipline, "case": case and case.as_json()}
        answer = self.ask(request | {"seconds": plan.seconds, "warm_up": plan.warm_up})
        return float(answer["seconds"])
