"""Reads the idx format of MNIST and its relatives, plain or gzip-compressed.

Each count in a header is checked against the bytes that follow.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import read_bytes
from data_cache.samples import PIXELS, SIDE, Samples

CLASS_COUNT = 10
IDX_MAGIC = bytes((0, 0, 8))
"""The first bytes of an idx file of unsigned bytes; the number of dimensions follows."""


def read_idx(path: Path | str) -> np.ndarray:
    """Read an idx file of unsigned bytes.

    The format: two zero bytes, the type (8 for unsigned bytes), the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the values in row-major order.

    Returns
    -------
    uint8 array of 1 to 3 dimensions
        Read-only.

    Raises
    ------
    DataError
        If the file is missing, empty, damaged, truncated, too long, or of another format.
    """
    return parse_idx(read_bytes(path), str(path))


def parse_idx(content: bytes, name: str) -> np.ndarray:
    """Parse the content of an idx file; see `read_idx`. Errors begin with `name`."""
    shape = _read_shape(content, name)
    start = 4 + 4 * len(shape)
    expected, found = math.prod(shape), len(content) - start
    if found != expected:
        difference = (
            f"{abs(expected - found)} bytes {'missing' if found < expected else 'too many'}"
        )
        raise DataError(
            f"{name}: expected {expected} bytes from byte {start} on, as the header at byte 4 "
            f"({_product(shape)}) says, found {found} ({difference}); get the file again."
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _read_shape(content: bytes, name: str) -> tuple[int, ...]:
    if len(content) < 4 or not content.startswith(IDX_MAGIC) or not 1 <= content[3] <= 3:
        raise DataError(
            f"{name}: expected an idx file of unsigned bytes, which begins with 00 00 08 03 "
            f"(images) or 00 00 08 01 (labels), found {content[:4].hex(' ') or 'nothing'} at byte "
            "0."
        )
    dimensions = content[3]
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise DataError(
            f"{name}: expected a header of {header} bytes for {dimensions} dimension(s), found a "
            f"file of {len(content)} bytes; get the file again."
        )
    return tuple(int(n) for n in np.frombuffer(content, ">u4", dimensions, offset=4))


def read_idx_pair(images_path: Path | str, labels_path: Path | str | None = None) -> Samples:
    """Read images and labels from a pair of idx files.

    Parameters
    ----------
    images_path : path
        n × 28 × 28 or n × 784 values.
    labels_path : path, optional
        n values from 0 to 9. Default: the file that `find_labels` finds.

    Raises
    ------
    DataError
        If either file has other contents, or the two counts differ.
    """
    images = _read_images(images_path)
    if labels_path is None:
        labels_path = find_labels(images_path)
    labels = _read_labels(labels_path)
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: expected one label for each of the {len(images)} images in "
            f"{images_path}, found {len(labels)}; name two files that belong together."
        )
    return Samples(images, labels)


def _read_images(path: Path | str) -> np.ndarray:
    images = read_idx(path)
    if images.shape[1:] not in ((SIDE, SIDE), (PIXELS,)) or not len(images):
        hint = "; this seems to be a file of labels" if images.ndim == 1 else ""
        raise DataError(
            f"{path}: expected images, n × {SIDE} × {SIDE} with n from 1, found "
            f"{_product(images.shape)} values{hint}."
        )
    return images.reshape(-1, PIXELS)


def _read_labels(path: Path | str) -> np.ndarray:
    labels = read_idx(path)
    if labels.ndim != 1:
        raise DataError(
            f"{path}: expected labels, in one dimension, found {_product(labels.shape)} values; "
            "this seems to be a file of images."
        )
    check_labels(labels, CLASS_COUNT, str(path), offset=8)
    return labels


def check_labels(labels: np.ndarray, class_count: int, name: str, *, offset: int) -> None:
    """Raise a DataError if a label is not below `class_count`.

    Parameters
    ----------
    labels : (n,) uint8
    name : str
        The file, and `offset` the byte at which its first label is, for the message.
    """
    wrong = np.flatnonzero(labels >= class_count)
    if len(wrong):
        first = int(wrong[0])
        raise DataError(
            f"{name}: expected labels from 0 to {class_count - 1}, found {labels[first]} as label "
            f"{first} (byte {offset + first}); {len(wrong)} of {len(labels)} are out of range."
        )


def find_labels(images_path: Path | str) -> Path:
    """Return the label file that belongs to an image file by its name.

    "train-images-idx3-ubyte.gz" belongs to "train-labels-idx1-ubyte.gz" or the same without ".gz".

    Raises
    ------
    DataError
        If the name has no "images" in it, or there is no such file.
    """
    path = Path(images_path)
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    if name == path.name:
        raise DataError(
            f'{path}: expected a file name with "images" in it, which is replaced by "labels" to '
            "find the labels, found none; name the label file as well."
        )
    plain = name.removesuffix(".gz")
    candidates = [path.with_name(name), path.with_name(plain), path.with_name(plain + ".gz")]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise DataError(f"{path}: expected its labels beside it as {name}, found no such file.")


def _product(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
