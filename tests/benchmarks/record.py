"""Writes everything that was measured to one JSON file, with the machine that it was measured on.

Later runs and other machines can be compared with it without reading a table.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.results import Result, Section
from benchmarks.rounds import Plan

FORMAT = 1


def machine_facts() -> dict[str, Any]:
    """What a reader must know of the machine; `load` are the averages of 1, 5 and 15 minutes."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "cores_usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def write_record(
    path: Path, sections: Sequence[Section], plan: Plan, machine: dict[str, Any]
) -> None:
    """Write the file, and its folder if need be."""
    record = {
        "format": FORMAT,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "plan": asdict(plan),
        "sections": [section_record(section) for section in sections],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def section_record(section: Section) -> dict[str, Any]:
    """A section with its figures, as JSON has them."""
    return {
        "name": section.name,
        "contestants": section.facts,
        "notes": section.notes,
        "results": [_result_record(result) for result in section.results],
    }


def _result_record(result: Result) -> dict[str, Any]:
    names = ("case", "contestant", "unit", "more_is_better", "ours", "ratio", "missing")
    record = {name: getattr(result, name) for name in names} | {"repetitions": result.repetitions}
    if result.repetitions:
        figures = {"median": result.median}
        record |= figures | {"min": min(result.repetitions), "max": max(result.repetitions)}
    return record
