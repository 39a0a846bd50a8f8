"""Reads samples from CSV: a header row, then the label and 784 pixels in every row.

Regular tables are parsed by NumPy in chunks; a chunk with an irregular row is parsed again field
by field, so that the error can name row and column.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import read_bytes
from data_cache.readers.idx import CLASS_COUNT
from data_cache.samples import PIXELS, Samples

COLUMNS = 1 + PIXELS
_COMMA, _NEWLINE, _ZERO = b",\n0"
# Big enough to be fast, small enough for the processor's cache.
_CHUNK_BYTES = 1 << 20


def read_csv(path: Path | str) -> Samples:
    """Read samples from a CSV file, plain or gzip-compressed.

    The first row is skipped as a header unless it begins with a number. Each other row has 785
    integers: the label (0 to 9), then 784 pixels (0 is the background, 255 full ink) row by row.

    Raises
    ------
    DataError
        With the row and column, and what was expected and found there.
    """
    return parse_csv(read_bytes(path), str(path))


def parse_csv(content: bytes, name: str) -> Samples:
    """Parse the content of a CSV file; see `read_csv`. Errors begin with `name`."""
    content = content.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"
    start, row = _skip_header(content)
    tables = []
    for begin, end in _chunks(content, start):
        chunk = content[begin:end]
        table = _parse_fast(chunk)
        if table is None:
            table = _parse_carefully(chunk, name, row)
        _check_labels(table, name, row)
        tables.append(table)
        row += len(table)
    if not tables:
        raise DataError(f"{name}: expected rows of samples after the header, found none.")
    table = np.concatenate(tables)
    return Samples(np.ascontiguousarray(table[:, 1:]), table[:, 0].copy())


def _skip_header(content: bytes) -> tuple[int, int]:
    """Return the offset of the first sample, and the number of its row (from 1)."""
    first_field = content[: content.index(b"\n")].split(b",")[0]
    if first_field.strip().isdigit():
        return 0, 1
    return content.index(b"\n") + 1, 2


def _chunks(content: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of pieces of about a megabyte that end with a row."""
    while start < len(content):
        end = content.find(b"\n", min(start + _CHUNK_BYTES, len(content) - 1)) + 1
        yield start, end
        start = end


def _parse_fast(text: bytes) -> np.ndarray | None:
    """Parse rows of plain numbers to (n, 785) uint8; None if any row is irregular."""
    characters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((characters == _COMMA) | (characters == _NEWLINE))
    if len(ends) % COLUMNS:
        return None
    lengths = np.diff(ends, prepend=-1) - 1
    separators = characters[ends].reshape(-1, COLUMNS)
    if (
        lengths.min() < 1
        or lengths.max() > 3
        or (separators[:, -1] != _NEWLINE).any()
        or (separators[:, :-1] != _COMMA).any()
    ):
        return None
    values = _digit(characters, ends - 1)
    values += 10 * np.where(lengths > 1, _digit(characters, ends - 2), 0)
    values += 100 * np.where(lengths > 2, _digit(characters, ends - 3), 0)
    others = len(characters) - len(ends)
    digits = np.count_nonzero((characters - np.uint8(_ZERO)) < 10)
    if digits != others or values.max() > 255:
        return None
    return values.astype(np.uint8).reshape(-1, COLUMNS)


def _digit(characters: np.ndarray, positions: np.ndarray) -> np.ndarray:
    return characters.take(positions, mode="clip").astype(np.int16) - _ZERO


def _parse_carefully(text: bytes, name: str, first_row: int) -> np.ndarray:
    """Parse row by row; a DataError names the first bad value."""
    lines = text.split(b"\n")[:-1]
    return np.array(
        [_parse_row(line, name, row) for row, line in enumerate(lines, first_row)], np.uint8
    )


def _parse_row(line: bytes, name: str, row: int) -> list[int]:
    fields = line.split(b",")
    if len(fields) != COLUMNS:
        raise DataError(
            f"{name}, row {row}: expected {COLUMNS} values (the label and {PIXELS} pixels), found "
            f"{len(fields)}."
        )
    return [_parse_value(field, name, row, column) for column, field in enumerate(fields, 1)]


def _parse_value(field: bytes, name: str, row: int, column: int) -> int:
    text = field.strip()
    value = int(text) if text.isdigit() and len(text) <= 9 else -1
    if not 0 <= value <= 255:
        raise DataError(
            f"{name}, row {row}, column {column}: expected an integer from 0 to 255, found "
            f'"{field[:20].decode("utf-8", "replace")}".'
        )
    return value


def _check_labels(table: np.ndarray, name: str, first_row: int) -> None:
    wrong = np.flatnonzero(table[:, 0] >= CLASS_COUNT)
    if len(wrong):
        raise DataError(
            f"{name}, row {first_row + wrong[0]}, column 1: expected a label from 0 to "
            f"{CLASS_COUNT - 1}, found {table[wrong[0], 0]}."
        )
