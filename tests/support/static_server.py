"""Serves a folder as any static host does: plain files over plain HTTP."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class QuietFiles(SimpleHTTPRequestHandler):
    """Keeps the test's output to the test."""

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


class QuietServer(ThreadingHTTPServer):
    """Says nothing of browsers that leave while something is being sent to them."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report everything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(handler: Callable[..., SimpleHTTPRequestHandler]) -> Iterator[ThreadingHTTPServer]:
    """Serve with a handler, on a port of its own, until the end; or until it is closed before."""
    server = QuietServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def static_server(folder: Path) -> Iterator[str]:
    """Serve a folder; gives its address."""
    with serving(functools.partial(QuietFiles, directory=str(folder))) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
