"""A web server in a thread of the test, with configurable statuses and truncated bodies."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type


class LocalServer:
    """The responses of the server by path; they may be changed at any time."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.statuses: dict[str, int] = {}
        self.cut_short: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.url = ""

    def answer(self, path: str) -> tuple[int, bytes, int] | None:
        """Return status, body and Content-Length for a path; None closes the connection."""
        self.asked[path] += 1
        status = self.statuses.get(path, 200 if path in self.files else 404)
        body = self.files.get(path, b"") if status == 200 else b""
        length = len(body)
        return status, body[: length // 2] if path in self.cut_short else body, length


def content_type(path: str) -> str:
    """Return the media type of a file by its name, or of a folder's page."""
    name = path.partition("?")[0]
    return "text/html" if name.endswith("/") else guess_type(name)[0] or "application/octet-stream"


@contextmanager
def local_server(server: LocalServer | None = None) -> Iterator[LocalServer]:
    server = LocalServer() if server is None else server

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answered = server.answer(self.path)
            if answered is None:
                self.close_connection = True
                return
            status, body, length = answered
            with suppress(ConnectionError):  # the client may have disconnected
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.send_header("Content-Type", content_type(self.path))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
