"""Builds the static site: converts the app, gathers all that it loads, and writes the folder.

The result needs nothing but a server of static files, under any path of any host.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.languages.text import gettext
from dashboard.site.assets import make_local
from dashboard.site.conversion import Conversion, convert
from dashboard.site.headers import write_headers
from dashboard.site.languages import language_files
from dashboard.site.offline import write_build_manifest, write_service_worker, write_web_manifest
from dashboard.site.page import make_page, make_worker
from dashboard.site.pyodide_files import Log, obtain_pyodide
from dashboard.site.python_files import find_node, python_files, versions, worker_settings
from dashboard.site.python_packages import refuse_missing
from dashboard.site.site_files import SiteError, size_table
from dashboard.site.snapshot import NEEDED_PATCHES, SNAPSHOT, make_snapshot
from dashboard.site.start_files import describe_file, list_start_files
from dashboard.upstream import is_applied
from data_cache import DATA_SETS, DataError, data_set_available, load_data_set, write_blocks

APP = Path(__file__).parents[1] / "app.py"
CACHE = Path("build")


def build_site(
    destination: Path | str,
    *,
    app: Path | str = APP,
    pyodide_dist: Path | str | None = None,
    data_folder: Path | str | None = None,
    log: Log = print,
) -> None:
    """Write the static site of a Panel app into a folder, replacing an earlier site.

    Parameters
    ----------
    destination
        The folder to write; it must be empty, an earlier site, or not there.
    app
        The Panel script.
    pyodide_dist
        A folder with a Pyodide distribution; by default the variable PYODIDE_DIST names it, else
        Pyodide is downloaded.
    data_folder
        A folder with full data sets; by default the variable INKLING_DATA names it.
    log
        Takes one line for every step.

    Raises
    ------
    SiteError
        If something is missing or wrong; the earlier site is then unchanged.

    Notes
    -----
    The variable INKLING_UPSTREAM_PATCHES, read now and stored in the site, turns the patches of
    `dashboard.upstream` off.
    """
    app, destination = Path(app), Path(destination)
    _check_destination(destination)
    named = pyodide_dist or os.environ.get("PYODIDE_DIST") or None
    pyodide = obtain_pyodide(Path(named) if named else None, CACHE, log)
    log(gettext("converting {app}", app=app))
    converted = convert(app)
    refuse_missing(converted.modules)
    python = python_files(converted.modules, pyodide, CACHE, log) | language_files()
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent) as temporary:
        site = Path(temporary) / "site"
        for name, content in python.items():
            _write(site / name, content)
        write_web_manifest(site)
        settings = worker_settings(python, os.environ)
        _add_snapshot(site, converted, settings, pyodide, log)
        _write_page(site, converted, settings, app.resolve().parent)
        _write_data(site / "data", data_folder, log)
        write_build_manifest(site, write_service_worker(site), versions())
        site.chmod(0o755)
        if destination.exists():
            shutil.rmtree(destination)
        site.rename(destination)
    for line in size_table(destination):
        log(line)
    log(
        gettext(
            "the site is in {destination}; serve it with: python -m http.server -d {destination}",
            destination=destination,
        )
    )


def _add_snapshot(
    site: Path,
    converted: Conversion,
    settings: dict[str, Any],
    pyodide: Mapping[str, bytes],
    log: Log,
) -> None:
    """Write the copy of Python's memory, and note it in the worker's settings."""
    node = find_node()
    if node is None or not all(is_applied(name) for name in NEEDED_PATCHES):
        return
    _write(site / "worker.js", make_worker(converted.worker, settings).encode())
    snapshot = make_snapshot(site, pyodide, node, log)
    if snapshot is not None:
        _write(site / SNAPSHOT, snapshot)
        settings["files"][SNAPSHOT] = describe_file(SNAPSHOT, snapshot)
        settings["snapshot"] = SNAPSHOT


def _write_page(
    site: Path, converted: Conversion, settings: Mapping[str, object], app_folder: Path
) -> None:
    page, script = make_page(converted.html)
    _write(site / "worker.js", make_worker(converted.worker, settings).encode())
    _write(site / "page.js", script.encode())
    html = list_start_files(make_local(page, site, app_folder), site)
    _write(site / "index.html", html.encode())
    write_headers(site, html)


def _write_data(folder: Path, data_folder: Path | str | None, log: Log) -> None:
    """Write the blocks of the bundled digits, and of the full data sets that are available."""
    names = [name for name in DATA_SETS if data_set_available(name, data_folder)]
    log(gettext("writing the blocks of {names}", names=", ".join(names)))
    try:
        write_blocks([load_data_set(name, data_folder) for name in names], folder)
    except DataError as error:
        raise SiteError(
            gettext("The site's data could not be written: {error}", error=error)
        ) from error


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
            gettext(
                "Expected {destination} to be a folder that is empty or an earlier site, found "
                "other files: name another folder or empty it.",
                destination=destination,
            )
        )
