"""The samples and block files that the API serves.

They are loaded and packed by the first request that needs them, in a thread. The blocks lie in a
cache folder and have the bytes of the static site's `data/`, which the same function writes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from dashboard.api.errors import ApiError
from dashboard.api.settings import ApiSettings
from data_cache import (
    DATA_SETS,
    PARTS,
    DataError,
    DataSet,
    Manifest,
    Samples,
    data_set_available,
    parse_manifest,
    write_blocks,
)

MANIFEST = "manifest.json"
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
        for listed in _read_manifest(folder).data_sets.values()
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


def packed_blocks(data_sets: Sequence[DataSet], cache: Path) -> Path:
    """Return the folder with `manifest.json` and `blocks/` of these data sets.

    Its name in the cache contains a hash of the samples; it is written if it is missing or damaged,
    which takes some ten seconds for 60,000 digits.
    """
    folder = cache / f"blocks-{_digest(data_sets)}"
    if not _is_intact(folder):
        _pack(data_sets, folder)
    return folder


def _digest(data_sets: Sequence[DataSet]) -> str:
    digest = hashlib.sha256()
    for data_set in data_sets:
        digest.update(data_set.name.encode())
        for part in PARTS:
            samples = data_set.part(part)
            digest.update(str(len(samples)).encode())
            digest.update(samples.labels.tobytes())
            digest.update(samples.images.tobytes())
    return digest.hexdigest()[:16]


def _is_intact(folder: Path) -> bool:
    try:
        manifest = _read_manifest(folder)
        return all(
            hashlib.sha256((folder / block.path).read_bytes()).hexdigest() == block.sha256
            for listed in manifest.data_sets.values()
            for blocks in listed.parts.values()
            for block in blocks
        )
    except (OSError, DataError):
        return False


def _read_manifest(folder: Path) -> Manifest:
    """Read the manifest in a folder of blocks."""
    path = folder / MANIFEST
    return parse_manifest(path.read_bytes(), str(path))


def _pack(data_sets: Sequence[DataSet], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="packing-") as temporary:
        packed = Path(temporary) / "packed"
        write_blocks(data_sets, packed)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            os.replace(packed, folder)
        except OSError:
            if not _is_intact(folder):  # otherwise another server process wrote it first
                raise
