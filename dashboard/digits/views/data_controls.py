"""Controls of the data: the data set, its training samples, and augmentation with its preview."""

from __future__ import annotations

import numpy as np
import panel as pn
from numpy.typing import NDArray

from dashboard.digits.controller import DigitsController
from dashboard.digits.training_subset import ALL, TRAINING_SAMPLES
from dashboard.digits.views.augmentation_preview import DIGITS, AugmentationPreview
from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext
from dashboard.shell.fields import Field, menu
from dashboard.shell.layout import stack
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme
from data_cache import DATA_SETS, to_float


class DataControls:
    """The fields of the card “Data”."""

    def __init__(self, controller: DigitsController, page: PageWriter, theme: Theme) -> None:
        state = controller.state

        async def open_digits() -> NDArray[np.float32]:
            samples = await controller.data.part("validation")
            return to_float(samples.images[:DIGITS])

        preview = AugmentationPreview(
            state, page, theme, open_digits=open_digits, spawn=controller.spawn
        )
        titles = {gettext(data_set.title): data_set.name for data_set in DATA_SETS.values()}
        augmentation = pn.Row(
            Field(state, "augment", theme.widgets).view,
            preview.button,
            stylesheets=[theme.gap, theme.bottom],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.view = stack(
            theme,
            menu(state.param.data_set, theme, "ink-data-set", options=titles),
            menu(
                state.param.training_samples,
                theme,
                "ink-training-samples",
                options={subset_title(name): name for name in TRAINING_SAMPLES},
            ),
            augmentation,
            preview.view,
        )


def subset_title(name: str) -> str:
    """Return the title of a training part."""
    return gettext("All") if name == ALL else format_number(int(name))
