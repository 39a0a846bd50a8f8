"""Reads the idx format of MNIST and its relatives, plain or gzip-compressed.

Each count in a header is checked against the bytes that follow.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import read_bytes
from data_cache.readers.file_kinds import IDX, TEXT, UNKNOWN, identify
from data_cache.readers.sample_file import (
    CLASS_COUNT,
    ReadOptions,
    SampleFile,
    letters_hint,
    make_sample_file,
)
from data_cache.samples import PIXELS, SIDE, Samples
from data_cache.texts import gettext, gettext_noop

IDX_MAGIC = bytes((0, 0, 8))
"""The first bytes of an idx file of unsigned bytes; the number of dimensions follows."""
_QMNIST_MAGIC = bytes((0, 0, 12, 2))
"""The first bytes of QMNIST's labels: rows of 32-bit integers, the class first."""
_COMPRESSIONS = ("", ".gz", ".xz", ".bz2")

_EXPECTED = gettext_noop("an idx file of unsigned bytes")


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
        count = abs(expected - found)
        if found < expected:
            difference = gettext("{count} bytes missing", count=count)
        else:
            difference = gettext("{count} bytes too many", count=count)
        raise DataError(
            gettext(
                "{name}: expected {expected} bytes from byte {start} on, as the header at "
                "byte 4 ({shape}) says, found {found} ({difference}); get the file "
                "again.",
                name=name,
                expected=expected,
                start=start,
                shape=_shape_text(shape),
                found=found,
                difference=difference,
            )
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _read_shape(content: bytes, name: str) -> tuple[int, ...]:
    kind = identify(content)
    if kind not in (IDX, TEXT, UNKNOWN):
        raise DataError(
            gettext(
                "{refusal} It begins with {hex}.",
                refusal=kind.refusal(name, _EXPECTED),
                hex=content[:4].hex(" "),
            )
        )
    if len(content) < 4 or not content.startswith(IDX_MAGIC) or not 1 <= content[3] <= 3:
        raise DataError(
            gettext(
                "{name}: expected an idx file of unsigned bytes, which begins with 00 00 "
                "08 03 (images) or 00 00 08 01 (labels), found {hex} at byte 0.",
                name=name,
                hex=content[:4].hex(" ") or "nothing",
            )
        )
    dimensions = content[3]
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise DataError(
            gettext(
                "{name}: expected a header of {header} bytes for {dimensions} "
                "dimension(s), found a file of {count} bytes; get the file again.",
                name=name,
                header=header,
                dimensions=dimensions,
                count=len(content),
            )
        )
    return tuple(int(n) for n in np.frombuffer(content, ">u4", dimensions, offset=4))


def read_idx_pair(images_path: Path | str, labels_path: Path | str | None = None) -> Samples:
    """Read images and labels from a pair of idx files.

    Parameters
    ----------
    images_path : path
        n × 28 × 28 or n × 784 values.
    labels_path : path, optional
        n values from 0 to 9, or QMNIST's rows of 32-bit integers. Default: the file that
        `find_labels` finds.

    Raises
    ------
    DataError
        If either file has other contents, or the two counts differ.
    """
    return read_idx_samples(images_path, labels_path).labelled()


def read_idx_samples(
    images_path: Path | str,
    labels_path: Path | str | None = None,
    options: ReadOptions | None = None,
    *,
    content: bytes | None = None,
) -> SampleFile:
    """Read a pair of idx files as `read_idx_pair`, with what is known about them.

    Images without a file of labels are samples without labels.

    Parameters
    ----------
    images_path, labels_path
        As in `read_idx_pair`.
    options : ReadOptions, optional
    content : bytes, optional
        The content of the file of images, decompressed, if it has been read.
    """
    content = read_bytes(images_path) if content is None else content
    images = _check_images(parse_idx(content, str(images_path)), images_path)
    labels, missing = None, ""
    if labels_path is None:
        try:
            labels_path = find_labels(images_path)
        except DataError as error:
            missing = str(error)
    if labels_path is not None:
        labels = _read_labels(labels_path)
    if labels is not None and len(images) != len(labels):
        raise DataError(
            gettext(
                "{labels_path}: expected one label for each of the {count} images in "
                "{images_path}, found {found}; name two files that belong together.",
                labels_path=labels_path,
                count=len(images),
                images_path=images_path,
                found=len(labels),
            )
        )
    options = options or ReadOptions()
    notes: tuple[str, ...] = ()
    if "emnist" in Path(images_path).name.lower() and not options.transpose:
        notes = (
            gettext(
                "EMNIST's pictures are distributed with rows and columns exchanged; "
                "--transpose sets them upright."
            ),
        )
    how = gettext("idx file") if labels is None else gettext("idx files")
    file = make_sample_file(str(images_path), images, labels, how, options, notes=notes)
    return replace(file, missing_labels=missing)


def parse_idx_images(content: bytes, name: str, options: ReadOptions | None = None) -> SampleFile:
    """Parse the content of an idx file of images, as samples without labels."""
    images = _check_images(parse_idx(content, name), name)
    return make_sample_file(name, images, None, gettext("idx file"), options or ReadOptions())


def _check_images(images: np.ndarray, path: Path | str) -> np.ndarray:
    if images.shape[1:] not in ((SIDE, SIDE), (PIXELS,)) or not len(images):
        hint = gettext("; this seems to be a file of labels") if images.ndim == 1 else ""
        raise DataError(
            gettext(
                "{path}: expected images, n × {side} × {side} with n from 1, found "
                "{shape} values{hint}.",
                path=path,
                side=SIDE,
                shape=_shape_text(images.shape),
                hint=hint,
            )
        )
    return images.reshape(-1, PIXELS)


def _read_labels(path: Path | str) -> np.ndarray:
    content = read_bytes(path)
    if content.startswith(_QMNIST_MAGIC):
        return _parse_qmnist_labels(content, str(path))
    labels = parse_idx(content, str(path))
    if labels.ndim != 1:
        raise DataError(
            gettext(
                "{path}: expected labels, in one dimension, found {shape} values; "
                "this seems to be a file of images.",
                path=path,
                shape=_shape_text(labels.shape),
            )
        )
    check_labels(labels, CLASS_COUNT, str(path), offset=8)
    return labels


def _parse_qmnist_labels(content: bytes, name: str) -> np.ndarray:
    """Return the classes in QMNIST's table of labels, the first of its columns."""
    rows, columns = (int(n) for n in np.frombuffer(content[4:12].ljust(8, b"\0"), ">u4"))
    if columns < 1 or len(content) != 12 + 4 * rows * columns:
        raise DataError(
            gettext(
                "{name}: expected {rows} × {columns} integers of 32 bits after the "
                "header, found {found} bytes; get the file again.",
                name=name,
                rows=rows,
                columns=columns,
                found=max(0, len(content) - 12),
            )
        )
    labels = np.frombuffer(content, ">u4", offset=12).reshape(rows, columns)[:, 0]
    check_labels(labels, CLASS_COUNT, name, offset=12)
    return labels.astype(np.uint8)


def check_labels(labels: np.ndarray, class_count: int, name: str, *, offset: int) -> None:
    """Raise a DataError if a label is not below `class_count`.

    Parameters
    ----------
    labels : (n,) unsigned integers
    name : str
        The file, and `offset` the byte at which its first label is, for the message.
    """
    wrong = np.flatnonzero(labels >= class_count)
    if len(wrong):
        first = int(wrong[0])
        raise DataError(
            gettext(
                "{name}: expected labels from 0 to {last}, found {found} as label "
                "{index} (byte {offset}); {count} of {all} are out of "
                "range.{hint}",
                name=name,
                last=class_count - 1,
                found=labels[first],
                index=first,
                offset=offset + first,
                count=len(wrong),
                all=len(labels),
                hint=letters_hint(labels),
            )
        )


def find_labels(images_path: Path | str) -> Path:
    """Return the label file that belongs to an image file by its name.

    "train-images-idx3-ubyte.gz" belongs to "train-labels-idx1-ubyte.gz", the same without ".gz" or
    with another compression, or QMNIST's "train-labels-idx2-int.gz".

    Raises
    ------
    DataError
        If the name has no "images" in it, or there is no such file.
    """
    path = Path(images_path)
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    if name == path.name:
        raise DataError(
            gettext(
                '{path}: expected a file name with "images" in it, which is replaced by '
                '"labels" to find the labels, found none; name the label file as well.',
                path=path,
            )
        )
    plain = name
    for suffix in _COMPRESSIONS[1:]:
        plain = plain.removesuffix(suffix)
    stems = (plain, plain.replace("idx1-ubyte", "idx2-int"), plain.replace("idx1", "idx2"))
    candidates = [path.with_name(name)]
    candidates += [path.with_name(stem + end) for stem in stems for end in _COMPRESSIONS]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise DataError(
        gettext(
            "{path}: expected its labels beside it as {name}, found no such file.",
            path=path,
            name=name,
        )
    )


def _shape_text(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
