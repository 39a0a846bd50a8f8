"""Labelled pictures and the data sets made of them: the records that everything here hands round.

They are checked once, when they are built, so that nobody downstream has to check again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PIXELS = 784
SIDE = 28


@dataclass(frozen=True, eq=False)
class Samples:
    """Pictures with their labels.

    Attributes
    ----------
    images : (n, 784) uint8, ink high: 0 is paper, 255 is full ink
    labels : (n,) uint8, the class of each picture

    Raises
    ------
    ValueError
        If a shape or dtype is another, or the two lengths differ.
    """

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.ndim != 2 or images.shape[1] != PIXELS or images.dtype != np.uint8:
            raise ValueError(
                f"Samples need images of shape (n, {PIXELS}) and dtype uint8, "
                f"but got shape {images.shape} and dtype {images.dtype}."
            )
        if labels.ndim != 1 or labels.dtype != np.uint8:
            raise ValueError(
                "Samples need labels of shape (n,) and dtype uint8, "
                f"but got shape {labels.shape} and dtype {labels.dtype}."
            )
        if len(images) != len(labels):
            raise ValueError(
                f"Samples need one label per image, but got {len(images)} images "
                f"and {len(labels)} labels."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | np.ndarray) -> Samples:
        """Return part of the samples, by slice or by an array of indices."""
        return Samples(self.images[index], self.labels[index])

    def take(self, indices: np.ndarray) -> Samples:
        """Return the samples of these indices, integers, sooner than by indexing with them."""
        return Samples(self.images.take(indices, axis=0), self.labels.take(indices))


@dataclass(frozen=True, eq=False)
class DataSet:
    """A named data set in its three parts, which share no sample.

    Attributes
    ----------
    name : str
        The name to ask for it by, such as "mnist".
    title : str
        The name to show.
    class_names : tuple of str
        What each label means, in the order of the labels.
    train, validation, test : Samples
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    train: Samples
    validation: Samples
    test: Samples

    def part(self, name: str) -> Samples:
        """Return the part called "train", "validation" or "test"."""
        if name not in PARTS:
            raise ValueError(f'A data set has the parts {", ".join(PARTS)}; there is no "{name}".')
        part: Samples = getattr(self, name)
        return part


PARTS = ("train", "validation", "test")
