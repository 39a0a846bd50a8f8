"""Opens a data set for the controller, in memory or block by block over HTTP.

The controller sees one face: a source to train from, parts to score on, and samples on demand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from data_cache import (
    ArraySource,
    DataError,
    DataSet,
    HttpBlockSource,
    Manifest,
    Samples,
    Source,
    exponential_backoff,
    fetch_block_with_retries,
    load_part,
)

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
        self,
        part: str,
        *,
        index: int | None,
        label: int | None,
        generator: np.random.Generator,
        but: int | None = None,
    ) -> Sample:
        """Return the sample at `index`, or a random one, of class `label` if that is given.

        A random one is another than that at index `but`, if there is another at hand.
        """
        ...


Report = Callable[[str], None]
OpenFunction = Callable[[str, Report], Awaitable[OpenDataSet]]
"""Opens a data set by name; may report in words how far it has come. Raises DataError."""


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
        self,
        part: str,
        *,
        index: int | None,
        label: int | None,
        generator: np.random.Generator,
        but: int | None = None,
    ) -> Sample:
        """Return one sample; see OpenDataSet."""
        samples = self._data_set.part(part)
        if index is None:
            index = pick(samples.labels, label, generator, but)
        return Sample(samples.images[index], int(samples.labels[index]), part, index)


def candidates(
    labels: NDArray[np.uint8], label: int | None, but: int | None = None, first: int = 0
) -> NDArray[np.intp]:
    """Return the indices of samples, of class `label` if that is given, without `but`.

    `but` counts from the beginning of the part, in which the first of these is number `first`.
    """
    chosen = np.arange(len(labels)) if label is None else np.flatnonzero(labels == label)
    return chosen if but is None else chosen[chosen != but - first]


def pick(
    labels: NDArray[np.uint8],
    label: int | None,
    generator: np.random.Generator,
    but: int | None = None,
) -> int:
    """Pick the index of a random sample, of class `label` if that is given.

    It is another than `but`, unless that is the only one.

    Raises
    ------
    DataError
        When there is no sample of that class.
    """
    for chosen in (candidates(labels, label, but), candidates(labels, label)):
        if len(chosen):
            return int(generator.choice(chosen))
    raise _absent(label, len(labels))


def _absent(label: int | None, count: int) -> DataError:
    return DataError(f"There is no sample of class {label} among these {count:,}.")


class DataSetOverHttp:
    """A data set whose blocks lie beside a manifest on a site or a server.

    `pause` gives the seconds to wait before retry number 1, 2, … of a block.
    """

    def __init__(
        self, manifest: Manifest, name: str, *, pause: Callable[[int], float] = exponential_backoff
    ) -> None:
        listed = manifest.data_sets[name]
        self.name = name
        self.title = listed.title
        self.class_names = listed.class_names
        self.source: Source[Any] = HttpBlockSource(manifest, name, "train")
        self._manifest = manifest
        self._listed = listed
        self._pause = pause
        self._parts: dict[str, Samples] = {}

    def count(self, part: str) -> int:
        """Samples in a part."""
        return self._listed.count(part)

    async def part(self, name: str) -> Samples:
        """Return the whole part; fetched once, then kept."""
        if name not in self._parts:
            self._parts[name] = await load_part(
                self._manifest, self.name, name, backoff=self._pause
            )
        return self._parts[name]

    async def sample(
        self,
        part: str,
        *,
        index: int | None,
        label: int | None,
        generator: np.random.Generator,
        but: int | None = None,
    ) -> Sample:
        """Return one sample; see OpenDataSet. Only the block that holds it is fetched."""
        blocks = self._manifest.part(self.name, part)
        firsts = np.cumsum([0, *(block.count for block in blocks)])
        anywhere = int(generator.integers(firsts[-1])) if index is None else index
        start = int(np.searchsorted(firsts, anywhere, side="right")) - 1
        # A block may lack a class that the next one has.
        for number in (*range(start, len(blocks)), *range(start)):
            samples = await fetch_block_with_retries(
                self._manifest, blocks[number], backoff=self._pause
            )
            first = int(firsts[number])
            if index is not None:
                inside = index - first
            elif len(chosen := candidates(samples.labels, label, but, first)):
                inside = int(generator.choice(chosen))
            else:
                continue
            return Sample(samples.images[inside], int(samples.labels[inside]), part, first + inside)
        if but is None:
            raise _absent(label, int(firsts[-1]))
        return await self.sample(part, index=None, label=label, generator=generator)


def read_index(text: str, count: int) -> int | None:
    """Parse the index of a sample; empty text is None.

    Raises
    ------
    ValueError
        With a sentence, when the text is no whole number from 0 to count − 1.
    """
    entry = text.strip()
    if not entry:
        return None
    digits = entry.lstrip("0") or "0"
    if not (entry.isascii() and entry.isdigit() and len(digits) < 12 and int(digits) < count):
        raise ValueError(
            f"The index takes a whole number from 0 to {count - 1:,}, or nothing for any sample; "
            f"found “{entry[:24]}”."
        )
    return int(digits)


def describe_sample(sample: Sample, class_names: tuple[str, ...]) -> str:
    """Say where a sample comes from and how it is labelled."""
    return f"Sample {sample.index:,} of {sample.part}, labelled “{class_names[sample.label]}”."
