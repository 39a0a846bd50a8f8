"""Opened data sets: samples to train on, parts to evaluate on, and single samples for the pad.

A data set is in memory, or in blocks beside a manifest on a site or a server; the controller uses
both through one protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol
from urllib.parse import urljoin

import numpy as np
import panel as pn
from numpy.typing import NDArray

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, in_current_language
from data_cache import (
    DATA_SETS,
    ArraySource,
    BlockFile,
    DataError,
    DataSet,
    HttpBlockSource,
    Manifest,
    Samples,
    Source,
    TransientError,
    data_set_available,
    exponential_backoff,
    fetch_block_with_retries,
    fetch_data_set,
    load_data_set,
    load_part,
    open_manifest,
)

BLOCK_SIZE = 500
"""Samples in a block of a data set in memory."""

ReportProgress = Callable[[str], None]
DataSetOpener = Callable[[str, ReportProgress], Awaitable["OpenedDataSet"]]
"""Opens a data set by its name and reports its progress in words; raises DataError."""


@dataclass(frozen=True)
class Sample:
    """One image, (784,) uint8, with the index of its class and its place in a part."""

    image: NDArray[np.uint8]
    label: int
    part: str
    index: int


@dataclass(frozen=True)
class SampleQuery:
    """Which sample is wanted.

    Attributes
    ----------
    part
        "train", "validation" or "test".
    index
        Of the sample in its part; None: a random one.
    label
        Of a random sample; None: any class.
    exclude
        The index of a sample that a random one should differ from, if there is another.
    """

    part: str
    index: int | None = None
    label: int | None = None
    exclude: int | None = None

    def candidates(self, labels: NDArray[np.uint8], first: int = 0) -> NDArray[np.intp]:
        """Return the positions of the samples that fit, given labels from index `first` on."""
        if self.label is None:
            positions = np.arange(len(labels))
        else:
            positions = np.flatnonzero(labels == self.label)
        return positions if self.exclude is None else positions[positions != self.exclude - first]

    def not_found(self, count: int) -> DataError:
        """Return the error that no sample of the part has the class."""
        return DataError(
            gettext(
                "Expected a sample of class {label} in the part “{part}”; found none "
                "among {count:,}. Choose another class.",
                label=self.label,
                part=self.part,
                count=count,
            )
        )


class OpenedDataSet(Protocol):
    """A data set that can be trained on."""

    name: str
    title: str
    class_names: tuple[str, ...]
    source: Source[Any]

    def count(self, part: str) -> int:
        """Return the number of samples in a part: "train", "validation" or "test"."""
        ...

    async def part(self, name: str) -> Samples:
        """Return a whole part; it is fetched once at most."""
        ...

    def training_pieces(self) -> AsyncIterator[Samples]:
        """Yield the training samples in stored order, in pieces; DataError when one is missing."""
        ...

    async def sample(self, query: SampleQuery, generator: np.random.Generator) -> Sample:
        """Return one sample; DataError when no sample fits."""
        ...


class InMemoryDataSet:
    """A data set whose parts are arrays."""

    def __init__(self, data_set: DataSet) -> None:
        self.name = data_set.name
        self.title = data_set.title
        self.class_names = data_set.class_names
        self.source: Source[Any] = ArraySource(data_set.train, BLOCK_SIZE)
        self._data_set = data_set

    def count(self, part: str) -> int:
        """Return the number of samples in a part."""
        return len(self._data_set.part(part))

    async def part(self, name: str) -> Samples:
        """Return a whole part."""
        return self._data_set.part(name)

    async def training_pieces(self) -> AsyncIterator[Samples]:
        """Yield the training part."""
        yield self._data_set.train

    async def sample(self, query: SampleQuery, generator: np.random.Generator) -> Sample:
        """Return one sample; see `OpenedDataSet`."""
        return choose_sample(self._data_set.part(query.part), query, generator)


def choose_sample(samples: Samples, query: SampleQuery, generator: np.random.Generator) -> Sample:
    """Return the sample of a whole part that fits a query; DataError when none does."""
    index = query.index
    if index is None:
        index = _choose_index(query, samples.labels, generator)
    return Sample(samples.images[index], int(samples.labels[index]), query.part, index)


def _choose_index(
    query: SampleQuery, labels: NDArray[np.uint8], generator: np.random.Generator
) -> int:
    for attempt in (query, replace(query, exclude=None)):
        candidates = attempt.candidates(labels)
        if len(candidates):
            return int(generator.choice(candidates))
    raise query.not_found(len(labels))


class HttpDataSet:
    """A data set whose blocks lie beside a manifest on a site or a server.

    Parameters
    ----------
    manifest, name
        The list of blocks, and the data set in it.
    pause
        Returns the seconds to wait before retry number 1, 2, … of a block.
    report
        Told of blocks that do not come and are requested again, and of their arrival after that.
    """

    def __init__(
        self,
        manifest: Manifest,
        name: str,
        *,
        pause: Callable[[int], float] = exponential_backoff,
        report: ReportProgress = lambda _sentence: None,
    ) -> None:
        listed = manifest.data_sets[name]
        self.name = name
        self.title = listed.title
        self.class_names = listed.class_names
        self.source: Source[Any] = HttpBlockSource(manifest, name, "train")
        self._manifest = manifest
        self._listed = listed
        self._pause = pause
        self._report = report
        self._parts: dict[str, Samples] = {}

    def count(self, part: str) -> int:
        """Return the number of samples in a part."""
        return self._listed.count(part)

    async def part(self, name: str) -> Samples:
        """Return a whole part; it is fetched once at most."""
        if name not in self._parts:
            self._parts[name] = await self._with_report(
                partial(load_part, self._manifest, self.name, name, backoff=self._pause)
            )
        return self._parts[name]

    async def training_pieces(self) -> AsyncIterator[Samples]:
        """Yield the blocks of the training part, each fetched when it is asked for."""
        for block in self._manifest.part(self.name, "train"):
            yield await self._fetch(block)

    async def _fetch(self, block: BlockFile) -> Samples:
        return await self._with_report(
            partial(fetch_block_with_retries, self._manifest, block, backoff=self._pause)
        )

    async def _with_report(self, fetch: Callable[..., Awaitable[Samples]]) -> Samples:
        """Await a fetch with retries; report each one, and the end of them."""
        is_late = False

        def report_retry(error: TransientError) -> None:
            nonlocal is_late
            is_late = True
            _report_retry(self._report, error)

        samples = await fetch(on_retry=report_retry)
        if is_late:
            self._report(gettext("{title}: the data arrive again.", title=self.title))
        return samples

    async def sample(self, query: SampleQuery, generator: np.random.Generator) -> Sample:
        """Return one sample; see `OpenedDataSet`. Only the blocks that may hold it are fetched."""
        blocks = self._manifest.part(self.name, query.part)
        firsts = np.cumsum([0, *(block.count for block in blocks)])
        index = query.index
        anywhere = int(generator.integers(firsts[-1])) if index is None else index
        start = int(np.searchsorted(firsts, anywhere, side="right")) - 1
        # A block may lack a class that the next one has.
        for number in (*range(start, len(blocks)), *range(start)):
            samples = await self._fetch(blocks[number])
            first = int(firsts[number])
            if index is not None:
                position = index - first
            elif len(candidates := query.candidates(samples.labels, first)):
                position = int(generator.choice(candidates))
            else:
                continue
            label = int(samples.labels[position])
            return Sample(samples.images[position], label, query.part, first + position)
        if query.exclude is None:
            raise query.not_found(int(firsts[-1]))
        return await self.sample(replace(query, exclude=None), generator)


def read_index(text: str, count: int) -> int | None:
    """Parse the index of a sample among `count`; empty text gives None.

    Raises
    ------
    ValueError
        The text is not a whole number from 0 to count − 1.
    """
    entry = text.strip()
    if not entry:
        return None
    digits = entry.lstrip("0") or "0"
    if not (entry.isascii() and entry.isdigit() and len(digits) < 12 and int(digits) < count):
        raise ValueError(
            gettext(
                "Index takes a whole number from 0 to {last}, or nothing for any sample; found "
                "“{entry}”.",
                last=format_number(count - 1),
                entry=entry[:24],
            )
        )
    return int(digits)


async def open_from_disk(name: str, report: ReportProgress) -> OpenedDataSet:
    """Open a data set from this machine's disk; it is downloaded first where it is missing."""
    loop = asyncio.get_running_loop()

    def report_download(done: int, total: int, _file: str) -> None:
        sentence = gettext(
            "Fetching {title}: {done} %",
            title=DATA_SETS[name].title,
            done=100 * done // max(total, 1),
        )
        loop.call_soon_threadsafe(report, sentence)

    def load() -> DataSet:
        if not data_set_available(name):
            fetch_data_set(name, progress=report_download)
        data_set: DataSet = pn.state.as_cached(f"data-set-{name}", load_data_set, name=name)
        return data_set

    return InMemoryDataSet(await loop.run_in_executor(None, in_current_language(load)))


