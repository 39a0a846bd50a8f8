"""Encodes and decodes blocks of samples as bytes for files and HTTP responses.

The layout, gzip-compressed: "INK1", the count as a little-endian 32-bit integer, the labels (one
byte each), the images (784 bytes each). The same samples always give the same bytes.
"""

from __future__ import annotations

import gzip

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import GZIP_MAGIC, decompress
from data_cache.readers.idx import check_labels
from data_cache.readers.sample_file import CLASS_COUNT
from data_cache.samples import PIXELS, Samples
from data_cache.texts import gettext

MAGIC = b"INK1"
_HEADER = len(MAGIC) + 4


def encode_block(samples: Samples) -> bytes:
    """Encode samples as a gzip-compressed block.

    Raises
    ------
    ValueError
        If there are samples without a label, for which the format has no field.
    """
    return gzip.compress(block_bytes(samples), compresslevel=9, mtime=0)


def block_bytes(samples: Samples) -> bytes:
    """Encode samples as a block that is not compressed; see `encode_block`."""
    if samples.is_labelled is not None and not samples.is_labelled.all():
        unlabelled = np.count_nonzero(~samples.is_labelled)
        raise ValueError(
            f"encode_block: expected samples with labels, found {unlabelled} without; the "
            "format has no field for them."
        )
    count = np.array(len(samples), "<u4").tobytes()
    return MAGIC + count + samples.labels.tobytes() + samples.images.tobytes()


def decode_block(content: bytes, name: str = "block", class_count: int = CLASS_COUNT) -> Samples:
    """Decode a block.

    Parameters
    ----------
    content : bytes
        Compressed or not: some servers and all browsers decompress during the transfer.
    name : str
        The file, for error messages.
    class_count : int
        Labels are from 0 to `class_count` − 1.

    Raises
    ------
    DataError
        If the bytes are damaged or not a block, or a label is out of range.
    """
    if content.startswith(GZIP_MAGIC):
        content = decompress(content, name)
    if len(content) < _HEADER or not content.startswith(MAGIC):
        raise DataError(
            gettext(
                "{name}: expected a block, which begins with {magic!r}, found {count} "
                "bytes that begin with {found!r}.",
                name=name,
                magic=MAGIC,
                count=len(content),
                found=content[:8],
            )
        )
    count = int.from_bytes(content[len(MAGIC) : _HEADER], "little")
    expected = _HEADER + count * (1 + PIXELS)
    if len(content) != expected:
        raise DataError(
            gettext(
                "{name}: expected {expected} bytes, as the header at byte {start} says "
                "({samples} samples), found {found}.",
                name=name,
                expected=expected,
                start=len(MAGIC),
                samples=count,
                found=len(content),
            )
        )
    values = np.frombuffer(content, np.uint8, offset=_HEADER)
    labels = values[:count]
    check_labels(labels, class_count, name, offset=_HEADER)
    return Samples(values[count:].reshape(count, PIXELS), labels)
