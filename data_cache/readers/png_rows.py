"""Decodes small PNG pictures without Pillow, which the browser runtime does not have.

Pictures of single digits in an archive are read with it; large ones would take too long.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from data_cache.readers.file_kinds import identify
from data_cache.readers.png_bands import png_chunks
from data_cache.texts import gettext

LARGEST_SIDE = 256
"""Pixels along a side."""

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Bytes of a pixel by the type of colour: grey, colour, and both with opacity."""
_GREY = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in a grey value (ITU-R BT.601)."""


def decode_small_png(content: bytes) -> np.ndarray:
    """Return the grey values of a PNG picture on white paper.

    Parameters
    ----------
    content : bytes
        Of a picture with eight bits a channel, without palette and interlacing, of at most
        `LARGEST_SIDE` pixels along a side.

    Returns
    -------
    (height, width) float64 in 0…255

    Raises
    ------
    ValueError
        If it is another picture, or damaged.

    References
    ----------
    https://www.w3.org/TR/png-3/#9Filters
    """
    if len(content) < 29 or identify(content).name != "png":
        raise ValueError(gettext("a PNG picture is expected"))
    width, height, depth, colour = struct.unpack(">2I2B", content[16:26])
    channels = _CHANNELS.get(colour, 0)
    if depth != 8 or content[28] or not channels or not 0 < max(width, height) <= LARGEST_SIDE:
        raise ValueError(
            gettext(
                "a PNG picture with 8 bits a channel, without palette and interlacing, of "
                "at most {largest_side} × {largest_side} pixels is expected",
                largest_side=LARGEST_SIDE,
            )
        )
    packed = b"".join(
        content[start:end] for kind, start, end in png_chunks(content) if kind == b"IDAT"
    )
    size = height * (1 + width * channels)
    try:
        filtered = zlib.decompressobj().decompress(packed, size)
    except zlib.error as error:
        raise ValueError(gettext("the picture is damaged")) from error
    if len(filtered) != size:
        raise ValueError(gettext("the picture is truncated"))
    pixels = np.empty((height, width * channels), np.uint8)
    above = np.zeros(width * channels, np.uint8)
    for row, line in zip(
        pixels, np.frombuffer(filtered, np.uint8).reshape(height, -1), strict=True
    ):
        row[:] = _unfilter(int(line[0]), line[1:], above, channels)
        above = row
    return _to_grey(pixels.reshape(height, width, channels).astype(float))


def _unfilter(kind: int, line: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    """Return a row of bytes from what a filter left of it; `step` bytes are a pixel."""
    if kind == 0:
        return line
    if kind == 1:
        return line.reshape(-1, step).cumsum(axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return line + above
    if kind > 4:
        raise ValueError(gettext("the picture is damaged"))
    row, upper = bytearray(line.tobytes()), above.tobytes()
    for place in range(len(row)):
        left = row[place - step] if place >= step else 0
        corner = upper[place - step] if place >= step else 0
        up = upper[place]
        guess = (left + up) // 2 if kind == 3 else _nearest(left, up, corner)
        row[place] = (row[place] + guess) % 256
    return np.frombuffer(row, np.uint8)


def _nearest(left: int, up: int, corner: int) -> int:
    """Return the neighbour that is nearest to left + up − corner (Paeth's predictor)."""
    target = left + up - corner
    return min((left, up, corner), key=lambda neighbour: abs(target - neighbour))


def _to_grey(pixels: np.ndarray) -> np.ndarray:
    channels = pixels.shape[2]
    grey: np.ndarray = pixels[..., :3] @ _GREY if channels > 2 else pixels[..., 0]
    if channels in (2, 4):
        grey = 255 + (grey - 255) * pixels[..., -1] / 255
    return grey
