"""A client of the served app without a browser: Bokeh's protocol over the websocket.

It clicks and draws like the page's script and receives the server's changes. Many clients run in
one event loop.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

SENT_SIDE = 84
TIMEOUT_SECONDS = 120
Event = dict[str, Any]


class PageClient:
    """An open page; `open_page` creates it."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection
        self._waiting: list[tuple[Callable[[Event], bool], asyncio.Future[Event]]] = []
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._ids: dict[str, str] = {}
        self._pad_channel = ""
        self._upload: str | None = None
        self._awaited_models: list[tuple[str, asyncio.Future[str]]] = []
        self._numbers = itertools.count(1)
        self.texts: dict[str, str] = {}
        self.models: list[dict[str, Any]] = []
        self.definitions: list[str] = []
        self.patches = 0
        self.is_open = True
        self._reader = asyncio.create_task(self._read())

    async def load(self) -> None:
        """Fetch the document and report it as ready, as the page does."""
        reply = await self._request("PULL-DOC-REQ", {})
        self._add(reply["doc"])
        self.definitions = [found["name"] for found in reply["doc"].get("defs", ())]
        self._pad_channel = _channel_of(self._ids["ink-pad"], self.models)
        await self._patch(_event("document_ready", []))

    async def click(self, css_class: str) -> None:
        """Click a button."""
        await self._patch(_event("button_click", [["model", {"id": self._ids[css_class]}]]))

    async def toggle(self, css_class: str, *, on: bool) -> None:
        """Switch a toggle."""
        await self._patch(_change(self._ids[css_class], "active", on))

    async def draw(self, picture: np.ndarray) -> None:
        """Send a picture (84, 84) uint8 as the drawing pad does."""
        content = base64.b64encode(picture.tobytes()).decode()
        command = [next(self._numbers), "draw", content]
        await self._patch(_change(self._pad_channel, "command", command))

    async def greet(self, key: str, tab: str) -> None:
        """Name the browser and the tab whose work is saved on the server."""
        await self.change(self.named("inkling-connection"), "tags", ["handshake", key, tab])

    async def change(self, model: str, attribute: str, value: Any) -> None:
        """Change a property of a model."""
        await self._patch(_change(model, attribute, value))

    def named(self, name: str) -> str:
        """Return the id of the model that has a name."""
        return next(it["id"] for it in self.models if it.get("attributes", {}).get("name") == name)

    async def export_curve(self) -> list[str]:
        """Export the learning curve; return the lines of the file."""

        def is_file(event: Event) -> bool:
            value = event.get("new")
            return event.get("attr") == "tags" and bool(value) and value[0] == "inkling-run.csv"

        found: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting.append((is_file, found))
        await self.click("ink-csv")
        content = (await asyncio.wait_for(found, TIMEOUT_SECONDS))["new"][1]
        return base64.b64decode(content).decode().splitlines()

    def text_of(self, css_class: str) -> str:
        """Return the newest text of a component; "" if it has not changed."""
        return self.texts.get(self._ids[css_class], "")

    def expect(self, css_class: str, pattern: str = "") -> asyncio.Future[Event]:
        """Return a future of the first change of the component's text that matches the pattern."""
        model, found = self._ids[css_class], re.compile(pattern)

        def fits(event: Event) -> bool:
            is_text = event["kind"] == "ModelChanged" and event["model"]["id"] == model
            return is_text and event["attr"] == "text" and bool(found.search(event["new"]))

        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting.append((fits, future))
        return future

    async def seconds_until(self, act: Any, answer: asyncio.Future[Event]) -> float:
        """Await an action and its response; return the seconds."""
        begun = time.perf_counter()
        await act
        await asyncio.wait_for(answer, TIMEOUT_SECONDS)
        return time.perf_counter() - begun

    async def send(self, kind: str, content: Any) -> None:
        """Send a message of any kind and content."""
        await self._send(kind, content)

    async def send_frame(self, frame: str | bytes) -> None:
        """Send one frame of the websocket, which need not be a part of a message."""
        await self._connection.write_message(frame, binary=isinstance(frame, bytes))

    async def close(self) -> None:
        """Close the page, and wait until the server has closed it, too."""
        self._connection.close()
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(self._reader, TIMEOUT_SECONDS)
        self.is_open = False

    async def upload(self, content: bytes, name: str, size: int = -1, start: int = 0) -> None:
        """Send a part of a weights file; the settings are opened before, if they are not yet."""
        if self._upload is None:
            drawn = self.expect_model("FileUpload")
            await self.change(self.named("inkling-settings"), "tags", ["digits"])
            self._upload = await asyncio.wait_for(drawn, TIMEOUT_SECONDS)
        size = len(content) if size < 0 else size
        part = [next(self._numbers), name, size, start, base64.b64encode(content).decode()]
        await self.change(self._upload, "part", part)

    def expect_model(self, kind: str) -> asyncio.Future[str]:
        """Return a future of the id of the first model of a kind that the server adds."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._awaited_models.append((kind, future))
        return future

    def _add(self, part: Any) -> None:
        """Remember the models in a part of the document."""
        for model in _models(part):
            self.models.append(model)
            for css_class in model.get("attributes", {}).get("css_classes", ()):
                if isinstance(css_class, str) and css_class.startswith("ink-"):
                    self._ids.setdefault(css_class, model["id"])
            for kind, future in self._awaited_models:
                if re.fullmatch(rf"{kind}\d*", model["name"]) and not future.done():
                    future.set_result(model["id"])

    async def _patch(self, event: Event) -> None:
        await self._send("PATCH-DOC", {"events": [event]})

    async def _request(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._replies[await self._send(kind, content)] = future
        return await asyncio.wait_for(future, TIMEOUT_SECONDS)

    async def _send(self, kind: str, content: Any) -> str:
        header = {"msgid": uuid.uuid4().hex, "msgtype": kind}
        for part in (header, {}, content):
            await self._connection.write_message(json.dumps(part))
        return header["msgid"]

    async def _read(self) -> None:
        while True:
            parts = [await self._next() for _ in range(3)]
            header, content = json.loads(parts[0]), json.loads(parts[2])
            for _ in range(2 * header.get("num_buffers", 0)):
                await self._next()
            if header["msgtype"] == "PATCH-DOC":
                self._take(content["events"])
            elif header.get("reqid") in self._replies:
                self._replies.pop(header["reqid"]).set_result(content)

    async def _next(self) -> Any:
        message = await self._connection.read_message()
        if message is None:
            self.is_open = False
            raise ConnectionError("the server closed the page")
        return message

    def _take(self, events: list[Event]) -> None:
        self.patches += 1
        for event in events:
            if event["kind"] == "ModelChanged" and event["attr"] == "text":
                self.texts[event["model"]["id"]] = event["new"]
            elif self._awaited_models:
                self._add(event)
            for fits, future in list(self._waiting):
                if not future.done() and fits(event):
                    future.set_result(event)
        self._waiting = [(fits, future) for fits, future in self._waiting if not future.done()]


async def fetch_token(url: str, host: str = "") -> str:
    """Return the token of the session that the page at `http://host:port/app` has."""
    answer = await AsyncHTTPClient().fetch(
        url,
        request_timeout=TIMEOUT_SECONDS,
        connect_timeout=TIMEOUT_SECONDS,
        headers={"Host": host} if host else None,
    )
    found = re.search(r'"token":\s*"([^"]+)"', answer.body.decode())
    assert found, "the page has no token"
    return found[1]


async def open_page(url: str, *, token: str = "", origin: str = "", host: str = "") -> PageClient:
    """Open the app's page at `http://host:port/app`.

    A token that no page had opens a new session; `origin` is that of the page, by default its own;
    `host` is the name under which the page is opened, if it is not that of the address.
    """
    token = token or await fetch_token(url, host)
    headers = {"Origin": origin or (f"http://{host}" if host else url.rsplit("/", 1)[0])}
    if host:
        headers["Host"] = host
    address = f"{url.replace('http', 'ws', 1)}/ws"
    connection = await websocket_connect(
        HTTPRequest(
            address,
            connect_timeout=TIMEOUT_SECONDS,
            request_timeout=TIMEOUT_SECONDS,
            headers=headers,
        ),
        subprotocols=["bokeh", token],
        max_message_size=1 << 26,
    )
    connection.protocol.set_nodelay(True)  # as browsers do
    for _ in range(3):  # the server's acknowledgement
        await connection.read_message()
    page = PageClient(connection)
    try:
        await page.load()
    except BaseException:
        await page.close()
        raise
    return page


def enlarged(image: np.ndarray) -> np.ndarray:
    """Return a digit (784,) uint8 as the pad sends it: (84, 84)."""
    steps = np.arange(SENT_SIDE) * 28 // SENT_SIDE
    return np.ascontiguousarray(image.reshape(28, 28)[np.ix_(steps, steps)])


def _event(name: str, entries: list[Any]) -> Event:
    values = {"type": "map", "entries": entries}
    data = {"type": "event", "name": name, "values": values}
    return {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": data}


def _change(model: str, attribute: str, value: Any) -> Event:
    return {"kind": "ModelChanged", "model": {"id": model}, "attr": attribute, "new": value}


def _channel_of(figure: str, models: list[dict[str, Any]]) -> str:
    """Return the id of the channel that the script of a figure sends its commands on."""
    for model in models:
        if model["name"] == "CustomJS":
            arguments = dict(model["attributes"]["args"]["entries"])
            if arguments.get("figure", {}).get("id") == figure and "channel" in arguments:
                return str(arguments["channel"]["id"])
    raise LookupError(f"no script with a channel has the figure {figure}")


def _models(part: Any) -> Iterator[dict[str, Any]]:
    """Yield all models in a document."""
    parts = [part]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            if part.get("type") == "object" and "id" in part:
                yield part
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)