def _report_retry(report: ReportProgress, error: TransientError) -> None:
    report(gettext("{error} Trying again …", error=error))


async def _open_manifest(address: str, name: str, report: ReportProgress) -> Manifest:
    try:
        return await open_manifest(address, on_retry=partial(_report_retry, report))
    except DataError as error:
        title = DATA_SETS[name].title
        raise DataError(
            gettext("{error} To try again, choose {title} again.", error=error, title=title)
        ) from error


async def open_from_site(name: str, report: ReportProgress) -> OpenedDataSet:
    """Open a data set in the browser: from the package, or from the blocks of the site."""
    if DATA_SETS[name].bundled:
        return InMemoryDataSet(load_data_set(name))
    from js import location  # noqa: PLC0415 - exists in a browser only

    manifest = await _open_manifest(urljoin(str(location.href), "data/manifest.json"), name, report)
    if name not in manifest.data_sets:
        raise DataError(
            gettext(
                "Expected {title} among the data of this site; found {names}. To add it, "
                "run `inkling data fetch {name}` and `make site` where the site is built.",
                title=DATA_SETS[name].title,
                names=", ".join(manifest.data_sets) or gettext("no data sets"),
                name=name,
            )
        )
    return HttpDataSet(manifest, name, report=report)


async def open_from_server(
    manifest_address: str, name: str, report: ReportProgress
) -> OpenedDataSet:
    """Open a data set from the blocks of a server; one that it lacks, from the site."""
    manifest = await _open_manifest(manifest_address, name, report)
    if name not in manifest.data_sets:
        return await open_from_site(name, report)
    return HttpDataSet(manifest, name, report=report)
