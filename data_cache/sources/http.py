"""Fetches blocks of samples over HTTP, one by one for training or a whole part in one call.

Each block is compared with the SHA-256 checksum in the manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from data_cache.errors import DataError, TransientError
from data_cache.prefetch_queue import PrefetchQueue
from data_cache.readers.sample_file import CLASS_COUNT
from data_cache.retries import Backoff, exponential_backoff, retry
from data_cache.samples import Samples, concatenate_samples
from data_cache.sources.block_files import decode_block
from data_cache.sources.fetch import TIMEOUT_SECONDS, fetch_checked, fetch_url
from data_cache.sources.manifest import BlockFile, Manifest, parse_manifest
from data_cache.sources.source import Source, shuffle_blocks
from data_cache.texts import gettext

_PART_CONCURRENCY = 5


async def open_manifest(
    url: str,
    *,
    backoff: Backoff = exponential_backoff,
    on_retry: Callable[[TransientError], None] | None = None,
) -> Manifest:
    """Fetch and parse the manifest at a URL.

    Parameters
    ----------
    url : str
    backoff : callable
        Seconds to wait before retry number 1, 2, … after a transient error.
    on_retry : callable, optional
        Called with the error before each retry.

    Raises
    ------
    DataError
        If it cannot be fetched or is not a manifest.
    """
    content = await retry(lambda _attempt: fetch_url(url), backoff=backoff, on_retry=on_retry)
    return parse_manifest(content, url)


@dataclass(frozen=True, eq=False)
class BlockRequest:
    """A block file, and the permutation of its samples, (count,) integers; None: as stored."""

    block: BlockFile
    order: np.ndarray | None

    def arrange(self, samples: Samples) -> Samples:
        """Return the samples of the block in this order."""
        return samples if self.order is None else samples.take(self.order)


class HttpBlockSource(Source[BlockRequest]):
    """One part of a data set over HTTP, block by block.

    Parameters
    ----------
    manifest : Manifest
    name : str
        The data set.
    part : str
        "train", "validation" or "test".
    timeout : float
        Seconds that the server may be silent.
    cache_bytes : int
        Bytes of pixels that stay in memory, so that later epochs need not fetch them again. The
        default is enough for the training part of MNIST.
    shuffle : bool
        Whether every epoch has a new order of the blocks, and of the samples within each block;
        else the order of the manifest.

    Raises
    ------
    DataError
        If there is no such data set or part.
    """

    def __init__(
        self,
        manifest: Manifest,
        name: str,
        part: str = "train",
        *,
        timeout: float = TIMEOUT_SECONDS,
        cache_bytes: int = 48 * 2**20,
        shuffle: bool = True,
    ) -> None:
        self._manifest = manifest
        self._blocks = manifest.part(name, part)
        self._class_count = len(manifest.data_sets[name].class_names)
        self._timeout = timeout
        self._shuffle = shuffle
        self._failed: set[BlockFile] = set()
        self._cached: dict[BlockFile, Samples] = {}
        self._cache_bytes_left = cache_bytes
        self.sample_count = sum(block.count for block in self._blocks)

    @property
    def block_size(self) -> int | None:
        """Samples in each block, fewer only in the last one; None if the blocks differ."""
        *counts, last = [block.count for block in self._blocks]
        size = counts[0] if counts else last
        return size if set(counts) <= {size} and last <= size else None

    def plan_epoch(self, generator: np.random.Generator) -> Sequence[BlockRequest]:
        """Return a request for each block, in random order if the source shuffles."""
        if not self._shuffle:
            return [BlockRequest(block, None) for block in self._blocks]
        shuffled = shuffle_blocks([block.count for block in self._blocks], generator)
        return [BlockRequest(self._blocks[index], order) for index, order in shuffled]

    def fetch_now(self, request: BlockRequest) -> Samples | None:
        """Return a block in the order of the request if it is cached, else None."""
        samples = self._cached.get(request.block)
        return None if samples is None else request.arrange(samples)

    async def fetch(self, request: BlockRequest) -> Samples:
        """Fetch a block, verified and in the order of the request; errors as in `fetch_block`."""
        cached = self.fetch_now(request)
        if cached is not None:
            return cached
        samples = await self._fetch(request.block)
        self._store(request.block, samples)
        return request.arrange(samples)

    async def _fetch(self, block: BlockFile) -> Samples:
        """Fetch a block, bypassing caches if the last fetch failed: they may hold damaged bytes."""
        fresh = block in self._failed
        self._failed.add(block)
        samples = await fetch_block(
            self._manifest,
            block,
            fresh=fresh,
            timeout=self._timeout,
            class_count=self._class_count,
        )
        self._failed.discard(block)
        return samples

    def _store(self, block: BlockFile, samples: Samples) -> None:
        if block not in self._cached and samples.images.nbytes <= self._cache_bytes_left:
            self._cached[block] = samples
            self._cache_bytes_left -= samples.images.nbytes


async def fetch_block(
    manifest: Manifest,
    block: BlockFile,
    *,
    fresh: bool = False,
    timeout: float = TIMEOUT_SECONDS,
    class_count: int = CLASS_COUNT,
) -> Samples:
    """Fetch a block and verify it.

    Parameters
    ----------
    manifest : Manifest
    block : BlockFile
        One of the manifest's blocks.
    fresh : bool
        Bypass the caches on the way.
    timeout : float
        Seconds that the server may be silent.
    class_count : int
        Labels are from 0 to `class_count` − 1.

    Raises
    ------
    TransientError
        As `fetch_url`; also for a wrong checksum: the block may be damaged in transit.
    DataError
        If it cannot be fetched, or is not the block that the manifest lists.
    """
    url = manifest.block_url(block)
    checksums = (block.sha256, block.unpacked_sha256)
    fetched = await fetch_checked(url, checksums, fresh=fresh, timeout=timeout)
    sha256 = fetched.sha256 or hashlib.sha256(fetched.content).hexdigest()
    if sha256 not in checksums:
        raise TransientError(
            gettext(
                "{url}: expected {bytes} bytes with SHA-256 {sha256}…, found {found} "
                "bytes with {found_sha256}…; the block is damaged or from another build: "
                "reload the page, or write the blocks again.",
                url=url,
                bytes=block.bytes,
                sha256=block.sha256[:12],
                found=len(fetched.content),
                found_sha256=sha256[:12],
            )
        )
    samples = decode_block(fetched.content, url, class_count)
    if len(samples) != block.count:
        raise DataError(
            gettext(
                "{url}: expected {count} samples, found {found}.",
                url=url,
                count=block.count,
                found=len(samples),
            )
        )
    return samples


async def fetch_block_with_retries(
    manifest: Manifest,
    block: BlockFile,
    *,
    backoff: Backoff = exponential_backoff,
    on_retry: Callable[[TransientError], None] | None = None,
) -> Samples:
    """Fetch a block as `fetch_block` does, and again after transient errors, without caches.

    Parameters
    ----------
    manifest : Manifest
    block : BlockFile
        One of the manifest's blocks.
    backoff : callable
        Seconds to wait before retry number 1, 2, … after a transient error.
    on_retry : callable, optional
        Called with the error before each retry.

    Raises
    ------
    DataError
        As `fetch_block`, after the retries.
    """
    return await retry(
        lambda attempt: fetch_block(manifest, block, fresh=attempt > 0),
        backoff=backoff,
        on_retry=on_retry,
    )


async def load_part(
    manifest: Manifest,
    name: str,
    part: str,
    *,
    progress: Callable[[int, int], None] | None = None,
    backoff: Backoff = exponential_backoff,
    on_retry: Callable[[TransientError], None] | None = None,
) -> Samples:
    """Fetch all samples of one part of a data set, in the order of the manifest.

    Parameters
    ----------
    manifest : Manifest
    name : str
        The data set.
    part : str
        "train", "validation" or "test".
    progress : callable, optional
        Called with (blocks fetched, blocks in total) after each block.
    backoff : callable
        Seconds to wait before retry number 1, 2, … after a transient error.
    on_retry : callable, optional
        Called with the error before each retry of a block.

    Raises
    ------
    DataError
        If there is no such part.
    PrefetchError
        If a block cannot be fetched, after retries.
    """
    source = HttpBlockSource(manifest, name, part, cache_bytes=0, shuffle=False)
    count = len(manifest.part(name, part))
    pieces: list[Samples] = []
    size = min(_PART_CONCURRENCY, count)
    generator = np.random.default_rng(0)  # required by the queue, not used without shuffling
    async with PrefetchQueue(
        source, size, _PART_CONCURRENCY, generator=generator, backoff=backoff, on_retry=on_retry
    ) as queue:
        for done in range(1, count + 1):
            # The queue is endless: it must not begin the part a second time.
            queue.cache_size = min(size, count - done)
            block = await anext(queue)
            pieces.append(Samples(block.images, block.labels))
            if progress is not None:
                progress(done, count)
    return concatenate_samples(pieces)
