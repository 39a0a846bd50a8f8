"""Two formats for many files in one: zip archives, and bundles that a browser unpacks itself.

The bytes of both depend on names and contents only, so that equal inputs give equal sites.
"""

import gzip
import json
import zipfile
from collections.abc import Mapping
from io import BytesIO

FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def read_archive(archive: bytes) -> dict[str, bytes]:
    """Return the contents of all files of a zip archive, by their paths."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        names = [name for name in opened.namelist() if not name.endswith("/")]
        return {name: opened.read(name) for name in names}


def write_archive(contents: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return files, given by their paths, as a zip archive in sorted order."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=9) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, FIXED_DATE)
            entry.compress_type = method
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, contents[name])
    return buffer.getvalue()


def write_bundle(contents: Mapping[str, bytes]) -> bytes:
    """Return files, given by their paths, as a bundle.

    Notes
    -----
    A gzip stream of the length of the index (4 bytes, little-endian), the index (JSON, a list of
    [path, size]), and the contents one after the other. It is a quarter smaller than a zip archive
    because the files are compressed together; `readBundle` in worker.js reads it.
    """
    names = sorted(contents)
    index = json.dumps([[name, len(contents[name])] for name in names]).encode()
    parts = [len(index).to_bytes(4, "little"), index, *(contents[name] for name in names)]
    return compress(b"".join(parts))


def read_bundle(bundle: bytes) -> dict[str, bytes]:
    """Return the contents of all files of a bundle, by their paths."""
    data = gzip.decompress(bundle)
    position = 4 + int.from_bytes(data[:4], "little")
    contents = {}
    for name, size in json.loads(data[4:position]):
        contents[name] = data[position : position + size]
        position += size
    return contents


def compress(data: bytes, level: int = 9) -> bytes:
    """Return data in gzip's format, without a date."""
    return gzip.compress(data, compresslevel=level, mtime=0)
