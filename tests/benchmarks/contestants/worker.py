"""Runs one contestant in a process of its own: a line of JSON asks, a line of JSON answers.

`python -m benchmarks.contestants.worker NAME`, with NAME a module of this package. What a
contestant has prepared for a case it keeps, so that only its first turn pays for it, unless the
contestant's module names the discipline in `FRESH`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.cases import case_from_json
from benchmarks.timing import seconds_per_call


class Worker:
    """Answers requests to one contestant."""

    def __init__(self, name: str) -> None:
        self._contestant = importlib.import_module(f"benchmarks.contestants.{name}")
        self._prepared: dict[str, Callable[..., Any]] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "facts":
            return self._contestant.facts()
        if request["do"] == "memory":
            return {"bytes": resident_bytes()}
        prepared = self._prepare(request["do"], request["case"])
        measure = getattr(self._contestant, "time_once", seconds_per_call)
        return {"seconds": measure(prepared, request["seconds"], request["warm_up"])}

    def _prepare(self, discipline: str, case: Any) -> Callable[..., Any]:
        key = json.dumps([discipline, case])
        if key not in self._prepared or discipline in getattr(self._contestant, "FRESH", ()):
            prepare = getattr(self._contestant, discipline)
            self._prepared[key] = prepare() if case is None else prepare(case_from_json(case))
        return self._prepared[key]


def resident_bytes() -> int:
    """The memory that this process has at present (Linux; 0 elsewhere)."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(name: str) -> None:
    """Answer until there is no more input; what contestants print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = None
    for line in sys.stdin:
        try:
            worker = worker or Worker(name)
            answer = worker.answer(json.loads(line))
        except Exception as error:  # whatever it is, the bench must hear of it
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
