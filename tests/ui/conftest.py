"""Serves the app in its two forms, once for all browser tests."""

from __future__ import annotations

import functools
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from browser_page import LabPage, launch, opened
from playwright.sync_api import Browser, sync_playwright

from dashboard.site import build_site

ROOT = Path(__file__).parents[2]
FORMS = ("served", "site")


class QuietFiles(SimpleHTTPRequestHandler):
    """Plain files over plain HTTP, as any static host serves them."""

    def log_message(self, *_arguments: Any) -> None:
        """Keep the test's output to the test."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def served_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("served") / "log.txt"
    command = [sys.executable, "-m", "panel", "serve", "dashboard/app.py", "--port", str(port)]
    environment = os.environ | {"INKLING_DATA": str(tmp_path_factory.mktemp("no-data"))}
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        try:
            wait_for_server(f"http://localhost:{port}/app", server, log)
            yield f"http://localhost:{port}/app"
        finally:
            server.terminate()
            server.wait()
    assert unexpected_errors(log.read_text()) == []


def unexpected_errors(log: str) -> list[str]:
    """Last lines of the tracebacks in a server's log.

    Tornado reports a page that was closed while something was being sent to it; that is the
    page's good right.
    """
    last_lines = re.findall(r"^Traceback .*?^(\S[^\n]*)", log, re.DOTALL | re.MULTILINE)
    closed = ("tornado.websocket.WebSocketClosedError", "tornado.iostream.StreamClosedError")
    return [line for line in last_lines if not line.startswith((*closed, "During", "The above"))]


def wait_for_server(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    while server.poll() is None:
        try:
            with urlopen(url):
                return
        except URLError:
            continue
    raise AssertionError(f"the server ended: {log.read_text()}")


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    build_site(folder, data_folder=tmp_path_factory.mktemp("no-data"))
    return folder


@pytest.fixture(scope="session")
def site_url(site_folder: Path) -> Iterator[str]:
    handler = functools.partial(QuietFiles, directory=str(site_folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=FORMS)
def url(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture
def lab(browser: Browser, url: str) -> Iterator[LabPage]:
    with opened(browser, url) as page:
        yield page
