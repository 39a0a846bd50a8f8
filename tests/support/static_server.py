"""Serves the files of a folder over HTTP, as static hosts do."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class QuietFiles(SimpleHTTPRequestHandler):
    """A request handler without a log."""

    def log_message(self, *_arguments: Any) -> None:
        """Discard the message."""


class QuietServer(ThreadingHTTPServer):
    """A server that ignores disconnects during a response."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report all other errors."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(handler: Callable[..., SimpleHTTPRequestHandler]) -> Iterator[ThreadingHTTPServer]:
    """Serve with a handler on a free port; the server may be closed early."""
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
def static_server(folder: Path, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve a folder, with these headers in every response; yield its address."""

    class Files(QuietFiles):
        def end_headers(self) -> None:
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            super().end_headers()

    with serving(functools.partial(Files, directory=str(folder))) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
