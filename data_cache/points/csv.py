"""Reads and writes points of the plane as CSV: a header `x,y,label`, then a line for each point.

Errors name the line, what was expected there, and what was found.
"""

from __future__ import annotations

import math

import numpy as np

from data_cache.errors import DataError
from data_cache.points.plane_points import MAX_CLASSES, PLANE_LIMIT, PlanePoints

HEADER = "x,y,label"
MAX_POINTS = 20_000


def points_to_csv(points: PlanePoints) -> bytes:
    """Return the content of a CSV file, from which `points_from_csv` reads the same values."""
    rows = zip(points.points, points.labels.tolist(), strict=True)
    lines = [f"{x!s},{y!s},{label}" for (x, y), label in rows]
    return "\n".join([HEADER, *lines, ""]).encode("ascii")


def points_from_csv(content: bytes, name: str) -> PlanePoints:
    """Parse the content of a CSV file.

    Parameters
    ----------
    content : bytes
        UTF-8 text: the header `x,y,label`, then lines of two numbers up to 1e15 and an integer
        from 0 to 9. Blank lines are skipped.
    name : str
        The file, for error messages.

    Returns
    -------
    PlanePoints
        In the order of the file, with the highest label + 1 classes, but at least two.

    Raises
    ------
    DataError
        If the content is not as above, or has no points or more than 20,000.
    """
    lines = _decoded(content, name).splitlines()
    header = ",".join(field.strip().lower() for field in lines[0].split(",")) if lines else ""
    if header != HEADER:
        found = f"“{_short(lines[0])}”" if lines else "an empty file"
        raise DataError(f"{name}, line 1: expected the header “{HEADER}”, found {found}.")
    rows = [_parse(line, name, number) for number, line in enumerate(lines[1:], 2) if line.strip()]
    if not rows:
        raise DataError(f"{name}: expected points after the header, found none.")
    if len(rows) > MAX_POINTS:
        raise DataError(f"{name}: expected at most {MAX_POINTS:,} points, found {len(rows):,}.")
    labels = np.array([label for *_, label in rows], np.intp)
    points = np.array([row[:2] for row in rows], np.float32)
    return PlanePoints(points, labels, max(2, int(labels.max()) + 1))


def fit_into_plane(points: PlanePoints) -> PlanePoints:
    """Return points shifted and scaled to fill [-1, 1], or the same if all are within the limit."""
    coordinates = points.points.astype(float)
    if not len(coordinates) or np.abs(coordinates).max() <= PLANE_LIMIT:
        return points
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-30)
    return PlanePoints((coordinates - (low + high) / 2) / half, points.labels, points.classes)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}: expected UTF-8 text, found another encoding at byte {error.start}; save the "
            "file as UTF-8."
        ) from error


def _parse(line: str, name: str, number: int) -> tuple[float, float, int]:
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != 3:
        raise DataError(
            f"{name}, line {number}: expected 3 values (x, y and the label), found {len(fields)} "
            f"in “{_short(line)}”."
        )
    x, y = (_number(field, axis, name, number) for field, axis in zip(fields, "xy", strict=False))
    label = fields[2]
    if not (label.isascii() and label.isdigit() and len(label) <= 2 and int(label) < MAX_CLASSES):
        raise DataError(
            f"{name}, line {number}: expected a label from 0 to {MAX_CLASSES - 1}, found "
            f"“{_short(label)}”."
        )
    return x, y, int(label)


def _number(field: str, axis: str, name: str, line: int) -> float:
    try:
        value = float(field)
    except ValueError:
        value = math.nan
    # Beyond this the square of a distance overflows float32.
    if not abs(value) <= 1e15:
        raise DataError(
            f"{name}, line {line}: expected a number up to 1e15 as {axis}, found “{_short(field)}”."
        )
    return value


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
