"""nginx and Caddy with the configurations of docs/proxy, before a server of the tests."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from breakable_line import free_port

FOLDER = Path(__file__).parents[2] / "docs" / "proxy"
NAME = "lab.example"
"""The host in the configurations."""


@contextmanager
def nginx(folder: Path, upstream: int, name: str = NAME) -> Iterator[int]:
    """Run nginx for a server on port `upstream`; yield its port."""
    port = free_port()
    site = (FOLDER / "nginx.conf").read_text(encoding="utf-8").replace(NAME, name)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};")
    site = site.replace("127.0.0.1:5006", f"127.0.0.1:{upstream}")
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off;\n{paths}{site}\n}}",
        encoding="utf-8",
    )
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with _running(command, folder, port):
        yield port


@contextmanager
def caddy(folder: Path, upstream: int, name: str = NAME) -> Iterator[int]:
    """Run Caddy for a server on port `upstream`; yield its port."""
    port = free_port()
    site = (FOLDER / "Caddyfile").read_text(encoding="utf-8")
    site = site.replace(f"{NAME} {{", f"http://{name}:{port} {{")
    site = site.replace("127.0.0.1:5006", f"127.0.0.1:{upstream}")
    file = folder / "Caddyfile"
    file.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{site}", encoding="utf-8")
    command = ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]
    with _running(command, folder, port):
        yield port


Proxy = Callable[..., AbstractContextManager[int]]


def skip_without(proxy: Proxy) -> None:
    """Skip a test where the program is not installed."""
    if shutil.which(proxy.__name__) is None:
        pytest.skip(f"{proxy.__name__} is not installed")


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            while True:
                with socket.socket() as probe:
                    if not probe.connect_ex(("127.0.0.1", port)):
                        break
                assert process.poll() is None, (folder / "log.txt").read_text()
                time.sleep(0.01)
            yield
        finally:
            process.terminate()
            process.wait()
