"""A data set whose training part is a small, class-balanced subset, to show overfitting.

The subset does not depend on the seed, so runs on it differ only in what was changed on purpose.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.digits.datasets import (
    BLOCK_SIZE,
    OpenedDataSet,
    Sample,
    SampleQuery,
    choose_sample,
)
from dashboard.languages.text import gettext
from data_cache import ArraySource, DataError, Samples, Source
from data_cache.samples import concatenate_samples

ALL = "all"
TRAINING_SAMPLES = (ALL, "100", "500", "1000")
"""Names of the training parts: all samples, or so many."""


class TrainingSubset:
    """A data set that trains on a part of its training samples; its other parts are unchanged.

    Parameters
    ----------
    whole
        The data set.
    train
        The samples to train on.
    name
        Of the subset, one of `TRAINING_SAMPLES`.
    """

    def __init__(self, whole: OpenedDataSet, train: Samples, name: str) -> None:
        self.whole = whole
        self.subset_name = name
        self.name, self.title, self.class_names = whole.name, whole.title, whole.class_names
        self.source: Source[Any] = ArraySource(train, BLOCK_SIZE)
        self._train = train

    def count(self, part: str) -> int:
        """Return the number of samples in a part."""
        return len(self._train) if part == "train" else self.whole.count(part)

    async def part(self, name: str) -> Samples:
        """Return a whole part; of the training part, the subset."""
        return self._train if name == "train" else await self.whole.part(name)

    async def training_pieces(self) -> AsyncIterator[Samples]:
        """Yield the subset."""
        yield self._train

    async def sample(self, query: SampleQuery, generator: np.random.Generator) -> Sample:
        """Return one sample; see `OpenedDataSet`."""
        if query.part == "train":
            return choose_sample(self._train, query, generator)
        return await self.whole.sample(query, generator)


async def with_training_samples(data: OpenedDataSet, name: str) -> OpenedDataSet:
    """Return the data set with all its training samples, or with the subset of that name.

    A subset has the first samples of each class in stored order, equally many of every class.

    Raises
    ------
    DataError
        If samples cannot be fetched, or there are none.
    """
    whole = whole_of(data)
    if name == ALL:
        return whole
    classes = len(whole.class_names)
    wanted = int(name) // classes
    left = np.full(classes, wanted)
    chosen = []
    async for piece in whole.training_pieces():
        labelled = piece if piece.is_labelled is None else piece[piece.is_labelled]
        samples = labelled.take(first_of_each_class(labelled.labels, left))
        left -= np.bincount(samples.labels, minlength=classes)
        chosen.append(samples)
        if not left.any():
            break
    if not any(map(len, chosen)):
        raise DataError(
            gettext("{title}: expected training samples, found none.", title=whole.title)
        )
    return TrainingSubset(whole, concatenate_samples(chosen), name)


def first_of_each_class(labels: NDArray[np.uint8], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the ascending positions of the first `counts[label]` samples of each label."""
    firsts = [np.flatnonzero(labels == label)[:count] for label, count in enumerate(counts)]
    return np.sort(np.concatenate(firsts))


def whole_of(data: OpenedDataSet) -> OpenedDataSet:
    """Return the data set with all its training samples."""
    return data.whole if isinstance(data, TrainingSubset) else data


def subset_name_of(data: OpenedDataSet) -> str:
    """Return the name of the training part, one of `TRAINING_SAMPLES`."""
    return data.subset_name if isinstance(data, TrainingSubset) else ALL
