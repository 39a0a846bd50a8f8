"""Reads whole files, decompressing gzip when the content (not the name) says so.

All readers use it, so that missing, empty and damaged files are reported in one place.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from data_cache.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
_START_BYTES = 4096


def read_bytes(path: Path | str) -> bytes:
    """Return the content of a file, decompressed if it is gzip-compressed.

    Raises
    ------
    DataError
        If the file is missing, unreadable, empty, or its gzip stream is damaged or truncated.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    if not content:
        raise DataError(f"{path}: expected samples, found an empty file (0 bytes).")
    return decompress(content, str(path)) if content.startswith(GZIP_MAGIC) else content


def decompress(content: bytes, name: str) -> bytes:
    """Return the decompressed content of one or more concatenated gzip members.

    Raises
    ------
    DataError
        If a member is damaged or truncated; the message begins with `name`.
    """
    pieces: list[bytes] = []
    rest = content
    while rest:
        position = len(content) - len(rest)
        stream = zlib.decompressobj(wbits=31)
        try:
            pieces.append(stream.decompress(rest))
        except zlib.error as error:
            raise DataError(
                f"{name}: expected a gzip stream at byte {position}, found damage ({error}); "
                "get the file again."
            ) from error
        if not stream.eof:
            raise DataError(
                f"{name}: expected a complete gzip stream, found the first {len(content)} bytes, "
                f"which decompress to {sum(map(len, pieces))}; get the file again."
            )
        rest = stream.unused_data.lstrip(b"\0")
    return b"".join(pieces)


def read_start(path: Path, count: int) -> bytes:
    """Return the first `count` bytes of a file, decompressed; fewer if it is short or damaged.

    Raises
    ------
    DataError
        If the file is missing or unreadable.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_START_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not content.startswith(GZIP_MAGIC):
        return content[:count]
    try:
        return zlib.decompressobj(wbits=31).decompress(content, count)
    except zlib.error:
        return b""


def _unreadable(path: Path | str, error: OSError) -> DataError:
    return DataError(f"{path}: expected a readable file, found none ({error.strerror or error}).")
