"""Reads the idx format in which MNIST and its relatives are distributed, plain or gzip-compressed.

Every count in a header is checked against the bytes that follow before anything is handed out.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import read_bytes
from data_cache.samples import PIXELS, SIDE, Samples

CLASS_COUNT = 10
_UNSIGNED_BYTE = 0x08
IDX_MAGIC = bytes((0, 0, _UNSIGNED_BYTE))


def read_idx(path: Path | str) -> np.ndarray:
    """Read an idx file of unsigned bytes into a uint8 array of the shape that its header gives.

    The format: two zero bytes, the type (8 for unsigned bytes), the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the values in row-major order.

    Raises
    ------
    DataError
        If the file is missing, empty, damaged, cut short, too long, or of another format.
    """
    return parse_idx(read_bytes(path), str(path))


def parse_idx(content: bytes, name: str) -> np.ndarray:
    """Do the same with bytes in memory; errors call them by `name`."""
    shape = _read_shape(content, name)
    start = 4 + 4 * len(shape)
    expected, found = math.prod(shape), len(content) - start
    if found != expected:
        difference = (
            f"{abs(expected - found)} bytes {'missing' if found < expected else 'too many'}"
        )
        raise DataError(
            f"{name}: the header at byte 0 announces {' × '.join(map(str, shape))} values, "
            f"so {expected} bytes were expected from byte {start} on, but {found} were found "
            f"({difference})."
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _read_shape(content: bytes, name: str) -> tuple[int, ...]:
    if len(content) < 4 or not content.startswith(IDX_MAGIC) or not 1 <= content[3] <= 3:
        raise DataError(
            f"{name}: the magic number at byte 0 is {content[:4].hex(' ') or 'missing'}, but "
            "00 00 08 03 (images) or 00 00 08 01 (labels) was expected; this is not an idx file "
            "of unsigned bytes."
        )
    dimensions = content[3]
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise DataError(
            f"{name}: the header ends too early: {header} bytes were expected for "
            f"{dimensions} dimension(s), but the file has only {len(content)}."
        )
    return tuple(int(n) for n in np.frombuffer(content, ">u4", dimensions, offset=4))


def read_idx_pair(images_path: Path | str, labels_path: Path | str | None = None) -> Samples:
    """Read the images and labels of an idx file pair.

    Parameters
    ----------
    images_path : path
        A file of n × 28 × 28 (or n × 784) values.
    labels_path : path, optional
        A file of n values from 0 to 9. By default it is found beside the images by its name:
        "train-images-idx3-ubyte.gz" goes with "train-labels-idx1-ubyte.gz" or the same unpacked.

    Raises
    ------
    DataError
        If either file is not what it should be, or the two do not go together.
    """
    images = _images_of(images_path)
    if labels_path is None:
        labels_path = find_labels(images_path)
    labels = _labels_of(labels_path)
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images)} images but {labels_path} holds {len(labels)} "
            "labels; one label per image was expected, so these two do not belong together."
        )
    return Samples(images, labels)


def _images_of(path: Path | str) -> np.ndarray:
    images = read_idx(path)
    if images.shape[1:] not in ((SIDE, SIDE), (PIXELS,)):
        found = " × ".join(map(str, images.shape))
        hint = " (a file of labels, it seems)" if images.ndim == 1 else ""
        raise DataError(
            f"{path}: images of n × {SIDE} × {SIDE} values were expected, "
            f"but the header at byte 4 says {found}{hint}."
        )
    if not len(images):
        raise DataError(f"{path}: the header at byte 4 says 0 images; at least one was expected.")
    return images.reshape(-1, PIXELS)


def _labels_of(path: Path | str) -> np.ndarray:
    labels = read_idx(path)
    if labels.ndim != 1:
        found = " × ".join(map(str, labels.shape))
        raise DataError(
            f"{path}: labels of one dimension were expected, but the header at byte 4 says "
            f"{found} (a file of images, it seems)."
        )
    wrong = np.flatnonzero(labels >= CLASS_COUNT)
    if len(wrong):
        first = int(wrong[0])
        raise DataError(
            f"{path}: label {first} (byte {8 + first}) is {labels[first]}, but a label from 0 to "
            f"{CLASS_COUNT - 1} was expected; {len(wrong)} of {len(labels)} are out of range."
        )
    return labels


def find_labels(images_path: Path | str) -> Path:
    """Find the label file that goes with an image file, by its name.

    Raises
    ------
    DataError
        If the name does not tell, or no such file is there.
    """
    path = Path(images_path)
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    if name == path.name:
        raise DataError(
            f'{path}: the file of its labels is found by replacing "images" in the name with '
            '"labels", but this name holds no "images"; name the label file as well.'
        )
    plain = name.removesuffix(".gz")
    candidates = [path.with_name(name), path.with_name(plain), path.with_name(plain + ".gz")]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise DataError(
        f"{path}: its labels were expected beside it as {name}, but there is no such file."
    )
