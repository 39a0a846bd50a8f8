"""Packs the samples of a block into bytes for a file or an answer over HTTP, and unpacks them.

The layout, gzip-compressed: "INK1", the count as a little-endian 32-bit integer, the labels (one
byte each), the images (784 bytes each). The same samples give the same bytes every time.
"""

from __future__ import annotations

import gzip

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import GZIP_MAGIC, unpack
from data_cache.samples import PIXELS, Samples

MAGIC = b"INK1"
_HEADER = len(MAGIC) + 4


def encode_block(samples: Samples) -> bytes:
    """Pack samples into a gzip-compressed block."""
    return gzip.compress(block_bytes(samples), compresslevel=9, mtime=0)


def block_bytes(samples: Samples) -> bytes:
    """Pack samples into a block that is not yet compressed."""
    count = np.array(len(samples), "<u4").tobytes()
    return MAGIC + count + samples.labels.tobytes() + samples.images.tobytes()


def decode_block(content: bytes, name: str = "block") -> Samples:
    """Unpack a block, compressed or not (some servers and all browsers unpack on the way).

    Raises
    ------
    DataError
        If the bytes are damaged or something else; the text calls them by `name`.
    """
    if content.startswith(GZIP_MAGIC):
        content = unpack(content, name)
    if len(content) < _HEADER or not content.startswith(MAGIC):
        raise DataError(
            f"{name}: a block that begins with {MAGIC!r} was expected, but {len(content)} bytes "
            f"that begin with {content[:8]!r} were found."
        )
    count = int.from_bytes(content[len(MAGIC) : _HEADER], "little")
    expected = _HEADER + count * (1 + PIXELS)
    if len(content) != expected:
        raise DataError(
            f"{name}: the header at byte {len(MAGIC)} says {count} samples, so {expected} bytes "
            f"were expected, but {len(content)} were found."
        )
    values = np.frombuffer(content, np.uint8, offset=_HEADER)
    return Samples(values[count:].reshape(count, PIXELS), values[:count])
