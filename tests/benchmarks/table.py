"""Prints what was measured as one table that a terminal can show.

A row is one contestant in one discipline; a discipline's name stands only in its first row. The
last column says how many times better the first contestant of the discipline is.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.results import Result, Section

HEADER = ("what", "contestant", "median", "min", "max", "unit", "first is")
NUMBERS = {2, 3, 4, 6}
"""Columns that are aligned to the right."""


def format_table(sections: Sequence[Section]) -> str:
    """All sections as text, with the reasons of what is missing and the notes at the end."""
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
        return (result.contestant, "missing", "", "", "", "")
    figures = (result.median, min(result.repetitions), max(result.repetitions))
    ratio = f"{format_number(result.ratio)} ×" if result.ratio is not None else ""
    return (result.contestant, *map(format_number, figures), result.unit, ratio)


def format_number(value: float) -> str:
    """Three significant digits or more, with commas between thousands."""
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
        f"missing: {result.contestant} ({section.name}): {result.missing}": None
        for section in sections
        for result in section.results
        if result.missing is not None
    }
    notes = [f"{section.name}: {note}" for section in sections for note in section.notes]
    return ["", *missing, *notes] if missing or notes else []
