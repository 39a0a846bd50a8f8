"""Reports of a benchmark run: a table for the terminal, and a JSON file for later comparisons.

A row of the table is one implementation in one benchmark case, whose name stands in its first row
only. The last column is how many times better the first implementation of the case is.
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
from benchmarks.runner import Plan

FORMAT = 2
HEADER = ("case", "implementation", "median", "min", "max", "unit", "first is")
NUMBERS = {2, 3, 4, 6}
"""Columns that are aligned to the right."""


def format_table(sections: Sequence[Section]) -> str:
    """Return all sections as text, followed by the reasons of missing rows and the notes."""
    rows = [HEADER]
    for section in sections:
        rows.append((section.name.upper(), *[""] * (len(HEADER) - 1)))
        rows.extend(_section_rows(section))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join([*lines, *_remarks(sections)])


def _section_rows(section: Section) -> list[tuple[str, ...]]:
    rows, case = [], None
    for result in section.results:
        rows.append((result.case if result.case != case else "", *_cells(result)))
        case = result.case
    return rows


def _cells(result: Result) -> tuple[str, ...]:
    if result.missing is not None:
        return (result.implementation, "missing", "", "", "", "")
    values = (result.median, min(result.repetitions), max(result.repetitions))
    ratio = f"{format_number(result.ratio)} ×" if result.ratio is not None else ""
    return (result.implementation, *map(format_number, values), result.unit, ratio)


def format_number(value: float) -> str:
    """Return at least three significant digits, with commas between thousands."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if column in NUMBERS else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _remarks(sections: Sequence[Section]) -> list[str]:
    missing = {
        f"missing: {result.implementation} ({section.name}): {result.missing}": None
        for section in sections
        for result in section.results
        if result.missing is not None
    }
    notes = [f"{section.name}: {note}" for section in sections for note in section.notes]
    return ["", *missing, *notes] if missing or notes else []


def machine_facts() -> dict[str, Any]:
    """Return the properties of this machine; `load` are the averages of 1, 5 and 15 minutes."""
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
    """Write the JSON file, creating its folder if it is missing."""
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
    """Return a section with its results for JSON."""
    return {
        "name": section.name,
        "implementations": section.facts,
        "notes": section.notes,
        "results": [_result_record(result) for result in section.results],
    }


def _result_record(result: Result) -> dict[str, Any]:
    names = ("case", "implementation", "unit", "more_is_better", "baseline", "ratio", "missing")
    record = {name: getattr(result, name) for name in names} | {"repetitions": result.repetitions}
    if result.repetitions:
        low, high = min(result.repetitions), max(result.repetitions)
        record |= {"median": result.median, "min": low, "max": high}
    return record
