"""Reads samples from tables of text: CSV and its dialects, with or without header and labels.

Plain tables are parsed by a few NumPy operations on the bytes, unusual ones by `numpy.loadtxt`; a
table that neither reads is gone through cell by cell, so that the error can name row and column.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import read_bytes
from data_cache.readers.file_kinds import TEXT, identify
from data_cache.readers.sample_file import (
    ReadOptions,
    SampleFile,
    check_label_range,
    make_sample_file,
)
from data_cache.readers.table_head import ONE_HOT, Dialect, read_head, split_row
from data_cache.readers.table_layout import find_layout, join_one_hot
from data_cache.readers.text import NUMBER, decode_text, digit_of_text, excerpt
from data_cache.samples import PIXELS, Samples
from data_cache.texts import gettext, gettext_noop

EXPECTED = gettext_noop("samples as an idx, CSV or .npz file")
_NEWLINE, _ZERO = b"\n0"
# Big enough to be fast, small enough for the processor's cache.
_CHUNK_BYTES = 1 << 20
_BLANK = b" \t,;|\"'"
_GROUP = 3  # digits after a separator of thousands
_EMPTY_ROW = re.compile(rb"(?m)^[ \t,;|\"']*\n")
_REMARK_ROW = re.compile(rb"(?m)^#[^\n]*\n")
_DECIMAL_COMMA = re.compile(rb"[0-9],([0-9]*)")


def read_csv(path: Path | str) -> Samples:
    """Read labelled samples from a CSV file, plain or compressed; see `parse_table`.

    Raises
    ------
    DataError
        With the row and column, and what was expected and found there.
    """
    return parse_csv(read_bytes(path), str(path))


def parse_csv(content: bytes, name: str) -> Samples:
    """Parse the content of a CSV file with labels; see `parse_table`. Errors begin with `name`."""
    return parse_table(content, name).labelled()


def parse_table(content: bytes, name: str, options: ReadOptions | None = None) -> SampleFile:
    """Parse a table of samples: the label and 784 pixels, or 784 pixels, in every row.

    Parameters
    ----------
    content : bytes
        UTF-8 with or without byte order mark, UTF-16 or Latin-1; cells separated by commas,
        semicolons, tabs, vertical bars or blanks, quoted or not, with a decimal point or comma;
        with or without a header and an index column. Pixels are 0 (background) to 255 (full ink)
        row by row, or 0 to 1, which are multiplied by 255.
    name : str
        The file, for error messages.
    options : ReadOptions, optional

    Raises
    ------
    DataError
        With the row and column, and what was expected and found there; or with the readings
        between which the file does not decide.
    """
    options = options or ReadOptions()
    kind = identify(content)
    if kind is not TEXT:
        raise DataError(kind.refusal(name, EXPECTED))
    text = decode_text(content, name)
    head = read_head(text.content, name)
    dialect, header, body = head.dialect, head.header, head.body
    body, text_label = _number_labels(body, dialect)
    table = _parse_body(body, dialect, name, head.first_row)
    if not len(table):
        raise DataError(
            gettext("{name}: expected rows of samples after the header, found none.", name=name)
        )
    if header is not None and dialect.index is not None:
        header = [cell for column, cell in enumerate(header) if column != dialect.index]
    # The numbers of the columns in the file, for messages.
    numbers = [column + 1 for column in range(dialect.columns) if column != dialect.index]
    label_column = options.label_column
    if dialect.columns == ONE_HOT and label_column is None:
        header, table, first = join_one_hot(header, table, name)
        numbers = [first + 1, *(number for number in numbers if not 0 < number - first <= 10)]
    if label_column is not None and label_column.isdigit() and dialect.index is not None:
        # The person counts the index, which is not in the table.
        label_column = str(int(label_column[:9]) - (int(label_column[:9]) > dialect.index + 1))
    layout = find_layout(header, table, label_column or text_label, name)
    labels = None
    if layout.label is not None:
        number = numbers[layout.label]
        labels = _labels_of(
            table[:, layout.label],
            name,
            lambda sample: gettext(
                "{name}, row {row}, column {column}",
                name=name,
                row=_row_number(body, sample, head.first_row),
                column=number,
            ),
        )

    def where(sample: int, pixel: int) -> str:
        column = numbers[layout.pixels[pixel]]
        return gettext(
            "{name}, row {row}, column {column}",
            name=name,
            row=_row_number(body, sample, head.first_row),
            column=column,
        )

    pixels = np.ascontiguousarray(table[:, layout.pixel_slice or layout.pixels])
    words = [head.description, text.encoding]
    if list(layout.pixels) != sorted(layout.pixels):
        words.append(gettext("pixels in the order of their names"))
    if text_label:
        words.append(gettext("labels as texts"))
    if dialect.columns == ONE_HOT:
        words.append(gettext("labels in ten columns"))
    elif layout.label is not None and layout.label != 0:
        words.append(
            gettext("label last") if layout.label == table.shape[1] - 1 else gettext("label inside")
        )
    how = ", ".join(word for word in words if word)
    return make_sample_file(name, pixels, labels, how, options, where=where)


def _number_labels(body: bytes, dialect: Dialect) -> tuple[bytes, str | None]:
    """Return the rows with labels such as “seven” as digits, and which column they are in.

    If one of them names no digit, or no column is such, the rows are returned as they are.
    """
    if dialect.columns - (dialect.index is not None) != PIXELS + 1 or dialect.separator == " ":
        return body, None
    separator = dialect.separator.encode()
    place = int(dialect.index == 0)
    first = next((line for line in body[:_CHUNK_BYTES].split(b"\n", 9) if line.strip(_BLANK)), b"")
    cells = split_row(first.decode("utf-8", "replace"), dialect.separator)[: dialect.columns]
    for column, end in ((place, "first"), (dialect.columns - 1, "last")):
        cell = cells[column].strip(",;") if column < len(cells) else ""
        if NUMBER.fullmatch(cell) or digit_of_text(cell) is None:
            continue
        rows = []
        for line in body.split(b"\n"):
            row = line
            if line.strip(_BLANK) and not line.startswith(b"#"):
                left = line.split(separator, column + 1) if end == "first" else []
                parts = left or line.rstrip(separator).rsplit(separator, 1)
                at = column if left else -1
                digit = digit_of_text(parts[at].decode("utf-8", "replace")) if parts[at:] else None
                if digit is None:
                    return body, None
                parts[at] = b"%d" % digit
                row = separator.join(parts)
                row += b"" if left else line[len(line.rstrip(separator)) :]
            rows.append(row)
        return b"\n".join(rows), end
    return body, None


def _parse_body(body: bytes, dialect: Dialect, name: str, first_row: int) -> np.ndarray:
    """Return the table of the rows without the index, (n, columns) uint8 or float64."""
    table = _parse_chunks(body, dialect, _parse_fast)
    if table is None:
        plain = _simplify(body, dialect)
        table = _parse_chunks(plain, dialect, _parse_fast) if plain is not body else None
        if table is None:
            table = _parse_chunks(plain, dialect, _parse_unusual)
    if table is None:
        _report_first_fault(body, dialect, name, first_row)
        if _DECIMAL_COMMA.search(body) and dialect.separator != ",":
            raise DataError(
                gettext(
                    "{name}: expected numbers without a separator of thousands, found "
                    "such as “1,234” beside larger ones without; write them without it.",
                    name=name,
                )
            )
        raise DataError(
            gettext("{name}: expected a table of numbers, found other text in it.", name=name)
        )
    return table


def _parse_chunks(
    body: bytes, dialect: Dialect, parse: Callable[[bytes, Dialect], np.ndarray | None]
) -> np.ndarray | None:
    """Return the table of all rows, parsed in pieces; None if one of them is None."""
    tables = []
    for begin, end in _chunks(body):
        table = parse(body[begin:end], dialect)
        if table is None:
            return None
        tables.append(table)
    return np.concatenate(tables) if tables else np.empty((0, dialect.columns))


def _simplify(body: bytes, dialect: Dialect) -> bytes:
    """Return the rows without quotation marks, empty rows and trailing separators.

    Nothing is removed that would hide a missing cell: then the table is found irregular later.
    """
    separator = dialect.separator.encode()
    if b"\n#" in body or body.startswith(b"#"):
        body = _REMARK_ROW.sub(b"", body)
    for quote in (b'"', b"'"):
        if quote in body:
            # A comma between quotation marks is a decimal one.
            pattern = quote + rb"([+-]?[0-9]+),([0-9]*)" + quote
            body = re.sub(pattern, rb"\1.\2", body).replace(quote, b"")
    if body.startswith((b"\n", separator)) or b"\n\n" in body or b"\n" + separator in body:
        body = _EMPTY_ROW.sub(b"", body)
    if b" \n" in body or b"\n \n" in body:
        body = re.sub(rb"[ ]+\n", b"\n", body)
        body = _EMPTY_ROW.sub(b"", body)
    if dialect.trailing and dialect.separator != " ":
        end = separator * dialect.trailing + b"\n"
        if body.count(end) == body.count(b"\n") and separator + end not in body:
            body = body.replace(end, b"\n")
    return body


def _chunks(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield the bounds of pieces of about a megabyte that end with a row."""
    start = 0
    while start < len(content):
        end = content.find(b"\n", min(start + _CHUNK_BYTES, len(content) - 1)) + 1
        yield start, end
        start = end


