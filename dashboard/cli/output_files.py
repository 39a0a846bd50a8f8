"""Checks of the files that commands write: no input, device or link is replaced.

They are made before any work.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from dashboard.cli.errors import CommandError
from dashboard.languages.text import gettext
from dashboard.training.settings import SettingError
from data_cache.readers.file_kinds import PICTURES, START_BYTES, identify


def check_output(flag: str, path: Path, *, inputs: Iterable[str | Path | None] = ()) -> None:
    """Check that a file may be written.

    Parameters
    ----------
    flag
        The argument that names the file, for messages.
    path
        The file.
    inputs
        Files and folders that the command reads; None is skipped.

    Raises
    ------
    SettingError
        The file is one of the inputs, or lies in a folder of samples under the name of one.
    CommandError
        Its folder does not exist or cannot be written, or it is a folder, a device or a link.
    """
    if path.is_dir():
        raise CommandError(
            gettext("{flag}: {path} is a folder; name a file.", flag=flag, path=path)
        )
    if path.is_symlink():
        raise CommandError(
            gettext(
                "{flag}: {path} is a symbolic link, which would be replaced; name the "
                "file that it leads to, or another.",
                flag=flag,
                path=path,
            )
        )
    if path.exists() and not path.is_file():
        raise CommandError(
            gettext(
                "{flag}: {path} is a device or a pipe, which would be replaced by a file; "
                "name a file.",
                flag=flag,
                path=path,
            )
        )
    if not path.parent.is_dir():
        raise CommandError(
            gettext(
                "{flag}: the folder {parent} does not exist; make it first.",
                flag=flag,
                parent=path.parent,
            )
        )
    if not os.access(path.parent, os.W_OK):
        raise CommandError(
            gettext(
                "{flag}: the folder {parent} cannot be written to.", flag=flag, parent=path.parent
            )
        )
    for other in inputs:
        if other is not None and path.exists() and _is_input(path, Path(other)):
            raise SettingError(
                gettext(
                    "{flag}: {path} is read by this command, and would be overwritten; "
                    "name another file.",
                    flag=flag,
                    path=path,
                )
            )


def _is_input(path: Path, other: Path) -> bool:
    """Tell whether a file is an input, or inside a folder that is one."""
    if not other.exists():
        return False
    if path.samefile(other):
        return True
    if not other.is_dir() or other.resolve() not in path.resolve().parents:
        return False
    # Results may lie in a folder of samples, but not in the place of one of them.
    with path.open("rb") as file:
        kind = identify(file.read(START_BYTES))
    return "-ubyte" in path.name or kind.name in ("idx", *PICTURES)
