"""Fetches the full data sets into a folder, from mirrors in turn and with checksums.

A file appears under its name only once its checksum is right, so an interrupted or broken download
is never taken for a good one; what is there already is kept and only the rest is fetched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from data_cache.datasets import data_set_card
from data_cache.errors import DataError
from data_cache.load import data_folder
from data_cache.remote_files import MIRRORS, REMOTE_FILES, RemoteFile

# (bytes done, bytes in all, name of the file under way), over all files of the data set
Progress = Callable[[int, int, str], None]
TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 16


def fetch_data_set(
    name: str,
    *,
    folder: Path | str | None = None,
    mirrors: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Fetch a data set, unless it is there and whole already.

    Parameters
    ----------
    name : str
        "mnist" or "fashion-mnist".
    folder : path, optional
        Where the data sets' folders are; by default INKLING_DATA, else the user's cache.
    mirrors : sequence of str, optional
        Addresses to try in turn for every file, instead of the known ones.
    progress : callable, optional
        Told (bytes done, bytes in all, file name) as bytes arrive. To end the download cleanly it
        may raise anything but a ValueError or an OSError (those count as a mirror's failure).

    Returns
    -------
    The folder that holds the four files.

    Raises
    ------
    DataError
        If pooch is not installed, the folder cannot be written, or every mirror failed; the text
        says how each of them did.
    """
    card = data_set_card(name)
    place = data_folder(folder) / name
    if card.bundled:
        raise DataError(
            f'The data set "{name}" comes with the package and need not be fetched; '
            f"these can be: {', '.join(REMOTE_FILES)}."
        )
    pooch = _import_pooch()
    _make_folder(place)
    files = REMOTE_FILES[name]
    meter = _Meter(sum(file.size for file in files), progress)
    for file in files:
        meter.begin(file)
        _fetch_file(pooch, file, place, mirrors or MIRRORS[name], meter)
        meter.end(file)
    return place


def _import_pooch() -> ModuleType:
    try:
        import pooch  # noqa: PLC0415 - needed for this alone
    except ImportError as error:
        raise DataError(
            "Fetching a data set needs the package pooch, which is not installed; install it with "
            '`python -m pip install "inkling[download]"` (or `python -m pip install pooch`).'
        ) from error
    # It would report every file on the terminal, across the caller's own progress.
    pooch.get_logger().setLevel(logging.WARNING)
    return pooch


def _make_folder(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{place}: this folder cannot be made ({error.strerror}); name another one by the "
            "environment variable INKLING_DATA."
        ) from error


def _fetch_file(
    pooch: ModuleType, file: RemoteFile, place: Path, mirrors: Sequence[str], meter: _Meter
) -> None:
    failures = []
    cause: Exception | None = None
    for mirror in mirrors:
        address = f"{mirror.rstrip('/')}/{file.name}"
        try:
            pooch.retrieve(
                address,
                known_hash=f"sha256:{file.sha256}",
                fname=file.name,
                path=place,
                downloader=meter.download,
            )
        except (OSError, ValueError) as error:
            failures.append(f"{address}: {_reason(error)}")
            cause = error
            meter.begin(file)
        else:
            return
    raise DataError(
        f"{place / file.name}: {file.size} bytes with SHA-256 {file.sha256[:12]}… were expected, "
        f"but no mirror gave them ({'; '.join(failures)}). Try again later, or put the file there "
        "yourself."
    ) from cause


def _reason(error: Exception) -> str:
    import requests  # noqa: PLC0415 - pooch brings it along

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"status {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT_SECONDS} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the answer broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, OSError):
        return str(error)
    return "another checksum was found, so the file is damaged"


@dataclass
class _Meter:
    """Downloads files one after another and reports progress over all of them."""

    total: int
    progress: Progress | None
    before: int = 0
    done: int = 0
    name: str = ""

    def begin(self, file: RemoteFile) -> None:
        self.name, self.done = file.name, 0

    def end(self, file: RemoteFile) -> None:
        self.before += file.size
        self.done = 0
        self._report()

    def download(self, address: str, path: str, _: object) -> None:
        """Write what is at an address to a path; pooch calls it with a temporary one."""
        import requests  # noqa: PLC0415 - pooch brings it along

        # The file is to come as it is, not packed once more on the way.
        headers = {"Accept-Encoding": "identity"}
        with (
            requests.get(address, stream=True, timeout=TIMEOUT_SECONDS, headers=headers) as answer,
            Path(path).open("wb") as file,
        ):
            answer.raise_for_status()
            for chunk in answer.iter_content(CHUNK_BYTES):
                file.write(chunk)
                self.done += len(chunk)
                self._report()

    def _report(self) -> None:
        if self.progress is not None:
            # A wrong file may be longer than the right one.
            self.progress(min(self.before + self.done, self.total), self.total, self.name)
