"""Builds the browser form: converts the app, gathers all that it loads, and writes the folder.

The result needs nothing but a server of static files, under any path of any host.
"""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from dashboard.site import archive
from dashboard.site.assets import localise
from dashboard.site.bytecode import compile_archives, find_node
from dashboard.site.conversion import convert
from dashboard.site.errors import SiteError
from dashboard.site.patching import patch_page, patch_worker
from dashboard.site.pyodide_files import Log, obtain_pyodide, obtain_wheels, pinned
from dashboard.site.sizes import size_table
from data_cache import DATA_SETS, DataError, data_set_available, load_data_set, write_blocks

APP = Path(__file__).parents[1] / "app.py"
CACHE = Path("build")
STDLIB = "python_stdlib.zip"
PACKAGES = "packages.zip"
# Used by the build alone: node loads Pyodide through it.
NOT_SHIPPED = ("pyodide.mjs",)


def build_site(
    destination: Path | str,
    *,
    app: Path | str = APP,
    pyodide_dist: Path | str | None = None,
    data_folder: Path | str | None = None,
    log: Log = print,
) -> None:
    """Write the browser form of a Panel app into the folder `destination`, replacing it.

    `pyodide_dist` (else the variable PYODIDE_DIST) names a folder with a Pyodide distribution;
    `data_folder` (else INKLING_DATA) one with full data sets. `log` takes one line at a time.
    SiteError says what is missing or wrong; the old site then stays as it was.
    """
    app, destination = Path(app), Path(destination)
    _check_destination(destination)
    named = pyodide_dist or os.environ.get("PYODIDE_DIST") or None
    pyodide = obtain_pyodide(Path(named) if named else None, CACHE, log)
    log(f"converting {app}")
    converted = convert(app)
    archive.refuse_missing(converted.modules)
    python = _python_files(converted.modules, pyodide, log)
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent) as temporary:
        site = Path(temporary) / "site"
        for name, content in python.items():
            _write(site / name, content)
        _write_page(site, converted.html, converted.worker, app.resolve().parent)
        _write_data(site / "data", data_folder, log)
        site.chmod(0o755)
        _replace(site, destination)
    for line in size_table(destination):
        log(line)
    log(f"the site is in {destination}; serve it with: python -m http.server -d {destination}")


def _python_files(
    imported: frozenset[str], pyodide: Mapping[str, bytes], log: Log
) -> dict[str, bytes]:
    """Return Pyodide, NumPy and the archive of packages, by their path in the site."""
    contents: dict[str, bytes] = {}
    for distribution in archive.needed_distributions(imported):
        contents.update(archive.distribution_files(distribution))
    for wheel in obtain_wheels(CACHE, log).values():
        contents.update(archive.wheel_files(wheel))
    for package in archive.OWN_PACKAGES:
        contents.update(archive.own_files(package))
    lock = json.loads(json.dumps(pinned()["lock"]))
    numpy = lock["packages"]["numpy"]["file_name"]
    shipped = {name: data for name, data in pyodide.items() if name not in NOT_SHIPPED}
    archives = {
        PACKAGES: archive.write_archive(contents),
        STDLIB: pyodide[STDLIB],
        numpy: _without_tests(pyodide[numpy]),
    }
    node = find_node()
    if node is None:
        log("node was not found: the modules stay sources, and the app takes longer to start")
    else:
        log("compiling the modules to bytecode with node")
        library = pinned()["library"]
        stdlib = f"{Path(library).parent.parent.as_posix()}/python313.zip"
        folders = {PACKAGES: library, STDLIB: stdlib, numpy: library}
        archives = compile_archives(archives, folders, pyodide, node)
    lock["packages"]["numpy"]["sha256"] = hashlib.sha256(archives[numpy]).hexdigest()
    shipped["pyodide-lock.json"] = json.dumps(lock, indent=1).encode()
    packages = archives.pop(PACKAGES)
    return {
        PACKAGES: packages,
        **{f"pyodide/{name}": data for name, data in {**shipped, **archives}.items()},
    }


def _without_tests(wheel: bytes) -> bytes:
    """Return a wheel without its tests and type stubs."""
    with zipfile.ZipFile(BytesIO(wheel)) as source:
        names = [name for name in source.namelist() if not name.endswith("/")]
        kept = [
            n for n in names if "/tests/" not in n and not n.endswith((".pyi", ".c", ".h", ".a"))
        ]
        return archive.write_archive({name: source.read(name) for name in kept})


def _write_page(site: Path, html: str, worker: str, app_folder: Path) -> None:
    settings: dict[str, Any] = {
        "pyodide": "pyodide/",
        "archive": PACKAGES,
        "library": pinned()["library"],
        "packages": sorted(pinned()["lock"]["packages"]),
    }
    page, script = patch_page(html, {"worker": "worker.js"})
    _write(site / "worker.js", patch_worker(worker, settings).encode())
    _write(site / "page.js", script.encode())
    _write(site / "index.html", localise(page, site, app_folder).encode())


def _write_data(folder: Path, data_folder: Path | str | None, log: Log) -> None:
    """Write the blocks of the bundled digits, and of the full data sets that are at hand."""
    names = [name for name in DATA_SETS if data_set_available(name, data_folder)]
    log(f"writing the blocks of {', '.join(names)}")
    try:
        write_blocks([load_data_set(name, data_folder) for name in names], folder)
    except DataError as error:
        raise SiteError(f"The site's data could not be written: {error}") from error


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _check_destination(destination: Path) -> None:
    """Refuse a folder that holds anything but an earlier site, for it will be replaced."""
    if not destination.exists():
        return
    if not destination.is_dir() or (
        any(destination.iterdir()) and not (destination / "worker.js").is_file()
    ):
        raise SiteError(
            f"Expected {destination} to be a folder that is empty or an earlier site, found other "
            "files: name another folder or empty it."
        )


def _replace(site: Path, destination: Path) -> None:
    """Put the finished site in the place of an earlier one."""
    if destination.exists():
        shutil.rmtree(destination)
    site.rename(destination)
