"""Finds which columns of a table of samples are the labels, the pixels and an index.

Headers decide where there are any; otherwise the values must leave only one reading, or the table
is refused with both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.sample_file import CLASS_COUNT
from data_cache.readers.text import excerpt
from data_cache.samples import PIXELS, SIDE
from data_cache.texts import gettext

LABEL_NAMES = ("label", "labels", "class", "classes", "target", "targets", "y", "digit", "digits")
INDEX_NAMES = ("", "id", "index", "idx", "imageid", "image_id", "row", "row_id", "no", "nr", "n")
_MOST_CLASSES = 61
"""The highest label of EMNIST's letters and digits."""
_LAST_NUMBER = re.compile(r".*?(\d+)\D*$")
_TWO_NUMBERS = re.compile(r"(\D*)(\d+)(\D+)(\d+)(\D*)")


@dataclass(frozen=True)
class TableLayout:
    """The columns of a table, counted from 0.

    Attributes
    ----------
    label : int or None
    pixels : sequence of int
        784 columns in the order of the pixels.
    """

    label: int | None
    pixels: Sequence[int]

    @property
    def pixel_slice(self) -> slice | None:
        """The pixels as a slice of the columns, if they are consecutive."""
        first = self.pixels[0]
        is_plain = list(self.pixels) == list(range(first, first + PIXELS))
        return slice(first, first + PIXELS) if is_plain else None


def find_layout(
    header: Sequence[str] | None, table: np.ndarray, label_column: str | None, name: str
) -> TableLayout:
    """Return the layout of a table without its index column.

    Parameters
    ----------
    header : sequence of str or None
        The names of the columns; None without a header, or where they are numbers.
    table : (n, columns) numbers
    label_column : str or None
        What the person says; see `ReadOptions`.
    name : str
        The file, for error messages.

    Raises
    ------
    DataError
        If there is not exactly one reading.
    """
    columns = table.shape[1]
    if label_column is not None:
        label = _named_label(header, columns, label_column, name)
    elif columns == PIXELS:
        label = None
    else:
        label = _find_label(header, table, name)
    pixels = [column for column in range(columns) if column != label]
    if len(pixels) != PIXELS:
        raise DataError(f"{name}: {wrong_count(columns)}")
    return TableLayout(label, _in_order(header, pixels))


def find_index_column(
    header: Sequence[str] | None, first_rows: Sequence[Sequence[str]]
) -> int | None:
    """Return the column of the index of a table, counted from 0, or None.

    Parameters
    ----------
    header : sequence of str or None
        The names of the columns, if they are names.
    first_rows : sequence of rows
        At least one row of cells.
    """
    columns = len(first_rows[0])
    names = [] if header is None else [_plain(cell) for cell in header]
    if columns not in (PIXELS + 1, PIXELS + 2):
        return None
    candidates = [0] if columns == PIXELS + 1 else [0, 1, columns - 1]
    for column in candidates:
        cells = [row[column] for row in first_rows]
        if names and names[column] and names[column] in INDEX_NAMES:
            is_index = all(map(_is_whole, cells))
        elif names:
            is_index = names[column].startswith("unnamed") or not names[column]
            is_index = is_index and _counts_up(cells)
        else:
            # With 785 columns and few rows this could be the labels, which are then 0, 1, 2, ….
            is_long = columns == PIXELS + 2 or len(cells) > CLASS_COUNT
            is_index = column == 0 and is_long and _counts_up(cells)
        if is_index:
            return column
    return None


def is_numbered_header(cells: Sequence[str]) -> bool:
    """Tell whether the cells are the numbers of the columns, as pandas writes without names."""
    if len(cells) < PIXELS:
        return False
    numbers = [_whole_number(cell) for cell in cells]
    if has_shuffled_numbers(cells):
        return True
    # The label or an index may have a name of its own in front or at the end.
    steps = np.diff(numbers[2:-2])
    return bool((steps == 1).all()) and numbers[2] >= 0 and numbers[-3] > 255


def has_shuffled_numbers(cells: Sequence[str]) -> bool:
    """Tell whether the cells are the numbers of the columns in another order."""
    numbers = [_whole_number(cell) for cell in cells]
    known = sorted(number for number in numbers if number >= 0)
    is_all = len(known) >= PIXELS and len(known) >= len(cells) - 2
    return (
        is_all
        and known == list(range(known[0], known[0] + len(known)))
        and bool((np.diff(numbers[2:-2]) != 1).any())
    )


