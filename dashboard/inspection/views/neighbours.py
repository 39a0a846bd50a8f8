"""The validation samples that are nearest to the drawing, each a button that puts it on the pad."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import panel as pn
from numpy.typing import NDArray

from dashboard.inspection.explanation import NEIGHBOURS, Neighbour
from dashboard.shell.pictures import ink_pixels, picture_address
from dashboard.shell.theme import Theme

BUTTON = """
:host { flex: 1 1 54px; min-width: 48px; max-width: 76px; }
.bk-btn, :host(.solid) .bk-btn.bk-btn-default {
  display: flex;
  flex-direction: column;
  align-items: center;
  gap: 2px;
  width: 100%;
  height: auto;
  padding: 4px;
  overflow: hidden;
  font-size: 12px;
  text-overflow: ellipsis;
}
"""

ROW = ":host { flex-wrap: wrap; gap: 6px; }"


class NeighboursView:
    """Up to five samples with their labels.

    Parameters
    ----------
    show_on_pad
        Called with the image of the sample that was clicked, (784,) uint8.

    Attributes
    ----------
    view
        The row of buttons.
    """

    def __init__(self, show_on_pad: Callable[[NDArray[np.uint8]], None], theme: Theme) -> None:
        self._shown: tuple[Neighbour, ...] = ()
        self._show_on_pad = show_on_pad
        self._buttons = [self._make_button(index, theme) for index in range(NEIGHBOURS)]
        self.view = pn.Row(
            *self._buttons,
            css_classes=["ink-neighbours"],
            stylesheets=[ROW],
            sizing_mode="stretch_width",
            margin=0,
        )

    def draw(self, neighbours: Sequence[Neighbour]) -> None:
        """Show samples; the buttons beyond them are hidden."""
        self._shown = tuple(neighbours)
        for index, button in enumerate(self._buttons):
            button.visible = index < len(neighbours)
            if button.visible:
                neighbour = neighbours[index]
                button.param.update(label=neighbour.label, icon=_icon(neighbour))

    def _make_button(self, index: int, theme: Theme) -> pn.widgets.Button:
        button = pn.widgets.Button(
            label="",
            icon_size="40px",
            visible=False,
            css_classes=["ink-neighbour"],
            stylesheets=[theme.widgets, BUTTON],
            margin=0,
        )
        button.on_click(lambda _event: self._clicked(index))
        return button

    def _clicked(self, index: int) -> None:
        if index < len(self._shown):
            self._show_on_pad(self._shown[index].image)


def _icon(neighbour: Neighbour) -> str:
    """Return the image as SVG, the format of icons on buttons."""
    address = picture_address(ink_pixels(neighbour.image.reshape(28, 28) / 255))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28">'
        f'<image href="{address}" width="28" height="28" style="filter: var(--ink-filter); '
        'image-rendering: pixelated"/></svg>'
    )
