"""Own digits: labelled drawings in the format of MNIST, as many as fit into an autosave.

They are plain records, so that they can be saved, exported and trained on alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_cache import Samples
from data_cache.samples import PIXELS

MOST_OWN_DIGITS = 200
"""Own digits that are kept; then the oldest one is dropped."""

LARGEST_FILE = 20_000_000
"""Bytes that a file of digits may have, and unpack to."""


@dataclass(frozen=True, eq=False)
class OwnDigit:
    """One labelled drawing.

    Attributes
    ----------
    image
        (784,) uint8, as the model gets it; 255 is full ink.
    label
        From 0 to 9.
    """

    image: NDArray[np.uint8]
    label: int


def add_digits(digits: Sequence[OwnDigit], new: Iterable[OwnDigit]) -> list[OwnDigit]:
    """Return own digits with new ones behind them, at most `MOST_OWN_DIGITS`.

    An image that is there already gets its new label instead of being kept twice.
    """
    kept = {digit.image.tobytes(): digit for digit in digits}
    for digit in new:
        kept.pop(digit.image.tobytes(), None)
        kept[digit.image.tobytes()] = digit
    return list(kept.values())[-MOST_OWN_DIGITS:]


def samples_of(digits: Sequence[OwnDigit]) -> Samples:
    """Return own digits as samples, in their order."""
    images = np.array([digit.image for digit in digits], np.uint8).reshape(-1, PIXELS)
    return Samples(images, np.array([digit.label for digit in digits], np.uint8))


def digits_of(samples: Samples) -> list[OwnDigit]:
    """Return labelled samples as own digits.

    Raises
    ------
    ValueError
        A label is no digit.
    """
    labels = samples.labels.tolist()
    if any(label > 9 for label in labels):
        raise ValueError(f"expected labels from 0 to 9, found {max(labels)}")
    return [
        OwnDigit(image.copy(), label) for image, label in zip(samples.images, labels, strict=True)
    ]
