"""Reads points of the plane from tables of other programs, and writes them as CSV.

Columns may have any order and names, labels any two to ten values; what was understood is said.
All faults of a file are told at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from data_cache.errors import DataError
from data_cache.points.plane_points import MAX_CLASSES, PLANE_LIMIT, PlanePoints
from data_cache.readers.file_kinds import EMPTY, TEXT, identify
from data_cache.readers.table_head import split_row
from data_cache.readers.text import NUMBER, decode_text, excerpt
from data_cache.texts import gettext, gettext_noop

HEADER = "x,y,label"
MAX_POINTS = 20_000
EXPECTED = gettext_noop("points as CSV, with x, y and a label in every line")
_LABEL_NAMES = (
    *("label", "labels", "class", "target", "category", "group", "color", "colour", "cluster"),
    *("kind", "type", "species", "c", "klasse", "farbe"),
)
_SEPARATORS = (";", "\t", "|", ",", " ")
_SHOWN_FAULTS = 5
_MINUS = "\N{MINUS SIGN}"
_DECLARED = re.compile(r'"?sep=.?"?[,;|\t]*', re.IGNORECASE)
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2},[0-9]{3}")
_HUNDRED = 100
_MOST_TITLES = 5
# Beyond this the square of a distance overflows float32.
_LARGEST = 1e15


@dataclass(frozen=True)
class PointSource:
    """How points in the plane differ from those in the file that they are from.

    Attributes
    ----------
    class_names : tuple of str
        The label in the file of each class; empty where they are the same numbers.
    centre : tuple of float
        What was subtracted from the coordinates.
    half : float
        What they were divided by then.
    other_labels : tuple of int
        Columns, from 0, that may as well be the labels; empty where the header names them.
    """

    class_names: tuple[str, ...] = ()
    centre: tuple[float, float] = (0.0, 0.0)
    half: float = 1.0
    other_labels: tuple[int, ...] = ()

    @property
    def legend(self) -> str:
        """Which class is which, in words; empty where the labels are the classes."""
        return ", ".join(
            gettext("class {number} is {name}", number=number, name=name)
            for number, name in enumerate(self.class_names)
        )

    @property
    def is_scaled(self) -> bool:
        """Whether the coordinates were changed."""
        return self.half != 1.0 or self.centre != (0.0, 0.0)


def points_to_csv(points: PlanePoints, source: PointSource | None = None) -> bytes:
    """Return the content of a CSV file, from which `points_from_csv` reads the same values.

    With the source of the points, scaling is undone, and labels are those of its file.
    """
    source = source or PointSource()
    coordinates = points.points
    if source.is_scaled:
        scaled = points.points.astype(float) * source.half + source.centre
        coordinates = scaled.astype(np.float32)
    names = source.class_names
    rows = zip(coordinates, points.labels.tolist(), strict=True)
    lines = [f"{x!s},{y!s},{_label_text(label, names)}" for (x, y), label in rows]
    return "\n".join([HEADER, *lines, ""]).encode("utf-8")


def points_from_csv(content: bytes, name: str) -> PlanePoints:
    """Return the points in a file; parameters and errors as in `read_points`."""
    return read_points(content, name)[0]


def read_points(
    content: bytes, name: str, label_column: int | None = None
) -> tuple[PlanePoints, PointSource]:
    """Parse a table of points.

    Parameters
    ----------
    content : bytes
        Text in UTF-8, UTF-16 or Latin-1: lines of two numbers up to 1e15 and a label, in any
        order, with or without a header, separated by commas, semicolons, tabs, vertical bars or
        blanks; numbers may have a decimal comma where another character separates. Labels are
        whole numbers from 0 to 9, or two to ten other values. Blank lines are skipped.
    name : str
        The file, for error messages.
    label_column : int, optional
        The column of the labels, from 0; None: it is found.

    Returns
    -------
    points : PlanePoints
        In the order of the file, with the highest label + 1 classes, but at least two. Labels
        that are not 0 to 9 are numbered in order.
    source : PointSource
        With the labels in the file.

    Raises
    ------
    DataError
        If the content is not as above, or has no points or more than 20,000; several faults are
        named in one message.
    """
    content = content.rstrip(b"\0\x1a") if content.isascii() else content
    kind = identify(content)
    if kind is EMPTY:
        raise DataError(
            gettext(
                "{name}, line 1: expected the header “{header}”, found an empty file.",
                name=name,
                header=HEADER,
            )
        )
    if kind is not TEXT:
        raise DataError(kind.refusal(name, EXPECTED))
    text = decode_text(content, name).content.decode("utf-8", "replace").replace(_MINUS, "-")
    lines = _without_remarks(
        [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    )
    if not lines:
        raise DataError(gettext("{name}: expected points, found only blank lines.", name=name))
    separator = _find_separator([line for _, line in lines[:20]])
    first = _split(lines[0][1], separator)
    header = None if _count_numbers(first) else [cell.lower() for cell in first]
    count = len(lines) - (header is not None)
    if count > MAX_POINTS:  # before the lines are split, which takes long
        raise DataError(
            gettext(
                "{name}: expected at most {max_points:,} points, found {count:,}.",
                name=name,
                max_points=MAX_POINTS,
                count=count,
            )
        )
    if header is not None and not 3 <= len(header) <= 4:
        raise DataError(
            gettext(
                "{name}, line {line}: expected the header “{header}”, or other names of "
                "three columns, found {found}.",
                name=name,
                line=lines[0][0],
                header=HEADER,
                found=excerpt(lines[0][1]),
            )
        )
    if not count:
        raise DataError(gettext("{name}: expected points after the header, found none.", name=name))
    data = [(number, _split(line, separator)) for number, line in lines[-count:]]
    columns, others = _find_columns(header, [cells for _, cells in data], label_column)
    coordinates, labels = _read_rows(data, columns, dict(lines), name)
    _refuse_thousands([cells for _, cells in data], columns[:2], name)
    points, source = _with_classes(coordinates, labels, name)
    return points, replace(source, other_labels=others)


def fit_points(points: PlanePoints, source: PointSource) -> tuple[PlanePoints, PointSource]:
    """Return points shifted and scaled to fill [-1, 1], and how, or the same if all are within."""
    coordinates = points.points.astype(float)
    if not len(coordinates) or np.abs(coordinates).max() <= PLANE_LIMIT:
        return points, source
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-30)
    x, y = ((low + high) / 2).tolist()
    fitted = PlanePoints((coordinates - (x, y)) / half, points.labels, points.classes)
    return fitted, replace(source, centre=(x, y), half=half)


def fit_into_plane(points: PlanePoints) -> PlanePoints:
    """Return points shifted and scaled to fill [-1, 1], or the same if all are within the limit."""
    return fit_points(points, PointSource())[0]


def _without_remarks(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the lines of the table, without comments, a title and a declared separator."""
    kept: list[tuple[int, str]] = []
    for number, line in lines:
        is_header = line.startswith("#") and not kept and len(re.split(r"[,;|\s]+", line[1:])) > 2
        if _DECLARED.fullmatch(line.strip()) or (
            line.startswith(("#", "@", "%")) and not is_header
        ):
            continue
        kept.append((number, line.removeprefix("#") if is_header else line))
    separator = _find_separator([line for _, line in kept[:20]])
    for place, (_, line) in enumerate(kept[: _MOST_TITLES + 1]):
        filled = [cell for cell in _split(line, separator) if cell]
        if len(filled) != 1 or _number(filled[0]) is not None:
            return kept[place:] if len(filled) > 1 else kept
    return kept


