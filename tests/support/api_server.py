"""The API without Panel, served in a thread of the test, and a client that sends requests."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from dashboard.api.routes import tornado_routes
from dashboard.api.server import Server
from dashboard.api.settings import ApiSettings
from data_cache import DataSet, load_digits

MANY = 1e6


@cache
def digits(_name: str = "digits") -> DataSet:
    return load_digits()


def api_settings(folder: Path, **changes: Any) -> ApiSettings:
    """Return settings with temporary folders, open to changes and without a rate limit."""
    limits = {"reads_per_second": MANY, "writes_per_second": MANY}
    folders = {"state_folder": folder / "state", "cache_folder": folder / "cache"}
    return ApiSettings(**(folders | limits | {"is_open": "token" not in changes} | changes))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        body = self.body
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        return json.loads(body)

    @property
    def sentence(self) -> str:
        """The message of an error response."""
        content = self.json
        assert content["status"] == self.status
        assert content["request"] == self.headers["Request-Id"]
        return str(content["error"])


@dataclass
class ApiClient:
    """A client with a new connection for every request."""

    port: int
    server: Server | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __call__(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request; a body other than bytes is sent as JSON."""
        sent = {"Host": "localhost"} | self.headers
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, sent | (headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


@contextmanager
def api_server(settings: ApiSettings) -> Iterator[ApiClient]:
    """Serve the API on 127.0.0.1; yield a client."""
    server = Server(settings, load=digits)
    ready = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        [socket] = bind_sockets(0, "127.0.0.1")
        http_server = HTTPServer(Application(tornado_routes(server)))
        http_server.add_socket(socket)
        stop = asyncio.Event()
        found.update(port=socket.getsockname()[1], loop=asyncio.get_running_loop(), stop=stop.set)
        ready.set()
        await stop.wait()
        http_server.stop()
        await http_server.close_all_connections()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield ApiClient(found["port"], server)
    finally:
        found["loop"].call_soon_threadsafe(found["stop"])
        thread.join()
        server.close()
