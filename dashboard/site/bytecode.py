"""Compiles the site's Python modules to bytecode, which halves the time the app needs to start.

It takes node, which runs the very Pyodide that will run them; without node the site holds sources.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from dashboard.site.errors import SiteError
from dashboard.site.pyodide_files import pinned


def find_node() -> str | None:
    """Return the path of node, be it playwright's own; None on a machine without any."""
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
    """Return each zip archive with its modules compiled (x.py becomes an unchecked x.pyc).

    `folders` names the folder of the browser's file system in which each archive will lie, for
    tracebacks.
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
            raise SiteError(f"node could not compile the modules: {finished.stderr.strip()}")
        return {name: (work / name).read_bytes() for name in archives}
