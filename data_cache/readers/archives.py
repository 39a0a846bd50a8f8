"""Reads a whole file, unpacking gzip when the content (not the name) says so.

It is the one place where damage to the outside of a file is recognised and put into words.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from data_cache.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"


def read_bytes(path: Path | str) -> bytes:
    """Read the content of a file, unpacked if it is gzip-compressed.

    Raises
    ------
    DataError
        If the file is missing, unreadable, empty, or its gzip stream is damaged or cut short.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    if not content:
        raise DataError(f"{path}: the file is empty (0 bytes), but samples were expected.")
    return unpack(content, str(path)) if content.startswith(GZIP_MAGIC) else content


def unpack(content: bytes, name: str) -> bytes:
    """Unpack gzip bytes; damage raises a DataError that calls the bytes by `name`."""
    pieces: list[bytes] = []
    rest = content
    while rest:
        position = len(content) - len(rest)
        stream = zlib.decompressobj(wbits=31)
        try:
            pieces.append(stream.decompress(rest))
        except zlib.error as error:
            raise DataError(
                f"{name}: the gzip stream that starts at byte {position} is damaged ({error}); "
                "get the file again."
            ) from error
        if not stream.eof:
            raise DataError(
                f"{name}: the gzip stream ends too early: {len(content)} bytes were found, which "
                f"unpack to {sum(map(len, pieces))}, and more were expected; get the file again."
            )
        rest = stream.unused_data.lstrip(b"\0")
    return b"".join(pieces)


def read_start(path: Path, count: int) -> bytes:
    """Read the first bytes of a file, unpacked if it is gzip-compressed; damage gives fewer.

    Raises
    ------
    DataError
        If the file is missing or unreadable.
    """
    try:
        with path.open("rb") as file:
            content = file.read(4096)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not content.startswith(GZIP_MAGIC):
        return content[:count]
    try:
        return zlib.decompressobj(wbits=31).decompress(content, count)
    except zlib.error:
        return b""


def _unreadable(path: Path | str, error: OSError) -> DataError:
    reason = error.strerror or str(error)
    return DataError(f"{path}: cannot be read ({reason}); a readable file was expected.")