def _refuse_thousands(rows: Sequence[Sequence[str]], columns: Sequence[int], name: str) -> None:
    """Raise a DataError if 1,234 beside 999 may be 1.234 or one thousand and more."""
    cells = [row[column] for row in rows for column in columns]
    with_comma = [cell for cell in cells if "," in cell]
    if not with_comma or not all(map(_THOUSANDS.fullmatch, with_comma)):
        return
    if any(abs(_number(cell) or 0) >= _HUNDRED for cell in cells if "," not in cell):
        raise DataError(
            gettext(
                "{name}: expected numbers without a separator of thousands, found such as "
                "{example} beside larger ones without; write them without it.",
                name=name,
                example=excerpt(with_comma[0]),
            )
        )


def _label_text(label: int, names: Sequence[str]) -> str:
    if label >= len(names):
        return str(label)
    name = names[label]
    return f'"{name}"' if "," in name else name


def _split(line: str, separator: str) -> list[str]:
    cells = split_row(line, separator)
    while len(cells) > 3 and not cells[-1]:
        cells.pop()
    return cells


def _find_separator(lines: Sequence[str]) -> str:
    """Return the separator that gives most numbers in lines of three cells, or four."""

    def score(separator: str) -> tuple[int, int]:
        rows = [cells for line in lines if len(cells := _split(line, separator)) in (3, 4)]
        return sum(map(_count_numbers, rows)), len(rows)

    return max((",", *_SEPARATORS), key=score)


