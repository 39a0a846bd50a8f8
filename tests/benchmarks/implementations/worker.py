"""Runs one implementation in a process: requests and responses are lines of JSON.

`python -m benchmarks.implementations.worker NAME`, with NAME a module of this package. Prepared
functions are cached by case, unless the module lists the function in `FRESH`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from benchmarks.cases import case_from_json
from benchmarks.timing import seconds_per_call


class Worker:
    """Responds to requests to one implementation."""

    def __init__(self, name: str) -> None:
        self._module = importlib.import_module(f"benchmarks.implementations.{name}")
        self._prepared: dict[str, Any] = {}

    def respond(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "facts":
            return self._module.facts()
        if request["do"] == "memory":
            return {"bytes": resident_bytes()}
        prepared = self._prepare(request["do"], request["case"])
        if "steps" in request:
            return {"seconds": prepared.seconds(request["steps"])}
        measure = getattr(self._module, "time_once", seconds_per_call)
        return {"seconds": measure(prepared, request["seconds"], request["warm_up"])}

    def _prepare(self, function: str, case: Any) -> Any:
        key = json.dumps([function, case])
        if key not in self._prepared or function in getattr(self._module, "FRESH", ()):
            prepare = getattr(self._module, function)
            self._prepared[key] = prepare() if case is None else prepare(case_from_json(case))
        return self._prepared[key]


def resident_bytes() -> int:
    """Return the resident memory of this process in bytes (Linux; 0 elsewhere)."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(name: str) -> None:
    """Respond until the end of the input; printed output goes to stderr."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = None
    for line in sys.stdin:
        try:
            worker = worker or Worker(name)
            response = worker.respond(json.loads(line))
        except Exception as error:  # reported as a missing row
            traceback.print_exc()
            response = {"error": f"{type(error).__name__}: {error}"}
        output.write(json.dumps(response) + "\n")
        output.flush()


if __name__ == "__main__":
    main(sys.argv[1])
