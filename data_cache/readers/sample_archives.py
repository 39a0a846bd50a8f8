"""Reads samples from a ZIP archive that contains a folder of them: idx files, or pictures by class.

It is unpacked into a temporary folder, which is read as any other folder is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from data_cache.errors import DataError
from data_cache.readers.archives import open_archive
from data_cache.readers.file_kinds import ZIP, archive_members, identify
from data_cache.readers.folders import is_image_file
from data_cache.readers.sample_file import SampleFile
from data_cache.texts import gettext

_MAX_FILES = 200_000


def holds_folder(content: bytes) -> bool:
    """Return whether a file is a ZIP archive with idx files of images, or with folders 0 to 9."""
    if identify(content) is not ZIP:
        return False
    members = [PurePosixPath(name) for name in archive_members(content)]
    return len(members) > 1 and any(
        is_image_file(member) or (member.parent.name.isascii() and member.parent.name.isdigit())
        for member in members
    )


def read_archive(
    content: bytes, name: str, limit: int, read_folder: Callable[[Path], SampleFile]
) -> SampleFile:
    """Return the samples of the folder in a ZIP archive.

    Parameters
    ----------
    content : bytes
        Of an archive that `holds_folder`.
    name : str
        The archive, for error messages.
    limit : int
        Bytes to which it may unpack.
    read_folder : callable
        Reads the unpacked folder.

    Raises
    ------
    DataError
        If it unpacks to more, is damaged or encrypted, or the folder has no samples.
    """
    with tempfile.TemporaryDirectory() as folder:
        with open_archive(content, name) as archive:
            entries = archive.infolist()
            if len(entries) > _MAX_FILES or sum(it.file_size for it in entries) > limit:
                raise DataError(
                    gettext(
                        "{name}: expected at most {max_files:,} files of {limit:,} bytes "
                        "in all, found more; divide the archive.",
                        name=name,
                        max_files=_MAX_FILES,
                        limit=limit,
                    )
                )
            # No more of a member is read than its entry says, and none leaves the folder.
            archive.extractall(folder, archive_members(content))
        try:
            return read_folder(Path(folder))
        except DataError as error:
            raise DataError(str(error).replace(folder, name)) from error
