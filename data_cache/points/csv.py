"""Points of the plane as CSV: a header `x,y,label`, then a line for every point.

What cannot be read is answered with its line, what was expected there, and what was found.
"""

from __future__ import annotations

import math

import numpy as np

from data_cache.errors import DataError
from data_cache.points.plane_points import MAX_CLASSES, PLANE_LIMIT, PlanePoints

HEADER = "x,y,label"
MAX_POINTS = 20_000


def points_to_csv(points: PlanePoints) -> bytes:
    """Return points as a CSV file; `points_from_csv` reads the same numbers from it."""
    rows = zip(points.points, points.labels.tolist(), strict=True)
    lines = [f"{x!s},{y!s},{label}" for (x, y), label in rows]
    return "\n".join([HEADER, *lines, ""]).encode("ascii")


def points_from_csv(content: bytes, name: str) -> PlanePoints:
    """Read points from a CSV file.

    Parameters
    ----------
    content
        The file: the header `x,y,label`, then lines of two numbers and a whole number from 0 to 9.
        Blank lines are passed over.
    name
        What errors call the file.

    Returns
    -------
    The points where they stand in the file, as many classes as the highest label says (at least
    two).

    Raises
    ------
    DataError
        With the line, what was expected and what was found.
    """
    lines = _decoded(content, name).splitlines()
    header = ",".join(field.strip().lower() for field in lines[0].split(",")) if lines else ""
    if header != HEADER:
        found = f"“{_short(lines[0])}”" if lines else "an empty file"
        raise DataError(f"{name}, line 1: the header “{HEADER}” was expected; found {found}.")
    rows = [_parse(line, name, number) for number, line in enumerate(lines[1:], 2) if line.strip()]
    if not rows:
        raise DataError(f"{name}: points were expected after the header, but none follow.")
    if len(rows) > MAX_POINTS:
        raise DataError(
            f"{name}: at most {MAX_POINTS:,} points were expected; found {len(rows):,}."
        )
    labels = np.array([label for *_, label in rows], np.intp)
    points = np.array([row[:2] for row in rows], np.float32)
    return PlanePoints(points, labels, max(2, int(labels.max()) + 1))


def fit_into_plane(points: PlanePoints) -> PlanePoints:
    """Move and scale points so that they fill [-1, 1], unless all lie in the shown square."""
    place = points.points.astype(float)
    if not len(place) or np.abs(place).max() <= PLANE_LIMIT:
        return points
    low, high = place.min(axis=0), place.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-30)
    return PlanePoints((place - (low + high) / 2) / half, points.labels, points.classes)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}: text was expected; byte {error.start} is none. Save the file as UTF-8."
        ) from error


def _parse(line: str, name: str, number: int) -> tuple[float, float, int]:
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != 3:
        raise DataError(
            f"{name}, line {number}: 3 values (x, y and the label) were expected; "
            f"found {len(fields)} in “{_short(line)}”."
        )
    x, y = (_number(field, axis, name, number) for field, axis in zip(fields, "xy", strict=False))
    label = fields[2]
    if not (label.isascii() and label.isdigit() and len(label) <= 2 and int(label) < MAX_CLASSES):
        raise DataError(
            f"{name}, line {number}: a label from 0 to {MAX_CLASSES - 1} was expected; "
            f"found “{_short(label)}”."
        )
    return x, y, int(label)


def _number(field: str, axis: str, name: str, line: int) -> float:
    try:
        value = float(field)
    except ValueError:
        value = math.nan
    # Beyond this the square of a distance is no float32 any more.
    if not abs(value) <= 1e15:
        raise DataError(
            f"{name}, line {line}: {axis} was expected to be a number up to 1e15; "
            f"found “{_short(field)}”."
        )
    return value


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
