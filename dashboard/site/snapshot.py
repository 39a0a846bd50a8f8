"""Makes the copy of Python's memory from which the site starts, with node and the site's own files.

The copy holds Python after all imports, with the page of a visitor who has done nothing yet.
"""

import subprocess
import tempfile
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from dashboard.languages.text import gettext
from dashboard.site.archives import compress
from dashboard.site.pyodide_files import Log

SNAPSHOT = "snapshot.bin"
LEVEL = 6
"""Of the compression; 9 takes five times as long for 1 % less."""
NEEDED_PATCHES = ("memory_snapshot", "pyodide_loading", "module_finder", "message_loop")


def make_snapshot(site: Path, pyodide: Mapping[str, bytes], node: str, log: Log) -> bytes | None:
    """Return the compressed copy of Python's memory; None, and a line in the log, if node fails.

    Parameters
    ----------
    site
        The folder of the site, with worker.js and all files that the start needs.
    pyodide
        The files of the Pyodide distribution, by name.
    node
        The path of node.
    log
        Takes one line.
    """
    log(gettext("starting the app in node for a copy of Python's memory"))
    scripts = files("dashboard")
    with (
        tempfile.TemporaryDirectory() as temporary,
        as_file(scripts / "site" / "make_snapshot.mjs") as program,
        as_file(scripts / "upstream" / "site_build" / "memory_snapshot.js") as tools,
    ):
        folder = Path(temporary)
        for name, content in pyodide.items():
            (folder / name).write_bytes(content)
        target = folder / "snapshot"
        command = [node, str(program), f"{folder}/", str(site), str(tools), str(target)]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode == 0:
            return compress(target.read_bytes(), LEVEL)
    log(
        gettext(
            "The site starts without a copy of Python's memory, which takes longer, because node "
            "could not make one: {error}",
            error=finished.stderr.strip(),
        )
    )
    return None
