"""Sends one HTTP request, with sockets in a process or with `fetch` in a browser.

Any status is a response; only a server that cannot be reached is an error.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class HttpResponse:
    """A response; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


SendRequest = Callable[[str, str, Mapping[str, str], bytes | None], Awaitable[HttpResponse]]


async def send_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> HttpResponse:
    """Send a request and return the response; OSError when there is none."""
    if sys.platform == "emscripten":
        return await _fetch_in_browser(method, url, headers, body)
    return await asyncio.to_thread(_send_natively, method, url, headers, body)


async def _fetch_in_browser(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> HttpResponse:
    from pyodide.ffi import to_js  # noqa: PLC0415 - exists in a browser only
    from pyodide.http import pyfetch  # noqa: PLC0415

    options = {} if body is None else {"body": to_js(body)}
    response = await pyfetch(url, method=method, headers=dict(headers), cache="no-store", **options)
    return HttpResponse(
        response.status,
        {name.lower(): value for name, value in response.headers.items()},
        await response.bytes(),
    )


def _send_natively(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> HttpResponse:
    from http.client import HTTPException  # noqa: PLC0415 - sockets do not exist in a browser
    from urllib.error import HTTPError  # noqa: PLC0415
    from urllib.request import Request, urlopen  # noqa: PLC0415

    request = Request(url, body, dict(headers), method=method)
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            return HttpResponse(response.status, found, response.read())
    except HTTPError as error:
        with error:
            found = {name.lower(): value for name, value in error.headers.items()}
            return HttpResponse(error.code, found, error.read())
    except HTTPException as error:
        raise OSError(str(error)) from error
