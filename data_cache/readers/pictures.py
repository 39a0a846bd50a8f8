"""Decodes pictures of any common format to grey values, where Pillow is installed.

Pillow comes with Panel and is imported when the first picture is read; in the browser, the page
decodes pictures itself.
"""

from __future__ import annotations

import io
import warnings
import zlib
from typing import TYPE_CHECKING

import numpy as np

from data_cache.errors import DataError
from data_cache.preprocessing.framing import frame_digit
from data_cache.preprocessing.photographs import find_ink
from data_cache.readers.file_kinds import PICTURES, identify
from data_cache.readers.png_bands import can_shrink_in_bands, shrink_png
from data_cache.readers.png_rows import decode_small_png
from data_cache.samples import PIXELS, SIDE
from data_cache.texts import gettext, gettext_noop

if TYPE_CHECKING:
    from PIL import Image

EXPECTED = gettext_noop("a picture (PNG, JPEG, WebP, GIF, BMP or TIFF)")
LONGER_SIDE = 1024
"""A picture is shrunk to about this before it is converted."""
_MAX_BYTES = 350_000_000
# Pillow stores these modes with a byte for each pixel, others with up to four.
_BYTE_MODES = ("1", "L", "P")
# A tag of TIFF (NewSubfileType), whose lowest bit marks a reduced copy of another page.
_SUBFILE_TYPE = 254
# Visible pixels of one colour differ by less than this many grey levels.
_ONE_COLOUR = 40.0


def decode_picture(content: bytes, name: str) -> np.ndarray:
    """Return the grey values of a picture.

    Parameters
    ----------
    content : bytes
    name : str
        The file, for error messages.

    Returns
    -------
    (height, width) float64 in 0…255
        Upright as its EXIF data say, shrunk if it is large. Transparent pixels are paper: where
        all visible pixels have one colour, opacity is the ink, dark on white.

    Raises
    ------
    DataError
        If the content is no picture, has several pages or moves, is damaged or too large, or
        Pillow is not installed.
    """
    kind = identify(content)
    if kind.name not in PICTURES:
        raise DataError(kind.refusal(name, EXPECTED))
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - see above
    except ImportError as error:
        try:
            return decode_small_png(content)
        except ValueError as reason:
            raise DataError(
                gettext(
                    "{name}: without Pillow, which is not installed, {reason}; run pip "
                    "install pillow where Python is yours.",
                    name=name,
                    reason=reason,
                )
            ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sizes, which are checked here
            with Image.open(io.BytesIO(content)) as picture:
                _check_frames(picture, name)
                factor = max(picture.size) // LONGER_SIDE
                if kind.name == "png" and factor > 1 and can_shrink_in_bands(content):
                    small = shrink_png(content, factor)
                    if "exif" in picture.info:  # else Pillow decodes all to look for it
                        small.getexif().update(picture.getexif())
                    return _grey(ImageOps.exif_transpose(small))
                _check_size(picture, len(content), name)
                picture.draft(None, (LONGER_SIDE, LONGER_SIDE))
                return _grey(ImageOps.exif_transpose(_shrink(picture)))
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(
            gettext(
                "{name}: expected a picture of at most 100 million pixels, found a larger "
                "one; shrink it first.",
                name=name,
            )
        ) from error
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        zlib.error,
    ) as error:
        raise DataError(
            gettext(
                "{name}: expected an intact picture, found {title} that is damaged or "
                "truncated; save or copy it again.",
                name=name,
                title=kind.title,
            )
        ) from error


def digit_from_picture(content: bytes, name: str) -> np.ndarray | None:
    """Return the digit in a picture as an image of MNIST, (784,) uint8; None for a blank one.

    A picture of 28 × 28 is taken as it is, inverted if its border is light; a larger one is framed
    as a drawing is. Errors as in `decode_picture`.
    """
    grey = decode_picture(content, name)
    if grey.shape == (SIDE, SIDE):
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        ink = 255 - grey if np.median(border) > 127 else grey
        return np.rint(ink).astype(np.uint8).reshape(PIXELS) if np.ptp(grey) > 0 else None
    framed = frame_digit(find_ink(grey))
    return None if framed is None else np.rint(framed * 255).astype(np.uint8)


