"""Runs Panel's own conversion of the app, in a separate process.

Panel reads the URLs of its resources once, at import, and the conversion executes the app.
"""

import json
import os
import random
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from dashboard.languages.text import gettext
from dashboard.site.site_files import SiteError

# Stands for Panel's resources in the converted page until they are replaced by local paths.
PANEL_ROOT = "https://panel.invalid/"


@dataclass(frozen=True)
class Conversion:
    """The converted app: the page, the worker's script, and the top-level modules it imported."""

    html: str
    worker: str
    modules: frozenset[str]


def convert(app: Path) -> Conversion:
    """Return a Panel script converted; SiteError with the app's own error if that fails."""
    if not app.is_file():
        raise SiteError(gettext("Expected a Panel script at {app}, found no such file.", app=app))
    program = f"from {__name__} import main; main({str(app.resolve())!r})"
    settings = {
        "PANEL_CDN_ROOT": PANEL_ROOT,
        "BOKEH_PY_LOG_LEVEL": "error",
        "PYTHONHASHSEED": "0",  # fixes the order of sets, and with it the page
    }
    command = [sys.executable, "-c", program]
    finished = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        raise SiteError(
            gettext(
                "Panel could not convert {app}; its error was:\n{error}",
                app=app,
                error=finished.stderr.strip(),
            )
        )
    answer = json.loads(finished.stdout.splitlines()[-1])
    return Conversion(answer["html"], answer["worker"], frozenset(answer["modules"]))


def main(app: str) -> None:
    """Convert the app and write the result to standard output as one line of JSON."""
    generator = random.Random(0)
    # The same identifiers in every build; replaced before anything imports the function.
    uuid.uuid4 = lambda: uuid.UUID(int=generator.getrandbits(128), version=4)
    from panel.io.convert import script_to_html  # noqa: PLC0415 (a second to import)
    from panel.io.resources import set_resource_mode  # noqa: PLC0415

    with set_resource_mode("cdn"):
        html, worker = script_to_html(app, runtime="pyodide-worker", compiled=False)
    modules = sorted({name.partition(".")[0] for name in sys.modules})
    sys.stdout.write("\n" + json.dumps({"html": html, "worker": worker, "modules": modules}) + "\n")
