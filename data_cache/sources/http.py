"""Fetches blocks of samples over HTTP, in the browser and natively.

Every block is checked against the SHA-256 that the manifest has for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from data_cache.errors import DataError, PassingError
from data_cache.prefetch_queue import PrefetchQueue, exponential_pause
from data_cache.samples import PARTS, DataSet, Samples
from data_cache.sources.block_files import decode_block
from data_cache.sources.fetch import PATIENCE_SECONDS, fetch_checked, fetch_url
from data_cache.sources.manifest import BlockFile, Manifest, check_block, parse_manifest

_PART_CONCURRENCY = 5
_RETRIES = 4

Answer = TypeVar("Answer")


async def open_manifest(url: str, *, pause: Callable[[int], float] = exponential_pause) -> Manifest:
    """Fetch and read the manifest at an address.

    Parameters
    ----------
    pause
        Seconds to wait before retry number 1, 2, … when the server cannot be reached.

    Raises
    ------
    DataError
        If it cannot be fetched or is no manifest.
    """
    return parse_manifest(await _with_retries(lambda _again: fetch_url(url), pause), url)


async def _with_retries(
    ask: Callable[[bool], Awaitable[Answer]], pause: Callable[[int], float]
) -> Answer:
    """Ask until there is an answer, a few times at most; `ask` hears whether it is a retry."""
    for attempt in range(1, _RETRIES + 1):
        try:
            return await ask(attempt > 1)
        except PassingError:
            await asyncio.sleep(pause(attempt))
    return await ask(True)


@dataclass(frozen=True, eq=False)
class BlockRequest:
    """A block file, and the order in which to put its samples."""

    block: BlockFile
    order: np.ndarray


class HttpBlockSource:
    """One part of a data set, block by block.

    In every epoch the blocks come in a fresh order, and so do the samples within each block.

    Parameters
    ----------
    manifest : Manifest
    name : str
        The data set.
    part : str
        "train", "validation" or "test".
    patience : float
        Seconds that the server may be silent.
    memory : int
        Bytes of pixels that are kept, so that later epochs fetch and unpack less; the default
        holds all that MNIST trains on.

    Attributes
    ----------
    sample_count
        How many samples an epoch has.
    """

    def __init__(
        self,
        manifest: Manifest,
        name: str,
        part: str = "train",
        *,
        patience: float = PATIENCE_SECONDS,
        memory: int = 48 * 2**20,
    ) -> None:
        self._manifest = manifest
        self._blocks = manifest.part(name, part)
        self._patience = patience
        self._doubtful: set[BlockFile] = set()
        self._known: dict[BlockFile, Samples] = {}
        self._memory_left = memory
        self.sample_count = sum(block.count for block in self._blocks)

    def plan_epoch(self, generator: np.random.Generator) -> Sequence[BlockRequest]:
        """Return the blocks in random order, each with a random order of its samples."""
        shuffled = [self._blocks[i] for i in generator.permutation(len(self._blocks))]
        return [BlockRequest(block, generator.permutation(block.count)) for block in shuffled]

    async def fetch(self, request: BlockRequest) -> Samples:
        """Get one block, checked and in the order that was planned."""
        known = self.recall(request)
        if known is not None:
            return known
        samples = await self._fetch(request.block)
        self._remember(request.block, samples)
        return samples.take(request.order)

    def recall(self, request: BlockRequest) -> Samples | None:
        """Get one block in the order that was planned if it has been fetched before, at once."""
        samples = self._known.get(request.block)
        return None if samples is None else samples.take(request.order)

    async def _fetch(self, block: BlockFile) -> Samples:
        """Fetch a block, past all caches if that failed the last time: they may hold damage."""
        fresh = block in self._doubtful
        self._doubtful.add(block)
        samples = await fetch_block(self._manifest, block, fresh=fresh, patience=self._patience)
        self._doubtful.discard(block)
        return samples

    def _remember(self, block: BlockFile, samples: Samples) -> None:
        if block not in self._known and samples.images.nbytes <= self._memory_left:
            self._known[block] = samples
            self._memory_left -= samples.images.nbytes


async def fetch_block(
    manifest: Manifest,
    block: BlockFile,
    *,
    fresh: bool = False,
    patience: float = PATIENCE_SECONDS,
) -> Samples:
    """Get one block, checked; `fresh` and `patience` are as in `fetch_checked`.

    Raises
    ------
    DataError
        If it cannot be fetched, or is not the block that the manifest lists.
    """
    address = manifest.address(block)
    expected = (block.sha256, block.unpacked_sha256)
    fetched = await fetch_checked(address, expected, fresh=fresh, patience=patience)
    content = check_block(block, fetched.content, fetched.sha256)
    samples = decode_block(content, address)
    if len(samples) != block.count:
        raise DataError(
            f"{address}: {block.count} samples were expected, but {len(samples)} were found."
        )
    return samples


async def fetch_block_soon(
    manifest: Manifest, block: BlockFile, *, pause: Callable[[int], float] = exponential_pause
) -> Samples:
    """Get one block as `fetch_block` does, and try again when that may help."""
    return await _with_retries(lambda again: fetch_block(manifest, block, fresh=again), pause)


class _WholePart:
    """A part in its own order, for fetching it once."""

    def __init__(self, manifest: Manifest, blocks: Sequence[BlockFile]) -> None:
        self._manifest, self._blocks = manifest, blocks
        self.sample_count = sum(block.count for block in blocks)

    def plan_epoch(self, generator: np.random.Generator) -> Sequence[BlockFile]:
        return self._blocks

    async def fetch(self, request: BlockFile) -> Samples:
        return await fetch_block(self._manifest, request)


async def load_part(
    manifest: Manifest,
    name: str,
    part: str,
    *,
    progress: Callable[[int, int], None] | None = None,
    pause: Callable[[int], float] = exponential_pause,
) -> Samples:
    """Fetch all samples of one part, in the order of the blocks.

    Parameters
    ----------
    progress : callable, optional
        Told (blocks fetched, blocks in all) after every block.
    pause : callable
        Seconds to wait before retry number 1, 2, ….

    Raises
    ------
    DataError
        If there is no such part.
    PrefetchError
        If a block cannot be fetched, after several tries.
    """
    blocks = manifest.part(name, part)
    source = _WholePart(manifest, blocks)
    # The source plans without randomness; the queue wants a generator all the same.
    generator = np.random.default_rng(0)
    pieces: list[Samples] = []
    size = min(_PART_CONCURRENCY, len(blocks))
    async with PrefetchQueue(
        source, size, _PART_CONCURRENCY, generator=generator, pause=pause
    ) as queue:
        for done in range(1, len(blocks) + 1):
            # The queue is endless: it must not begin the part a second time.
            queue.cache_size = min(size, len(blocks) - done)
            block = await anext(queue)
            pieces.append(Samples(block.images, block.labels))
            if progress is not None:
                progress(done, len(blocks))
    return Samples(
        np.concatenate([piece.images for piece in pieces]),
        np.concatenate([piece.labels for piece in pieces]),
    )


async def load_data_set_from_manifest(
    manifest: Manifest,
    name: str,
    *,
    progress: Callable[[int, int], None] | None = None,
    pause: Callable[[int], float] = exponential_pause,
) -> DataSet:
    """Fetch a whole data set; all is as in `load_part`, with `progress` over all parts together."""
    parts = {part: manifest.part(name, part) for part in PARTS}
    total = sum(map(len, parts.values()))
    before, loaded = 0, {}
    for part, blocks in parts.items():
        loaded[part] = await load_part(
            manifest,
            name,
            part,
            progress=_shifted(progress, before, total),
            pause=pause,
        )
        before += len(blocks)
    listed = manifest.data_sets[name]
    return DataSet(name, listed.title, listed.class_names, **loaded)


def _shifted(
    progress: Callable[[int, int], None] | None, before: int, total: int
) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)
