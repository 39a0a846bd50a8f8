"""Reads samples from any path: a folder of idx files, an idx file or a CSV file.

The first bytes decide what a file is; its name does so only when the content is damaged.
"""

from __future__ import annotations

from pathlib import Path

from data_cache.errors import DataError
from data_cache.readers.archives import read_start
from data_cache.readers.csv import read_csv
from data_cache.readers.idx import IDX_MAGIC, read_idx_pair
from data_cache.samples import Samples

# File names of MNIST and its relatives.
_PREFIXES = {"train": ("train",), "test": ("t10k", "test")}
_ENDINGS = ("-images-idx3-ubyte", "-images.idx3-ubyte")

_OTHER_FORMATS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"PK\x03\x04": "a ZIP archive or a NumPy .npz file",
    b"\x93NUMPY": "a NumPy .npy file",
}
"""First bytes of files that are no samples."""


def open_samples(path: Path | str, part: str = "train") -> Samples:
    """Read samples from a path.

    Parameters
    ----------
    path : path
        A folder of idx files named as MNIST's, an idx file of images (its labels are found by
        name), or a CSV file; each plain or gzip-compressed.
    part : {"train", "test"}
        Which half of a folder to read; ignored for a file.

    Raises
    ------
    DataError
        If the path has no samples, or a file is damaged.
    """
    path = Path(path)
    if path.is_dir():
        return read_idx_pair(find_images(path, part))
    start = read_start(path, max(map(len, _OTHER_FORMATS)))
    if start.startswith(IDX_MAGIC) or "-ubyte" in path.name:
        return read_idx_pair(path)
    for magic, found in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise DataError(f"{path}: expected samples as an idx or CSV file, found {found}.")
    return read_csv(path)


def find_images(folder: Path, part: str) -> Path:
    """Return the idx file with the images of one half, "train" or "test", of a folder.

    Raises
    ------
    DataError
        If there is none.
    """
    names = _image_names(part)
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f'{folder}: expected images of the part "{part}" in one of {", ".join(names)}, found none.'
    )


def has_images(folder: Path) -> bool:
    """Return whether a folder has image files of both halves, by their names."""
    return all(any((folder / name).is_file() for name in _image_names(part)) for part in _PREFIXES)


def _image_names(part: str) -> list[str]:
    if part not in _PREFIXES:
        raise DataError(f'Part of a folder: expected train or test, found "{part}".')
    return [
        prefix + ending + suffix
        for prefix in _PREFIXES[part]
        for ending in _ENDINGS
        for suffix in (".gz", "")
    ]
