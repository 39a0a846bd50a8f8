"""Small pictures as HTML: ink, and signed values in two colours, the negative ones with holes.

An image element needs no figure of its own and follows the theme without being painted again.
"""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape

import numpy as np
from numpy.typing import NDArray

from dashboard.shell import colors
from dashboard.shell.colors import channels

POSITIVE, NEGATIVE = channels(colors.POSITIVE), channels(colors.NEGATIVE)
"""Red, green and blue of values above and below zero."""

ROOM_FOR_HOLES = 3
"""Pixels along the side of a signed value, at least, so that a negative one has a hole."""

HOLE_EVERY = 3
"""Rows and columns from one hole to the next, where values are too small for one each."""

ZOOM = 4
"""Pixels along the side of a signed value, so that there is room for the hole of a negative one."""


def encode_png(pixels: NDArray[np.uint8], level: int = 6) -> bytes:
    """Return (height, width, 4) uint8 pixels, red, green, blue, alpha, as the bytes of a PNG file.

    `level` of compression is from 0 to 9.
    """
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), level)), (b"IEND", b""))
    packed = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def ink_pixels(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return ink (height, width) in [0, 1] as pixels, black on white; a dark theme inverts them."""
    levels = 255 - np.round(255 * np.nan_to_num(image).clip(0, 1)).astype(np.uint8)
    pixels = np.empty((*levels.shape, 4), np.uint8)
    pixels[..., :3] = levels[..., np.newaxis]
    pixels[..., 3] = 255
    return pixels


def opacity(shares: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the opacity in [0, 1] of magnitudes as shares of the largest one.

    It rises faster than the magnitude, so that small values can be seen beside large ones.
    """
    opacities: NDArray[np.floating] = np.clip(shares, 0, 1) ** 0.6
    return opacities


def holes(is_negative: NDArray[np.bool_], zoom: int) -> NDArray[np.bool_]:
    """Return where the holes of negative values are, which tell them apart without their colour.

    Parameters
    ----------
    is_negative : (height, width) bool
    zoom
        Pixels along the side of a value; the hole in its middle is half as wide, rounded down.

    Returns
    -------
    (zoom * height, zoom * width) bool
    """
    hole = np.zeros((zoom, zoom), bool)
    middle = slice((zoom - zoom // 2) // 2, (zoom - zoom // 2) // 2 + zoom // 2)
    hole[middle, middle] = True
    found: NDArray[np.bool_] = np.kron(is_negative, hole)
    return found


def perforate(levels: NDArray[np.uint8], zero: int) -> NDArray[np.uint8]:
    """Return levels of a palette with holes where they stand for negative values.

    The holes, in every third row and column, tell negative values apart without their colour.

    Parameters
    ----------
    levels : (maps, height, width)
    zero
        The level of zero; lower ones are of negative values.
    """
    perforated = levels.copy()
    lattice = perforated[:, 1::HOLE_EVERY, 1::HOLE_EVERY]
    np.maximum(lattice, zero, out=lattice)
    return perforated


def signed_pixels(
    values: NDArray[np.floating], largest: float | None = None, zoom: int = ZOOM
) -> NDArray[np.uint8]:
    """Return values (height, width) as pixels that are the more opaque the larger the magnitude.

    Zero, NaN and infinity are transparent, so the same pixels suit a light and a dark page. A
    negative value has a hole in its middle.

    Parameters
    ----------
    values
    largest
        The magnitude that is fully opaque; None: the largest one.
    zoom
        Pixels along the side of a value.

    Returns
    -------
    (zoom * height, zoom * width, 4) uint8
    """
    finite = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    if largest is None:
        largest = float(np.abs(finite).max(initial=0))
    strengths = np.abs(finite) / largest if largest > 0 else np.zeros_like(finite)
    pixels = np.empty((*finite.shape, 4), np.uint8)
    pixels[..., :3] = np.where(finite[..., np.newaxis] > 0, POSITIVE, NEGATIVE)
    pixels[..., 3] = np.round(255 * opacity(strengths))
    pixels = pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)
    pixels[holes(finite < 0, zoom), 3] = 0
    return pixels


def signed_gradient() -> str:
    """Return the colours of `signed_pixels` from the lowest to the highest value, as CSS."""
    shares = np.linspace(1, 0, 9)
    stops = [
        (color, alpha, position)
        for color, positions in ((NEGATIVE, (1 - shares) / 2), (POSITIVE, (1 + shares) / 2))
        for alpha, position in zip(opacity(shares), positions, strict=True)
    ]
    stops.sort(key=lambda stop: stop[2])
    listed = (
        f"rgb({red} {green} {blue} / {alpha:.2f}) {100 * position:.1f}%"
        for (red, green, blue), alpha, position in stops
    )
    return f"linear-gradient(to right, {', '.join(listed)})"


def signed_scale_html(gradient: str | None = None, has_holes: bool = True) -> str:
    """Return the bar of a legend of signed values, perhaps with holes in its negative half.

    `gradient` is its colours as CSS; None: those of `signed_pixels`.
    """
    kind = "signed-scale with-holes" if has_holes else "signed-scale"
    return f'<span class="{kind}" style="background: {gradient or signed_gradient()}"></span>'


def picture_address(pixels: NDArray[np.uint8]) -> str:
    """Return pixels (height, width, 4) as the address of a picture, a data URI."""
    return "data:image/png;base64," + base64.b64encode(encode_png(pixels)).decode()


def picture_html(pixels: NDArray[np.uint8], description: str, css_class: str = "") -> str:
    """Return an image element; an empty description is for a picture that another one explains."""
    return (
        f'<img class="picture {css_class}" alt="{escape(description, quote=True)}" '
        f'src="{picture_address(pixels)}">'
    )
