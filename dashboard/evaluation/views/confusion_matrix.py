"""Confusion matrix as a chart: rows are true classes, columns predicted ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from bokeh.models import ColumnDataSource
from numpy.typing import NDArray

from dashboard.evaluation.views.cell_grid import CellGrid
from dashboard.languages.text import gettext
from dashboard.shell.chart_parts import make_small_chart
from dashboard.shell.colors import MISTAKE, PLAIN
from data_cache import DIGIT_NAMES

TRANSPARENT = "#00000000"
"""Color of cells whose count is 0."""


class ConfusionMatrix:
    """A square of cells with counts.

    Parameters
    ----------
    select_cell
        Called with the true and the predicted class of the chosen cell.
    """

    def __init__(self, select_cell: Callable[[int, int], None]) -> None:
        self._cells = ColumnDataSource(
            {"x": [], "y": [], "text": [], "color": [], "label": []}, name="confusion"
        )
        self.figure = make_small_chart(
            height=330,
            x_range=(0, 10),
            y_range=(10, 0),
            x_axis_location="above",
            x_axis_label=gettext("Predicted"),
            y_axis_label=gettext("True"),
            sizing_mode="stretch_width",
            min_border=0,
            css_classes=["ink-confusion"],
        )
        self.figure.ygrid.visible = False
        cells = {"x": "x", "y": "y", "source": self._cells}
        self.figure.rect(width=0.94, height=0.94, fill_color="color", line_color=None, **cells)
        self.figure.text(
            text="text", text_align="center", text_baseline="middle", text_font_size="11px", **cells
        )
        self._grid = CellGrid(
            self.figure,
            self._cells,
            columns=None,
            name=gettext(
                "Confusion matrix. Arrow keys choose a cell, Enter shows its samples below."
            ),
            answer=".ink-mistakes-told",
            choose=lambda cell: select_cell(*divmod(cell, round(self.figure.x_range.end))),
        )
        self._name_classes(DIGIT_NAMES)

    def draw(self, counts: NDArray[np.integer], class_names: Sequence[str]) -> None:
        """Show counts (classes, classes)."""
        classes = len(counts)
        rows, columns = np.divmod(np.arange(classes * classes), classes)
        cells = counts.reshape(-1)
        correct = rows == columns
        most = max(1, int(cells[~correct].max(initial=0)))
        totals = np.maximum(counts.sum(axis=1), 1)[rows]
        # Mistakes are shaded relative to the most frequent one; diagonal counts would hide them.
        strengths = np.where(correct, 0.15 + 0.35 * cells / totals, 0.85 * np.sqrt(cells / most))
        self._cells.data = {
            "x": columns + 0.5,
            "y": rows + 0.5,
            "text": [str(count) if count else "" for count in cells.tolist()],
            "label": [
                gettext(
                    "true {label}, predicted {predicted}: {count}",
                    label=class_names[row],
                    predicted=class_names[column],
                    count=count,
                )
                for row, column, count in zip(rows, columns, cells, strict=True)
            ],
            "color": [
                shade(PLAIN if on_diagonal else MISTAKE, strength) if count else TRANSPARENT
                for on_diagonal, strength, count in zip(correct, strengths, cells, strict=True)
            ],
        }
        self._name_classes(class_names)

    def _name_classes(self, class_names: Sequence[str]) -> None:
        classes = len(class_names)
        for axis in (self.figure.xaxis, self.figure.yaxis):
            axis.ticker = [index + 0.5 for index in range(classes)]
            axis.major_label_overrides = {
                index + 0.5: name[:8] for index, name in enumerate(class_names)
            }
        if classes != self.figure.x_range.end:
            self.figure.x_range.end = self.figure.y_range.start = classes


def shade(color: str, strength: float) -> str:
    """Mix a color, "#rrggbb", into white with a strength in [0, 1]; black text stays readable."""
    channels = (int(color[index : index + 2], 16) for index in (1, 3, 5))
    return "#" + "".join(f"{round(255 + strength * (value - 255)):02x}" for value in channels)
