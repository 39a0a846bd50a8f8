"""Reads the head of a table of samples: separator, header, and where the samples begin.

The first rows decide; `data_cache.readers.csv` then reads all of them in that way.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from data_cache.errors import DataError
from data_cache.readers.table_layout import (
    find_index_column,
    has_shuffled_numbers,
    is_numbered_header,
    sample_of_mangled_header,
    wrong_count,
)
from data_cache.readers.text import HOLES, NUMBER, excerpt, unquote
from data_cache.samples import PIXELS
from data_cache.texts import gettext, gettext_noop

_SEPARATORS = (";", "\t", "|", ",", " ")
_SEPARATOR_NAMES = {
    ";": gettext_noop("semicolons"),
    "\t": gettext_noop("tabs"),
    "|": gettext_noop("vertical bars"),
    " ": gettext_noop("blanks"),
}
_FIRST_ROWS = 60
ONE_HOT = PIXELS + 10
"""Columns of a table whose labels are ten columns with a single 1."""
_WIDTHS = (PIXELS, PIXELS + 1, PIXELS + 2, ONE_HOT)
_MOST_TITLES = 5
_MOST_TITLE_CELLS = 3
_DECLARED = re.compile(rb'"?sep=(.?)"?[,;|\t]*', re.IGNORECASE)
_BLANK = b" \t,;|\"'"
_LONGEST_ROW = 1_000_000
_FEW = 20


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    separator : str
        Between cells; a blank stands for any number of blanks and tabs.
    columns : int
        Cells of a row, an index among them, without trailing empty ones.
    trailing : int
        Empty cells at the end of every row.
    index : int or None
        The column that only counts the rows.
    """

    separator: str
    columns: int
    trailing: int = 0
    index: int | None = None


@dataclass(frozen=True)
class TableHead:
    """What the first rows of a table say.

    Attributes
    ----------
    dialect : Dialect
    header : list of str or None
        The names of the columns, if they are names, an index among them.
    description : str
        The kind of header and an unusual separator, in words.
    body : bytes
        The rows of samples.
    first_row : int
        The number of their first row in the file, from 1.
    """

    dialect: Dialect
    header: list[str] | None
    description: str
    body: bytes
    first_row: int


def read_head(content: bytes, name: str) -> TableHead:
    """Return what the first rows of a table say.

    Parameters
    ----------
    content : bytes
        UTF-8 with line ends of LF.
    name : str
        The file, for error messages.

    Raises
    ------
    DataError
        If there are only blank rows, or rows are too short or too long for samples.
    """
    if not content.endswith(b"\n") or content.endswith((b"\n\n", b" \n")):
        content = content.rstrip(b"\n \0\x1a") + b"\n"
    start, first_row, declared = _skip_preface(content)
    if start >= len(content):
        raise DataError(
            gettext("{name}: expected rows of samples, found only blank ones.", name=name)
        )
    content = _join_quoted_lines(content, start)
    lines = _first_lines(content, start)
    _refuse_pixels_in_one_cell(lines, name)
    titles = _count_titles(lines)
    for _ in range(titles):
        start = content.index(b"\n", start) + 1
        begin, skipped, _ = _skip_preface(content[start:])
        start, first_row = start + begin, first_row + skipped
    del lines[:titles]
    separator = declared or _find_separator(lines)
    rows = [split_row(line, separator) for line in lines]
    first = list(_without_trailing(rows[0]))
    mangled = sample_of_mangled_header(first)
    header = first if mangled is None and is_header(first) else None
    data = rows if header is None else rows[1:]
    second = header is not None and bool(data) and _is_all_names(data[0])
    if second:
        # The names of the columns are those that differ.
        header = max(header or [], list(_without_trailing(data[0])), key=lambda row: len(set(row)))
        del data[0]
    if mangled is not None:
        data[0] = [*mangled, *rows[0][len(mangled) :]]
    header, columns = _count_columns(header, data)
    if columns not in _WIDTHS:
        raise DataError(
            gettext(
                "{name}: {fault} The file begins with {beginning}.",
                name=name,
                fault=wrong_count(columns),
                beginning=excerpt(lines[0]),
            )
        )
    body = content[start:] if start else content
    if header is not None or mangled is not None:
        body = content[content.index(b"\n", start) + 1 :]
    if second:
        body = body[body.index(b"\n") + 1 :]
    if mangled is not None:
        body = separator.join(data[0]).encode() + b"\n" + body
    names = header
    if (
        header is not None
        and is_numbered_header(header)
        and NUMBER.fullmatch(header[0])
        and not has_shuffled_numbers(header)
    ):
        names = None  # numbers, even in front of the pixels
    if names is not None:
        names = [*names[:columns], *[""] * (columns - len(names))]
    complete = [row[:columns] for row in data if len(row) >= columns]
    index = find_index_column(names, complete) if complete else None
    trailing = max(0, len(data[0]) - columns) if data else 0
    dialect = Dialect(separator, columns, trailing, index)
    words = [
        _describe_titles(titles),
        gettext("two header lines") if second else _describe_header(header, mangled),
        gettext(_SEPARATOR_NAMES.get(separator, "")),
    ]
    description = ", ".join(word for word in words if word)
    first_row += (header is not None) + second
    return TableHead(dialect, names, description, body, first_row)


def _describe_titles(count: int) -> str:
    if count > 1:
        return gettext("{count} lines before the table", count=count)
    return gettext("1 line before the table") if count else ""


def _describe_header(header: list[str] | None, mangled: list[str] | None) -> str:
    if mangled is not None:
        return gettext("first sample as header")
    if header is None:
        return gettext("no header")
    return gettext("header of numbers") if is_numbered_header(header) else gettext("header")


