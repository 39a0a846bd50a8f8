"""The weights of a server: of this process itself, or of another server by its address.

A served page uses its own process only, because a request to another server would come from this
machine and not from the visitor's; in the browser runtime the visitor's browser sends the requests.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from dashboard.digits.http_client import HttpResponse, SendRequest, send_request
from dashboard.languages.text import gettext

NPZ = "application/x-npz"
PLUGIN = "dashboard.api.plugin"


class ServerWeightsError(Exception):
    """The server refused or cannot be reached; the message is for the person at the page."""


@dataclass(frozen=True)
class WeightsVersion:
    """A version of the server's weights.

    Attributes
    ----------
    number
        Counts from 1.
    origin, sizes
        Where the weights come from, and the sizes of the layers, in words.
    accuracy
        On the server's validation samples, in [0, 1].
    """

    number: int
    origin: str
    sizes: str
    accuracy: float

    @property
    def title(self) -> str:
        """The version in a few words."""
        return f"{self.number}: {self.origin}, {100 * self.accuracy:.1f} %"


class ServerWeights(Protocol):
    """The weights of one server; every method raises ServerWeightsError."""

    name: str

    async def fetch(self) -> tuple[bytes, int]:
        """Return the weights as `.npz`, and the number of their version."""
        ...

    async def send(self, weights: bytes, token: str) -> WeightsVersion:
        """Replace the weights by those of an `.npz`."""
        ...

    async def reset(self, token: str) -> WeightsVersion:
        """Replace the weights by those of the pretrained model."""
        ...

    async def versions(self) -> list[WeightsVersion]:
        """Return the stored versions, the newest first."""
        ...

    async def restore(self, number: int, token: str) -> WeightsVersion:
        """Make an earlier version the newest again."""
        ...


class HttpServerWeights:
    """The weights of a server at an address.

    Parameters
    ----------
    address
        Of its root, such as "http://localhost:5006".
    send
        Sends an HTTP request.
    """

    def __init__(self, address: str, send: SendRequest = send_request) -> None:
        self.address = address
        self.name = urlsplit(address).netloc
        self._send = send

    @property
    def manifest(self) -> str:
        """The address of the manifest of its data blocks."""
        return f"{self.address}/api/manifest"

    async def fetch(self) -> tuple[bytes, int]:
        """Return the weights as `.npz`, and the number of their version."""
        response = await self._request("GET", "weights", headers={"Accept": NPZ})
        number = response.headers.get("inkling-version", "")
        return response.body, int(number) if number.isdigit() else 0

    async def send(self, weights: bytes, token: str) -> WeightsVersion:
        """Replace the weights by those of an `.npz`."""
        return await self._change("POST", "weights", token, weights)

    async def reset(self, token: str) -> WeightsVersion:
        """Replace the weights by those of the pretrained model."""
        return await self._change("DELETE", "weights", token)

    async def versions(self) -> list[WeightsVersion]:
        """Return the stored versions, the newest first."""
        content = self._parse(await self._request("GET", "weights/history"))
        return [self._version(record) for record in content["versions"]]

    async def restore(self, number: int, token: str) -> WeightsVersion:
        """Make an earlier version the newest again."""
        return await self._change("POST", f"weights/restore/{number}", token)

    async def _change(
        self, method: str, path: str, token: str, body: bytes | None = None
    ) -> WeightsVersion:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = NPZ
        response = await self._request(method, path, headers=headers, body=body)
        return self._version(self._parse(response))

    async def _request(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpResponse:
        try:
            response = await self._send(method, f"{self.address}/api/{path}", headers or {}, body)
        except OSError as error:
            raise ServerWeightsError(
                gettext(
                    "The server {name} cannot be reached, or does not let this page call "
                    "it ({error}). Its operator can list the page's site in "
                    "INKLING_API_ORIGINS, and a Content-Security-Policy of the page's "
                    "site must allow the server in connect-src.",
                    name=self.name,
                    error=error,
                )
            ) from error
        if response.status != 200:
            raise ServerWeightsError(f"{self.name}: {_error_sentence(response)}")
        return response

    def _parse(self, response: HttpResponse) -> Any:
        try:
            return json.loads(response.body)
        except ValueError as error:
            raise ServerWeightsError(
                gettext("{name}: expected JSON; found something else.", name=self.name)
            ) from error

    def _version(self, record: Any) -> WeightsVersion:
        try:
            return read_version(record)
        except (KeyError, TypeError, ValueError) as error:
            raise ServerWeightsError(
                gettext(
                    "{name}: expected a version of weights as Inkling's API describes it; "
                    "found something else.",
                    name=self.name,
                )
            ) from error


def read_version(record: Any) -> WeightsVersion:
    """Parse a version in the format of the API; KeyError, TypeError or ValueError if it is none."""
    return WeightsVersion(
        int(record["version"]),
        str(record["origin"]),
        str(record["sizes"]),
        float(record["accuracy"]),
    )


def _error_sentence(response: HttpResponse) -> str:
    try:
        return str(json.loads(response.body)["error"])
    except (ValueError, KeyError, TypeError):
        return gettext(
            "the response has the status {status} and no message.", status=response.status
        )


def find_server(search: str | None, *, in_browser: bool, visitor: str = "") -> ServerWeights | None:
    """Return the weights of the page's server; None when there is no server.

    Parameters
    ----------
    search
        The page's query; in the browser runtime `?api=ADDRESS` names a server.
    in_browser
        Whether this is the browser runtime.
    visitor
        The address of a served page's visitor.

    Raises
    ------
    ServerWeightsError
        `?api=` is not an address.
    """
    if in_browser:
        address = server_address(search)
        return None if address is None else HttpServerWeights(address)
    plugin: Any = sys.modules.get(PLUGIN)
    if plugin is None:
        return None
    from dashboard.api.local_weights import LocalServerWeights  # noqa: PLC0415 - served only

    return LocalServerWeights(plugin.SERVER, visitor)


def server_address(search: str | None) -> str | None:
    """Return the server's address in a page's query (`?api=ADDRESS`); None when there is none.

    Raises
    ------
    ServerWeightsError
        The value is not an address.
    """
    given = parse_qs((search or "").removeprefix("?")).get("api")
    if not given:
        return None
    address = given[-1].strip().rstrip("/").removesuffix("/api")
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
        parts.port  # noqa: B018 - raises ValueError when it is not a number
    except ValueError:
        is_address = False
    if not is_address or "@" in address:
        raise ServerWeightsError(
            gettext(
                "“?api=” takes the address of a server, such as http://localhost:5006; "
                "found “{address}”.",
                address=address[:60],
            )
        )
    return address
