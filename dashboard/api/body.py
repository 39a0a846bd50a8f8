"""Collects the body of a request as it arrives, within limits of size and of shared memory.

A compressed body is decompressed chunk by chunk, so that a decompression bomb stops at the limit.
"""

from __future__ import annotations

import zlib

from dashboard.api.errors import ApiError

ENCODINGS = ("identity", "gzip")
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class BodyMemory:
    """The memory budget, in bytes, that the bodies of all current requests share."""

    def __init__(self, size: int) -> None:
        self.free = size
        """Bytes that are not reserved."""

    def reserve(self, count: int) -> None:
        """Reserve `count` bytes; raise ApiError 429 when the budget is used up."""
        if count > self.free:
            raise ApiError(
                429,
                "The bodies of other requests fill the memory budget; try again in a second.",
                headers={"Retry-After": "1"},
            )
        self.free -= count

    def release(self, count: int) -> None:
        """Give `count` reserved bytes back."""
        self.free += count


class Body:
    """The body of one request.

    Parameters
    ----------
    limit
        Maximum size in bytes after decompression.
    encoding
        One of `ENCODINGS`.
    memory
        The budget shared with other requests.
    """

    def __init__(self, limit: int, encoding: str, memory: BodyMemory) -> None:
        self._limit = limit
        self._memory = memory
        self._content = bytearray()
        self._unpacker = zlib.decompressobj(_GZIP_WINDOW) if encoding == "gzip" else None

    def add(self, chunk: bytes) -> None:
        """Append a chunk as received; raise ApiError 400, 413 or 429 if it is not accepted."""
        if self._unpacker is None:
            self._append(chunk)
        else:
            self._unpack(self._unpacker, chunk)

    def whole(self) -> bytes:
        """Return the complete body; raise ApiError 400 if a compressed one is truncated."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise ApiError(
                400,
                "Expected a complete gzip-compressed body, found a truncated one; send it again.",
            )
        return bytes(self._content)

    def drop(self) -> None:
        """Discard the content and release its memory."""
        self._memory.release(len(self._content))
        self._content = bytearray()

    def _unpack(self, unpacker: zlib._Decompress, chunk: bytes) -> None:
        try:
            while chunk and not unpacker.eof:
                self._append(unpacker.decompress(chunk, self._limit - len(self._content) + 1))
                chunk = unpacker.unconsumed_tail
        except zlib.error as error:
            raise ApiError(
                400, f"Expected a gzip-compressed body as Content-Encoding says: {error}."
            ) from error
        if unpacker.unused_data or (chunk and unpacker.eof):
            raise ApiError(400, "Expected one gzip member, found more bytes behind its end.")

    def _append(self, chunk: bytes) -> None:
        if len(self._content) + len(chunk) > self._limit:
            raise too_large(self._limit)
        self._memory.reserve(len(chunk))
        self._content += chunk


def too_large(limit: int) -> ApiError:
    """Return the error for a body above the limit."""
    return ApiError(
        413, f"Expected a body of at most {limit:,} bytes, also after decompression; found more."
    )
