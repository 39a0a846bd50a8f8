"""Opens a data set for the laboratory, in memory or block by block over HTTP.

The laboratory sees one face: a source to train from, parts to score on, and samples on demand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from data_cache import ArraySource, DataError, DataSet, Samples, Source

BLOCK_SIZE = 500


@dataclass(frozen=True)
class Sample:
    """One picture, (784,) uint8, with its label and where it lies in its part."""

    image: NDArray[np.uint8]
    label: int
    part: str
    index: int


class OpenDataSet(Protocol):
    """A data set that is ready to be trained on."""

    name: str
    title: str
    class_names: tuple[str, ...]
    source: Source[Any]

    def count(self, part: str) -> int:
        """Samples in the part "train", "validation" or "test"."""
        ...

    async def part(self, name: str) -> Samples:
        """Return the whole part; fetched once, then kept."""
        ...

    async def sample(
        self, part: str, *, index: int | None, label: int | None, generator: np.random.Generator
    ) -> Sample:
        """Return the sample at `index`, or a random one, of class `label` if that is given."""
        ...


OpenFunction = Callable[[str], Awaitable[OpenDataSet]]


class DataSetInMemory:
    """A data set whose parts are arrays."""

    def __init__(self, data_set: DataSet) -> None:
        self.name = data_set.name
        self.title = data_set.title
        self.class_names = data_set.class_names
        self.source: Source[Any] = ArraySource(data_set.train, BLOCK_SIZE)
        self._data_set = data_set

    def count(self, part: str) -> int:
        """Samples in a part."""
        return len(self._data_set.part(part))

    async def part(self, name: str) -> Samples:
        """Return the whole part."""
        return self._data_set.part(name)

    async def sample(
        self, part: str, *, index: int | None, label: int | None, generator: np.random.Generator
    ) -> Sample:
        """Return one sample; see OpenDataSet."""
        samples = self._data_set.part(part)
        if index is None:
            index = pick(samples.labels, label, generator)
        return Sample(samples.images[index], int(samples.labels[index]), part, index)


def pick(labels: NDArray[np.uint8], label: int | None, generator: np.random.Generator) -> int:
    """Pick the index of a random sample, of class `label` if that is given.

    Raises
    ------
    DataError
        When there is no sample of that class.
    """
    candidates = np.arange(len(labels)) if label is None else np.flatnonzero(labels == label)
    if not len(candidates):
        raise DataError(f"There is no sample of class {label} among these {len(labels):,}.")
    return int(generator.choice(candidates))
