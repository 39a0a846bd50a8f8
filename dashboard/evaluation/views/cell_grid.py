"""A figure that is a grid of cells, which are chosen by a click or by keys.

What a click does on these figures has to be possible without a pointer.
"""

from __future__ import annotations

from collections.abc import Callable

from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from dashboard.shell.components.client_component import ClientComponent

COMMANDS = {"choose": (int,)}


class CellGrid:
    """The clicks and keys of one figure, with the cursor that the keys move.

    Parameters
    ----------
    cells_figure
        The figure; its cells are squares of side 1 in the units of its ranges.
    cells
        Its column `label` says what each cell is, row by row.
    columns
        Cells of a row; None: as many as there are rows.
    name
        What screen readers call the figure, with its keys.
    answer
        A CSS selector of the text that a choice changes, which is announced after keys.
    pane
        The pane that a choice leads to, or "".
    choose
        Called with the index of a cell.
    """

    def __init__(
        self,
        cells_figure: figure,
        cells: ColumnDataSource,
        *,
        columns: int | None,
        name: str,
        choose: Callable[[int], None],
        answer: str = "",
        pane: str = "",
    ) -> None:
        cursor = ColumnDataSource({"x": [], "y": []})
        # Dark within light, so that it can be seen on every colour.
        for color, width in (("white", 5), ("black", 2)):
            cells_figure.rect(
                "x", "y", 0.94, 0.94,
                source=cursor, fill_color=None, line_color=color, line_width=width,
            )  # fmt: skip
        self._component = ClientComponent(
            "cell_grid.js",
            cells_figure,
            parts={
                "cells": cells,
                "cursor": cursor,
                "columns": columns,
                "name": name,
                "answer": answer,
                "pane": pane,
            },
            signatures=COMMANDS,
            commands={"choose": choose},
        )
        # Bokeh takes the second of two quick clicks for a double one, wherever it is.
        for event in ("tap", "doubletap"):
            cells_figure.js_on_event(event, self._component.callback)
