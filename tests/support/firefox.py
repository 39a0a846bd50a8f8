"""Drives Firefox by WebDriver BiDi, the little of it that a test of the site needs.

Playwright speaks only to a Firefox of its own making; this one is the distribution's.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from browser_page import DEEP
from tornado.websocket import WebSocketClientConnection, websocket_connect

LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
DEADLINE_SECONDS = 120


def find_firefox() -> str | None:
    """The path of an installed Firefox, or None."""
    return next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)


class FirefoxSession:
    """A connection to Firefox, which all of its tabs use, one command at a time."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection
        self._number = 0

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        content = {"id": self._number, "method": method, "params": parameters}
        await self._connection.write_message(json.dumps(content))
        while True:
            text = await self._connection.read_message()
            assert text is not None, "Firefox has gone"
            answer = json.loads(text)
            if answer.get("id") == self._number:
                assert answer["type"] == "success", answer
                result: dict[str, Any] = answer["result"]
                return result

    async def add_script(self, script: str) -> None:
        """Run a script before those of every page that is opened or loaded again."""
        await self.command("script.addPreloadScript", functionDeclaration=f"() => {{{script}}}")

    async def first_page(self) -> FirefoxPage:
        """Return the tab that is there at the start."""
        tree = await self.command("browsingContext.getTree")
        return await self._sized(tree["contexts"][0]["context"])

    async def new_page(self) -> FirefoxPage:
        """Open one more tab."""
        made = await self.command("browsingContext.create", type="tab")
        return await self._sized(made["context"])

    async def _sized(self, context: str) -> FirefoxPage:
        await self.command("browsingContext.setViewport", context=context, viewport=VIEWPORT)
        return FirefoxPage(self, context)


class FirefoxPage:
    """One tab."""

    def __init__(self, session: FirefoxSession, context: str) -> None:
        self._session = session
        self._context = context

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command about this tab and return its result."""
        return await self._session.command(method, context=self._context, **parameters)

    async def open(self, url: str, wait: str = "interactive") -> None:
        """Open an address; `wait` is "none", "interactive" or "complete"."""
        await self.command("browsingContext.navigate", url=url, wait=wait)

    async def reload(self, wait: str = "interactive") -> None:
        """Load the page again."""
        await self.command("browsingContext.reload", wait=wait)

    async def first_frame(self) -> FirefoxPage:
        """Return the page in the first frame of this one."""
        while True:
            tree = await self._session.command("browsingContext.getTree", root=self._context)
            children = tree["contexts"][0]["children"]
            if children:
                return FirefoxPage(self._session, children[0]["context"])
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Close this tab."""
        await self.command("browsingContext.close")

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression: a text, a number, a truth value, or None."""
        result = await self._session.command(
            "script.evaluate",
            expression=expression,
            target={"context": self._context},
            awaitPromise=True,
        )
        assert result["type"] == "success", result
        return result["result"].get("value")

    async def wait(self, expression: str) -> None:
        """Wait until an expression holds, in a tab behind others too, which paints no frames."""
        waiting = f"""new Promise((resolve, reject) => {{
          const end = performance.now() + {1000 * DEADLINE_SECONDS}
          const ask = () => {{
            if ({expression}) resolve(true)
            else if (performance.now() > end) reject(new Error("waited too long"))
            else setTimeout(ask, 50)
          }}
          ask()
        }})"""
        await self.evaluate(waiting)

    async def click(self, selector: str) -> None:
        """Click the button in a component."""
        await self.evaluate(f"deep('button', deep('{selector}').shadowRoot).click()")

    async def draw(self, selector: str, points: Sequence[tuple[float, float]]) -> None:
        """Draw with the mouse; points are shares of an element's width and height."""
        box = json.loads(
            await self.evaluate(f"JSON.stringify(deep('{selector}').getBoundingClientRect())")
        )
        places = [
            (round(box["x"] + box["width"] * x), round(box["y"] + box["height"] * y))
            for x, y in points
        ]
        moves = [
            {"type": "pointerMove", "x": x, "y": y, "duration": 50 * bool(number)}
            for number, (x, y) in enumerate(places)
        ]
        actions = [
            moves[0],
            {"type": "pointerDown", "button": 0},
            *moves[1:],
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        await self.command("input.performActions", actions=[mouse])


VIEWPORT = {"width": 1280, "height": 800}


@asynccontextmanager
async def firefox_session(
    path: str, preferences: Mapping[str, Any] | None = None
) -> AsyncIterator[FirefoxSession]:
    """Start a headless Firefox with a profile of its own, in which some preferences are set."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in (preferences or {}).items()
        ]
        (Path(profile) / "user.js").write_text("".join(lines))
        process = await asyncio.create_subprocess_exec(
            *(path, "--headless", "--no-remote", "--profile", profile),
            *("--remote-debugging-port", "0", "about:blank"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            address = await asyncio.wait_for(_address(process), DEADLINE_SECONDS)
            assert process.stderr is not None
            rest = asyncio.create_task(process.stderr.read())  # it must not wait for a reader
            connection = await websocket_connect(f"{address}/session", max_message_size=10**8)
            session = FirefoxSession(connection)
            await session.command("session.new", capabilities={})
            await session.add_script(DEEP)
            yield session
            connection.close()
            process.terminate()
            await rest
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = []
    async for line in process.stderr:
        said.append(line.decode(errors="replace"))
        found = LISTENING.search(said[-1])
        if found:
            return found[1]
    raise AssertionError(f"Firefox ended: {''.join(said)}")
