"""Reads a file once and decompresses it when the content (not the name) says so.

All readers use it, so that missing, empty and damaged files are reported in one place, and so
that a pipe, which can be read only once, is a file like any other.
"""

from __future__ import annotations

import importlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_cache.errors import DataError
from data_cache.readers.file_kinds import ZIP, archive_members, identify
from data_cache.readers.text import excerpt
from data_cache.texts import gettext

GZIP_MAGIC = b"\x1f\x8b"
MAX_UNPACKED = 2_000_000_000
"""Bytes to which a compressed file may unpack, unless the caller says less. In a browser, where
sizes have 32 bits, zlib refuses a larger limit."""
_NESTED = 3
"""So many times a file is unpacked: a table in a gzip file in a ZIP archive."""
# Compressions of the standard library that not every build of Python has.
_DECOMPRESSORS = {"bzip2": ("bz2", "BZ2Decompressor"), "xz": ("lzma", "LZMADecompressor")}


def read_bytes(path: Path | str) -> bytes:
    """Return the content of a file, decompressed if it is gzip-, bzip2- or xz-compressed.

    Of a ZIP archive with a single file, that file is returned.

    Raises
    ------
    DataError
        If the file is missing, unreadable, empty, or its compressed stream is damaged or
        truncated.
    """
    return unpack(read_packed(path), str(path))


def read_packed(path: Path | str) -> bytes:
    """Return the content of a file as it is; DataError if it is missing or unreadable."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(
            gettext(
                "{path}: expected a readable file, found none ({strerror}).",
                path=path,
                strerror=error.strerror or error,
            )
        ) from error


def unpack(content: bytes, name: str, limit: int = MAX_UNPACKED) -> bytes:
    """Return the content of a file, decompressed as by `read_bytes`; errors begin with `name`.

    Decompression stops with a DataError beyond `limit` bytes.
    """
    if not content:
        raise DataError(
            gettext("{name}: expected samples, found an empty file (0 bytes).", name=name)
        )
    for _ in range(_NESTED):
        kind = identify(content).name
        if kind == "gzip":
            content = decompress(content, name, limit)
        elif kind in _DECOMPRESSORS:
            content = _decompress_with(*_DECOMPRESSORS[kind], content, name, limit)
        elif kind == "zip":
            content = _unzip(content, name, limit)
        else:
            break
        if not content:
            raise DataError(
                gettext(
                    "{name}: expected samples, found an empty file after decompression.", name=name
                )
            )
    return content


def decompress(content: bytes, name: str, limit: int = MAX_UNPACKED) -> bytes:
    """Return the decompressed content of one or more concatenated gzip members.

    Raises
    ------
    DataError
        If a member is damaged or truncated, or they give more than `limit` bytes; the message
        begins with `name`.
    """
    pieces: list[bytes] = []
    rest, left = content, limit
    while rest:
        position = len(content) - len(rest)
        stream = zlib.decompressobj(wbits=31)
        try:
            pieces.append(stream.decompress(rest, left + 1))
        except zlib.error as error:
            raise DataError(
                gettext(
                    "{name}: expected a gzip stream at byte {position}, found damage "
                    "({error}); get the file again.",
                    name=name,
                    position=position,
                    error=error,
                )
            ) from error
        left -= len(pieces[-1])
        if left < 0:
            raise _too_large(name, limit)
        if not stream.eof:
            raise DataError(
                gettext(
                    "{name}: expected a complete gzip stream, found the first {count} "
                    "bytes, which decompress to {unpacked}; get the file again.",
                    name=name,
                    count=len(content),
                    unpacked=sum(map(len, pieces)),
                )
            )
        rest = stream.unused_data.lstrip(b"\0")
    return b"".join(pieces)


def _too_large(name: str, limit: int) -> DataError:
    return DataError(
        gettext(
            "{name}: expected at most {limit:,} bytes after decompression, found more; "
            "divide the file.",
            name=name,
            limit=limit,
        )
    )


def _decompress_with(
    module: str, decompressor: str, content: bytes, name: str, limit: int
) -> bytes:
    try:
        stream = getattr(importlib.import_module(module), decompressor)()
    except ImportError as error:
        raise DataError(
            gettext(
                "{name}: this Python has no module {module} to decompress the file; "
                "decompress it first.",
                name=name,
                module=module,
            )
        ) from error
    try:
        unpacked: bytes = stream.decompress(content, limit + 1)
    except Exception as error:  # OSError of bz2, LZMAError of lzma
        raise DataError(
            gettext(
                "{name}: expected a {module} stream, found damage; get the file again.",
                name=name,
                module=module,
            )
        ) from error
    if len(unpacked) > limit:
        raise _too_large(name, limit)
    if not stream.eof:
        raise DataError(
            gettext(
                "{name}: expected a complete {module} stream, found the first {count} "
                "bytes of one; get the file again.",
                name=name,
                module=module,
                count=len(content),
            )
        )
    return unpacked


def _unzip(content: bytes, name: str, limit: int) -> bytes:
    """Return the only file of a ZIP archive."""
    members = archive_members(content)
    if len(members) != 1:
        listed = ", ".join(excerpt(member) for member in members[:3])
        more = gettext(" and {count:,} more", count=len(members) - 3) if len(members) > 3 else ""
        inside = (
            gettext(" with {listed}{more} inside", listed=listed, more=more)
            if members
            else gettext(", which is damaged or empty")
        )
        raise DataError(
            gettext(
                "{name}: expected samples, found {title}{inside}; {advice} and name the "
                "file or folder of samples.",
                name=name,
                title=ZIP.title,
                inside=inside,
                advice=ZIP.advice,
            )
        )
    with open_archive(content, name) as archive:
        # No more of a member is read than its entry says.
        if archive.getinfo(members[0]).file_size > limit:
            raise _too_large(name, limit)
        return archive.read(members[0])


@contextmanager
def open_archive(content: bytes, name: str) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP archive for a block; whatever fails in the block is a DataError.

    Parameters
    ----------
    content : bytes
        Of the archive.
    name : str
        The archive, for error messages.

    Raises
    ------
    DataError
        If the archive is damaged or encrypted; one that the block raises passes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield archive
    except DataError:
        raise
    except Exception as error:  # zipfile and its decompressors raise a dozen kinds
        raise DataError(
            gettext(
                "{name}: expected an intact ZIP archive, found a damaged or encrypted "
                "one; unpack it first.",
                name=name,
            )
        ) from error
