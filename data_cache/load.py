"""Loads a data set by name, from the package or from a folder of idx files.

The folder is the one given, else the one in the environment variable INKLING_DATA, else the cache
that downloads go to.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from data_cache.bundled import load_digits
from data_cache.datasets import DataSetCard, data_set_card
from data_cache.errors import DataError
from data_cache.readers.archives import read_bytes
from data_cache.readers.idx import find_labels
from data_cache.readers.paths import find_images, has_images, open_samples
from data_cache.samples import DataSet

# SHA-256 of the unpacked labels of the training half, which tell the data sets apart.
LABELS_SHA256 = {
    "mnist": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "fashion-mnist": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
}
# One twelfth of the training half is set apart: 5,000 of 60,000.
VALIDATION_SHARE = 12


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
    """Tell whether `load_data_set` would find the data set; looks for files, cheaply."""
    card = data_set_card(name)
    return card.bundled or _find_folder(card, data_folder(folder)) is not None


def load_data_set(name: str, folder: Path | str | None = None) -> DataSet:
    """Load a data set in its three parts.

    The validation part is the last twelfth of the training half (5,000 of MNIST's 60,000); the
    test half is left whole. The bundled "digits" have a fixed split of their own.

    Parameters
    ----------
    name : str
        One of DATA_SETS.
    folder : path, optional
        Where to look: in the folder of that name in it, then in the folder itself. By default
        INKLING_DATA, else the cache of the downloads.

    Raises
    ------
    DataError
        If there is no such data set, it is not there (the text says how to get it), or a file is
        damaged.
    """
    card = data_set_card(name)
    if card.bundled:
        return load_digits()
    place = data_folder(folder)
    found = _find_folder(card, place)
    if found is None:
        raise DataError(
            f"{card.title} was expected as idx files in {place / name} or {place}, but is not "
            f"there; fetch it with `inkling data fetch {name}`, or set INKLING_DATA to a folder "
            "that has it."
        )
    train, test = open_samples(found, "train"), open_samples(found, "test")
    split = len(train) - len(train) // VALIDATION_SHARE
    return DataSet(name, card.title, card.class_names, train[:split], train[split:], test)


def _find_folder(card: DataSetCard, folder: Path) -> Path | None:
    if has_images(folder / card.name):
        return folder / card.name
    if has_images(folder) and not _holds_another(card, folder):
        return folder
    return None


def _holds_another(card: DataSetCard, folder: Path) -> bool:
    """Tell whether a folder that bears no data set's name holds a known one of another name."""
    try:
        labels = read_bytes(find_labels(find_images(folder, "train")))
    except DataError:
        return False  # a damaged file is reported by whoever reads it
    digest = hashlib.sha256(labels).hexdigest()
    return any(digest == known for name, known in LABELS_SHA256.items() if name != card.name)
