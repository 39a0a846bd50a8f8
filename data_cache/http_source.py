"""Fetches blocks of samples over HTTP, in the browser and natively.

Every block is checked against the SHA-256 that the manifest has for it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from data_cache.block_file import decode_block
from data_cache.errors import DataError
from data_cache.manifest import BlockFile, Manifest, check_block, parse_manifest
from data_cache.prefetch_queue import PrefetchQueue, exponential_pause
from data_cache.samples import PARTS, DataSet, Samples

FetchBytes = Callable[[str], Awaitable[bytes]]
TIMEOUT_SECONDS = 30
_PART_CONCURRENCY = 5


async def fetch_url(url: str) -> bytes:
    """Get the bytes at an address: with the browser's fetch in Pyodide, else with urllib.

    Raises
    ------
    DataError
        If the server cannot be reached or answers with anything but 200.
    """
    if sys.platform == "emscripten":
        return await _fetch_in_browser(url)
    return await asyncio.to_thread(_fetch_natively, url)


async def _fetch_in_browser(url: str) -> bytes:
    from pyodide.http import pyfetch  # noqa: PLC0415 - exists in the browser alone

    try:
        response = await pyfetch(url)
    except OSError as error:
        raise DataError(f"{url}: the server could not be reached ({error}).") from error
    if response.status != 200:
        raise DataError(f"{url}: status 200 was expected, but {response.status} was found.")
    content: bytes = await response.bytes()
    return content


def _fetch_natively(url: str) -> bytes:
    from http.client import HTTPException  # noqa: PLC0415 - sockets are not for the browser
    from urllib.error import HTTPError  # noqa: PLC0415
    from urllib.request import urlopen  # noqa: PLC0415

    try:
        with urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            content: bytes = response.read()
    except HTTPError as error:
        with error:
            raise DataError(
                f"{url}: status 200 was expected, but {error.code} was found."
            ) from error
    except (OSError, HTTPException) as error:
        raise DataError(f"{url}: the server could not be reached ({error}).") from error
    return content


async def open_manifest(url: str, fetch_bytes: FetchBytes = fetch_url) -> Manifest:
    """Fetch and read the manifest at an address.

    Raises
    ------
    DataError
        If it cannot be fetched or is no manifest.
    """
    return parse_manifest(await fetch_bytes(url), url)


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
    fetch_bytes : async callable
        Gets the bytes at an address.
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
        fetch_bytes: FetchBytes = fetch_url,
        *,
        memory: int = 48 * 2**20,
    ) -> None:
        self._manifest = manifest
        self._blocks = manifest.part(name, part)
        self._fetch_bytes = fetch_bytes
        self._known: dict[BlockFile, Samples] = {}
        self._memory_left = memory
        self.sample_count = sum(block.count for block in self._blocks)

    def plan_epoch(self, generator: np.random.Generator) -> Sequence[BlockRequest]:
        """Return the blocks in random order, each with a random order of its samples."""
        shuffled = [self._blocks[i] for i in generator.permutation(len(self._blocks))]
        return [BlockRequest(block, generator.permutation(block.count)) for block in shuffled]

    async def fetch(self, request: BlockRequest) -> Samples:
        """Get one block, checked and in the order that was planned."""
        samples = self._known.get(request.block)
        if samples is None:
            samples = await fetch_block(self._manifest, request.block, self._fetch_bytes)
            self._remember(request.block, samples)
        return samples[request.order]

    def _remember(self, block: BlockFile, samples: Samples) -> None:
        if block not in self._known and samples.images.nbytes <= self._memory_left:
            self._known[block] = samples
            self._memory_left -= samples.images.nbytes


async def fetch_block(manifest: Manifest, block: BlockFile, fetch_bytes: FetchBytes) -> Samples:
    """Get one block, checked.

    Raises
    ------
    DataError
        If it cannot be fetched, or is not the block that the manifest lists.
    """
    address = manifest.address(block)
    samples = decode_block(check_block(block, await fetch_bytes(address)), address)
    if len(samples) != block.count:
        raise DataError(
            f"{address}: {block.count} samples were expected, but {len(samples)} were found."
        )
    return samples


class _WholePart:
    """A part in its own order, for fetching it once."""

    def __init__(self, manifest: Manifest, blocks: Sequence[BlockFile], fetch: FetchBytes) -> None:
        self._manifest, self._blocks, self._fetch_bytes = manifest, blocks, fetch
        self.sample_count = sum(block.count for block in blocks)

    def plan_epoch(self, generator: np.random.Generator) -> Sequence[BlockFile]:
        return self._blocks

    async def fetch(self, request: BlockFile) -> Samples:
        return await fetch_block(self._manifest, request, self._fetch_bytes)


async def load_part(
    manifest: Manifest,
    name: str,
    part: str,
    *,
    fetch_bytes: FetchBytes = fetch_url,
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
    source = _WholePart(manifest, blocks, fetch_bytes)
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
    fetch_bytes: FetchBytes = fetch_url,
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
            fetch_bytes=fetch_bytes,
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
