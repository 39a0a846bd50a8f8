"""Records of labelled images, and of a data set split into training, validation and test.

Shapes and dtypes are checked once, at construction, so that no user of them checks again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDE = 28
"""Width and height of an image in pixels."""
PIXELS = SIDE * SIDE
PARTS = ("train", "validation", "test")
"""The parts of a data set."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Images with their labels.

    Attributes
    ----------
    images : (n, 784) uint8
        Row by row; 0 is the background, 255 is full ink.
    labels : (n,) uint8
        The class of each image. Ignored (0 by convention) where `is_labelled` is False.
    is_labelled : (n,) bool, optional
        Which samples belong to a class; None: all of them.

    Raises
    ------
    ValueError
        If a shape or dtype differs from these, or the lengths differ.
    """

    images: np.ndarray
    labels: np.ndarray
    is_labelled: np.ndarray | None = None

    def __post_init__(self) -> None:
        images, labels, mask = self.images, self.labels, self.is_labelled
        if images.ndim != 2 or images.shape[1] != PIXELS or images.dtype != np.uint8:
            raise ValueError(
                f"Samples.images: expected shape (n, {PIXELS}) and dtype uint8, "
                f"found shape {images.shape} and dtype {images.dtype}."
            )
        if labels.shape != (len(images),) or labels.dtype != np.uint8:
            raise ValueError(
                f"Samples.labels: expected shape ({len(images)},) and dtype uint8, "
                f"found shape {labels.shape} and dtype {labels.dtype}."
            )
        if mask is not None and (mask.shape != labels.shape or mask.dtype != np.bool_):
            raise ValueError(
                f"Samples.is_labelled: expected shape ({len(images)},) and dtype bool, "
                f"found shape {mask.shape} and dtype {mask.dtype}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | np.ndarray) -> Samples:
        """Return the samples of a slice, a mask or an array of indices."""
        mask = None if self.is_labelled is None else self.is_labelled[index]
        return Samples(self.images[index], self.labels[index], mask)

    def take(self, indices: np.ndarray) -> Samples:
        """Return the samples at integer indices, (m,); faster than indexing with them."""
        mask = None if self.is_labelled is None else self.is_labelled.take(indices)
        return Samples(self.images.take(indices, axis=0), self.labels.take(indices), mask)


def concatenate_samples(pieces: list[Samples]) -> Samples:
    """Return the samples of all pieces, at least one, in order."""
    masks = [piece.is_labelled for piece in pieces]
    is_labelled = None
    if any(mask is not None for mask in masks):
        is_labelled = np.concatenate(
            [
                np.ones(len(piece), bool) if mask is None else mask
                for piece, mask in zip(pieces, masks, strict=True)
            ]
        )
    return Samples(
        np.concatenate([piece.images for piece in pieces]),
        np.concatenate([piece.labels for piece in pieces]),
        is_labelled,
    )


@dataclass(frozen=True, eq=False)
class DataSet:
    """A named data set in three disjoint parts.

    Attributes
    ----------
    name : str
        Identifier, such as "mnist".
    title : str
        Name to show.
    class_names : tuple of str
        The meaning of each label, in the order of the labels.
    train, validation, test : Samples
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    train: Samples
    validation: Samples
    test: Samples

    def part(self, name: str) -> Samples:
        """Return the part called "train", "validation" or "test".

        Raises
        ------
        ValueError
            For any other name.
        """
        if name not in PARTS:
            raise ValueError(f'DataSet.part: expected one of {", ".join(PARTS)}, found "{name}".')
        part: Samples = getattr(self, name)
        return part
