"""Finds the files of samples in a folder, as the tools that made it name and nest them.

MNIST, QMNIST and EMNIST, torchvision's `MNIST/raw`, a folder in a folder, and pictures by class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.file_kinds import PICTURES, START_BYTES, identify
from data_cache.readers.sample_file import (
    CLASS_COUNT,
    ReadOptions,
    SampleFile,
    make_sample_file,
)
from data_cache.texts import gettext

PREFIXES = {"train": ("train", "training"), "test": ("t10k", "test", "testing")}
"""The words for the two halves in the names of files and folders."""
_ENDINGS = ("-images-idx3-ubyte", "-images.idx3-ubyte")
_IMAGES = re.compile(
    r"(?:.*[-_.])?(train|t10k|test)[-_.]images[-_.]idx3[-_.]ubyte(?:\.gz|\.xz|\.bz2)?",
    re.IGNORECASE,
)
_TABLES = (".csv", ".tsv", ".npz")
_DEPTH = 3
_MAX_PICTURES = 200_000


class NoImagesError(DataError):
    """A folder without files of images of the part that is wanted."""


def find_images(folder: Path, part: str) -> Path:
    """Return the idx file with the images of one half, "train" or "test", of a folder.

    It may lie in a folder inside, as in torchvision's `MNIST/raw`.

    Raises
    ------
    DataError
        If there is none, or there are several.
    """
    names = _image_names(part)
    for name in names:
        if (folder / name).is_file():
            return folder / name
    for level in _levels(folder):
        found = {_without_compression(path): path for path in level if _is_half(path, part)}
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            listed = ", ".join(sorted(str(path.relative_to(folder)) for path in found.values())[:6])
            raise DataError(
                gettext(
                    '{folder}: expected one file of images of the part "{part}", found '
                    "{listed}; name one of them.",
                    folder=folder,
                    part=part,
                    listed=listed,
                )
            )
    raise NoImagesError(
        gettext(
            '{folder}: expected images of the part "{part}" in one of {names}, found none.',
            folder=folder,
            part=part,
            names=", ".join(names),
        )
    )


def is_image_file(path: PurePath) -> bool:
    """Return whether a file has the images of a half of a data set, by its name."""
    return _IMAGES.fullmatch(path.name) is not None


def has_images(folder: Path) -> bool:
    """Return whether a folder itself has image files of both halves, by their names."""
    return all(any((folder / name).is_file() for name in _image_names(part)) for part in PREFIXES)


def find_class_folders(folder: Path, part: str) -> dict[int, Path]:
    """Return the folders called 0 to 9 in a folder, or in its half "train" or "test"; {} if none.

    A folder with both halves is divided by them, one without is read whole.
    """
    for inner in (*(folder / word for word in PREFIXES[part]), folder):
        found = {
            int(path.name): path
            for path in (sorted(inner.iterdir()) if inner.is_dir() else ())
            if path.is_dir() and path.name.isascii() and path.name.isdigit()
        }
        if found:
            return found
    only = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    return find_class_folders(only[0], part) if len(only) == 1 else {}


def read_class_folders(
    folder: Path, classes: dict[int, Path], options: ReadOptions | None = None
) -> SampleFile:
    """Read a folder of pictures by class: one folder for each of the digits 0 to 9.

    Pictures of 28 × 28 are taken as they are, dark ink on paper inverted; others are framed as
    drawings are. `options` as in `ReadOptions`.

    Raises
    ------
    DataError
        If a folder has another name, a picture cannot be read, or there are none.
    """
    from data_cache.readers.pictures import digit_from_picture  # noqa: PLC0415 - needs Pillow

    wrong = sorted(number for number in classes if number >= CLASS_COUNT)
    if wrong:
        raise DataError(
            gettext(
                "{folder}: expected folders from 0 to {last}, found {wrong}.",
                folder=folder,
                last=CLASS_COUNT - 1,
                wrong=wrong[0],
            )
        )
    images, labels, skipped = [], [], 0
    for label, inner in sorted(classes.items()):
        for path in sorted(inner.iterdir()):
            if not path.is_file() or path.name.startswith("."):
                continue
            with path.open("rb") as file:
                kind = identify(file.read(START_BYTES))
            if kind.name not in PICTURES:
                skipped += 1
                continue
            digit = digit_from_picture(path.read_bytes(), str(path))
            if digit is None:
                skipped += 1
                continue
            images.append(digit)
            labels.append(label)
            if len(images) > _MAX_PICTURES:
                raise DataError(
                    gettext(
                        "{folder}: expected at most {max_pictures:,} pictures.",
                        folder=folder,
                        max_pictures=_MAX_PICTURES,
                    )
                )
    if not images:
        raise DataError(
            gettext("{folder}: expected pictures in the folders 0 to 9, found none.", folder=folder)
        )
    notes = (
        (
            gettext(
                "{skipped:,} files are blank or no pictures, and were left out.", skipped=skipped
            ),
        )
        if skipped
        else ()
    )
    return make_sample_file(
        str(folder),
        np.stack(images),
        np.array(labels, np.uint8),
        gettext("pictures by class"),
        options or ReadOptions(),
        notes=notes,
    )


def find_tables(folder: Path, part: str) -> list[Path]:
    """Return the tables and archives of arrays in a folder, of one half if names tell it.

    Names are all there is to tell "train.csv" from "test.csv".
    """
    files = [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name.lower().removesuffix(".gz").endswith(_TABLES)
    ]
    halves = [path for path in files if any(word in path.name.lower() for word in PREFIXES[part])]
    return halves if len(halves) == 1 else files


def _image_names(part: str) -> list[str]:
    if part not in PREFIXES:
        raise DataError(
            gettext('Part of a folder: expected train or test, found "{part}".', part=part)
        )
    words = ("train",) if part == "train" else ("t10k", "test")
    return [
        prefix + ending + suffix
        for prefix in words
        for ending in _ENDINGS
        for suffix in (".gz", "")
    ]


def _levels(folder: Path) -> Iterator[list[Path]]:
    """Yield the files of a folder, then those of the folders in it, and so on."""
    level = [folder]
    for _ in range(_DEPTH + 1):
        entries = [path for inner in level for path in sorted(inner.iterdir())]
        yield [path for path in entries if path.is_file()]
        level = [path for path in entries if path.is_dir()]


def _is_half(path: Path, part: str) -> bool:
    match = _IMAGES.fullmatch(path.name)
    return match is not None and match[1].lower() in PREFIXES[part]


def _without_compression(path: Path) -> Path:
    return path.with_suffix("") if path.suffix in (".gz", ".xz", ".bz2") else path
