"""Packs many files into one that a browser unpacks while it still downloads it.

Compressed as a whole it is a quarter smaller than a zip archive, and needs no Python to unpack.
"""

import gzip
import json
from collections.abc import Mapping


def write_bundle(contents: Mapping[str, bytes]) -> bytes:
    """Pack files by their path; the result depends on nothing but names and contents.

    It is a gzip stream of: the length of the index (4 bytes, little-endian), the index (JSON, a
    list of [path, size]), and the files one after the other. `files.js` reads it.
    """
    names = sorted(contents)
    index = json.dumps([[name, len(contents[name])] for name in names]).encode()
    parts = [len(index).to_bytes(4, "little"), index, *(contents[name] for name in names)]
    return compress(b"".join(parts))


def read_bundle(bundle: bytes) -> dict[str, bytes]:
    """Unpack what `write_bundle` packed."""
    data = gzip.decompress(bundle)
    position = 4 + int.from_bytes(data[:4], "little")
    contents = {}
    for name, size in json.loads(data[4:position]):
        contents[name] = data[position : position + size]
        position += size
    return contents


def compress(data: bytes) -> bytes:
    """Compress to gzip's form, without a date in it."""
    return gzip.compress(data, compresslevel=9, mtime=0)
