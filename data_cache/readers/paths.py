"""Reads samples from any path: a folder, an idx file, a table, an archive of arrays, a pipe.

The first bytes decide what a file is, never its name; a file is read once.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import MAX_UNPACKED, read_packed, unpack
from data_cache.readers.arrays import parse_npy, parse_npz
from data_cache.readers.csv import parse_table
from data_cache.readers.file_kinds import IDX, NPY, NPZ, TEXT, UNKNOWN, identify
from data_cache.readers.folders import (
    PREFIXES,
    NoImagesError,
    find_class_folders,
    find_images,
    find_tables,
    has_images,
    is_image_file,
    read_class_folders,
)
from data_cache.readers.idx import parse_idx_images, read_idx_samples
from data_cache.readers.sample_archives import holds_folder, read_archive
from data_cache.readers.sample_file import ReadOptions, SampleFile
from data_cache.readers.text import decode_text
from data_cache.samples import PIXELS, Samples
from data_cache.texts import gettext

__all__ = [
    "find_images",
    "has_images",
    "holds_samples",
    "open_samples",
    "parse_samples",
    "read_samples",
]

_FIRST_ROWS = 5


def open_samples(path: Path | str, part: str = "train") -> Samples:
    """Read labelled samples from a path; parameters and errors as in `read_samples`."""
    return read_samples(path, part).labelled()


def read_samples(
    path: Path | str, part: str = "train", options: ReadOptions | None = None
) -> SampleFile:
    """Read samples, labelled or not, from a path.

    Parameters
    ----------
    path : path
        A folder of idx files named as MNIST's, or of pictures in folders by class; an idx file of
        images (its labels are found by name), a table of text (see `parse_table`), or a `.npz` or
        `.npy` file; each plain, compressed or alone in a ZIP archive, which may contain a folder
        as well. A pipe is read once.
    part : {"train", "test"}
        Which half of a folder or of a `.npz` archive to read; ignored for other files.
    options : ReadOptions, optional
        Corrections by the person.

    Raises
    ------
    DataError
        If the path has no samples, or a file is damaged.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, part, options)
    content = read_packed(path)
    if holds_folder(content):
        return _read_archive(content, str(path), part, options, MAX_UNPACKED)
    content = unpack(content, str(path))
    kind = identify(content)
    # A damaged idx file has lost its first bytes; nothing but its name tells.
    is_damaged = kind in (TEXT, UNKNOWN) and "-ubyte" in path.name and b"," not in content[:1000]
    if kind is IDX or is_damaged:
        return read_idx_samples(path, None, options, content=content)
    return _parse(content, str(path), part, options, MAX_UNPACKED)


def parse_samples(
    content: bytes,
    name: str,
    part: str = "train",
    options: ReadOptions | None = None,
    *,
    limit: int = MAX_UNPACKED,
) -> SampleFile:
    """Read samples, labelled or not, from the content of a file as `read_samples` does.

    Parameters
    ----------
    content : bytes
        Of a table, an archive or an array, or of an idx file of images; plain or compressed. Or of
        a ZIP archive with a folder of samples.
    name : str
        The file, for error messages.
    part, options
        As in `read_samples`.
    limit : int
        Bytes to which the content may unpack.

    Raises
    ------
    DataError
        If it has no samples, is damaged, or unpacks to more.
    """
    if holds_folder(content):
        return _read_archive(content, name, part, options, limit)
    content = unpack(content, name, limit)
    if identify(content) is IDX:
        return parse_idx_images(content, name, options)
    return _parse(content, name, part, options, limit)


def holds_samples(content: bytes) -> bool:
    """Tell whether a file has samples by row, and not a single drawing as a square of numbers.

    `content` is decompressed; an archive of arrays always counts as samples.
    """
    kind = identify(content)
    if kind is NPY:
        try:
            shape = np.load(io.BytesIO(content), allow_pickle=False).shape
        except Exception:  # what is wrong is said when it is read
            return False
        return len(shape) > 2 or (len(shape) == 2 and shape[0] != shape[1] and shape[1] >= PIXELS)
    if kind is not TEXT:
        return kind in (IDX, NPZ)
    try:
        lines = decode_text(content, "").content.split(b"\n", _FIRST_ROWS)[:_FIRST_ROWS]
    except DataError:
        return False
    return max(len(re.split(rb"[\s,;|]+", line.strip())) for line in lines) >= PIXELS


def _parse(
    content: bytes, name: str, part: str, options: ReadOptions | None, limit: int
) -> SampleFile:
    kind = identify(content)
    if kind is NPZ:
        return parse_npz(content, name, part if part in PREFIXES else "test", options, limit)
    if kind is NPY:
        return parse_npy(content, name, options)
    return parse_table(content, name, options)


def _read_archive(
    content: bytes, name: str, part: str, options: ReadOptions | None, limit: int
) -> SampleFile:
    def read(folder: Path) -> SampleFile:
        images = [path for path in sorted(folder.rglob("*")) if is_image_file(path)]
        # With a single file of images, there is no half to choose.
        if len(images) == 1:
            return read_idx_samples(images[0], None, options)
        return _read_folder(folder, part, options)

    return read_archive(content, name, limit, read)


def _read_folder(folder: Path, part: str, options: ReadOptions | None) -> SampleFile:
    try:
        return read_idx_samples(find_images(folder, part), None, options)
    except DataError as error:
        # Only a folder without idx files is searched for something else.
        if not isinstance(error, NoImagesError) or part not in PREFIXES:
            raise
        classes = find_class_folders(folder, part)
        if classes:
            return read_class_folders(folder, classes, options)
        files = find_tables(folder, part)
        if len(files) == 1:
            return read_samples(files[0], part, options)
        if files:
            listed = ", ".join(path.name for path in files[:6])
            raise DataError(
                gettext(
                    "{folder}: expected one file of samples, found {listed}; name one.",
                    folder=folder,
                    listed=listed,
                )
            ) from error
        raise
