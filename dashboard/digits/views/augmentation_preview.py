"""A preview of the chosen augmentation: original digits, and the same under each transformation.

It is made when it is first opened, and redrawn when another augmentation is chosen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, LinearColorMapper
from numpy.typing import NDArray

from dashboard.digits.views.pad import INK_ON_CARD
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.chart_parts import make_picture
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button
from dashboard.training.settings import TrainingSettings
from data_cache import (
    FULL,
    LIGHT,
    STRENGTH_NAMES,
    RandomDistortion,
    Strengths,
    create_augmentation,
)

DIGITS = 6
SEED = 3
_SETS = {"light": LIGHT, "full": FULL}
_NAMES = 2.6
"""The width of the column of names, in digits."""

Images = NDArray[np.float32]


class AugmentationPreview:
    """The `button`, and the `view` that it opens.

    Parameters
    ----------
    state
        Its `augment` names the augmentation.
    page
        How the page is changed.
    open_digits
        Returns at least 6 images, (n, 784) float32 in [0, 1].
    spawn
        Runs a background task.
    """

    def __init__(
        self,
        state: TrainingSettings,
        page: PageWriter,
        theme: Theme,
        *,
        open_digits: Callable[[], Awaitable[Images]],
        spawn: Callable[[Any], None],
    ) -> None:
        self._state = state
        self._open_digits = open_digits
        self._spawn = spawn
        self._page = page
        self._sheet: ColumnDataSource | None = None
        self._names: ColumnDataSource | None = None
        self._figure: Any = None
        self.button = button(gettext("Preview"), theme, "ink-augmentation", self._press)
        self.view = pn.Column(sizing_mode="stretch_width", margin=0, visible=False)
        state.param.watch(lambda _event: self._refresh(), "augment")

    def _press(self) -> None:
        self.view.visible = not self.view.visible
        self.button.label = gettext("Hide") if self.view.visible else gettext("Preview")
        self._refresh()

    def _refresh(self) -> None:
        if self.view.visible:
            self._spawn(self._show())

    async def _show(self) -> None:
        digits = await self._open_digits()
        rows = preview_rows(self._state.augment, digits[:DIGITS])
        self._page.write(lambda: self._draw(rows))

    def _draw(self, rows: dict[str, Images]) -> None:
        if self._figure is None:
            self._make_figure()
        count = len(rows)
        sheet = np.concatenate(
            [np.concatenate(list(row.reshape(-1, 28, 28)), axis=1) for row in rows.values()]
        )
        assert self._sheet is not None
        assert self._names is not None
        self._figure.y_range.update(start=0, end=count)
        self._figure.height = 34 * count
        self._sheet.data = {
            "image": [np.round(255 * sheet).astype(np.uint8)],
            "y": [count],
            "dh": [count],
        }
        self._names.data = {
            "y": count - np.arange(count) - 0.5,
            "text": [gettext(name) for name in rows],
        }
        # Last, because the page cannot take changes of a figure that it does not have yet.
        if not len(self.view):
            self.view.append(pn.pane.Bokeh(self._figure, sizing_mode="stretch_width", margin=0))

    def _make_figure(self) -> None:
        self._sheet = ColumnDataSource({"image": [], "y": [], "dh": []}, name="augmentation")
        self._names = ColumnDataSource({"y": [], "text": []})
        self._figure = make_picture(
            height=34,
            x_range=(-_NAMES, DIGITS),
            y_range=(0, 1),
            x_axis_type=None,
            y_axis_type=None,
            sizing_mode="stretch_width",
            frame_align=False,
            css_classes=["ink-augmentation-preview"],
            stylesheets=[".bk-Canvas { filter: var(--ink-filter); }"],
        )
        self._figure.image(
            "image",
            x=0,
            y="y",
            dw=DIGITS,
            dh="dh",
            origin="top_left",
            anchor="top_left",
            source=self._sheet,
            color_mapper=LinearColorMapper(INK_ON_CARD, low=0, high=255),
        )
        self._figure.text(
            -_NAMES, "y", "text", text_baseline="middle", text_font_size="11px", source=self._names
        )


def preview_rows(name: str, digits: Images) -> dict[str, Images]:
    """Return rows of images: the originals, each transformation alone, and all of them combined."""
    rows = {gettext_noop("original"): digits}
    strengths = _SETS.get(name, Strengths())
    for kind in STRENGTH_NAMES:
        if strengths.has(kind):
            rows[kind] = _strongest(strengths.only(kind), digits)
    augment = create_augmentation(name, np.random.default_rng(SEED))
    if augment is not None:
        rows[gettext_noop("combined")] = augment(digits)
    return rows


def _strongest(strengths: Strengths, digits: Images) -> Images:
    """Transform every digit a few times and keep the most changed, so that rare ones show too."""
    distort = RandomDistortion(np.random.default_rng(SEED), strengths)
    tries = np.stack([distort(digits) for _ in range(8)])
    best = np.abs(tries - digits).sum(axis=2).argmax(axis=0)
    chosen: Images = tries[best, np.arange(len(digits))]
    return chosen