def _number(cell: str) -> float | None:
    text = cell if NUMBER.fullmatch(cell) else cell.replace(",", ".", 1)
    number = float(text) if NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def _count_numbers(cells: Sequence[str]) -> int:
    return sum(_number(cell) is not None for cell in cells)


def _find_columns(
    header: Sequence[str] | None, rows: Sequence[Sequence[str]], label_column: int | None
) -> tuple[tuple[int, int, int], tuple[int, ...]]:
    """Return the columns of x, y and the label, counted from 0, and others for the label."""
    width = len(header) if header is not None else max(map(len, rows))
    columns = [*range(width)]
    if width == 4 and _is_index([row[0] for row in rows if row], header):
        columns.remove(0)
    columns = columns[:3] if len(columns) >= 3 else [0, 1, 2]
    complete = [row for row in rows if len(row) > max(columns)]
    names = {column: header[column] if header is not None else "" for column in columns}
    named = [column for column in columns if names[column] in _LABEL_NAMES]
    others: list[int] = []
    if label_column is not None and label_column in columns:
        label = label_column
    elif len(named) == 1:
        label = named[0]
    elif "y" in names.values() and not {"x", "y"} <= set(names.values()):
        label = next(column for column in columns if names[column] == "y")  # x1, x2, y
    else:
        order = (columns[2], columns[0], columns[1])
        possible = [c for c in order if _may_be_labels([row[c] for row in complete])]
        label, others = (possible or order)[0], possible[1:]
    first, second = (column for column in columns if column != label)
    ends = (names[first][-1:], names[second][-1:])
    is_second_first = ends == ("2", "1") and names[first][:-1] == names[second][:-1]
    if is_second_first or (names[first] == "y" and names[second] == "x"):
        first, second = second, first
    return (first, second, label), tuple(others)


def _is_index(cells: Sequence[str], header: Sequence[str] | None) -> bool:
    """Tell whether the first of four columns only numbers the rows."""
    if header is not None:
        return header[0] in ("", "id", "index", "unnamed: 0")
    return any(
        list(cells) == [str(number) for number in range(first, first + len(cells))]
        for first in (0, 1)
    )


def _may_be_labels(cells: Sequence[str]) -> bool:
    """Tell whether a column has at most ten values, none of them a fraction."""
    values = set(cells)
    if len(values) > MAX_CLASSES:
        return False
    numbers = [_number(cell) for cell in values]
    return not values or all(number is None or number == int(number) for number in numbers)