def _parse_fast(text: bytes, dialect: Dialect) -> np.ndarray | None:
    """Parse rows of plain whole numbers to (n, columns) uint8; None if any row is irregular."""
    if dialect.separator == " " or len(dialect.separator) != 1:
        return None
    separator = ord(dialect.separator)
    characters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((characters == separator) | (characters == _NEWLINE))
    if len(ends) % dialect.columns:
        return None
    lengths = np.diff(ends, prepend=-1) - 1
    separators = characters[ends].reshape(-1, dialect.columns)
    if (
        lengths.min() < 1
        or (separators[:, -1] != _NEWLINE).any()
        or (separators[:, :-1] != separator).any()
    ):
        return None
    others = len(characters) - len(ends)
    digits = np.count_nonzero((characters - np.uint8(_ZERO)) < 10)
    if digits != others:
        return None
    if dialect.index is not None:
        kept = np.arange(dialect.columns) != dialect.index
        ends = ends.reshape(-1, dialect.columns)[:, kept].reshape(-1)
        lengths = lengths.reshape(-1, dialect.columns)[:, kept].reshape(-1)
    values = _digit(characters, ends - 1)
    values += 10 * np.where(lengths > 1, _digit(characters, ends - 2), 0)
    values += 100 * np.where(lengths > 2, _digit(characters, ends - 3), 0)
    if lengths.max() > 3 or values.max() > 255:
        return None
    columns = dialect.columns - (dialect.index is not None)
    return values.astype(np.uint8).reshape(-1, columns)


