"""Makes the files that Python in the browser is made of: Pyodide, its library, and the packages.

Modules travel as bytecode without documentation, and all packages, NumPy among them, as one bundle.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.site import archive
from dashboard.site.bundle import compress, write_bundle
from dashboard.site.bytecode import compile_archives, find_node
from dashboard.site.pyodide_files import Log, obtain_wheels, pinned
from dashboard.site.trimming import trim

PYODIDE = "pyodide/"
PACKAGES = "packages.bin"
STDLIB = "pyodide/stdlib.bin"
# As Pyodide distributes them: the library and NumPy go into archives of ours.
SHIPPED = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm")
# What the worker counts while it is downloaded.
COUNTED = ("pyodide/pyodide.asm.wasm", STDLIB, PACKAGES)


def python_files(
    imported: frozenset[str], pyodide: Mapping[str, bytes], cache: Path, log: Log
) -> dict[str, bytes]:
    """Return Pyodide, its library and the bundle of packages, by their path in the site."""
    numpy_wheel = pinned()["lock"]["packages"]["numpy"]["file_name"]
    library = pinned()["library"]
    folders = {
        "packages": library,
        "numpy": library,
        "stdlib": f"{Path(library).parent.parent.as_posix()}/python313.zip",
    }
    archives = {
        "packages": archive.write_archive(_packages(imported, cache, log)),
        "numpy": archive.write_archive(archive.numpy_files(pyodide[numpy_wheel])),
        "stdlib": pyodide["python_stdlib.zip"],
    }
    node = find_node()
    if node is None:
        log("node was not found: the modules stay sources, and the app takes longer to start")
    else:
        log("compiling the modules to bytecode with node")
        archives = compile_archives(archives, folders, pyodide, node)
    contents = {name: archive.read_archive(data) for name, data in archives.items()}
    # Python wants its library as a zip archive; stored, it is read without unpacking.
    stdlib = archive.write_archive(contents["stdlib"], zipfile.ZIP_STORED)
    return {
        PACKAGES: write_bundle({**contents["packages"], **contents["numpy"]}),
        STDLIB: compress(stdlib),
        **{PYODIDE + name: pyodide[name] for name in SHIPPED},
    }


def worker_settings(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the worker has to know of the files that `python_files` made."""
    return {
        "pyodide": PYODIDE,
        "stdlib": STDLIB,
        "packages": PACKAGES,
        "library": pinned()["library"],
        "lock": {**pinned()["lock"], "packages": {}},
        "total": sum(len(files[name]) for name in COUNTED),
    }


def versions() -> dict[str, str]:
    """Return the versions of what the site is made of."""
    info, packages = pinned()["lock"]["info"], pinned()["lock"]["packages"]
    installed = {name: archive.version(name) for name in ("inkling", "panel", "bokeh", "param")}
    return {
        **installed,
        "numpy": packages["numpy"]["version"],
        "pyodide": info["version"],
        "python": info["python"],
    }


def _packages(imported: frozenset[str], cache: Path, log: Log) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    for distribution in archive.needed_distributions(imported):
        contents.update(archive.distribution_files(distribution))
    for wheel in obtain_wheels(cache, log).values():
        contents.update(archive.wheel_files(wheel))
    for package in archive.OWN_PACKAGES:
        contents.update(archive.own_files(package))
    return trim(contents, log)