def _check_frames(picture: Image.Image, name: str) -> None:
    """Raise a DataError if there are several pages or frames, which differ."""
    count = 1
    if picture.format == "TIFF":
        count = _count_pages(picture)
    elif picture.format != "MPO":  # a JPEG with the depth, or another size, of the same scene
        count = getattr(picture, "n_frames", 1)
    if count > 1:
        parts = gettext("pages") if picture.format == "TIFF" else gettext("frames")
        raise DataError(
            gettext(
                "{name}: expected one picture, found {count} {parts}; save the one that "
                "is meant as a PNG or JPEG of its own.",
                name=name,
                count=count,
                parts=parts,
            )
        )


def _count_pages(picture: Image.Image) -> int:
    """Return the number of pages of a TIFF, without reduced copies of them."""
    count = 0
    for index in range(getattr(picture, "n_frames", 1)):
        picture.seek(index)
        count += not getattr(picture, "tag_v2", {}).get(_SUBFILE_TYPE, 0) & 1
    picture.seek(0)
    return count


def _check_size(picture: Image.Image, file_bytes: int, name: str) -> None:
    """Raise a DataError if decoding the picture, with its file, takes too much memory."""
    width, height = picture.size
    size = file_bytes + int(width * height * _bytes_of_pixel(picture))
    if size > _MAX_BYTES:
        raise DataError(
            gettext(
                "{name}: expected a picture that takes at most {max_bytes} MB in memory, "
                "found {width} × {height} pixels ({size} MB); shrink it first, or save it "
                "as a baseline JPEG or as a PNG of 8 bits, which are shrunk while they "
                "are read.",
                name=name,
                max_bytes=_MAX_BYTES // 1000000,
                width=width,
                height=height,
                size=size // 1000000,
            )
        )


def _bytes_of_pixel(picture: Image.Image) -> float:
    """Return how many bytes Pillow takes for a pixel while it decodes and converts a picture."""
    if picture.format == "JPEG":
        # A baseline one is decoded at an eighth of its size, a progressive one is kept as
        # coefficients.
        if "progressive" not in picture.info:
            return 0.2
        sampling = [(across, down) for _, across, down, _ in getattr(picture, "layer", ())]
        widest = max((across * down for across, down in sampling), default=1)
        return 0.2 + 2 * sum(across * down for across, down in sampling) / widest
    if picture.format == "WEBP":
        return 16.0  # its decoder keeps two frames
    if picture.mode.startswith("I;16"):
        return 2.2
    if picture.mode in _BYTE_MODES:
        return 6.2 if "transparency" in picture.info else 2.2
    return 4.2


def _shrink(picture: Image.Image) -> Image.Image:
    """Return the picture reduced by a whole factor, if it is large and its mode allows it."""
    factor = max(picture.size) // LONGER_SIDE
    if factor < 2:
        return picture
    if picture.mode.startswith(("I", "F")):  # which cannot be averaged
        size = (-(-picture.width // factor), -(-picture.height // factor))
        exif = picture.getexif()
        picture = picture.resize(size, 0)
        picture.getexif().update(exif)
        return picture
    if picture.mode in ("1", "P"):
        picture = picture.convert("RGBA" if "transparency" in picture.info else "L")
    reduced = picture.reduce(factor)
    # Pillow finds the orientation in these data.
    reduced.info = picture.info
    if hasattr(picture, "getexif"):
        reduced.getexif().update(picture.getexif())
    return reduced


def _grey(picture: Image.Image) -> np.ndarray:
    mode = picture.mode
    if mode.startswith(("I", "F")):
        return _wide_grey(np.asarray(picture).astype(np.float64))
    if mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info:
        return _grey_with_alpha(np.asarray(picture.convert("RGBA"), np.float64))
    return np.asarray(picture.convert("L"), np.float64)


def _wide_grey(values: np.ndarray) -> np.ndarray:
    """Scale grey values of 10 to 32 bits, or floats, to 0…255."""
    if not np.isfinite(values).all():
        raise ValueError("not finite")
    high = float(values.max(initial=0))
    if high <= 1:
        return values * 255
    bits = next((bits for bits in (8, 10, 12, 14, 16) if high < 2**bits), None)
    return values * (255 / (high if bits is None else 2**bits - 1))


def _grey_with_alpha(pixels: np.ndarray) -> np.ndarray:
    colour, alpha = pixels[..., :3] @ (0.299, 0.587, 0.114), pixels[..., 3]
    visible = alpha > 127
    if alpha.min() < 128 and visible.any() and np.ptp(colour[visible]) < _ONE_COLOUR:
        return 255 - alpha
    share = alpha / 255
    grey: np.ndarray = colour * share + 255 * (1 - share)
    return grey
