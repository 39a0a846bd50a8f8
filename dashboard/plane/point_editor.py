"""Editing of the points: add, move, delete, load and save.

The network in training continues with the changed points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext
from dashboard.plane.dataset import PlaneData, split_data
from dashboard.plane.settings import MAX_POINTS
from dashboard.plane.training import PlaneTraining
from dashboard.shell.notices import Mend
from data_cache import (
    PLANE_LIMIT,
    DataError,
    PlanePoints,
    PointSource,
    fit_points,
    no_points,
    points_to_csv,
    read_points,
)

MAX_EDITED_POINTS = 4 * MAX_POINTS

GRID = 2.0**-10
"""Distance of the coordinates that points are painted at and moved to, so that links stay short."""


class PointEditor:
    """Edits the points of the state; an edit that is not possible is answered by a notice."""

    def __init__(self, training: PlaneTraining) -> None:
        self._training = training
        self._state = training.state
        self._stroke = ""
        self._stroke_length = 0

    def add(
        self, coordinates: Sequence[tuple[float, float]], label: int, part: str = "train"
    ) -> None:
        """Add points of the class `label` to the part "train" or "test", except those outside."""
        with self._reported():
            data, inside = self._state.points, [point for point in coordinates if is_inside(*point)]
            points = data.part(part)
            if not 0 <= label < data.classes:
                raise DataError(
                    gettext(
                        "The class of a point is 0 to {last}; found {label}. Increase the number "
                        "of classes first.",
                        last=data.classes - 1,
                        label=label,
                    )
                )
            if len(data) + len(inside) > MAX_EDITED_POINTS:
                raise DataError(
                    gettext(
                        "At most {most} points are possible; delete some first.",
                        most=format_number(MAX_EDITED_POINTS),
                    )
                )
            if inside:
                rounded = [on_grid(*point) for point in inside]
                self._training.train_on(data.with_part(part, points.with_points(rounded, label)))
            check_inside(len(inside) == len(coordinates))

    def paint(self, stroke: str, label: int, values: Sequence[float]) -> None:
        """Add the points of a stroke that its earlier messages did not contain.

        Parameters
        ----------
        stroke
            Identifies the stroke.
        label
            Class of the points.
        values
            x and y of every point of the stroke so far, flattened.
        """
        known = self._stroke_length if stroke == self._stroke else 0
        coordinates = list(zip(values[::2], values[1::2], strict=True))
        self._stroke, self._stroke_length = stroke, max(known, len(coordinates))
        if coordinates[known:]:
            self.add(coordinates[known:], label)

    def move(self, index: int, x: float, y: float, part: str = "train") -> None:
        """Move the point with that index in its part."""
        with self._reported():
            check_inside(is_inside(x, y))
            points = self._state.points.part(part).with_moved(index, *on_grid(x, y))
            self._training.train_on(self._state.points.with_part(part, points))

    def delete(self, index: int, part: str = "train") -> None:
        """Delete the point with that index in its part."""
        with self._reported():
            points = self._state.points.part(part).without(index)
            self._training.train_on(self._state.points.with_part(part, points))

    def clear(self) -> None:
        """Delete all points and pause; the number of classes stays."""
        nothing = no_points(self._state.points.classes)
        self._state.running = False
        self._training.train_on(PlaneData(nothing, nothing))
        self._training.notify(gettext("All points are deleted. Choose a class and paint new ones."))

    def load_csv(self, content: bytes, name: str, label_column: int | None = None) -> None:
        """Replace the points by those of a table of x, y and labels, and the run too.

        Where another column may as well have the labels, the notice offers it.
        """
        with self._reported("error"):
            self._take(*read_points(content, name, label_column), content, name)

    async def load_file(self, content: bytes, name: str) -> None:
        """Do the same with a table that may be long, and so is read in a worker."""
        with self._reported("error"):
            points, source = await self._training.execute(read_points, content, name)
            self._take(points, source, content, name)

    def _take(self, points: PlanePoints, source: PointSource, content: bytes, name: str) -> None:
        points, source = fit_points(points, source)
        with self._training.changing_settings():
            self._state.param.update(classes=points.classes, preset="")
            self._state.points = replace(split_data(points, self._state), source=source)
        self._training.replace_run()
        sentences = [
            gettext(
                "{name}: {count} points of {classes} classes, {tests} of them for testing.",
                name=name,
                count=format_number(len(points)),
                classes=points.classes,
                tests=format_number(len(self._state.points.test)),
            )
        ]
        if source.legend:
            sentences.append(gettext("Labels: {legend}.", legend=source.legend))
        if source.is_scaled:
            sentences.append(
                gettext("The coordinates were scaled to fill the plane; saving undoes the scaling.")
            )
        self._training.notify(
            " ".join(sentences),
            mend=self._other_labels(content, name, source),
        )

    def _other_labels(self, content: bytes, name: str, source: PointSource) -> Mend | None:
        if not source.other_labels:
            return None
        column = source.other_labels[0]
        return Mend(
            gettext("Labels in column {number}", number=column + 1),
            lambda: self.load_csv(content, name, column),
        )

    def save_csv(self) -> bytes:
        """Return all points as a CSV file, the test points last."""
        data = self._state.points
        return points_to_csv(data.all_points(), data.source)

    @contextmanager
    def _reported(self, kind: str = "warning") -> Iterator[None]:
        """Show a DataError as a notice."""
        try:
            yield
        except DataError as error:
            self._training.notify(str(error), kind)


def on_grid(x: float, y: float) -> tuple[float, float]:
    """Return the nearest coordinates on the grid of `GRID`."""
    return round(x / GRID) * GRID, round(y / GRID) * GRID


def is_inside(x: float, y: float) -> bool:
    """Return whether coordinates lie in the shown square; NaN does not."""
    return abs(x) <= PLANE_LIMIT and abs(y) <= PLANE_LIMIT


def check_inside(all_inside: bool) -> None:
    """Raise DataError unless all coordinates were inside."""
    if not all_inside:
        raise DataError(
            gettext(
                "Coordinates lie within ±{limit}; points outside were ignored.",
                limit=format_number(PLANE_LIMIT, "g"),
            )
        )
