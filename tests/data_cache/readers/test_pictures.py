"""Pictures as grey values: modes, transparency, sizes, and what is refused."""

import io

import numpy as np
import pytest
from cache_helpers import error_of
from PIL import Image

from data_cache import DataError, read_samples
from data_cache.readers import png_bands
from data_cache.readers.pictures import LONGER_SIDE, decode_picture


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def sheet(side: int = 60) -> np.ndarray:
    """Grey values of white paper with a black bar."""
    values = np.full((side, side), 255, np.uint8)
    values[side // 6 : -side // 6, side // 3 : side // 2] = 0
    return values


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK"])
def test_every_mode_gives_the_same_grey_values(mode):
    picture = Image.fromarray(sheet()).convert(mode)
    found = decode_picture(encoded(picture, "TIFF" if mode == "CMYK" else "PNG"), "a.png")
    np.testing.assert_allclose(found, sheet(), atol=1)


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deeper_grey_values_are_scaled(bits):
    values = (sheet() / 255 * (2**bits - 1)).astype(np.uint16)
    found = decode_picture(encoded(Image.fromarray(values)), "a.png")
    np.testing.assert_allclose(found, sheet(), atol=1)


@pytest.mark.parametrize("ink", [0, 255])
def test_where_one_colour_carries_the_drawing_opacity_is_the_ink(ink):
    colour = np.full((60, 60), ink, np.uint8)
    picture = Image.merge("LA", [Image.fromarray(colour), Image.fromarray(255 - sheet())])
    np.testing.assert_allclose(decode_picture(encoded(picture), "a.png"), sheet(), atol=1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_picture_is_shrunk(kind):
    found = decode_picture(encoded(Image.fromarray(sheet(3000)), kind), "a")
    assert LONGER_SIDE <= max(found.shape) < 2 * LONGER_SIDE
    assert (found.min(), found.max()) == (0, 255)


def test_a_picture_beyond_the_bound_is_refused_with_its_size():
    content = encoded(Image.new("1", (20_000, 20_000)))
    message = error_of(decode_picture, content, "a.png")
    assert message.startswith("a.png: expected a picture of at most")
    assert "shrink it" in message


@pytest.mark.parametrize("kind", ["BMP", "JPEG"])
def test_a_picture_that_would_take_much_memory_is_refused_by_its_header(kind):
    options = {"progressive": True, "subsampling": 0} if kind == "JPEG" else {}
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind, **options)
    content = bytearray(file.getvalue())
    place = content.index(b"\xff\xc2") + 5 if kind == "JPEG" else 18
    side, step = (b"\x27\x10", 2) if kind == "JPEG" else (b"\x10\x27", 4)
    content[place : place + 2] = content[place + step : place + step + 2] = side
    message = error_of(decode_picture, bytes(content), "a")
    assert "10000 × 10000 pixels" in message
    assert "baseline JPEG" in message


def test_a_truncated_picture_is_refused():
    assert "damaged or truncated" in error_of(
        decode_picture, encoded(Image.fromarray(sheet()))[:90], "a"
    )


def test_pictures_in_folders_by_class_are_samples(tmp_path):
    for part in ("train", "test"):
        for label in (3, 7):
            folder = tmp_path / part / str(label)
            folder.mkdir(parents=True)
            for number in range(3):
                small = Image.fromarray(sheet(28)) if part == "train" else Image.fromarray(sheet())
                small.save(folder / f"{number}.png")
            (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    train, test = read_samples(tmp_path, "train"), read_samples(tmp_path, "test")
    for found in (train, test):
        assert found.samples.labels.tolist() == [3, 3, 3, 7, 7, 7]
        assert "2 files are blank or no pictures" in found.warnings[0]
    assert np.array_equal(train.samples.images[0], 255 - sheet(28).reshape(784))
    assert (test.samples.images.max(), test.samples.images[:, 0].max()) == (255, 0)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
def test_a_large_png_is_shrunk_band_by_band_as_it_would_be_whole(mode, monkeypatch):
    monkeypatch.setattr(png_bands, "_BAND_BYTES", 9000)
    noise = np.random.default_rng(3).integers(0, 256, (211, 170, 4), np.uint8)
    noise[:, :, :3] = np.cumsum(noise[:, :, :3] % 5, axis=1)  # so that all filters are chosen
    picture = Image.fromarray(noise, "RGBA").convert(mode)
    content = encoded(picture)
    assert png_bands.can_shrink_in_bands(content)
    # The palette that Pillow makes has transparent colours.
    whole = (picture.convert("RGBA") if mode == "P" else picture).reduce(4)
    np.testing.assert_array_equal(np.asarray(png_bands.shrink_png(content, 4)), np.asarray(whole))
    for length in (len(content) // 2, 60):
        with pytest.raises(DataError, match="damaged or truncated"):
            decode_picture(content[:length], "x")
    with pytest.raises(OSError, match="truncated"):
        png_bands.shrink_png(content[: len(content) // 2], 4)
