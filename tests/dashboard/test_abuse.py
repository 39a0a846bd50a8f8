"""Hostile links, requests, uploads and messages against a served process, while a visitor draws.

INKLING_ABUSE sets how many there are; the seed is fixed, so a failure can be repeated.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from subprocess import PIPE
from urllib.parse import quote

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from page_client import open_page
from served_app import served_app
from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

COUNT = int(os.environ.get("INKLING_ABUSE", "36"))
ATTACKERS, ACTIONS_EACH = 4, 3
"""Each example has actions for all of them, which they do at the same time."""
MEGABYTES = 1500
"""The stated bound: fifteen sessions, and what shows of their networks."""
VISITOR = Path(__file__).parents[1] / "support" / "drawing_visitor.py"
EXCEPTIONS = re.compile(r"Traceback|Uncaught|Unhandled|HTTP/1\.1\" 500|\b500 (GET|POST|HEAD)")
PATIENCE = 1 if "INKLING_ABUSE" in os.environ else 10
"""The few of the suite run beside other tests, whose load is not measured."""


class Loop:
    """An event loop in a thread, so that the strategies can draw in between."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(240)


class Payload(bytes):
    """Long content, which the report of a failure names by its beginning."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes: {bytes(self[:12])!r}>"


def zeros(count: int) -> Payload:
    file = io.BytesIO()
    np.savez_compressed(file, W0=np.zeros(count))
    return Payload(file.getvalue())


BOMB = zeros(20_000_000)
KEYS = Payload(
    ("{" + ",".join(f'"k{number}": 1' for number in range(20_000)) + ', "k0": 2}').encode()
)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats() | st.integers(-3, 5000)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ("pane", "hidden", "rate", "batch", "seed", "optimizer", "activation", "data", "hide", "stop",
     "api", "shape", "noise", "points", "inputs", "architecture", "lesson", "", "bokeh-session-id",
     "bokeh-token")
)  # fmt: skip
LINK_VALUES = (
    st.sampled_from(
        ("spiral", "evaluate", "-".join(["2048"] * 8), "2048-1024-512", "1e999", "nan", "-1",
         "conv:512x9,pool2", "%00", "x" * 3000)
    )
    | NUMBERS.map(str)
    | st.text(max_size=30)
)  # fmt: skip
LINKS = st.lists(st.tuples(NAMES, LINK_VALUES), max_size=5)
BODIES = (
    st.sampled_from((b"", b"{", Payload(b"[" * 100_000), KEYS, BOMB, b"\x1f\x8b" + b"\0" * 100))
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=200)
)
TYPES = st.sampled_from(("application/json", "application/x-npz", "text/html", ""))
REQUESTS = st.tuples(
    st.sampled_from(("GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "HEAD")),
    st.sampled_from(
        ("/api", "/api/weights", "/api/data?index=9", "/api/datablock", "/api/blocks/1", "/app/ws",
         "/api/weights/restore/1", "/api/health", "/app/autoload.js", "/app/metadata", "/api/../x",
         "/static/..%2f..%2fetc/passwd", "/lab", "/api/data?label=-1", "/metrics", "/")
    ),
    BODIES,
    TYPES,
)  # fmt: skip
ATTRIBUTES = st.sampled_from(
    ("value", "tags", "active", "command", "text", "data", "options", "filename", "name", "title",
     "x_range", "inner_width", "id", "")
)  # fmt: skip
UPLOADS = st.sampled_from(
    (BOMB, KEYS, Payload(b"x,y,label\n" * 5000), Payload(b"PK\x03\x04" + b"\0" * 5000))
)
ACTIONS = st.one_of(
    st.tuples(st.just("request"), REQUESTS),  # the simplest, which hypothesis tries first
    st.tuples(st.just("link"), LINKS),
    st.tuples(st.just("change"), st.tuples(st.integers(0, 10**6), ATTRIBUTES, VALUES)),
    st.tuples(st.just("change"), st.tuples(st.integers(0, 10**6), st.just(""), VALUES)),
    st.tuples(st.just("event"), st.tuples(st.integers(0, 10**6), st.text(max_size=12), VALUES)),
    st.tuples(st.just("patch"), VALUES),
    st.tuples(st.just("upload"), UPLOADS),
    st.tuples(
        st.just("file"),
        st.tuples(
            UPLOADS | st.binary(max_size=200),
            st.sampled_from(("x.npz", "x.json", "x.safetensors", "../x", "")),
            st.integers(-1, 10**9),
            st.integers(-1, 10),
        ),
    ),
    st.tuples(
        st.just("frames"), st.lists(st.text(max_size=50) | st.binary(max_size=99), max_size=5)
    ),
    st.tuples(
        st.just("message"),
        st.tuples(
            st.sampled_from(("PULL-DOC-REQ", "PUSH-DOC", "SERVER-INFO-REQ", "OK", "x")), VALUES
        ),
    ),
    st.tuples(st.just("token"), st.text("abc.=_-é", max_size=30)),
)


class Attacker:
    """Does one hostile thing after the other; opens a page again when it was closed."""

    def __init__(self, app) -> None:
        self._app = app
        self._page = None
        self.statuses: list[int] = []

    async def leave(self) -> None:
        """Close the page."""
        await self._leave()

    async def do(self, action: str, what) -> None:
        await getattr(self, f"_{action}")(what)

    async def _fetch(self, path: str, method: str = "GET", **options) -> bytes:
        request = HTTPRequest(
            f"{self._app.address}{path}",
            method=method,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            request_timeout=60,
            **options,
        )
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        self.statuses.append(answer.code)
        return answer.body

    async def _link(self, pairs) -> None:
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
        await self._fetch(f"/app?{query}")

    async def _request(self, request) -> None:
        method, path, body, media_type = request
        await self._fetch(path, method, body=body or None, headers={"Content-Type": media_type})

    async def _opened(self):
        if self._page is None or not self._page.is_open:
            await self._leave()
            # The tests' server lets one address open as many pages as it likes.
            for _ in range(60):
                try:
                    self._page = await open_page(f"{self._app.address}/app")
                    break
                except (AssertionError, KeyError):  # there is no room
                    await asyncio.sleep(0.5)
        return self._page

    async def _leave(self) -> None:
        if self._page is not None:
            await self._page.close()
        self._page = None

    async def _send(self, kind, content) -> None:
        page = await self._opened()
        try:
            await page.send(kind, content)
        except (ConnectionError, WebSocketClosedError):  # the server has closed the page
            await self._leave()

    async def _change(self, change) -> None:
        page = await self._opened()
        number, attribute, value = change
        model = page.models[number % len(page.models)]
        names = sorted(model.get("attributes", {})) or ["name"]
        event = {
            "kind": "ModelChanged",
            "model": {"id": model["id"]},
            "attr": attribute or names[number % len(names)],
            "new": value,
        }
        await self._send("PATCH-DOC", {"events": [event]})

    async def _event(self, event) -> None:
        page = await self._opened()
        number, name, value = event
        model = page.models[number % len(page.models)]["id"]
        entries = [["model", {"id": model}], ["value", value]]
        data = {
            "type": "event",
            "name": name or "button_click",
            "values": {"type": "map", "entries": entries},
        }
        sent = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": data}
        await self._send("PATCH-DOC", {"events": [sent]})

    async def _patch(self, events) -> None:
        await self._send("PATCH-DOC", {"events": events})

    async def _upload(self, content) -> None:
        await self._fetch("/api/weights", "POST", body=content)

    async def _file(self, file) -> None:
        page = await self._opened()
        try:
            # An attacker may have made its own page unable to show the field.
            await asyncio.wait_for(page.upload(*file), 10)
        except (ConnectionError, WebSocketClosedError, TimeoutError):  # the page was closed
            await self._leave()

    async def _message(self, message) -> None:
        kind, content = message
        await self._send(kind, content)

    async def _frames(self, frames) -> None:
        page = await self._opened()
        try:
            for frame in frames:
                await page.send_frame(frame)
        except (ConnectionError, WebSocketClosedError):  # the server has closed the page
            await self._leave()

    async def _token(self, text) -> None:
        url = f"{self._app.address.replace('http', 'ws')}/app/ws"
        request = HTTPRequest(url, headers={"Origin": self._app.address})
        try:
            connection = await websocket_connect(
                request, subprotocols=["bokeh", quote(text) or "x"]
            )
        except (HTTPError, OSError, ValueError):  # refused, as it should be
            return
        await asyncio.wait_for(connection.read_message(), 60)
        connection.close()


@pytest.fixture(scope="module")
def app():
    arguments = ("--unused-session-lifetime", "1000", "--check-unused-sessions", "500")
    with served_app(arguments=arguments, INKLING_MAX_SESSIONS="15") as app:
        yield app


@pytest.mark.upstream_patch("page_messages")
def test_no_hostile_visitor_keeps_another_one_waiting_or_breaks_the_server(app):
    loop, attackers = Loop(), [Attacker(app) for _ in range(ATTACKERS)]
    visitor = subprocess.Popen(
        [sys.executable, str(VISITOR), app.address], stdin=PIPE, stdout=PIPE, text=True
    )
    done = 0

    async def do_in_turn(attacker, actions):
        for action in actions:
            await attacker.do(*action)

    async def do_all(actions):
        shares = [actions[number::ATTACKERS] for number in range(ATTACKERS)]
        await asyncio.gather(*map(do_in_turn, attackers, shares))

    def statuses():
        return {status for attacker in attackers for status in attacker.statuses}

    assert visitor.stdout.readline() == "drawing\n"
    peak = 0.0

    @seed(14)
    @settings(
        max_examples=max(COUNT // (ATTACKERS * ACTIONS_EACH), 1),
        deadline=None,
        database=None,
        phases=settings.default.phases[:3],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(ACTIONS, min_size=ATTACKERS * ACTIONS_EACH, max_size=ATTACKERS * ACTIONS_EACH))
    def attack(actions):
        nonlocal peak, done
        loop.run(do_all(actions))
        done += len(actions)
        peak = max(peak, app.megabytes())
        assert app.process.poll() is None
        assert not any(500 <= status < 503 for status in statuses()), actions

    attack()
    for attacker in attackers:
        loop.run(attacker.leave())
    seconds = sorted(json.loads(visitor.communicate("leave\n", 60)[0]))
    p95, worst = seconds[int(0.95 * (len(seconds) - 1))], seconds[-1]
    sys.stdout.write(
        f"{done} actions, {len(seconds)} drawings: p95 {1000 * p95:.0f} ms, worst "
        f"{1000 * worst:.0f} ms, {peak:.0f} MB, statuses {sorted(statuses())}\n"
    )
    assert not EXCEPTIONS.search(app.log()), app.log()[-6000:]
    assert peak <= MEGABYTES
    assert p95 <= 0.3 * PATIENCE
    assert worst <= 1.0 * PATIENCE
