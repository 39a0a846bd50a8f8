"""Small pictures: their pixels, and the files that hold them."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import numpy as np
import pytest

from dashboard.shell.pictures import (
    NEGATIVE,
    POSITIVE,
    encode_png,
    ink_pixels,
    picture_html,
    signed_gradient,
    signed_pixels,
)


def decode(png: bytes) -> np.ndarray:
    """Read an uncompressed-row PNG of one data chunk."""
    width, height = struct.unpack(">II", png[16:24])
    length = struct.unpack(">I", png[33:37])[0]
    rows = np.frombuffer(zlib.decompress(png[41 : 41 + length]), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()  # no filter
    return rows[:, 1:].reshape(height, width, 4)


def test_a_png_file_holds_the_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 4), np.uint8)
    png = encode_png(pixels)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    np.testing.assert_array_equal(decode(png), pixels)


def test_full_ink_is_black_and_no_ink_white():
    pixels = ink_pixels(np.array([[0, 0.5, 1, 2, -1, np.nan]]))
    np.testing.assert_array_equal(pixels[0, :, 0], [255, 127, 0, 0, 255, 255])
    assert (pixels[..., 3] == 255).all()


def test_signed_values_have_two_colours_and_an_opacity_that_rises_with_their_magnitude():
    pixels = signed_pixels(np.array([[-4.0, -1, 0, 1, 4, np.nan, np.inf]]), zoom=1)[0]
    np.testing.assert_array_equal(pixels[:2, :3], [NEGATIVE, NEGATIVE])
    np.testing.assert_array_equal(pixels[3:5, :3], [POSITIVE, POSITIVE])
    opacities = pixels[:, 3].tolist()
    assert opacities[0] == opacities[4] == 255
    assert 0 < opacities[1] == opacities[3] < 255
    assert opacities[2] == opacities[5] == opacities[6] == 0
    assert not signed_pixels(np.zeros((2, 2)))[..., 3].any()


@pytest.mark.parametrize(("zoom", "hole"), [(3, [1]), (4, [1, 2]), (5, [1, 2])])
def test_negative_values_have_a_hole_so_that_they_are_told_apart_without_colours(zoom, hole):
    alpha = signed_pixels(np.array([[-1.0, 1.0]]), zoom=zoom)[..., 3]
    assert alpha.shape == (zoom, 2 * zoom)
    assert [np.unique(places).tolist() for places in np.nonzero(alpha == 0)] == [hole, hole]


def test_the_legend_has_the_colours_of_the_pixels():
    stops = re.findall(r"rgb\((\d+) (\d+) (\d+) / ([\d.]+)\) ([\d.]+)%", signed_gradient())
    for *color, alpha, position in stops:
        value = float(position) / 50 - 1
        (pixel,) = signed_pixels(np.array([[value]]), 1.0, zoom=1)[0]
        assert abs(pixel[3] / 255 - float(alpha)) < 0.01
        if value:
            np.testing.assert_array_equal(pixel[:3], [int(level) for level in color])
    assert [float(stop[4]) for stop in stops][:: len(stops) - 1] == [0, 100]


def test_a_picture_has_its_description_as_text_alternative():
    html = picture_html(np.zeros((2, 2, 4), np.uint8), "“9” & <more>", "ink")
    assert 'alt="“9” &amp; &lt;more&gt;"' in html
    content = re.search(r"base64,([^\"]+)", html)[1]
    assert decode(base64.b64decode(content)).shape == (2, 2, 4)
