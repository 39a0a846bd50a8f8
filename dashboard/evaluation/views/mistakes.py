"""Images of misclassified samples in a grid; a click shows one on the drawing pad."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from bokeh.models import ColumnDataSource, LinearColorMapper

from dashboard.digits.views.pad import INK_PALETTE
from dashboard.evaluation.report import Mistake
from dashboard.evaluation.views.cell_grid import CellGrid
from dashboard.shell.chart_parts import make_picture
from dashboard.shell.colors import MISTAKE
from data_cache import Samples

COLUMNS, ROWS = 8, 3
SHOWN = COLUMNS * ROWS
_CELL = 30
_HEIGHT = 42
"""Pixels of a cell: the digit, and below it a place for its label."""


class MistakesView:
    """The first 24 mistakes.

    Parameters
    ----------
    show_on_pad
        Called with the index of the chosen sample.
    """

    def __init__(self, show_on_pad: Callable[[int], None]) -> None:
        self._show_on_pad = show_on_pad
        self._indices: list[int] = []
        blank = np.zeros((ROWS * _HEIGHT, COLUMNS * _CELL), np.uint8)
        self._images = ColumnDataSource({"image": [blank]}, name="mistakes")
        self._labels = ColumnDataSource({"x": [], "y": [], "text": [], "label": []})
        self.figure = make_picture(
            height=210,
            x_range=(0, COLUMNS),
            y_range=(0, ROWS),
            frame_align=False,
            x_axis_type=None,
            y_axis_type=None,
            sizing_mode="stretch_width",
            css_classes=["ink-mistakes"],
            stylesheets=[".bk-Canvas { filter: var(--ink-filter); cursor: pointer; }"],
        )
        self.figure.image(
            "image", x=0, y=ROWS, dw=COLUMNS, dh=ROWS, origin="top_left", anchor="top_left",
            source=self._images, color_mapper=LinearColorMapper(INK_PALETTE, low=0, high=255),
        )  # fmt: skip
        self.figure.text(
            "x",
            "y",
            "text",
            text_font_size="12px",
            text_color=MISTAKE,
            text_align="center",
            source=self._labels,
        )
        self._grid = CellGrid(
            self.figure,
            self._labels,
            columns=COLUMNS,
            name="Mistakes. Arrow keys go from one to the next, Enter puts it on the drawing pad.",
            pane="digits",
            choose=self._choose,
        )

    def draw(
        self, samples: Samples | None, mistakes: Sequence[Mistake], class_names: Sequence[str]
    ) -> list[str]:
        """Show the first mistakes; return their labels, for example "4→9"."""
        shown = mistakes[:SHOWN] if samples is not None else ()
        self._indices = [mistake.index for mistake in shown]
        sheet = np.zeros((ROWS * _HEIGHT, COLUMNS * _CELL), np.uint8)
        for position, mistake in enumerate(shown):
            row, column = divmod(position, COLUMNS)
            assert samples is not None
            top, left = row * _HEIGHT + 1, column * _CELL + 1
            sheet[top : top + 28, left : left + 28] = samples.images[mistake.index].reshape(28, 28)
        labels = [f"{class_names[m.label]}→{class_names[m.predicted]}" for m in shown]
        positions = np.arange(len(shown))
        self._images.data = {"image": [sheet]}
        self._labels.data = {
            "x": positions % COLUMNS + 0.5,
            "y": ROWS - positions // COLUMNS - 0.98,
            "text": [label[:9] for label in labels],
            "label": [
                f"{class_names[m.label]}, predicted {class_names[m.predicted]}, "
                f"mistake {number} of {len(mistakes)}"
                for number, m in enumerate(shown, 1)
            ],
        }
        return labels

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._indices):
            self._show_on_pad(self._indices[index])
