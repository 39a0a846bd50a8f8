from itertools import combinations

import numpy as np
import pytest

from dashboard.plane.palette import CLASS_COLOURS, pack_pixels, palette

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
"""Difference in CIE L*a*b* that people just notice (Mahy, Van Eycken and Oosterlinck, 1994)."""

# Of the matrix from linear sRGB to CIE XYZ (IEC 61966-2-1), over the white point D65.
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
) / np.array([[0.95047], [1.0], [1.08883]])


def to_lab(colours, vision):
    """sRGB of 0 to 255, as seen, in L*a*b*."""
    share = np.asarray(colours, float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(VISION[vision]).T, 0, 1)
    f = seen @ _TO_XYZ.T
    f = np.where(f > 0.008856, np.cbrt(f), 7.787 * f + 16 / 116)
    return np.column_stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])]
    )


def nearest(colours, vision):
    seen = to_lab(colours, vision)
    return min(np.linalg.norm(one - other) for one, other in combinations(seen, 2))


def channels_of(colours):
    return [tuple(bytes.fromhex(colour[1:])) for colour in colours]


@pytest.mark.parametrize("vision", VISION)
def test_colour_blind_people_can_tell_the_points_of_ten_classes_apart(vision):
    assert nearest(channels_of(CLASS_COLOURS), vision) > 7 * NOTICEABLE


@pytest.mark.parametrize("vision", VISION)
def test_the_first_five_classes_are_farther_apart_than_all_ten(vision):
    assert nearest(channels_of(CLASS_COLOURS[:5]), vision) > 13 * NOTICEABLE


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_regions_can_be_told_apart_too(theme, vision):
    assert nearest(palette(theme).regions[:, :3], vision) > 4 * NOTICEABLE


def test_simulation_finds_the_colours_that_are_known_to_be_confused():
    # Red and green of the same lightness, which most colour-blind people confuse.
    confused = [(0xC0, 0x60, 0x40), (0x8A, 0x80, 0x3C)]
    assert nearest(confused, "normal") > 2 * nearest(confused, "deuteranopia")


def test_regions_are_opaque_and_packed_as_bokeh_takes_them():
    colours = palette("dark")
    np.testing.assert_array_equal(colours.regions[:, 3], 255)
    channels = colours.packed[:1].view(np.uint8)
    np.testing.assert_array_equal(channels, np.rint(colours.regions[0]))
    assert pack_pixels(np.zeros((2, 3, 4), np.uint8)).shape == (2, 3)
