"""The served app with its API in a process of its own, for clients that are no browsers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
STARTED = "Starting Bokeh server with process id"
ASK_SECONDS = 0.05


@dataclass(frozen=True)
class ServedApp:
    """A running server; `folder` holds its state, cache and log."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    prefix: str = ""

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def census(self) -> dict[str, int]:
        """How many of the app's objects the server holds; garbage is collected before."""
        with urlopen(f"{self.address}{self.prefix}/census") as answer:
            found: dict[str, int] = json.load(answer)
        return found

    def megabytes(self) -> float:
        """Memory that the server holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) / 1024

    def log(self) -> str:
        """What the server has said so far."""
        return (self.folder / "log.txt").read_text(encoding="utf-8")


@contextmanager
def served_app(
    plugins: Sequence[str] = (), arguments: Sequence[str] = (), **environment: str
) -> Iterator[ServedApp]:
    """Serve the app, the API and further plugins on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "panel", "serve", "dashboard/app.py", "--port", str(port)]
    for plugin in ("dashboard.api.plugin", "census_plugin", *plugins):
        command += ["--plugins", plugin]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support"), str(ROOT / "tests")))
        own = {
            "PYTHONPATH": paths,
            "OPENBLAS_NUM_THREADS": "1",
            "INKLING_API_STATE": str(folder / "state"),
            "INKLING_API_CACHE": str(folder / "cache"),
            "INKLING_DATA": str(folder / "no-data-sets"),
            "INKLING_PAGES_PER_SECOND": "1000",
        }
        with (folder / "log.txt").open("w") as output:
            process = subprocess.Popen(
                [*command, *arguments],
                cwd=ROOT,
                env=os.environ | own | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        has_prefix = "--prefix" in arguments
        prefix = f"/{arguments[arguments.index('--prefix') + 1]}" if has_prefix else ""
        app = ServedApp(process, port, folder, prefix)
        try:
            wait_for_answer(process, f"{app.address}{prefix}/census", folder / "log.txt")
            yield app
        finally:
            process.terminate()
            process.wait()


def wait_for_answer(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until a server that was started answers, and leave it the processor meanwhile."""
    while process.poll() is None:
        try:
            with urlopen(url):
                return
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                process.wait(ASK_SECONDS)
    raise AssertionError(f"the server ended: {log.read_text()}")
