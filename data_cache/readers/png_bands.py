"""Shrinks a large PNG picture while it is decoded, band by band, so that it never is whole.

Pillow decodes PNG pictures in one piece only, so each band is given to it as a picture of its own.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Bytes of a pixel by the type of colour, at eight bits a channel."""
_BAND_BYTES = 4_000_000


def can_shrink_in_bands(content: bytes) -> bool:
    """Tell whether a PNG picture has eight bits a channel and rows in their order."""
    depth, colour, interlace = content[24], content[25], content[28]
    return depth == 8 and not interlace and colour in _CHANNELS


def shrink_png(content: bytes, factor: int) -> Image.Image:
    """Return a PNG picture reduced by a whole factor, as `Image.reduce` does.

    Parameters
    ----------
    content : bytes
        A picture for which `can_shrink_in_bands` is true.
    factor : int
        From 1.

    Returns
    -------
    Image
        In the mode of the picture; of one with a palette, in RGBA or L.

    Raises
    ------
    OSError, SyntaxError, ValueError, zlib.error
        If the picture is damaged or truncated.

    References
    ----------
    https://www.w3.org/TR/png-3/
    """
    from PIL import Image  # noqa: PLC0415 - not in the browser, where pages decode pictures

    width, height = struct.unpack(">2I", content[16:24])
    row_bytes = width * _CHANNELS[content[25]]
    rows_of_band = factor * max(1, _BAND_BYTES // (row_bytes * factor))
    small: Image.Image | None = None
    # Filters refer to the row above, so the last row of a band comes first in the next one.
    above = bytes(row_bytes)
    top = 0
    for rows in _bands(content, (1 + row_bytes) * rows_of_band):
        count = min(len(rows) // (1 + row_bytes), height - top)
        if not count:
            break
        filtered = b"\0" + above + rows[: count * (1 + row_bytes)]
        band = _open_band(content, width, count + 1, filtered)
        above = band.crop((0, count, width, count + 1)).tobytes()
        band = band.crop((0, 1, width, count + 1))
        if band.mode == "P":
            band = band.convert("RGBA" if "transparency" in band.info else "L")
        reduced = band.reduce(factor)
        if small is None:
            size = (-(-width // factor), -(-height // factor))
            small = Image.new(reduced.mode, size)
            small.info = {key: band.info[key] for key in ("transparency",) if key in band.info}
        small.paste(reduced, (0, top // factor))
        top += count
        if top >= height:
            return small
    raise OSError("the picture is truncated")


def png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the type of every chunk, and where its data begin and end."""
    place = len(_SIGNATURE)
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        yield content[place + 4 : place + 8], place + 8, place + 8 + length
        place += 12 + length


def _bands(content: bytes, size: int) -> Iterator[bytes]:
    """Yield the filtered rows in pieces of `size` bytes; the last one may be shorter."""
    stream = zlib.decompressobj()
    piece = bytearray()
    for kind, start, end in png_chunks(content):
        waiting = content[start:end] if kind == b"IDAT" else b""
        while waiting and not stream.eof:
            piece += stream.decompress(waiting, size - len(piece))
            waiting = stream.unconsumed_tail
            if len(piece) == size:
                yield bytes(piece)
                piece = bytearray()
    if piece:
        yield bytes(piece)


def _open_band(content: bytes, width: int, height: int, rows: bytes) -> Image.Image:
    from PIL import Image  # noqa: PLC0415 - as above

    header = struct.pack(">2I", width, height) + content[24:29]
    parts = [(b"IHDR", header)]
    parts += [
        (kind, content[start:end])
        for kind, start, end in png_chunks(content)
        if kind in (b"PLTE", b"tRNS")
    ]
    parts += [(b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")]
    file = io.BytesIO(_SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts))
    picture = Image.open(file)
    picture.load()
    return picture


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return len(data).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")
