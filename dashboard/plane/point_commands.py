"""Commands on the points: paint, drag, delete, load and save.

The net in training goes on with the changed points; only other classes need another net.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from dashboard.plane.dataset import PARTS, PlaneData, share_out
from dashboard.plane.settings import MAX_POINTS
from dashboard.plane.workspace import Bench
from data_cache import (
    PLANE_LIMIT,
    DataError,
    fit_into_plane,
    no_points,
    points_from_csv,
    points_to_csv,
)

MAX_PAINTED = 4 * MAX_POINTS


class Painting(Bench):
    """Whatever changes single points; what cannot be done is told, and nothing changes then."""

    def add_point(self, x: float, y: float, label: int, part: str = "train") -> None:
        """Add a point of class `label`, to the part "train" or "test"."""
        self.add_points([(x, y)], label, part)

    def add_points(
        self, places: Sequence[tuple[float, float]], label: int, part: str = "train"
    ) -> None:
        """Add points of one class, as a stroke of the brush does; those outside are left out."""
        inside = [place for place in places if _is_inside(*place)]
        with self._telling():
            data = self.state.points
            _check(part, label, data.classes)
            if len(data) + len(inside) > MAX_PAINTED:
                raise DataError(f"There is room for {MAX_PAINTED:,} points; delete some first.")
            if inside:
                self._learn_from(data.with_points(inside, label, part))
            if len(inside) < len(places):
                raise DataError(_OUTSIDE)

    def move_point(self, index: int, x: float, y: float, part: str = "train") -> None:
        """Move the point of that number in its part."""
        with self._telling():
            _check(part)
            if not _is_inside(x, y):
                raise DataError(_OUTSIDE)
            self._learn_from(self.state.points.with_moved(index, x, y, part))

    def delete_point(self, index: int, part: str = "train") -> None:
        """Delete the point of that number in its part."""
        with self._telling():
            _check(part)
            self._learn_from(self.state.points.without(index, part))

    def clear_points(self) -> None:
        """Delete all points, so that one's own can be painted; the classes stay."""
        nothing = no_points(self.state.points.classes)
        self.state.running = False
        self._learn_from(PlaneData(nothing, nothing))
        self._tell("An empty plane. Choose a class and paint points of it.")

    def load_csv(self, content: bytes, name: str) -> None:
        """Replace the points by those of a CSV file with the header x,y,label."""
        try:
            found = points_from_csv(content, name)
            points = fit_into_plane(found)
        except DataError as error:
            self._tell(str(error), "error")
            return
        with self._without_watching():
            self.state.param.update(classes=points.classes, preset="", lesson="")
            self.state.points = share_out(points, self.state)
        self._replace_run()
        scaled = "" if points is found else " They were moved and scaled to fill the plane."
        self._tell(
            f"{name}: {len(points):,} points of {points.classes} classes, "
            f"{len(self.state.points.test):,} of them to test on.{scaled}"
        )

    def save_csv(self) -> bytes:
        """Return all points, those to test on last, as a CSV file."""
        return points_to_csv(self.state.points.all_points())


_OUTSIDE = f"Points lie within ±{PLANE_LIMIT:g} of the middle; those outside were left out."


def _is_inside(x: float, y: float) -> bool:
    return isfinite(x) and isfinite(y) and max(abs(x), abs(y)) <= PLANE_LIMIT


def _check(part: str, label: int = 0, classes: int = 1) -> None:
    if part not in PARTS:
        raise DataError(f"Points are part of {' or '.join(PARTS)}; found “{part}”.")
    if not 0 <= label < classes:
        raise DataError(
            f"There are the classes 0 to {classes - 1}; found {label}. Choose more classes first."
        )
