"""The list of block files that a site or a server has: data sets, their parts, their blocks.

It is JSON (format 1) that lies beside the blocks; paths in it are relative to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_cache.errors import DataError, PassingError
from data_cache.samples import PARTS, DataSet, Samples
from data_cache.sources.block_files import block_bytes, encode_block

FORMAT = 1


@dataclass(frozen=True)
class BlockFile:
    """One block file.

    Attributes
    ----------
    path : str
        Relative to the manifest.
    count, bytes : int
        Samples in it, and its size.
    sha256 : str
        Of the file.
    unpacked_sha256 : str
        Of its content: some servers have the browser unpack it on the way.
    """

    path: str
    count: int
    bytes: int
    sha256: str
    unpacked_sha256: str = ""


@dataclass(frozen=True)
class ListedDataSet:
    """A data set in a manifest; `parts` maps "train", "validation" and "test" to their blocks."""

    name: str
    title: str
    class_names: tuple[str, ...]
    parts: Mapping[str, tuple[BlockFile, ...]]

    def count(self, part: str) -> int:
        """Count the samples of a part."""
        return sum(block.count for block in self.parts[part])


@dataclass(frozen=True)
class Manifest:
    """What block files there are, and where.

    Attributes
    ----------
    url : str
        The address that the manifest was read from; "" for one that was just written.
    data_sets : mapping from name to ListedDataSet
    """

    url: str
    data_sets: Mapping[str, ListedDataSet]

    def part(self, name: str, part: str) -> tuple[BlockFile, ...]:
        """Return the blocks of one part of one data set; a DataError if there is none."""
        listed = self.data_sets.get(name)
        if listed is None:
            raise DataError(
                f'{self.url}: there is no data set "{name}"; there are '
                f"{', '.join(self.data_sets) or 'none at all'}."
            )
        if not listed.parts.get(part):
            raise DataError(f'{self.url}: the data set "{name}" has no part "{part}".')
        return listed.parts[part]

    def address(self, block: BlockFile) -> str:
        """Return the address of a block."""
        from urllib.parse import urljoin  # noqa: PLC0415 - kept out of the import

        return urljoin(self.url, block.path)

    def to_json(self) -> str:
        """Write the manifest as JSON."""
        data_sets = [
            {
                "name": listed.name,
                "title": listed.title,
                "class_names": listed.class_names,
                "parts": {
                    part: {"count": listed.count(part), "blocks": [asdict(b) for b in blocks]}
                    for part, blocks in listed.parts.items()
                },
            }
            for listed in self.data_sets.values()
        ]
        return json.dumps({"format": FORMAT, "data_sets": data_sets}, indent=1) + "\n"


def check_block(block: BlockFile, content: bytes, sha256: str = "") -> bytes:
    """Return the content if it is that of the file, packed or unpacked; else raise a PassingError.

    `sha256` is the checksum that it had when it came, if that is known already.
    """
    digest = sha256 or hashlib.sha256(content).hexdigest()
    if digest not in (block.sha256, block.unpacked_sha256):
        raise PassingError(
            f"{block.path}: {block.bytes} bytes with SHA-256 {block.sha256[:12]}… were expected, "
            f"but {len(content)} bytes with {digest[:12]}… were found; the block is damaged or "
            "from another build."
        )
    return content


def parse_manifest(text: str | bytes, url: str) -> Manifest:
    """Read a manifest from JSON.

    Raises
    ------
    DataError
        If the text is no JSON, of another format, or lacks something.
    """
    try:
        content = json.loads(text)
        found = content["format"]
        if found != FORMAT:
            raise DataError(f"{url}: a manifest of format {FORMAT} was expected, not {found!r}.")
        listed = [_parse_data_set(item) for item in content["data_sets"]]
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{url}: a manifest of data blocks (JSON, format {FORMAT}) was expected, but it cannot "
            f"be read: {type(error).__name__}: {error}."
        ) from error
    return Manifest(url, {item.name: item for item in listed})


def _parse_data_set(item: dict[str, Any]) -> ListedDataSet:
    parts = {
        part: tuple(BlockFile(**block) for block in listed["blocks"])
        for part, listed in item["parts"].items()
    }
    return ListedDataSet(item["name"], item["title"], tuple(item["class_names"]), parts)


def write_blocks(
    data_sets: Iterable[DataSet], folder: Path | str, block_size: int = 500
) -> Manifest:
    """Write `manifest.json` and `blocks/NNNN.bin.gz` of some data sets into a folder.

    The blocks are numbered through all parts of all data sets; the manifest is written last.
    """
    folder = Path(folder)
    (folder / "blocks").mkdir(parents=True, exist_ok=True)
    listed, number = [], 0
    for data_set in data_sets:
        parts = {}
        for part in PARTS:
            blocks = _write_part(data_set.part(part), folder, block_size, number)
            parts[part] = blocks
            number += len(blocks)
        listed.append(ListedDataSet(data_set.name, data_set.title, data_set.class_names, parts))
    manifest = Manifest("", {item.name: item for item in listed})
    (folder / "manifest.json").write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def _write_part(
    samples: Samples, folder: Path, block_size: int, first: int
) -> tuple[BlockFile, ...]:
    starts = range(0, len(samples), block_size)
    return tuple(
        _write_block(samples[start : start + block_size], folder, f"blocks/{number:04d}.bin.gz")
        for number, start in enumerate(starts, first)
    )


def _write_block(samples: Samples, folder: Path, path: str) -> BlockFile:
    content = encode_block(samples)
    (folder / path).write_bytes(content)
    return BlockFile(
        path,
        len(samples),
        len(content),
        hashlib.sha256(content).hexdigest(),
        hashlib.sha256(block_bytes(samples)).hexdigest(),
    )
