"""The confusion matrix: true classes down, predicted ones across; a click chooses a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.shell.chart_parts import BLUE, ORANGE, quieten

# The page tells which cell was meant: a name that Python hears, never a gesture.
CHOOSE = """
const [column, row] = [Math.floor(cb_obj.x), Math.floor(cb_obj.y)]
if (column >= 0 && row >= 0) figure.tags = [Date.now(), row, column]
"""

PAPERLESS = "#00000000"
"""Of cells that hold nothing."""


class ConfusionMatrix:
    """A square of cells.

    Parameters
    ----------
    choose
        Called with the true and the predicted class of the cell that somebody clicks.
    """

    def __init__(self, choose: Callable[[int, int], None]) -> None:
        self._choose = choose
        self._cells = ColumnDataSource(
            {"x": [], "y": [], "text": [], "colour": []}, name="confusion"
        )
        self.figure = figure(
            height=330,
            x_range=(0, 10),
            y_range=(10, 0),
            x_axis_location="above",
            x_axis_label="taken for",
            y_axis_label="is a",
            tools="",
            toolbar_location=None,
            sizing_mode="stretch_width",
            min_border=0,
            outline_line_color=None,
            css_classes=["ink-confusion"],
        )
        quieten(self.figure)
        self.figure.ygrid.visible = False
        self.figure.rect(
            "x", "y", 0.94, 0.94, fill_color="colour",
            line_color=None, source=self._cells,
        )  # fmt: skip
        self.figure.text(
            "x", "y", "text", text_align="center", text_baseline="middle",
            text_font_size="11px", source=self._cells,
        )  # fmt: skip
        self.figure.js_on_event("tap", CustomJS(args={"figure": self.figure}, code=CHOOSE))
        self.figure.on_change("tags", self._tapped)

    def draw(self, confusion: NDArray[np.integer], class_names: Sequence[str]) -> None:
        """Show counts (classes, classes)."""
        classes = len(confusion)
        rows, columns = np.divmod(np.arange(classes * classes), classes)
        counts = confusion.reshape(-1)
        right = rows == columns
        most = max(1, int(counts[~right].max(initial=0)))
        totals = np.maximum(confusion.sum(axis=1), 1)[rows]
        # Mistakes are shaded against the worst of them, or the right ones would hide them all.
        parts = np.where(right, 0.15 + 0.35 * counts / totals, 0.85 * np.sqrt(counts / most))
        self._cells.data = {
            "x": columns + 0.5,
            "y": rows + 0.5,
            "text": [str(count) if count else "" for count in counts.tolist()],
            "colour": [
                shade(BLUE if is_right else ORANGE, part) if count else PAPERLESS
                for is_right, part, count in zip(right, parts, counts, strict=True)
            ],
        }
        short = [name[:8] for name in class_names]
        for axis in (self.figure.xaxis, self.figure.yaxis):
            axis.ticker = [index + 0.5 for index in range(classes)]
            axis.major_label_overrides = {index + 0.5: name for index, name in enumerate(short)}
        if classes != self.figure.x_range.end:
            self.figure.x_range.end = self.figure.y_range.start = classes

    def _tapped(self, _attribute: str, _old: Any, tags: list[Any]) -> None:
        if len(tags) == 3 and all(isinstance(value, int) for value in tags[1:]):
            self._choose(tags[1], tags[2])


def shade(colour: str, part: float) -> str:
    """Mix a colour, "#rrggbb", into white: dark numbers can be read on it in any light."""
    levels = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return "#" + "".join(f"{round(255 + part * (level - 255)):02x}" for level in levels)
