"""Small PNG pictures are decoded without Pillow as Pillow decodes them."""

import io

import numpy as np
import pytest
from PIL import Image

from data_cache.readers.pictures import decode_picture
from data_cache.readers.png_rows import decode_small_png


def png(pixels, mode):
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "PNG")
    return file.getvalue()


def picture(side=28):
    """A picture whose rows Pillow writes with different filters."""
    generator = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side]
    smooth = 120 + 80 * np.sin(x / 5) + 50 * np.cos(y / 3)
    noise = generator.integers(0, 20, (side, side)) * (y > side // 2)
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_grey_values_are_those_of_pillow(mode):
    content = png(picture(), mode)
    np.testing.assert_allclose(decode_small_png(content), decode_picture(content, "p"), atol=0.51)


def test_transparent_pixels_are_paper():
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[0, :, 3] = (0, 51, 204, 255)
    found = decode_small_png(png(pixels, "RGBA"))
    np.testing.assert_allclose(found[0], [255, 204, 51, 0])
    assert (found[1:] == 255).all()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(40),
        png(picture(), "P"),
        png(picture(300), "L"),
        png(picture(), "L")[:120],
    ],
    ids=["empty", "GIF", "palette", "large", "truncated"],
)
def test_other_pictures_are_refused(content):
    with pytest.raises(ValueError, match=r"expected|truncated|damaged"):
        decode_small_png(content)