def _digit(characters: np.ndarray, positions: np.ndarray) -> np.ndarray:
    return characters.take(positions, mode="clip").astype(np.int16) - _ZERO


def _parse_unusual(text: bytes, dialect: Dialect) -> np.ndarray | None:
    """Parse rows of any finite numbers to (n, columns) float64; None if any row is irregular."""
    if dialect.separator != "," and b"," in text:
        if set(map(len, _DECIMAL_COMMA.findall(text))) == {_GROUP} and re.search(
            rb"(?<![0-9,.])(?:25[6-9]|2[6-9][0-9]|[3-9][0-9]{2})(?![0-9,.])", text
        ):
            return None  # 29,555 beside 771 has a separator of thousands
        text = text.replace(b",", b".")
    try:
        table = np.loadtxt(
            io.StringIO(text.decode("utf-8", "replace")),
            np.float64,
            comments=None,
            delimiter=None if dialect.separator == " " else dialect.separator,
            ndmin=2,
        )
    except ValueError:
        return None
    if table.shape[1] != dialect.columns or not np.isfinite(table).all():
        return None
    if dialect.index is not None:
        table = np.delete(table, dialect.index, axis=1)
    whole = np.rint(table)
    if np.array_equal(whole, table) and table.min(initial=0) >= 0 and table.max(initial=0) <= 255:
        return whole.astype(np.uint8)
    return table


