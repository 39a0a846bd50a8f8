"""The data sets that are known by name, and how they are loaded.

"digits" is bundled with the package; the others are read from a folder of idx files, into which
`data_cache.download` can fetch them.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import decompress, read_bytes
from data_cache.readers.idx import find_labels, parse_idx
from data_cache.readers.paths import find_images, has_images, open_samples
from data_cache.samples import PIXELS, DataSet, Samples
from data_cache.texts import gettext

DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@dataclass(frozen=True)
class DataSetCard:
    """Facts about a data set that are known before it is read.

    Attributes
    ----------
    name, title : str
        Identifier, and name to show.
    class_names : tuple of str
        The meaning of each label, in the order of the labels.
    counts : tuple of int
        Numbers of training, validation and test samples.
    bundled : bool
        Whether it is part of the package.
    credit : str
        Authors and licence.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    counts: tuple[int, int, int]
    bundled: bool
    credit: str


_MNIST_CREDIT = "Yann LeCun, Corinna Cortes, Christopher J. C. Burges; CC BY-SA 3.0"
_CARDS = (
    DataSetCard("digits", "MNIST 5,000", DIGIT_NAMES, (4000, 500, 500), True, _MNIST_CREDIT),
    DataSetCard("mnist", "MNIST 60,000", DIGIT_NAMES, (55000, 5000, 10000), False, _MNIST_CREDIT),
    DataSetCard(
        "fashion-mnist",
        "Fashion-MNIST",
        FASHION_NAMES,
        (55000, 5000, 10000),
        False,
        "Han Xiao, Kashif Rasul, Roland Vollgraf (Zalando SE); MIT",
    ),
)

DATA_SETS: Mapping[str, DataSetCard] = MappingProxyType({card.name: card for card in _CARDS})
"""The known data sets by name."""

LABELS_SHA256 = {
    "mnist": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "fashion-mnist": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
}
"""SHA-256 of the uncompressed training labels, by which a folder's data set is recognised."""

VALIDATION_SHARE = 12
"""The last 1 / 12 of the training half is held out for validation."""


def data_set_card(name: str) -> DataSetCard:
    """Return the card of a data set.

    Raises
    ------
    DataError
        If there is no such data set.
    """
    if name not in DATA_SETS:
        raise DataError(
            gettext(
                'Data set: expected one of {names}, found "{name}".',
                names=", ".join(DATA_SETS),
                name=name,
            )
        )
    return DATA_SETS[name]


def data_folder(folder: Path | str | None = None) -> Path:
    """Return the folder that holds data sets: `folder`, INKLING_DATA, or the user's cache."""
    chosen = folder or os.environ.get("INKLING_DATA")
    return Path(chosen).expanduser() if chosen else _user_cache() / "inkling"


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def data_set_available(name: str, folder: Path | str | None = None) -> bool:
    """Return whether `load_data_set` would find the data set, judging by file names alone."""
    card = data_set_card(name)
    return card.bundled or _find_folder(card, data_folder(folder)) is not None


def load_data_set(name: str, folder: Path | str | None = None) -> DataSet:
    """Load a data set in its three parts.

    Parameters
    ----------
    name : str
        One of `DATA_SETS`.
    folder : path, optional
        Where to look: in its subfolder of that name, then in the folder itself. Default:
        INKLING_DATA, else the cache of downloads.

    Returns
    -------
    DataSet
        The validation part is the last twelfth of the training half (5,000 of MNIST's 60,000);
        the test half is whole. The bundled "digits" have a fixed split of their own.

    Raises
    ------
    DataError
        If the name is unknown, the files are missing, or a file is damaged.
    """
    card = data_set_card(name)
    if card.bundled:
        return load_digits()
    root = data_folder(folder)
    found = _find_folder(card, root)
    if found is None:
        raise DataError(
            gettext(
                "{title}: expected idx files in {folder} or {parent}, found none; fetch "
                "them with `inkling data fetch {name}`, or set INKLING_DATA to a folder "
                "that has them.",
                title=card.title,
                folder=root / name,
                parent=root,
                name=name,
            )
        )
    train, test = open_samples(found, "train"), open_samples(found, "test")
    split = len(train) - len(train) // VALIDATION_SHARE
    return DataSet(name, card.title, card.class_names, train[:split], train[split:], test)


def load_digits() -> DataSet:
    """Load the bundled digits: 4,000 for training, 500 for validation, 500 for test.

    All are from MNIST's training half. The files have the ten classes in rotation (0, 1, …, 9,
    0, 1, …), so each part is a slice with equally many samples of every class.
    """
    images = _read_bundled("digits-images-idx3-ubyte.gz").reshape(-1, PIXELS)
    samples = Samples(images, _read_bundled("digits-labels-idx1-ubyte.gz"))
    card = data_set_card("digits")
    first, second = card.counts[0], card.counts[0] + card.counts[1]
    return DataSet(
        card.name,
        card.title,
        card.class_names,
        samples[:first],
        samples[first:second],
        samples[second:],
    )


def _read_bundled(name: str) -> np.ndarray:
    # Unlike a path, importlib.resources also reads from packages that are archives.
    content = (files("data_cache") / "digits" / name).read_bytes()
    return parse_idx(decompress(content, name), name)


def _find_folder(card: DataSetCard, folder: Path) -> Path | None:
    if has_images(folder / card.name):
        return folder / card.name
    if has_images(folder) and not _is_another_data_set(card, folder):
        return folder
    return None


def _is_another_data_set(card: DataSetCard, folder: Path) -> bool:
    """Return whether the labels in a folder are those of another known data set."""
    try:
        labels = read_bytes(find_labels(find_images(folder, "train")))
    except DataError:
        return False  # the reader reports a damaged file
    digest = hashlib.sha256(labels).hexdigest()
    return any(digest == known for name, known in LABELS_SHA256.items() if name != card.name)
