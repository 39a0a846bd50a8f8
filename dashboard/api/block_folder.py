"""A cache folder with the block files of all data sets on this machine.

The same function writes them and the static site's `data/`, so the bytes are the same.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from data_cache import PARTS, DataError, DataSet, Manifest, parse_manifest, write_blocks

MANIFEST = "manifest.json"


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
        manifest = read_manifest(folder)
        return all(
            hashlib.sha256((folder / block.path).read_bytes()).hexdigest() == block.sha256
            for listed in manifest.data_sets.values()
            for blocks in listed.parts.values()
            for block in blocks
        )
    except (OSError, DataError):
        return False


def read_manifest(folder: Path) -> Manifest:
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
