"""The samples and blocks that the API serves.

They are loaded and packed by the first request that needs them, in a thread.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from dashboard.api.block_folder import MANIFEST, packed_blocks, read_manifest
from dashboard.api.errors import ApiError
from dashboard.api.settings import ApiSettings
from data_cache import DATA_SETS, DataSet, Samples, data_set_available

BLOCKS_IN_MEMORY = 128
LoadDataSet = Callable[[str], DataSet]


@dataclass(frozen=True)
class SampleQuery:
    """A selection of samples: a split, optionally a label, an index and a seed."""

    split: str = "train"
    label: int | None = None
    index: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Blocks:
    """The packed blocks: their folder, the manifest's bytes, and the hash of each block."""

    folder: Path
    manifest: bytes
    manifest_hash: str
    paths: tuple[str, ...]
    hashes: tuple[str, ...]


class DataService:
    """Samples of one data set, and the blocks of all data sets.

    Parameters
    ----------
    load
        Returns a data set by name; called repeatedly, so it should cache.
    """

    def __init__(self, settings: ApiSettings, load: LoadDataSet) -> None:
        self._settings = settings
        self._load = load
        self._packing = threading.Lock()
        self.blocks: Blocks | None = None
        self.read_block = lru_cache(BLOCKS_IN_MEMORY)(_read_block)

    def validation(self) -> Samples:
        """Return the digits on which weights are evaluated."""
        return self._load(self._settings.data_set).validation

    def select(self, query: SampleQuery, count: int) -> Samples:
        """Return `count` samples; raise ApiError 404 if none matches the query.

        Without an index they are drawn at random, without replacement while there are enough.
        """
        samples = self._load(self._settings.data_set).part(query.split)
        if query.index is not None:
            return _at(samples, query)
        candidates = np.arange(len(samples))
        if query.label is not None:
            candidates = np.flatnonzero(samples.labels == query.label)
        if not len(candidates):
            raise ApiError(
                404, f"No sample of the split “{query.split}” has the label {query.label}."
            )
        generator = np.random.default_rng(query.seed)
        return samples[generator.choice(candidates, count, replace=count > len(candidates))]

    def pack(self) -> Blocks:
        """Return the blocks of all data sets on this machine, packing them if necessary."""
        with self._packing:
            if self.blocks is None:
                names = [name for name in DATA_SETS if data_set_available(name)]
                folder = packed_blocks([self._load(n) for n in names], self._settings.cache_folder)
                self.blocks = _describe(folder)
            return self.blocks


def _at(samples: Samples, query: SampleQuery) -> Samples:
    index = query.index
    assert index is not None
    if index >= len(samples):
        raise ApiError(
            404,
            f"Expected an index from 0 to {len(samples) - 1:,} in “{query.split}”, "
            f"found {index:,}.",
        )
    if query.label is not None and samples.labels[index] != query.label:
        raise ApiError(
            404, f"Sample {index:,} of “{query.split}” does not have the label {query.label}."
        )
    return samples[index : index + 1]


def _describe(folder: Path) -> Blocks:
    blocks = [
        block
        for listed in read_manifest(folder).data_sets.values()
        for part in listed.parts.values()
        for block in part
    ]
    manifest = (folder / MANIFEST).read_bytes()
    return Blocks(
        folder,
        manifest,
        hashlib.sha256(manifest).hexdigest()[:32],
        tuple(block.path for block in blocks),
        tuple(block.sha256[:32] for block in blocks),
    )


def _read_block(folder: Path, path: str) -> bytes:
    return (folder / path).read_bytes()
