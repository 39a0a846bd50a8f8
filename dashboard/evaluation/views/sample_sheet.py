"""A sheet of samples as pictures in a grid; a click or keys choose one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from bokeh.models import ColumnDataSource, LinearColorMapper
from numpy.typing import NDArray

from dashboard.digits.views.pad import INK_ON_CARD
from dashboard.evaluation.views.cell_grid import CellGrid
from dashboard.shell.chart_parts import make_picture

COLUMNS, ROWS = 8, 3
SHOWN = COLUMNS * ROWS
"""Most samples of a sheet."""

TEXT = "#444444"
"""The colour of texts, of which the dark theme inverts the brightness."""

_CELL, _HEIGHT = 30, 42
"""Pixels of a cell: the digit, and below it a place for its text."""


class SampleSheet:
    """At most 24 samples, each above a short text; without samples nothing can be seen of it.

    Parameters
    ----------
    name
        What screen readers call the sheet, with its keys.
    choose
        Called with the number of a sample; the pane of the digits is opened then.
    css_class
        Of the figure.
    source_name
        Of the data source of the pictures.
    """

    def __init__(
        self,
        name: str,
        choose: Callable[[int], None],
        css_class: str,
        *,
        source_name: str | None = None,
    ) -> None:
        blank = np.zeros((ROWS * _HEIGHT, COLUMNS * _CELL), np.uint8)
        self._images = ColumnDataSource({"image": [blank]}, name=source_name)
        self._labels = ColumnDataSource({"x": [], "y": [], "text": [], "label": [], "color": []})
        self.figure = make_picture(
            height=210,
            x_range=(0, COLUMNS),
            y_range=(0, ROWS),
            frame_align=False,
            x_axis_type=None,
            y_axis_type=None,
            sizing_mode="stretch_width",
            # Of a figure, because Panel's pane of a figure does not hide it from the beginning.
            visible=False,
            css_classes=[css_class],
            stylesheets=[".bk-Canvas { filter: var(--ink-filter); cursor: pointer; }"],
        )
        self.figure.image(
            "image", x=0, y=ROWS, dw=COLUMNS, dh=ROWS, origin="top_left", anchor="top_left",
            source=self._images, color_mapper=LinearColorMapper(INK_ON_CARD, low=0, high=255),
        )  # fmt: skip
        self.figure.text(
            "x",
            "y",
            "text",
            text_font_size="12px",
            text_align="center",
            text_color="color",
            source=self._labels,
        )
        self._grid = CellGrid(
            self.figure, self._labels, columns=COLUMNS, name=name, pane="digits", choose=choose
        )

    def draw(
        self,
        images: Sequence[NDArray[np.uint8]],
        texts: Sequence[str],
        labels: Sequence[str],
        color: str = TEXT,
    ) -> None:
        """Show samples.

        Parameters
        ----------
        images
            Of at most `SHOWN` samples, each (784,).
        texts
            Below each.
        labels
            What screen readers say of each.
        color
            Of the texts.
        """
        sheet = np.zeros((ROWS * _HEIGHT, COLUMNS * _CELL), np.uint8)
        for position, image in enumerate(images):
            row, column = divmod(position, COLUMNS)
            top, left = row * _HEIGHT + 1, column * _CELL + 1
            sheet[top : top + 28, left : left + 28] = image.reshape(28, 28)
        positions = np.arange(len(images))
        self.figure.visible = len(images) > 0
        self._images.data = {"image": [sheet]}
        self._labels.data = {
            "x": positions % COLUMNS + 0.5,
            "y": ROWS - positions // COLUMNS - 0.98,
            "text": list(texts),
            "label": list(labels),
            "color": [color] * len(images),
        }
