"""The preview of an augmentation: a row for every kind of change, made when it is asked for."""

import asyncio

import numpy as np
import pytest

from dashboard.digits.views.augmentation_preview import DIGITS, AugmentationPreview, preview_rows
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.theme import Theme
from dashboard.training.settings import TrainingSettings
from data_cache import load_digits, to_float


@pytest.fixture(scope="module")
def digits():
    return to_float(load_digits().validation.images[:DIGITS])


@pytest.mark.parametrize(("name", "rows"), [("none", 1), ("affine", 2), ("light", 7), ("full", 13)])
def test_every_kind_of_a_set_has_a_row_that_differs(digits, name, rows):
    found = preview_rows(name, digits)
    assert len(found) == rows
    assert next(iter(found)) == "original"
    assert all(row.shape == digits.shape for row in found.values())
    assert all(np.abs(row - digits).max() > 0.2 for row in list(found.values())[1:])


def test_it_is_made_when_asked_for_and_follows_the_choice(digits):
    settings, tasks = TrainingSettings(augment="light"), []

    async def open_digits():
        return digits

    async def main():
        preview = AugmentationPreview(
            settings,
            DirectPageWriter(),
            Theme(),
            open_digits=open_digits,
            spawn=lambda work: tasks.append(asyncio.ensure_future(work)),
        )
        settings.augment = "full"
        assert not tasks
        assert not preview.view.visible
        preview.button.clicks += 1
        await asyncio.gather(*tasks)
        sheet = preview.view[0].object.renderers[0].data_source
        assert sheet.data["image"][0].shape == (13 * 28, DIGITS * 28)
        settings.augment = "light"
        await asyncio.gather(*tasks)
        assert sheet.data["image"][0].shape == (7 * 28, DIGITS * 28)
        assert len(preview.view) == 1
        preview.button.clicks += 1
        assert not preview.view.visible

    asyncio.run(main())