def join_one_hot(
    header: Sequence[str] | None, table: np.ndarray, name: str
) -> tuple[list[str] | None, np.ndarray, int]:
    """Replace ten columns that mark the class of each row with a 1 by one column of labels.

    Parameters
    ----------
    header : sequence of str or None
    table : (n, 794) numbers
        With the ten columns first or last.
    name : str
        The file, for error messages.

    Returns
    -------
    header : list of str or None
        With the name "label".
    table : (n, 785) numbers
        With the labels first.
    first : int
        The first of the ten columns, from 0.

    Raises
    ------
    DataError
        If neither the first nor the last ten columns are such, or both are.
    """
    found = []
    for first in (0, PIXELS):
        marks = table[:, first : first + CLASS_COUNT]
        if np.isin(marks, (0, 1)).all() and (marks.sum(axis=1) == 1).all():
            found.append(first)
    if len(found) != 1:
        which = (
            gettext("the first and the last ten are such")
            if found
            else gettext("neither end has them")
        )
        raise DataError(
            gettext(
                "{name}: {fault} Ten columns with a single 1 in every row may be "
                "the labels, but {which}.",
                name=name,
                fault=wrong_count(table.shape[1]),
                which=which,
            )
        )
    first = found[0]
    places = np.arange(CLASS_COUNT)
    if header is not None:
        digits = [cell.strip()[-1:] for cell in header[first : first + CLASS_COUNT]]
        if sorted(digits) == sorted(map(str, places)):
            places = np.array([int(digit) for digit in digits])
        header = ["label", *header[:first], *header[first + CLASS_COUNT :]]
    labels = places[table[:, first : first + CLASS_COUNT].argmax(axis=1)]
    pixels = np.delete(table, np.s_[first : first + CLASS_COUNT], axis=1)
    joined = np.column_stack([labels.astype(table.dtype), pixels])
    return None if header is None else list(header), joined, first


def sample_of_mangled_header(cells: Sequence[str]) -> list[str] | None:
    """Return the first sample where a reader took it for a header, else None.

    pandas makes the names of columns unique: the third 0 becomes “0.2”.
    """
    seen: dict[str, int] = {}
    values = []
    for cell in cells:
        value, _, repeat = cell.partition(".")
        count = seen.get(value, 0)
        if not 0 <= _whole_number(value) <= 255 or repeat != (str(count) if count else ""):
            return None
        seen[value] = count + 1
        values.append(value)
    return values if max(seen.values(), default=0) > 1 else None


def _plain(cell: str) -> str:
    return cell.strip().lower()


def _whole_number(cell: str) -> int:
    """Return the number in a cell of at most nine digits, else -1."""
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) <= 9 else -1


def _is_whole(cell: str) -> bool:
    return _whole_number(cell.removesuffix(".0")) >= 0


def _counts_up(cells: Sequence[str]) -> bool:
    if not all(map(_is_whole, cells)) or len(cells) < 2:
        return False
    numbers = [int(cell.removesuffix(".0")) for cell in cells]
    first = numbers[0]
    return first in (0, 1) and numbers == list(range(first, first + len(numbers)))


def _named_label(
    header: Sequence[str] | None, columns: int, label_column: str, name: str
) -> int | None:
    text = _plain(label_column)
    if text == "none":
        return None
    if text in ("first", "last"):
        return 0 if text == "first" else columns - 1
    names = [] if header is None else [_plain(cell) for cell in header]
    if text in names:
        return names.index(text)
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= columns:
        return int(text) - 1
    shown = (
        gettext(", such as {names}", names=", ".join(excerpt(cell) for cell in header[:3]))
        if header
        else ""
    )
    raise DataError(
        gettext(
            "{name}: --label-column: expected the header of a column{shown}, a number "
            "from 1 to {columns}, first, last or none; found {label_column}.",
            name=name,
            shown=shown,
            columns=columns,
            label_column=excerpt(label_column),
        )
    )


