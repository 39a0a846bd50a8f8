"""The manifest of block files on a site or a server: data sets, their parts, their blocks.

It is a JSON file (format 1) beside the blocks; paths in it are relative to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_cache.errors import DataError
from data_cache.samples import PARTS, DataSet, Samples
from data_cache.sources.block_files import block_bytes, encode_block
from data_cache.texts import gettext

FORMAT = 1


@dataclass(frozen=True)
class BlockFile:
    """A block file.

    Attributes
    ----------
    path : str
        Relative to the manifest.
    count, bytes : int
        Number of samples, and size of the file.
    sha256 : str
        Checksum of the file.
    unpacked_sha256 : str
        Checksum of the decompressed content, which is what arrives from servers that declare the
        compression as an encoding of the transfer.
    """

    path: str
    count: int
    bytes: int
    sha256: str
    unpacked_sha256: str = ""


@dataclass(frozen=True)
class ListedDataSet:
    """A data set in a manifest.

    Attributes
    ----------
    name, title : str
        Identifier, and name to show.
    class_names : tuple of str
        The meaning of each label, in the order of the labels.
    parts : mapping of str to tuple of BlockFile
        The blocks of "train", "validation" and "test".
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    parts: Mapping[str, tuple[BlockFile, ...]]

    def count(self, part: str) -> int:
        """Return the number of samples in a part."""
        return sum(block.count for block in self.parts[part])


@dataclass(frozen=True)
class Manifest:
    """The data sets of a site or a server.

    Attributes
    ----------
    url : str
        The URL of the manifest; "" for one that was just written.
    data_sets : mapping of str to ListedDataSet
        By name.
    """

    url: str
    data_sets: Mapping[str, ListedDataSet]

    def part(self, name: str, part: str) -> tuple[BlockFile, ...]:
        """Return the blocks of one part of a data set.

        Raises
        ------
        DataError
            If there is no such data set or part.
        """
        listed = self.data_sets.get(name)
        if listed is None:
            raise DataError(
                gettext(
                    '{url}: expected one of the data sets {names}, found "{name}".',
                    url=self.url,
                    names=", ".join(self.data_sets) or "(none)",
                    name=name,
                )
            )
        if not listed.parts.get(part):
            raise DataError(
                gettext(
                    '{url}: expected one of the parts {names} of "{name}", found "{part}".',
                    url=self.url,
                    names=", ".join(listed.parts),
                    name=name,
                    part=part,
                )
            )
        return listed.parts[part]

    def block_url(self, block: BlockFile) -> str:
        """Return the URL of a block."""
        from urllib.parse import urljoin  # noqa: PLC0415 - slows the start in a browser

        return urljoin(self.url, block.path)

    def to_json(self) -> str:
        """Return the manifest as JSON."""
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


def parse_manifest(text: str | bytes, url: str) -> Manifest:
    """Parse a manifest.

    Parameters
    ----------
    text : str or bytes
        JSON.
    url : str
        Where it is from; block paths are relative to it.

    Raises
    ------
    DataError
        If the text is not JSON, has another format, or lacks a field.
    """
    try:
        content = json.loads(text)
        found = content["format"]
        if found != FORMAT:
            raise DataError(
                gettext(
                    "{url}: expected a manifest of format {format}, found {found!r}.",
                    url=url,
                    format=FORMAT,
                    found=found,
                )
            )
        listed = [_parse_data_set(item) for item in content["data_sets"]]
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            gettext(
                "{url}: expected a manifest of data blocks (JSON, format {format}), found "
                "other content ({name}: {error}).",
                url=url,
                format=FORMAT,
                name=type(error).__name__,
                error=error,
            )
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
    """Write data sets as `blocks/NNNN.bin.gz` and `manifest.json` into a folder.

    Parameters
    ----------
    data_sets : iterable of DataSet
        Their blocks are numbered consecutively.
    folder : path
        Created if it is missing; the manifest is written last.
    block_size : int
        Samples in a block; the last block of a part may have fewer.
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
