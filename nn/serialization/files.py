"""Atomic writing of files, and `.npz` archives of named arrays.

Weights files, checkpoints and other saved states are written and read with these functions.
"""

import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import numpy as np

from nn.texts import gettext

_GZIP = b"\x1f\x8b"
_COMPRESSION_TYPES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class ArchiveError(ValueError):
    """Bytes that are not a whole `.npz` archive; the message is a clause without a full stop."""


class ArchiveSizeError(ArchiveError):
    """An archive that unpacks to more bytes than the caller allows."""


class ArchiveContentError(ArchiveError):
    """A whole archive with entries that are not read: too many, encrypted, Python objects."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a failure at any time leaves either the old file or the new one.

    The bytes go to a temporary file in the same folder, which then replaces `path`; if anything
    fails, the temporary file is removed.

    Raises
    ------
    OSError
        When the file cannot be written, for example because the folder does not exist.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def arrays_to_npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return an uncompressed `.npz` archive of `arrays`; equal arrays give equal bytes."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def arrays_from_npz(
    data: bytes, *, max_bytes: int | None = None, max_arrays: int | None = None
) -> dict[str, np.ndarray]:
    """Return all arrays of a `.npz` archive by name.

    The archive is checked before memory is allocated for it, and nothing in it is executed, so
    that it may come from an untrusted source when the limits are given.

    Parameters
    ----------
    data : bytes
        The contents of the archive, compressed or not.
    max_bytes, max_arrays : int, optional
        Limits for the unpacked size of all entries and for their number.

    Raises
    ------
    ArchiveSizeError
        When the entries unpack to more than `max_bytes`.
    ArchiveContentError
        When there are more than `max_arrays` entries, or one is encrypted, holds Python objects,
        or has another size than the shape in its header.
    ArchiveError
        When the bytes are damaged, truncated or not an archive of arrays.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not _is_added_by_macos(entry)]
            _check_entries(entries, max_bytes, max_arrays)
            folder = _common_folder([entry.filename for entry in entries])
            return {
                entry.filename.removeprefix(folder).removesuffix(".npy"): _read_array(
                    archive, entry
                )
                for entry in entries
            }
    except ArchiveError:
        raise
    # zipfile, zlib, ast and NumPy raise a dozen kinds of errors for damaged archives.
    except Exception as error:
        # Some messages quote the archive, which may be long.
        raise ArchiveError((str(error) or type(error).__name__)[:100]) from error


def archive_names(data: bytes) -> list[str]:
    """Return the names of the entries of a ZIP archive; [] if it is damaged or none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except Exception:  # as above
        return []


def unpack_single(data: bytes, suffixes: tuple[str, ...], max_bytes: int | None) -> bytes | None:
    """Return the content of a gzip stream, or of the only such file in a ZIP archive.

    Parameters
    ----------
    data : bytes
    suffixes : tuple of str
        Ends of the names of files in an archive that count.
    max_bytes : int or None
        Limit for the unpacked size.

    Returns
    -------
    bytes or None
        None if it is neither, or the archive has no such file, or several.

    Raises
    ------
    ArchiveSizeError
        When it unpacks to more than `max_bytes`.
    ArchiveError
        When it is damaged.
    """
    try:
        if data.startswith(_GZIP):
            return _gunzip(data, max_bytes)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not _is_added_by_macos(entry)]
            found = [entry for entry in entries if entry.filename.lower().endswith(suffixes)]
            if len(found) != 1 or any(entry.filename.endswith(".npy") for entry in entries):
                return None
            _check_entries(found, max_bytes, None)
            with archive.open(found[0]) as packed:
                return packed.read()
    except ArchiveError:
        raise
    except Exception as error:  # as above
        raise ArchiveError((str(error) or type(error).__name__)[:100]) from error


def _gunzip(data: bytes, max_bytes: int | None) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    content = stream.decompress(data, 0 if max_bytes is None else max_bytes + 1)
    if max_bytes is not None and len(content) > max_bytes:
        raise ArchiveSizeError(
            gettext(
                "expected at most {max_bytes:,} bytes after decompression and found more",
                max_bytes=max_bytes,
            )
        )
    if not stream.eof:
        raise ArchiveError(gettext("the gzip stream ends early"))
    return content


def _is_added_by_macos(entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is a folder, or what the Finder adds when it packs one."""
    last = entry.filename.rsplit("/", 1)[-1]
    return (
        entry.is_dir()
        or entry.filename.startswith("__MACOSX/")
        or last.startswith((".DS_Store", "._"))
    )


def _common_folder(names: list[str]) -> str:
    """Return the folder in which all entries are, with its slash; "" if there is none."""
    folders = {name[: name.rfind("/") + 1] for name in names}
    return folders.pop() if len(folders) == 1 else ""


def _check_entries(
    entries: list[zipfile.ZipInfo], max_bytes: int | None, max_arrays: int | None
) -> None:
    """Check the table of contents; zipfile reads no more of an entry than the size given there."""
    total = sum(entry.file_size for entry in entries)
    if max_bytes is not None and total > max_bytes:
        raise ArchiveSizeError(
            gettext(
                "expected an archive of at most {max_bytes:,} unpacked bytes and found "
                "one that claims {total:,}",
                max_bytes=max_bytes,
                total=total,
            )
        )
    if max_arrays is not None and len(entries) > max_arrays:
        raise ArchiveContentError(
            gettext(
                "expected an archive of at most {max_arrays:,} arrays and found {count:,}",
                max_arrays=max_arrays,
                count=len(entries),
            )
        )
    if any(
        entry.compress_type not in _COMPRESSION_TYPES or entry.flag_bits & 1 for entry in entries
    ):
        raise ArchiveContentError(
            gettext(
                "expected an archive that is stored or deflated and found another "
                "compression or encryption"
            )
        )


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(entry) as packed:
        content = packed.read()
    file = io.BytesIO(content)
    try:
        shape, by_columns, dtype = _HEADER_READERS[np.lib.format.read_magic(file)](file)
    except Exception as error:  # the header is parsed by ast, which raises many kinds
        raise ArchiveError(
            gettext(
                "expected an array of NumPy in the entry “{filename}” and found something else",
                filename=entry.filename[:40],
            )
        ) from error
    if dtype.hasobject:
        raise ArchiveContentError(
            gettext(
                "expected numbers in the array “{filename}” and found Python objects",
                filename=entry.filename[:40],
            )
        )
    claimed, found = dtype.itemsize, len(content) - file.tell()
    for side in shape:
        claimed *= side
    if min(shape, default=0) < 0 or claimed != found:
        raise ArchiveContentError(
            gettext(
                "expected {claimed:,} bytes in the array “{filename}”, as its header "
                "claims, and found {found:,}",
                claimed=claimed,
                filename=entry.filename[:40],
                found=found,
            )
        )
    view: np.ndarray = np.ndarray(
        shape, dtype, content, file.tell(), order="F" if by_columns else "C"
    )
    return view.copy(order="K")
