"""Downloads the full data sets into a folder, from mirrors and with checksums.

A file gets its final name only once its checksum is right, so an interrupted or damaged download
is never mistaken for a good one; files that are already there are kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType

from data_cache.datasets import data_folder, data_set_card
from data_cache.errors import DataError
from data_cache.texts import gettext

Progress = Callable[[int, int, str], None]
"""(bytes done, bytes in total, name of the current file), over all files of the data set."""
TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class RemoteFile:
    """A file of a data set.

    Attributes
    ----------
    name : str
        Its name, the same on every mirror.
    size : int
        Bytes.
    sha256 : str
        The checksum that downloads are compared with.
    """

    name: str
    size: int
    sha256: str


_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def _remote_files(*files: tuple[int, str]) -> tuple[RemoteFile, ...]:
    return tuple(RemoteFile(name, *file) for name, file in zip(_NAMES, files, strict=True))


REMOTE_FILES: Mapping[str, tuple[RemoteFile, ...]] = MappingProxyType(
    {
        "mnist": _remote_files(
            (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ),
        "fashion-mnist": _remote_files(
            (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ),
    }
)
"""The files of each data set."""

MIRRORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mnist": (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
        "fashion-mnist": (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
    }
)
"""URLs to try one after the other; the name of the file is appended."""


def fetch_data_set(
    name: str,
    *,
    folder: Path | str | None = None,
    mirrors: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Download the files of a data set that are missing or damaged.

    Parameters
    ----------
    name : str
        "mnist" or "fashion-mnist".
    folder : path, optional
        The folder that has a subfolder for each data set. Default: INKLING_DATA, else the user's
        cache.
    mirrors : sequence of str, optional
        URLs to try one after the other for each file. Default: `MIRRORS`.
    progress : callable, optional
        Called with (bytes done, bytes in total, file name) as bytes arrive. It may raise any
        exception to cancel the download, except ValueError and OSError, which count as a failure
        of the mirror.

    Returns
    -------
    Path
        The folder that has the four files.

    Raises
    ------
    DataError
        If pooch is not installed, the folder cannot be written, or every mirror failed; the
        message has the reason of each.
    """
    card = data_set_card(name)
    target = data_folder(folder) / name
    if card.bundled:
        raise DataError(
            gettext(
                'Download: expected one of {names}, found "{name}", which is bundled with '
                "the package.",
                names=", ".join(REMOTE_FILES),
                name=name,
            )
        )
    pooch = _import_pooch()
    _make_folder(target)
    files = REMOTE_FILES[name]
    meter = _Meter(sum(file.size for file in files), progress)
    for file in files:
        meter.begin(file)
        _fetch_file(pooch, file, target, mirrors or MIRRORS[name], meter)
        meter.end(file)
    return target


def _import_pooch() -> ModuleType:
    try:
        import pooch  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise DataError(
            gettext(
                "Download: expected the package pooch, found none; install it with "
                '`python -m pip install "inkling[download]"` (or `python -m pip install '
                "pooch`)."
            )
        ) from error
    # By default it logs each file to the terminal, in the middle of the caller's progress bar.
    pooch.get_logger().setLevel(logging.WARNING)
    return pooch


def _make_folder(target: Path) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            gettext(
                "{target}: expected a folder that can be created, found none "
                "({strerror}); name another one by the environment variable INKLING_DATA.",
                target=target,
                strerror=error.strerror,
            )
        ) from error


def _fetch_file(
    pooch: ModuleType, file: RemoteFile, target: Path, mirrors: Sequence[str], meter: _Meter
) -> None:
    failures = []
    cause: Exception | None = None
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{file.name}"
        try:
            pooch.retrieve(
                url,
                known_hash=f"sha256:{file.sha256}",
                fname=file.name,
                path=target,
                downloader=meter.download,
            )
        except (OSError, ValueError) as error:
            failures.append(f"{url}: {_describe_failure(error)}")
            cause = error
            meter.begin(file)
        else:
            return
    raise DataError(
        gettext(
            "{target}: expected {size} bytes with SHA-256 {sha256}…, found none on any "
            "mirror ({failures}); try again later, or copy the file there.",
            target=target / file.name,
            size=file.size,
            sha256=file.sha256[:12],
            failures="; ".join(failures),
        )
    ) from cause


def _describe_failure(error: Exception) -> str:
    import requests  # noqa: PLC0415 - a dependency of pooch

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return gettext("status {status}", status=error.response.status_code)
    if isinstance(error, requests.Timeout):
        return gettext("no response within {seconds} s", seconds=TIMEOUT_SECONDS)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return gettext("the response was truncated")
    if isinstance(error, requests.ConnectionError):
        return gettext("no connection")
    if isinstance(error, OSError):
        return str(error)
    return gettext("the checksum differs")


@dataclass
class _Meter:
    """Downloads files one after the other and reports the progress over all of them."""

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

    def download(self, url: str, path: str, _: object) -> None:
        """Download a URL to a path; pooch passes a temporary one."""
        import requests  # noqa: PLC0415 - a dependency of pooch

        # The checksum is that of the file itself, without another compression.
        headers = {"Accept-Encoding": "identity"}
        with (
            requests.get(url, stream=True, timeout=TIMEOUT_SECONDS, headers=headers) as response,
            Path(path).open("wb") as file,
        ):
            response.raise_for_status()
            for chunk in response.iter_content(CHUNK_BYTES):
                file.write(chunk)
                self.done += len(chunk)
                self._report()

    def _report(self) -> None:
        if self.progress is not None:
            # A wrong file may be longer than expected.
            self.progress(min(self.before + self.done, self.total), self.total, self.name)
