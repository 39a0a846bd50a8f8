"""Images of misclassified samples in a grid; a click shows one on the drawing pad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS, LinearColorMapper
from bokeh.plotting import figure

from dashboard.digits.views.pad import INK_PALETTE
from dashboard.evaluation.report import Mistake
from dashboard.evaluation.views.cell_keys import CellKeys
from dashboard.languages.text import gettext
from dashboard.shell.colors import MISTAKE
from data_cache import Samples

COLUMNS, ROWS = 8, 3
SHOWN = COLUMNS * ROWS
_CELL = 30
_HEIGHT = 42
"""Pixels of a cell: the digit, and below it a place for its label."""

SHOW_ON_PAD = """
const [column, row] = [Math.floor(cb_obj.x), rows - 1 - Math.floor(cb_obj.y)]
const index = row * columns + column
if (column >= 0 && row >= 0 && column < columns && index < labels.data.x.length) {
  figure.tags = [Date.now(), index]
  document.getElementById("tab-digits")?.click()
}
"""


class MistakesView:
    """The first 24 mistakes.

    Parameters
    ----------
    show_on_pad
        Called with the index of the sample that was clicked.
    """

    def __init__(self, show_on_pad: Callable[[int], None]) -> None:
        self._show_on_pad = show_on_pad
        self._indices: list[int] = []
        blank = np.zeros((ROWS * _HEIGHT, COLUMNS * _CELL), np.uint8)
        self._images = ColumnDataSource({"image": [blank]}, name="mistakes")
        self._labels = ColumnDataSource({"x": [], "y": [], "text": [], "label": []})
        self.figure = figure(
            height=210,
            x_range=(0, COLUMNS),
            y_range=(0, ROWS),
            frame_align=False,
            x_axis_type=None,
            y_axis_type=None,
            tools="",
            toolbar_location=None,
            sizing_mode="stretch_width",
            min_border=0,
            outline_line_color=None,
            css_classes=["ink-mistakes"],
            stylesheets=[".bk-Canvas { filter: var(--ink-filter); cursor: pointer; }"],
        )
        self.figure.grid.visible = False
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
        self._keys = CellKeys(
            self.figure,
            self._labels,
            columns=COLUMNS,
            name=gettext(
                "Mistakes. Arrow keys go from one to the next, Enter puts it on the drawing pad."
            ),
            pane="digits",
            choose=self._choose,
        )
        args = {"figure": self.figure, "labels": self._labels, "columns": COLUMNS, "rows": ROWS}
        self.figure.js_on_event("tap", CustomJS(args=args, code=SHOW_ON_PAD))
        self.figure.on_change("tags", self._tapped)

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
                gettext(
                    "{label}, predicted {predicted}, mistake {number} of {count}",
                    label=class_names[m.label],
                    predicted=class_names[m.predicted],
                    number=number,
                    count=len(mistakes),
                )
                for number, m in enumerate(shown, 1)
            ],
        }
        return labels

    def _tapped(self, _attribute: str, _old: Any, tags: list[Any]) -> None:
        if len(tags) == 2 and isinstance(tags[1], int):
            self._choose(tags[1])

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._indices):
            self._show_on_pad(self._indices[index])
