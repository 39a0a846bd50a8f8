"""Fetches a URL, in the browser and natively, with a timeout for silence.

A response may take any time while data keep arriving. A cancelled fetch ends immediately: neither
its task nor the exit of the process waits for the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from data_cache.errors import DataError, SilenceError, TransientError
from data_cache.texts import gettext

TIMEOUT_SECONDS = 8.0
"""How long a server may be silent, before its response and in the middle of it."""

_TRANSIENT_STATUSES = (408, 425, 429)
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class FetchedContent:
    """The content of a URL.

    Attributes
    ----------
    content : bytes
        As received, or decompressed if its checksum was one of those expected.
    sha256 : str
        Checksum of the bytes as received; "" if it has not been computed.
    """

    content: bytes
    sha256: str = ""


async def fetch_url(url: str, *, timeout: float = TIMEOUT_SECONDS) -> bytes:
    """Fetch the content of a URL: with the browser's fetch in Pyodide, else with urllib.

    Parameters
    ----------
    url : str
    timeout : float
        Seconds that the server may be silent.

    Raises
    ------
    TransientError
        If the server cannot be reached or is silent for too long, or for a status of 408, 425,
        429 or 5xx.
    DataError
        For any other status but 200.
    """
    return (await fetch_checked(url, (), timeout=timeout)).content


async def fetch_checked(
    url: str,
    expected: Collection[str],
    *,
    fresh: bool = False,
    timeout: float = TIMEOUT_SECONDS,
) -> FetchedContent:
    """Fetch the content of a URL; a browser computes its checksum and decompresses it.

    Parameters
    ----------
    url : str
    expected : collection of str
        SHA-256 checksums (hexadecimal), one of which the content should have. The caller checks.
    fresh : bool
        Bypass the caches on the way, as after damaged content.
    timeout : float
        Seconds that the server may be silent.

    Raises
    ------
    DataError
        As `fetch_url`.
    """
    if sys.platform == "emscripten":
        return await _fetch_in_browser(url, expected, fresh, timeout)
    return FetchedContent(await _fetch_natively(url, fresh, timeout))


@cache
def _browser_function() -> Any:
    from pyodide.code import run_js  # noqa: PLC0415 - exists in the browser alone

    return run_js((files("data_cache.sources") / "fetch.js").read_text(encoding="utf-8"))


async def _fetch_in_browser(
    url: str, expected: Collection[str], fresh: bool, timeout: float
) -> FetchedContent:
    from pyodide.ffi import JsException, to_js  # noqa: PLC0415

    try:
        response = await _browser_function()(url, fresh, timeout, to_js(list(expected)))
    except JsException as error:
        raise _unreachable(url, error) from error
    _check_status(url, response.status)
    return FetchedContent(response.content.to_bytes(), response.sha256)


async def _fetch_natively(url: str, fresh: bool, timeout: float) -> bytes:
    loop = asyncio.get_running_loop()
    result: asyncio.Future[bytes] = loop.create_future()
    is_abandoned = threading.Event()

    def finish(content: bytes, error: Exception | None) -> None:
        if result.done():
            return
        if error is None:
            result.set_result(content)
        else:
            result.set_exception(error)

    def work() -> None:
        content, error = b"", None
        try:
            content = _read_natively(url, fresh, timeout, is_abandoned)
        except Exception as failure:
            error = failure
        # A closed loop raises RuntimeError, and has nothing that waits for the result.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(finish, content, error)

    # A daemon thread, because the interpreter waits for those of an executor before it exits.
    threading.Thread(target=work, name=f"fetch {url}", daemon=True).start()
    try:
        return await result
    finally:
        is_abandoned.set()


def _read_natively(url: str, fresh: bool, timeout: float, is_abandoned: threading.Event) -> bytes:
    """Read a URL in pieces, until the end or until the fetch is abandoned."""
    # Slow imports, and sockets do not exist in a browser.
    from http.client import HTTPException, IncompleteRead  # noqa: PLC0415
    from urllib.error import HTTPError  # noqa: PLC0415
    from urllib.request import Request, urlopen  # noqa: PLC0415

    request = Request(url, headers={"Cache-Control": "no-cache"} if fresh else {})
    pieces = []
    try:
        with urlopen(request, timeout=timeout) as response:
            while not is_abandoned.is_set() and (piece := response.read(_CHUNK_BYTES)):
                pieces.append(piece)
            if response.length and not is_abandoned.is_set():
                raise IncompleteRead(b"".join(pieces), response.length)
    except HTTPError as error:
        with error:
            _check_status(url, error.code)
            raise
    except (OSError, HTTPException) as error:
        raise _unreachable(url, error) from error
    return b"".join(pieces)


def _unreachable(url: str, error: Exception) -> TransientError:
    is_silence = isinstance(error, TimeoutError) or "no response for" in str(error)
    kind = SilenceError if is_silence else TransientError
    return kind(
        gettext(
            "{url}: expected a response, but the server cannot be reached ({error}).",
            url=url,
            error=error,
        )
    )


def _check_status(url: str, status: int) -> None:
    if status == 200:
        return
    kind = TransientError if status >= 500 or status in _TRANSIENT_STATUSES else DataError
    raise kind(gettext("{url}: expected status 200, found {status}.", url=url, status=status))
