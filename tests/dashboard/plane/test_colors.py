"""Colors that people with color vision deficiency can tell apart, and maps of units."""

from itertools import combinations

import numpy as np
import pytest

from dashboard.plane.colors import (
    CLASS_MARKERS,
    CLASS_SIGNS,
    LEVELS,
    REGION_CHANNELS,
    REGION_PIXELS,
    SMALLEST_SCALE,
    STEPS,
    UNIT_PALETTE,
    ZERO,
    class_levels,
    pack_pixels,
    tile,
    value_levels,
)
from dashboard.shell.colors import CLASS_COLORS, NEGATIVE, POSITIVE, TEST, TRAINING, VALIDATION
from dashboard.shell.pictures import perforate

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency" (2009), severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
NOTICEABLE = 2.3
"""Just noticeable difference in CIE L*a*b* (Mahy, Van Eycken and Oosterlinck, 1994)."""

PAPER = {"light": (255, 255, 255), "dark": (16, 20, 28)}
"""Colors of the page under transparent regions."""

# Of the matrix from linear sRGB to CIE XYZ (IEC 61966-2-1), over the white point D65.
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
) / np.array([[0.95047], [1.0], [1.08883]])


def to_lab(colors, vision):
    """sRGB of 0 to 255, as seen, in L*a*b*."""
    share = np.asarray(colors, float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(VISION[vision]).T, 0, 1)
    f = seen @ _TO_XYZ.T
    f = np.where(f > 0.008856, np.cbrt(f), 7.787 * f + 16 / 116)
    return np.column_stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])]
    )


def smallest_difference(colors, vision):
    seen = to_lab(colors, vision)
    return min(np.linalg.norm(one - other) for one, other in combinations(seen, 2))


def channels_of(colors):
    return [tuple(bytes.fromhex(color[1:])) for color in colors]


@pytest.mark.parametrize("vision", VISION)
def test_points_of_ten_classes_can_be_told_apart_and_of_five_even_better(vision):
    assert smallest_difference(channels_of(CLASS_COLORS), vision) > 7 * NOTICEABLE
    assert smallest_difference(channels_of(CLASS_COLORS[:5]), vision) > 13 * NOTICEABLE


@pytest.mark.parametrize("page", PAPER)
@pytest.mark.parametrize("vision", VISION)
def test_regions_can_be_told_apart_on_light_and_dark_pages(page, vision):
    opacity = REGION_CHANNELS[:, 3:] / 255
    seen = opacity * REGION_CHANNELS[:, :3] + (1 - opacity) * np.array(PAPER[page])
    assert smallest_difference(seen, vision) > 3.5 * NOTICEABLE


def test_the_simulation_confuses_red_and_green_of_the_same_lightness():
    confused = [(0xC0, 0x60, 0x40), (0x8A, 0x80, 0x3C)]
    normal, deficient = (smallest_difference(confused, v) for v in ("normal", "deuteranopia"))
    assert normal > 2 * deficient


def test_regions_are_packed_as_bokeh_takes_them():
    assert set(REGION_CHANNELS[:, 3]) == {153}
    np.testing.assert_array_equal(REGION_PIXELS[:1].view(np.uint8), REGION_CHANNELS[0])
    assert pack_pixels(np.zeros((2, 3, 4), np.uint8)).shape == (2, 3)


def test_classes_differ_in_shape_as_well_as_in_color():
    assert len(set(CLASS_MARKERS)) == len(set(CLASS_SIGNS)) == len(set(CLASS_COLORS)) == 10


def test_maps_have_holes_where_they_are_negative_and_there_alone():
    maps = value_levels(np.array([np.full((6, 6), -1.0), np.full((6, 6), 1.0)]))
    negative, positive = perforate(maps, ZERO)
    assert (np.argwhere(negative == ZERO) % 3 == 1).all()
    assert (negative == ZERO).sum() == 4
    np.testing.assert_array_equal(positive, maps[1])


@pytest.mark.parametrize("vision", VISION)
def test_the_signs_of_values_can_be_told_apart(vision):
    assert smallest_difference(channels_of([POSITIVE, NEGATIVE]), vision) > 8 * NOTICEABLE


@pytest.mark.parametrize("color", [POSITIVE, NEGATIVE, TRAINING, VALIDATION, TEST])
def test_the_colors_of_signs_and_curves_belong_to_no_class(color):
    for other in channels_of(CLASS_COLORS):
        assert smallest_difference([*channels_of([color]), other], "normal") > 10 * NOTICEABLE


def test_values_become_levels_scaled_by_their_largest_magnitude():
    assert len(UNIT_PALETTE) == LEVELS + STEPS * len(CLASS_COLORS) <= 256
    assert UNIT_PALETTE[ZERO].endswith("00")
    levels = value_levels(np.array([[[0.0, 2.0], [-4.0, 4.0]]]))
    assert levels.tolist() == [[[64, 96], [0, 128]]]


def test_values_that_are_nearly_zero_look_like_zero():
    levels = value_levels(np.array([[[1e-25, -1e-25], [0.0, SMALLEST_SCALE / 200]]]))
    assert (levels == ZERO).all()


def test_values_that_are_not_finite_count_as_zero():
    levels = value_levels(np.array([[[np.nan, np.inf], [-np.inf, 0.0]]]))
    assert (levels == ZERO).all()


def test_probabilities_become_levels_of_the_color_of_their_class():
    levels = class_levels(np.array([[[0.0, 1.0]], [[0.5, np.nan]]]), first=8)
    colors = [[UNIT_PALETTE[level] for level in row] for row in levels[:, 0].tolist()]
    assert colors[0] == [f"{CLASS_COLORS[8]}00", f"{CLASS_COLORS[8]}eb"]
    assert [color[:7] for color in colors[1]] == [CLASS_COLORS[9]] * 2
    assert colors[1][1].endswith("00")


def test_maps_are_tiled_row_by_row_from_the_top_left():
    maps = np.arange(1, 6, dtype=np.uint8)[:, np.newaxis, np.newaxis] * np.ones((1, 2, 2), np.uint8)
    picture = tile(maps, columns=3)
    assert picture.shape == (8, 12)
    # The picture's first row is its lowest: units 4 and 5, then an unused cell.
    assert [int(picture[1, column]) for column in (1, 5, 9)] == [4, 5, ZERO]
    assert [int(picture[5, column]) for column in (1, 5, 9)] == [1, 2, 3]
