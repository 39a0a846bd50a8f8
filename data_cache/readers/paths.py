"""Reads samples from any path: a folder, an idx file, a table, an archive of arrays, a pipe.

The first bytes decide what a file is, never its name; a file is read once.
"""

from __future__ import annotations

from pathlib import Path

from data_cache.errors import DataError
from data_cache.readers.archives import read_bytes
from data_cache.readers.arrays import parse_npy, parse_npz
from data_cache.readers.csv import parse_table
from data_cache.readers.file_kinds import IDX, NPY, NPZ, TEXT, UNKNOWN, identify
from data_cache.readers.folders import (
    PREFIXES,
    find_class_folders,
    find_images,
    find_tables,
    has_images,
    read_class_folders,
)
from data_cache.readers.idx import read_idx_samples
from data_cache.readers.sample_file import ReadOptions, SampleFile
from data_cache.samples import Samples

__all__ = ["find_images", "has_images", "open_samples", "read_samples"]


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
        `.npy` file; each plain, compressed or alone in a ZIP archive. A pipe is read once.
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
    content = read_bytes(path)
    kind = identify(content)
    # A damaged idx file has lost its first bytes; nothing but its name tells.
    is_damaged = kind in (TEXT, UNKNOWN) and "-ubyte" in path.name and b"," not in content[:1000]
    if kind is IDX or is_damaged:
        return read_idx_samples(path, None, options, content=content)
    name = str(path)
    if kind is NPZ:
        return parse_npz(content, name, part if part in PREFIXES else "test", options)
    if kind is NPY:
        return parse_npy(content, name, options)
    return parse_table(content, name, options)


def _read_folder(folder: Path, part: str, options: ReadOptions | None) -> SampleFile:
    try:
        return read_idx_samples(find_images(folder, part), None, options)
    except DataError as error:
        # Only a folder without idx files is searched for something else.
        if not str(error).endswith("found none.") or part not in PREFIXES:
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
                f"{folder}: expected one file of samples, found {listed}; name one."
            ) from error
        raise
