"""The 5,000 digits that come with the package, so that everything works without a network.

They are read through importlib.resources, which also works where packages are archives.
"""

from __future__ import annotations

from importlib.resources import files

from data_cache.datasets import data_set_card
from data_cache.readers.archives import unpack
from data_cache.readers.idx import parse_idx
from data_cache.samples import PIXELS, DataSet, Samples

IMAGES_NAME = "digits-images-idx3-ubyte.gz"
LABELS_NAME = "digits-labels-idx1-ubyte.gz"


def load_digits() -> DataSet:
    """Load the bundled digits: 4,000 for training, 500 for validation, 500 for test.

    The split is fixed: in the files the ten classes take turns (0, 1, …, 9, 0, 1, …), so every
    part is a plain slice with the same number of each digit. All come from MNIST's training half.
    """
    images = parse_idx(_unpacked(IMAGES_NAME), IMAGES_NAME).reshape(-1, PIXELS)
    samples = Samples(images, parse_idx(_unpacked(LABELS_NAME), LABELS_NAME))
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


def _unpacked(name: str) -> bytes:
    return unpack((files("data_cache") / "digits" / name).read_bytes(), name)
