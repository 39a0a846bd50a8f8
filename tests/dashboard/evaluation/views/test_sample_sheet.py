"""The sheet of samples without a browser: what is drawn, and where."""

import numpy as np
import pytest
from bokeh.models import Image, Text

from dashboard.evaluation.views.sample_sheet import COLUMNS, ROWS, SHOWN, SampleSheet

FULL = np.full(784, 255, np.uint8)


@pytest.fixture
def sheet():
    return SampleSheet("Samples", lambda _index: None, "ink-samples")


def drawn(sheet, kind):
    """The glyph of a kind with the data that it draws."""
    return next(
        (it.glyph, it.data_source.data)
        for it in sheet.figure.renderers
        if isinstance(it.glyph, kind)
    )


def test_an_empty_sheet_is_no_box(sheet):
    assert not sheet.figure.visible
    sheet.draw([FULL], ["4→9"], ["4, predicted 9"])
    assert sheet.figure.visible
    sheet.draw([], [], [])
    assert not sheet.figure.visible


def test_what_is_blank_is_as_the_card_in_light_and_dark(sheet):
    glyph, _ = drawn(sheet, Image)
    assert glyph.color_mapper.palette[0] == "#00000000"


def test_texts_overprint_no_sample(sheet):
    sheet.draw([FULL] * SHOWN, ["4→9"] * SHOWN, ["4, predicted 9"] * SHOWN)
    _, images = drawn(sheet, Image)
    (ink,) = images["image"]
    glyph, texts = drawn(sheet, Text)
    lines_per_unit = len(ink) / ROWS
    font_size = float(str(glyph.text_font_size).removesuffix("px"))
    font_lines = font_size * len(ink) / sheet.figure.height
    for x, y, text in zip(texts["x"], texts["y"], texts["text"], strict=True):
        bottom = round((ROWS - y) * lines_per_unit)
        lines = ink[int(bottom - font_lines) : bottom]
        width = ink.shape[1] // COLUMNS
        cell = lines[:, int(x) * width : (int(x) + 1) * width]
        assert cell.size, text
        assert not cell.any(), text
