"""Gets the bytes at an address, in the browser and natively, and never waits for ever.

An answer may take as long as it likes while it keeps coming; silence counts as a failure.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from data_cache.errors import DataError, PassingError

PATIENCE_SECONDS = 10.0
"""How long a server may be silent, before its answer and in the middle of it."""

_PASSING = (408, 425, 429)
"""Refusals that may be over soon, besides the server's own failures."""


@dataclass(frozen=True)
class Fetched:
    """What came from an address.

    Attributes
    ----------
    content : bytes
        As it came, or unpacked already if its checksum was one of those expected.
    sha256 : str
        The checksum of what came, if that is known already, else "".
    """

    content: bytes
    sha256: str = ""


async def fetch_url(url: str, *, patience: float = PATIENCE_SECONDS) -> bytes:
    """Get the bytes at an address: with the browser's fetch in Pyodide, else with urllib.

    Raises
    ------
    DataError
        If the server answers with anything but 200.
    PassingError
        If it cannot be reached, is silent for `patience` seconds, or fails.
    """
    return (await fetch_checked(url, (), patience=patience)).content


async def fetch_checked(
    url: str,
    expected: Collection[str],
    *,
    fresh: bool = False,
    patience: float = PATIENCE_SECONDS,
) -> Fetched:
    """Get the bytes at an address; in the browser they are checked and unpacked on the way.

    Parameters
    ----------
    expected
        Checksums (SHA-256, hexadecimal) of which one should be that of the bytes.
    fresh
        Pass over every cache on the way, as after damaged bytes.
    patience
        Seconds of silence after which to give up.

    Raises
    ------
    DataError
        As in `fetch_url`.
    """
    if sys.platform == "emscripten":
        return await _fetch_in_browser(url, expected, fresh, patience)
    return Fetched(await asyncio.to_thread(_fetch_natively, url, fresh, patience))


@cache
def _browser_function() -> Any:
    from pyodide.code import run_js  # noqa: PLC0415 - exists in the browser alone

    return run_js((files("data_cache.sources") / "fetch.js").read_text(encoding="utf-8"))


async def _fetch_in_browser(
    url: str, expected: Collection[str], fresh: bool, patience: float
) -> Fetched:
    from pyodide.ffi import JsException, to_js  # noqa: PLC0415

    try:
        answer = await _browser_function()(url, fresh, patience, to_js(list(expected)))
    except JsException as error:
        raise PassingError(f"{url}: the server could not be reached ({error}).") from error
    _check_status(url, answer.status)
    return Fetched(answer.content.to_bytes(), answer.sha256)


def _fetch_natively(url: str, fresh: bool, patience: float) -> bytes:
    from http.client import HTTPException  # noqa: PLC0415 - sockets are not for the browser
    from urllib.error import HTTPError  # noqa: PLC0415
    from urllib.request import Request, urlopen  # noqa: PLC0415

    request = Request(url, headers={"Cache-Control": "no-cache"} if fresh else {})
    try:
        with urlopen(request, timeout=patience) as response:
            content: bytes = response.read()
    except HTTPError as error:
        with error:
            _check_status(url, error.code)
            raise
    except (OSError, HTTPException) as error:
        raise PassingError(f"{url}: the server could not be reached ({error}).") from error
    return content


def _check_status(url: str, status: int) -> None:
    if status == 200:
        return
    kind = PassingError if status >= 500 or status in _PASSING else DataError
    raise kind(f"{url}: status 200 was expected, but {status} was found.")
