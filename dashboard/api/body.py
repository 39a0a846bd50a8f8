"""Collects the body of a request as it arrives, and stops where the limits are.

A body that was compressed is unpacked piece by piece, so that a bomb ends at the limit.
"""

from __future__ import annotations

import zlib

from dashboard.api.errors import ApiError

ENCODINGS = ("identity", "gzip")
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class BodyRoom:
    """The memory that the bodies of all requests under way share."""

    def __init__(self, size: int) -> None:
        self._free = size

    def take(self, count: int) -> None:
        """Take so many bytes; ApiError 429 when there is no room."""
        if count > self._free:
            raise ApiError(
                429,
                "The server has its hands full of other requests' bodies; try again soon.",
                headers={"Retry-After": "1"},
            )
        self._free -= count

    def give_back(self, count: int) -> None:
        """Return what was taken."""
        self._free += count


class Body:
    """The body of one request.

    Parameters
    ----------
    limit
        The most bytes, unpacked.
    encoding
        One of ENCODINGS.
    """

    def __init__(self, limit: int, encoding: str, room: BodyRoom) -> None:
        self._limit = limit
        self._room = room
        self._content = bytearray()
        self._unpacker = zlib.decompressobj(_GZIP_WINDOW) if encoding == "gzip" else None

    def add(self, chunk: bytes) -> None:
        """Take the next piece; ApiError 400, 413 or 429 when it cannot be taken."""
        if self._unpacker is None:
            self._keep(chunk)
        else:
            self._unpack(self._unpacker, chunk)

    def whole(self) -> bytes:
        """Return the body; ApiError 400 when a compressed one ended early."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise ApiError(400, "The gzip-compressed body ended early.")
        return bytes(self._content)

    def drop(self) -> None:
        """Give the memory back."""
        self._room.give_back(len(self._content))
        self._content = bytearray()

    def _unpack(self, unpacker: zlib._Decompress, chunk: bytes) -> None:
        try:
            while chunk and not unpacker.eof:
                self._keep(unpacker.decompress(chunk, self._limit - len(self._content) + 1))
                chunk = unpacker.unconsumed_tail
        except zlib.error as error:
            raise ApiError(400, f"A gzip-compressed body was expected: {error}.") from error
        if unpacker.unused_data or (chunk and unpacker.eof):
            raise ApiError(400, "There is something behind the end of the gzip-compressed body.")

    def _keep(self, piece: bytes) -> None:
        if len(self._content) + len(piece) > self._limit:
            raise too_large(self._limit)
        self._room.take(len(piece))
        self._content += piece


def too_large(limit: int) -> ApiError:
    """Return the refusal of a body that is too large."""
    return ApiError(413, f"The body may have at most {limit:,} bytes, also when it is unpacked.")