def _count_columns(
    header: list[str] | None, data: Sequence[Sequence[str]]
) -> tuple[list[str] | None, int]:
    """Return the header, with a name for row names where R left it out, and the columns."""
    counts = [len(_without_trailing(row)) for row in data]
    columns = max(counts, key=counts.count, default=len(header or ()))
    if header is not None and set(counts) == {len(header) + 1}:
        return ["", *header], columns
    if header is not None and len(header) in _WIDTHS:
        columns = len(header)
    return header, columns


def _skip_preface(content: bytes) -> tuple[int, int, str]:
    """Return where the table begins, the number of that row, and a separator declared before it."""
    first_row, start, declared = 1, 0, ""
    while start < len(content):
        line = content[start : content.index(b"\n", start)]
        if match := _DECLARED.fullmatch(line):
            declared = match[1].decode("latin-1") or "\t"
        elif line.strip(_BLANK) and not _is_remark(line):
            break
        start += len(line) + 1
        first_row += 1
    return start, first_row, declared


def _join_quoted_lines(content: bytes, start: int) -> bytes:
    """Replace line ends between the quotation marks of the first row by blanks."""
    end = content.index(b"\n", start)
    while content.count(b'"', start, end) % 2 and end - start < _LONGEST_ROW:
        following = content.find(b"\n", end + 1)
        if following < 0:
            return content
        content = content[:end] + b" " + content[end + 1 :]
        end = following
    return content


def _count_titles(lines: Sequence[str]) -> int:
    """Return how many of the first lines only entitle the table: a few words before long rows."""
    for count, line in enumerate(lines[:_MOST_TITLES]):
        cells = [cell.strip(" \"'") for cell in re.split(r"[,;|\t]", line)]
        filled = [cell for cell in cells if cell]
        if len(filled) > _MOST_TITLE_CELLS or any(map(NUMBER.fullmatch, filled)):
            return count if _is_long(line) else 0
    return 0


def _is_long(line: str) -> bool:
    return len(re.split(r"[,;|\t]|\s+", line)) >= PIXELS


def _is_all_names(cells: Sequence[str]) -> bool:
    """Tell whether a row below the header has no number in it, as types or units have not."""
    filled = [cell for cell in cells if cell]
    return len(filled) > PIXELS // 2 and all(
        any(map(str.isalpha, cell))
        and not NUMBER.fullmatch(cell.replace(",", ".", 1))
        and cell.lower() not in HOLES
        for cell in filled
    )


def _refuse_pixels_in_one_cell(lines: Sequence[str], name: str) -> None:
    """Raise a DataError if all pixels of a row are in one cell, separated by blanks or commas."""
    for separator in ",;\t":
        cells = split_row(lines[-1], separator)
        if 1 < len(cells) < _FEW and any(
            len(re.findall(r"[0-9.]+", cell)) >= PIXELS for cell in cells
        ):
            raise DataError(
                gettext(
                    "{name}: expected {pixels} columns of pixels, found all pixels of a "
                    "row in one cell; write each into a column of its own.",
                    name=name,
                    pixels=PIXELS,
                )
            )


def is_header(cells: Sequence[str]) -> bool:
    """Tell whether the cells of the first row name the columns of a table of samples."""
    filled = [cell for cell in cells if cell]
    others = [cell for cell in filled if not NUMBER.fullmatch(cell.replace(",", ".", 1))]
    # Some texts among numbers are bad values, or a letter as the label; the name of a column is one
    # where its neighbours count up.
    names = [cell for cell in others if cell.lower() not in HOLES]
    return len(names) > len(filled) // 2 or is_numbered_header(cells)


def split_row(line: str, separator: str) -> list[str]:
    """Return the cells of a line without quotation marks and blanks around them."""
    if separator == " ":
        return [unquote(cell) for cell in line.split()]
    quote = "'" if line.lstrip().startswith("'") else '"'
    reader = csv.reader([line], delimiter=separator, quotechar=quote)
    try:
        cells = next(reader, [])
    except csv.Error:  # a cell of more than 131,072 characters
        cells = line.split(separator)
    return [unquote(cell) for cell in cells]


def _is_remark(line: bytes) -> bool:
    """Tell whether a line is a comment, or one of the head of Weka's ARFF format."""
    return line.startswith((b"@", b"%")) or (line.startswith(b"#") and not _names_many(line))


def _names_many(line: bytes) -> bool:
    """Tell whether a line that begins with # names many columns, as `numpy.savetxt` writes."""
    return len(re.split(rb"[,;|\t ]+", line)) >= PIXELS


def _first_lines(content: bytes, start: int) -> list[str]:
    """Return the first lines that are not blank, at most 60."""
    lines: list[str] = []
    while start < len(content) and len(lines) < _FIRST_ROWS:
        end = content.index(b"\n", start)
        line = content[start:end]
        if line.strip(_BLANK):
            lines.append(line.decode("utf-8", "replace").removeprefix("#"))
        start = end + 1
    return lines


def _find_separator(lines: Sequence[str]) -> str:
    """Return the separator that gives a row the columns of a sample, or the most columns."""
    last = lines[-1] if len(lines) < 3 else lines[1]
    rows = {separator: split_row(last, separator) for separator in _SEPARATORS}
    long = [separator for separator in _SEPARATORS if len(rows[separator]) >= PIXELS]
    for separator in long:
        if all(NUMBER.fullmatch(cell.replace(",", ".", 1)) for cell in rows[separator] if cell):
            return separator
    return (long or sorted(",;\t| ", key=lambda separator: -len(rows[separator])))[0]


def _without_trailing(cells: Sequence[str]) -> Sequence[str]:
    count = len(cells)
    while count and not cells[count - 1]:
        count -= 1
    return cells[:count]
