"""The files of Python in the browser: Pyodide, its library, and one bundle of all packages.

Modules are compiled to bytecode where node is found, which halves the time in which the app starts.
"""

import json
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dashboard.languages.text import gettext
from dashboard.site import python_packages
from dashboard.site.archives import compress, read_archive, write_archive, write_bundle
from dashboard.site.conversion import PANEL_ROOT
from dashboard.site.languages import CATALOGUE_FILES
from dashboard.site.pyodide_files import Log, obtain_wheels, pinned
from dashboard.site.site_files import PACKAGES, SiteError, package_folder
from dashboard.site.start_files import describe_files
from dashboard.upstream import VARIABLE, is_applied
from dashboard.upstream.site_build.import_costs import reduce_import_costs

PYODIDE = "pyodide/"
# Files that are shipped as Pyodide distributes them; the library and NumPy are packed anew.
STDLIB_FILE = "python313.zip"
# The worker that helps to train, and where it is in its package.
THREAD_SCRIPT = "thread.js"
SHIPPED = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm")


def stdlib_name() -> str:
    """Return the path of Python's library: compressed as a whole, or as Pyodide itself reads it."""
    return PYODIDE + ("stdlib.bin" if is_applied("pyodide_loading") else "python_stdlib.zip")


def python_files(
    imported: frozenset[str], pyodide: Mapping[str, bytes], cache: Path, log: Log
) -> dict[str, bytes]:
    """Return Pyodide, its library and the bundle of packages, by their paths in the site.

    Parameters
    ----------
    imported
        The top-level modules that the app imports.
    pyodide
        The files of the Pyodide distribution, by name.
    cache
        The folder in which downloaded wheels are kept.
    log
        Takes one line for every step.
    """
    library = pinned()["library"]
    folders = {
        "packages": library,
        "numpy": library,
        "stdlib": f"{Path(library).parent.parent.as_posix()}/{STDLIB_FILE}",
    }
    numpy_wheel = pyodide[pinned()["lock"]["packages"]["numpy"]["file_name"]]
    archives = {
        "packages": write_archive(_packages(imported, cache, log)),
        "numpy": write_archive(python_packages.numpy_files(numpy_wheel)),
        "stdlib": pyodide["python_stdlib.zip"],
    }
    node = find_node()
    if node is None:
        log(
            gettext(
                "node was not found: the modules stay sources, and the app takes longer to start"
            )
        )
    else:
        log(gettext("compiling the modules to bytecode with node"))
        archives = compile_archives(archives, folders, pyodide, node)
    contents = {name: read_archive(data) for name, data in archives.items()}
    if is_applied("pyodide_loading"):
        # Python reads its library from a zip archive; stored, it is read without unpacking.
        stdlib = compress(write_archive(contents["stdlib"], zipfile.ZIP_STORED))
    else:
        stdlib = write_archive(contents["stdlib"])
    return {
        PACKAGES: write_bundle({**contents["packages"], **contents["numpy"]}),
        stdlib_name(): stdlib,
        THREAD_SCRIPT: (package_folder("nn") / "backends" / "kernels" / "thread.js").read_bytes(),
        **{PYODIDE + name: pyodide[name] for name in SHIPPED},
    }


def worker_settings(files: Mapping[str, bytes], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what worker.js has to know of the files of `python_files` and `language_files`.

    The switch of the upstream patches in `environment` is stored for Python in the browser.
    """
    counted = [PACKAGES]  # the files whose download is shown as progress
    if is_applied("pyodide_loading"):
        counted += [stdlib_name(), f"{PYODIDE}pyodide.asm.wasm"]
    return {
        "pyodide": PYODIDE,
        "stdlib": stdlib_name(),
        "packages": PACKAGES,
        "languages": {code: name for code, name in CATALOGUE_FILES.items() if name in files},
        "catalogues": python_packages.CATALOGUES,
        "files": describe_files(files),
        "library": pinned()["library"],
        "lock": {**pinned()["lock"], "packages": {}},
        "env": {VARIABLE: environment[VARIABLE]} if VARIABLE in environment else {},
        "total": sum(len(files[name]) for name in counted),
        "stdlibFile": STDLIB_FILE,
        "threadScript": THREAD_SCRIPT,
        "snapshotRoot": PANEL_ROOT,
    }


def versions() -> dict[str, str]:
    """Return the versions of what the site is made of, by name; "unknown" if not installed."""
    found = {}
    for name in ("inkling", "panel", "bokeh", "param"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "unknown"
    info, packages = pinned()["lock"]["info"], pinned()["lock"]["packages"]
    return {
        **found,
        "numpy": packages["numpy"]["version"],
        "pyodide": info["version"],
        "python": info["python"],
    }


def find_node() -> str | None:
    """Return the path of node, or of the one in playwright; None if there is neither."""
    playwright = find_spec("playwright")
    if playwright is None or playwright.origin is None:
        return shutil.which("node")
    driver = Path(playwright.origin).parent / "driver"
    return shutil.which("node") or shutil.which("node", path=driver)


def compile_archives(
    archives: Mapping[str, bytes],
    folders: Mapping[str, str],
    pyodide: Mapping[str, bytes],
    node: str,
) -> dict[str, bytes]:
    """Return zip archives with their modules compiled: x.py becomes an unchecked x.pyc.

    Parameters
    ----------
    archives
        The archives by name.
    folders
        The folder of the browser's file system in which each will be, for tracebacks.
    pyodide
        The files of the Pyodide distribution, whose Python compiles.
    node
        The path of node.

    Raises
    ------
    SiteError
        If node fails, with its output.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, content in pyodide.items():
            (folder / name).write_bytes(content)
        (folder / "pyodide-lock.json").write_text(json.dumps(pinned()["lock"]), encoding="utf-8")
        work = folder / "work"
        work.mkdir()
        for name, content in archives.items():
            (work / name).write_bytes(content)
        arguments = [f"{work / name}={folders[name]}" for name in archives]
        command = [node, str(Path(__file__).with_name("compile.js")), str(folder), *arguments]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode != 0:
            raise SiteError(
                gettext(
                    "node could not compile the modules: {error}", error=finished.stderr.strip()
                )
            )
        return {name: (work / name).read_bytes() for name in archives}


def _packages(imported: frozenset[str], cache: Path, log: Log) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    for distribution in python_packages.needed_distributions(imported):
        contents.update(python_packages.distribution_files(distribution))
    for wheel in obtain_wheels(cache, log).values():
        contents.update(python_packages.wheel_files(wheel))
    for package in python_packages.OWN_PACKAGES:
        contents.update(python_packages.own_files(package))
    return reduce_import_costs(contents, log) if is_applied("import_costs") else contents