def _read_rows(
    rows: Sequence[tuple[int, Sequence[str]]],
    columns: tuple[int, int, int],
    lines: dict[int, str],
    name: str,
) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Return the coordinates, (n, 2), and the labels with the numbers of their lines."""
    width = 4 if 0 not in columns else 3
    coordinates: list[tuple[float, ...]] = []
    labels: list[tuple[int, str]] = []
    faults: list[tuple[int, str]] = []
    for number, cells in rows:
        fault = ""
        values = []
        if len(cells) != width:
            fault = gettext(
                "expected 3 values (x, y and the label), found {count} in {line}",
                count=len(cells),
                line=excerpt(lines[number]),
            )
        else:
            for axis, column in zip("xy", columns, strict=False):
                value = _number(cells[column])
                if value is None or not abs(value) <= _LARGEST:
                    found = excerpt(cells[column])
                    fault = fault or gettext(
                        "expected a number up to 1e15 as {axis}, found {found}",
                        axis=axis,
                        found=found,
                    )
                values.append(0.0 if value is None else value)
            if not cells[columns[2]]:
                fault = fault or gettext("expected a label, found an empty cell")
        if fault:
            faults.append((number, fault))
        else:
            coordinates.append(tuple(values))
            labels.append((number, cells[columns[2]]))
    if faults:
        raise _faults_error(name, faults)
    return np.array(coordinates, np.float32), labels


def _with_classes(
    coordinates: np.ndarray, labels: Sequence[tuple[int, str]], name: str
) -> tuple[PlanePoints, PointSource]:
    """Return the points with labels as classes, which are numbered in order if they have names."""
    cells = [cell for _, cell in labels]
    numbers = {cell: _number(cell) for cell in set(cells)}
    distinct: dict[object, str] = {}
    for cell in sorted(numbers):
        number = numbers[cell]
        distinct.setdefault(
            cell if number is None else number, f"{number:g}" if number is not None else cell
        )
    is_plain = all(
        number is not None and number == int(number) and 0 <= number < MAX_CLASSES
        for number in numbers.values()
    )
    if is_plain:
        classes = np.array([int(numbers[cell] or 0) for cell in cells], np.intp)
        return PlanePoints(coordinates, classes, max(2, int(classes.max()) + 1)), PointSource()
    if not 2 <= len(distinct) <= MAX_CLASSES:
        expected = gettext(
            "expected a label from 0 to {last}, or 2 to {most} other ones",
            last=MAX_CLASSES - 1,
            most=MAX_CLASSES,
        )
        if len(distinct) > 1:
            raise DataError(
                gettext(
                    "{name}: {expected}, found {count:,} different ones.",
                    name=name,
                    expected=expected,
                    count=len(distinct),
                )
            )
        raise _faults_error(
            name,
            [
                (n, gettext("{expected}, found {found}", expected=expected, found=excerpt(c)))
                for n, c in labels
            ],
        )
    numeric = sorted(key for key in distinct if isinstance(key, float))
    texts = sorted(key for key in distinct if isinstance(key, str))
    places = {key: place for place, key in enumerate([*numeric, *texts])}
    classes = np.array(
        [places[cell if numbers[cell] is None else numbers[cell]] for cell in cells], np.intp
    )
    names = tuple(distinct[key][:40] for key in places)
    return PlanePoints(coordinates, classes, len(places)), PointSource(names)


def _faults_error(name: str, faults: Sequence[tuple[int, str]]) -> DataError:
    """Return one error for the faults of lines."""
    (first, sentence), *others = faults[:_SHOWN_FAULTS]
    parts = [
        gettext("{name}, line {line}: {fault}", name=name, line=first, fault=sentence),
        *(gettext("line {line}: {fault}", line=n, fault=text) for n, text in others),
    ]
    if len(faults) > _SHOWN_FAULTS:
        parts.append(gettext("and {count:,} more lines", count=len(faults) - _SHOWN_FAULTS))
    return DataError(gettext("{faults}.", faults="; ".join(parts)))
