"""Opens samples from whatever path a user names: a folder, an idx file or a CSV file.

The content decides what a file is; the name only when the content is damaged.
"""

from __future__ import annotations

from pathlib import Path

from data_cache.errors import DataError
from data_cache.readers.archives import read_start
from data_cache.readers.csv import read_csv
from data_cache.readers.idx import IDX_MAGIC, read_idx_pair
from data_cache.samples import Samples

# How the two halves are called in the files of MNIST and its relatives.
_PREFIXES = {"train": ("train",), "test": ("t10k", "test")}
_ENDINGS = ("-images-idx3-ubyte", "-images.idx3-ubyte")


def open_samples(path: Path | str, part: str = "train") -> Samples:
    """Read samples from a path.

    Parameters
    ----------
    path : path
        A folder of idx files as MNIST has them, an idx file of images (its labels are found by
        name), or a CSV file with a header row; each plain or gzip-compressed.
    part : "train" or "test"
        Which half to read from a folder; a file is read as it is.

    Raises
    ------
    DataError
        If there is nothing of that kind, or a file is damaged.
    """
    path = Path(path)
    if path.is_dir():
        return read_idx_pair(find_images(path, part))
    if read_start(path, len(IDX_MAGIC)) == IDX_MAGIC or "-ubyte" in path.name:
        return read_idx_pair(path)
    return read_csv(path)


def find_images(folder: Path, part: str) -> Path:
    """Find the idx file with the images of one half, "train" or "test", in a folder.

    Raises
    ------
    DataError
        If there is none; the text lists the names that were looked for.
    """
    names = _image_names(part)
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f'{folder}: no images of the part "{part}" were found in this folder; one of these files '
        f"was expected: {', '.join(names)}."
    )


def has_images(folder: Path) -> bool:
    """Tell whether a folder has the images of both halves; looks at names alone."""
    return all(any((folder / name).is_file() for name in _image_names(part)) for part in _PREFIXES)


def _image_names(part: str) -> list[str]:
    if part not in _PREFIXES:
        raise DataError(f'A folder has the parts train and test; there is no "{part}".')
    return [
        prefix + ending + suffix
        for prefix in _PREFIXES[part]
        for ending in _ENDINGS
        for suffix in (".gz", "")
    ]
