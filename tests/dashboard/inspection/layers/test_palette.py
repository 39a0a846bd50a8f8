"""Levels of the palette: signs, scales, and what is not a number."""

import numpy as np
import pytest

from dashboard.inspection.layers.palette import (
    GAP,
    INK_FIRST,
    INK_LAST,
    INVALID,
    PALETTE,
    TONE_FIRST,
    TONE_OF_LEVEL,
    TONE_ZERO,
    ZERO,
    ink_levels,
    largest_magnitude,
    signed_levels,
    usual_magnitude,
)


def test_a_byte_has_a_color_for_every_level_and_zero_is_transparent():
    assert len(PALETTE) == 256
    assert PALETTE[ZERO].endswith("00")
    assert PALETTE[INK_FIRST].endswith("00")


def test_values_are_symmetric_around_zero_and_limited_at_the_scale():
    levels = signed_levels(np.array([-9, -2, -1, 0, 1, 2, 9.0]), 2.0)
    assert levels.tolist() == [0, 0, ZERO // 2, ZERO, ZERO + ZERO // 2, 2 * ZERO, 2 * ZERO]


def test_tones_become_darker_from_the_lowest_to_the_highest_value():
    tones = TONE_OF_LEVEL[signed_levels(np.array([-1, 0, 1.0, np.nan]), 1.0)]
    assert tones.tolist() == [TONE_FIRST, TONE_ZERO, GAP - 1, INVALID]
    colors = np.array([list(bytes.fromhex(color[1:])) for color in PALETTE[TONE_FIRST:GAP]])
    assert (colors[:, 3] == 255).all()
    lightness = colors[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) < 0).all()
    middle = lightness[TONE_ZERO - TONE_FIRST]
    assert lightness[0] - middle > 50 < middle - lightness[-1]


def test_nan_and_infinity_have_a_level_of_their_own():
    values = np.array([[np.nan, 1], [-np.inf, np.inf]], np.float32)
    assert signed_levels(values, 1.0).tolist() == [[INVALID, 2 * ZERO], [INVALID, INVALID]]


def test_ink_is_between_blank_and_full():
    assert ink_levels(np.array([0.0, 1.0])).tolist() == [INK_FIRST, INK_LAST]


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [np.nan], [np.inf, -np.inf]])
def test_scales_are_above_zero_without_usable_values(values):
    assert largest_magnitude(np.array(values)) == 1
    assert usual_magnitude(np.array(values)) == 1


def test_invalid_values_do_not_count_for_the_scales():
    values = np.array([0.5, -2.0, np.nan, np.inf])
    assert largest_magnitude(values) == 2
    assert usual_magnitude(values) == 2


def test_a_few_large_weights_do_not_make_the_others_pale():
    values = np.full(1000, 0.1)
    values[0] = 10
    assert usual_magnitude(values) == pytest.approx(3 * np.sqrt((999 * 0.01 + 100) / 1000))
