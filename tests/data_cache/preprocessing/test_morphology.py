"""Dilation, erosion, stroke width and connected components."""

from __future__ import annotations

import numpy as np
import pytest
from drawings import ring
from hypothesis import given
from hypothesis import strategies as st

from data_cache.preprocessing.morphology import (
    change_stroke_width,
    dilate,
    erode,
    label_components,
    stroke_width,
)


@given(seed=st.integers(0, 10**6), diagonals=st.booleans())
def test_dilation_and_erosion_are_the_extremes_of_the_neighbourhood(seed, diagonals):
    image = np.random.default_rng(seed).random((4, 5))
    neighbours = [
        (down, right)
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
        if diagonals or not down or not right
    ]
    for function, extreme, border in ((dilate, np.max, -1), (erode, np.min, 2)):
        padded = np.pad(image, 1, constant_values=border)
        shifted = [np.roll(padded, shift, axis=(0, 1))[1:-1, 1:-1] for shift in neighbours]
        found = function(image[np.newaxis], diagonals=diagonals)[0]
        np.testing.assert_array_equal(found, extreme(shifted, axis=0))


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_the_width_of_a_stroke_is_measured(width):
    assert stroke_width(ring(56, 18, width)[np.newaxis])[0] == pytest.approx(
        width, rel=0.05 if width > 1 else 0.3
    )
    blurred = ring(56, 18, 3)
    blurred = (blurred + np.roll(blurred, 1, axis=0) + np.roll(blurred, -1, axis=0)) / 3
    assert stroke_width(blurred[np.newaxis])[0] == pytest.approx(3, rel=0.15)


def test_strokes_are_widened_and_thinned_by_fractions_of_a_pixel():
    bars = np.zeros((3, 20, 20))
    bars[:, :, 8:12] = 1
    found = change_stroke_width(bars, np.array([1.5, -1.5, 0]))[:, 10].sum(axis=1)
    assert found.tolist() == pytest.approx([7, 1, 4])


def test_half_a_pixel_of_stroke_width_is_half_ink():
    bars = np.zeros((2, 20, 20), np.float32)
    bars[:, :, 8:12] = 1
    wide, thin = change_stroke_width(bars, np.array([0.5, -0.5], np.float32))[:, 10, 6:14]
    assert wide.tolist() == [0, 0.5, 1, 1, 1, 1, 0.5, 0]
    assert thin.tolist() == [0, 0, 0.5, 1, 1, 0.5, 0, 0]


@given(seed=st.integers(0, 10**6), share=st.floats(0.1, 0.6))
def test_components_are_those_of_a_search_cell_by_cell(seed, share):
    marked = np.random.default_rng(seed).random((9, 9)) < share
    labels = label_components(marked[np.newaxis])[0]
    expected = np.zeros((9, 9), int)
    for start in np.argwhere(marked):
        open_cells = [tuple(start)]
        number = expected.max() + 1
        while open_cells:
            row, column = open_cells.pop()
            if not (0 <= row < 9 and 0 <= column < 9):
                continue
            if not marked[row, column] or expected[row, column]:
                continue
            expected[row, column] = number
            open_cells += [(row + r, column + c) for r in (-1, 0, 1) for c in (-1, 0, 1)]
    assert (labels > 0).tolist() == marked.tolist()
    pairs = {(one, other) for one, other in zip(labels.flat, expected.flat, strict=True) if one}
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