def _find_label(header: Sequence[str] | None, table: np.ndarray, name: str) -> int | None:
    columns = table.shape[1]
    if header is not None:
        found = [column for column, cell in enumerate(header) if _plain(cell) in LABEL_NAMES]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            listed = " and ".join(excerpt(header[column]) for column in found)
            raise DataError(
                gettext(
                    "{name}: expected one column of labels, found {listed}; name one with "
                    "--label-column.",
                    name=name,
                    listed=listed,
                )
            )
    if columns != PIXELS + 1:
        raise DataError(f"{name}: {wrong_count(columns)}")
    ends = {"first": 0, "last": columns - 1}
    spans = {end: (table[:, column].min(), table[:, column].max()) for end, column in ends.items()}
    possible = [end for end, column in ends.items() if _may_be_labels(table[:, column])]
    varied = [end for end in possible if spans[end][0] < spans[end][1]]
    filled = varied or [end for end in possible if spans[end][1] > 0]
    if len(filled) == 1:
        # The other end must be a corner pixel, and not labels of more than ten classes.
        low, high = spans["last" if filled[0] == "first" else "first"]
        if low == high or high > _MOST_CLASSES:
            return ends[filled[0]]
    where = (
        gettext("neither is named label, class, target, y or digit")
        if header
        else gettext("there is no header")
    )
    if not filled and len(possible) < 2:
        raise DataError(
            gettext(
                "{name}: expected labels from 0 to {last} in the first or the last "
                "of {columns} columns, found {first_found} in the first and {last_found} in the "
                "last; name the column with --label-column.",
                name=name,
                last=CLASS_COUNT - 1,
                columns=columns,
                first_found=_span(table[:, 0]),
                last_found=_span(table[:, -1]),
            )
        )
    raise DataError(
        gettext(
            "{name}: the labels may be in the first column ({first}) or in the last "
            "({last}), and {reason}; say which with --label-column first or "
            "--label-column last.",
            name=name,
            first=_span(table[:, 0]),
            last=_span(table[:, -1]),
            reason=where,
        )
    )


def _may_be_labels(column: np.ndarray) -> bool:
    whole = column == np.rint(column)
    return bool((whole & (column >= 0) & (column < CLASS_COUNT)).all())


def _span(column: np.ndarray) -> str:
    low, high = float(column.min()), float(column.max())
    return (
        gettext("all {low:g}", low=low)
        if low == high
        else gettext("{low:g} to {high:g}", low=low, high=high)
    )


def wrong_count(columns: int) -> str:
    """Return the clause that refuses a number of columns."""
    side = next((n for n in range(2, 300) if n * n in (columns, columns - 1, columns - 2)), None)
    hint = (
        gettext("; they seem to be pictures of {side} × {side}, which are not read", side=side)
        if side
        else ""
    )
    return gettext(
        "expected {values} values (the label and {pixels} pixels) in a row, or "
        "{pixels} without labels, found {columns}{hint}.",
        values=PIXELS + 1,
        pixels=PIXELS,
        columns=columns,
        hint=hint if side != SIDE else "",
    )


def _in_order(header: Sequence[str] | None, pixels: list[int]) -> list[int]:
    """Return the columns of pixels in the order of the numbers in their headers, if they have any.

    A sort of the headers as texts puts pixel10 before pixel2. Two numbers are row and column.
    """
    if header is None:
        return pixels
    by_place = _in_order_of_places(header, pixels)
    if by_place:
        return by_place
    found = [_LAST_NUMBER.match(header[column]) for column in pixels]
    if not all(found):
        return pixels
    prefixes = {
        header[column][: match.start(1)]
        for column, match in zip(pixels, found, strict=True)
        if match
    }
    numbers = [int(match[1]) for match in found if match]
    if len(prefixes) != 1 or sorted(numbers) != list(range(min(numbers), min(numbers) + PIXELS)):
        return pixels
    return [column for _, column in sorted(zip(numbers, pixels, strict=True))]


def _in_order_of_places(header: Sequence[str], pixels: list[int]) -> list[int]:
    """Return the columns in the order of the row and the column in their headers; [] without."""
    found = [_TWO_NUMBERS.fullmatch(header[column]) for column in pixels]
    if not all(found):
        return []
    matches = [match for match in found if match]
    words = {(match[1].lower(), match[3].lower(), match[5]) for match in matches}
    places = [(int(match[2][:9]), int(match[4][:9])) for match in matches]
    if len(words) != 1 or len(set(places)) != PIXELS:
        return []
    for axis in (0, 1):
        numbers = sorted({place[axis] for place in places})
        if len(numbers) != SIDE or numbers[-1] - numbers[0] != SIDE - 1:
            return []
    before, between, _ = words.pop()
    # Of x and y, or column and row, the first is the column.
    is_column_first = (before[-1:], between.strip("_-., ")[:1]) in (("x", "y"), ("c", "r")) or (
        before.rstrip("_-").endswith(("col", "column")) and "row" in between
    )
    keys = [(second, first) if is_column_first else (first, second) for first, second in places]
    return [column for _, column in sorted(zip(keys, pixels, strict=True))]