def _report_first_fault(body: bytes, dialect: Dialect, name: str, first_row: int) -> None:
    """Raise the DataError of the first cell or row that is not as the others."""
    lines = body.decode("utf-8", "replace").split("\n")[:-1]
    for row, line in enumerate(lines, first_row):
        cells = split_row(line, dialect.separator)
        if not any(cells) or line.startswith("#"):
            continue
        advice = _advice(cells, dialect, is_last=row == first_row + len(lines) - 1)
        while len(cells) > dialect.columns and not cells[-1]:
            cells.pop()
        if len(cells) != dialect.columns:
            raise DataError(
                gettext(
                    "{name}, row {row}: expected {columns} values{meaning}, found {count}{advice}.",
                    name=name,
                    row=row,
                    columns=dialect.columns,
                    meaning=_meaning(dialect),
                    count=len(cells),
                    advice=advice,
                )
            )
        for column, cell in enumerate(cells, 1):
            text = cell.replace(",", ".", 1)
            if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
                found = gettext("an empty cell") if not cell else excerpt(cell)
                raise DataError(
                    gettext(
                        "{name}, row {row}, column {column}: expected an integer from 0 "
                        "to 255, found {found}{advice}.",
                        name=name,
                        row=row,
                        column=column,
                        found=found,
                        advice=advice,
                    )
                )


def _advice(cells: Sequence[str], dialect: Dialect, *, is_last: bool) -> str:
    """Return what to do about a row that is no sample, if that is plain; else ""."""
    numbers = sum(NUMBER.fullmatch(cell.replace(",", ".", 1)) is not None for cell in cells)
    if not numbers and len(set(cells)) > PIXELS // 2:
        return gettext("; this row is a header: delete it")
    if is_last and not NUMBER.fullmatch(cells[0]):
        return gettext("; the last row seems to be no sample: delete it")
    if is_last and 0 < numbers == sum(map(bool, cells)) < dialect.columns:
        return gettext("; it is the last row, so the file seems to be cut off: get it again")
    return ""


def _meaning(dialect: Dialect) -> str:
    columns = dialect.columns - (dialect.index is not None)
    return (
        gettext(" (the label and {pixels} pixels)", pixels=PIXELS) if columns == PIXELS + 1 else ""
    )


def _row_number(body: bytes, sample: int, first_row: int) -> int:
    """Return the number of the row, from 1, in which a sample is."""
    rows = body.split(b"\n")
    filled = (
        row
        for row, line in enumerate(rows, first_row)
        if line.strip(b" \t,;|\"'") and not line.startswith(b"#")
    )
    return next(islice(filled, sample, None), first_row + sample)


def _labels_of(column: np.ndarray, name: str, where: Callable[[int], str]) -> np.ndarray:
    """Return the column of labels as uint8."""
    wrong = np.flatnonzero(column != np.rint(column))
    if len(wrong):
        raise DataError(
            gettext(
                "{where}: expected a whole number as the label, found {found:g}.",
                where=where(int(wrong[0])),
                found=column[wrong[0]],
            )
        )
    return check_label_range(np.rint(column).astype(np.int64), where)
