"""Makes one HTTP request, natively or with the browser's own means, and gives whatever came.

A status that says no is an answer too; only silence is an error.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class HttpAnswer:
    """An answer; the names of its headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def call_http(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> HttpAnswer:
    """Make a request; OSError when there is no answer."""
    if sys.platform == "emscripten":
        return await _call_in_browser(method, url, headers, body)
    return await asyncio.to_thread(_call_natively, method, url, headers, body)


async def _call_in_browser(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> HttpAnswer:
    from pyodide.ffi import to_js  # noqa: PLC0415 - exists in the browser alone
    from pyodide.http import pyfetch  # noqa: PLC0415

    options = {} if body is None else {"body": to_js(body)}
    response = await pyfetch(url, method=method, headers=dict(headers), cache="no-store", **options)
    return HttpAnswer(
        response.status,
        {name.lower(): value for name, value in response.headers.items()},
        await response.bytes(),
    )


def _call_natively(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> HttpAnswer:
    from http.client import HTTPException  # noqa: PLC0415 - sockets are not for the browser
    from urllib.error import HTTPError  # noqa: PLC0415
    from urllib.request import Request, urlopen  # noqa: PLC0415

    request = Request(url, body, dict(headers), method=method)
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            return HttpAnswer(response.status, found, response.read())
    except HTTPError as error:
        with error:
            found = {name.lower(): value for name, value in error.headers.items()}
            return HttpAnswer(error.code, found, error.read())
    except HTTPException as error:
        raise OSError(str(error)) from error
