"""The controller's line to a server's weights: this process's own, or another one by its address.

Views see one face of it and sentences; where the server is makes no difference to them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from dashboard.digits.http_call import HttpAnswer, call_http

NPZ = "application/x-npz"
Call = Callable[..., Awaitable[HttpAnswer]]


class LinkError(Exception):
    """The server did not do it; the message is its sentence, or says that it cannot be reached."""


@dataclass(frozen=True)
class ServerVersion:
    """A version of the server's weights; `accuracy` in [0, 1] is on its validation digits."""

    number: int
    origin: str
    sizes: str
    accuracy: float

    @property
    def title(self) -> str:
        """The version in a few words."""
        return f"{self.number}: {self.origin}, {100 * self.accuracy:.1f} %"


class ServerLink(Protocol):
    """What can be asked of a server's weights; all of it raises LinkError."""

    name: str

    async def fetch(self) -> tuple[bytes, int]:
        """Return the weights as `.npz`, and the number of their version."""
        ...

    async def send(self, weights: bytes, token: str) -> ServerVersion:
        """Replace the weights by those of an `.npz`."""
        ...

    async def reset(self, token: str) -> ServerVersion:
        """Go back to the ready-trained net."""
        ...

    async def versions(self) -> list[ServerVersion]:
        """Return the versions that are kept, the newest first."""
        ...

    async def restore(self, number: int, token: str) -> ServerVersion:
        """Make an earlier version the newest again."""
        ...


class HttpServerLink:
    """A server by its address.

    Parameters
    ----------
    address
        Of its root, such as "http://localhost:5006".
    call
        Makes an HTTP request.
    """

    def __init__(self, address: str, call: Call = call_http) -> None:
        self.address = address
        self.name = urlsplit(address).netloc
        self._call = call

    @property
    def manifest(self) -> str:
        """The address of its list of blocks."""
        return f"{self.address}/api/manifest"

    async def fetch(self) -> tuple[bytes, int]:
        """Return the weights as `.npz`, and the number of their version."""
        answer = await self._ask("GET", "weights", headers={"Accept": NPZ})
        number = answer.headers.get("inkling-version", "")
        return answer.body, int(number) if number.isdigit() else 0

    async def send(self, weights: bytes, token: str) -> ServerVersion:
        """Replace the weights by those of an `.npz`."""
        return await self._change("POST", "weights", token, weights)

    async def reset(self, token: str) -> ServerVersion:
        """Go back to the ready-trained net."""
        return await self._change("DELETE", "weights", token)

    async def versions(self) -> list[ServerVersion]:
        """Return the versions that are kept, the newest first."""
        answer = await self._ask("GET", "weights/history")
        content = self._read(answer)
        return [self._version(record) for record in content["versions"]]

    async def restore(self, number: int, token: str) -> ServerVersion:
        """Make an earlier version the newest again."""
        return await self._change("POST", f"weights/restore/{number}", token)

    async def _change(
        self, method: str, path: str, token: str, body: bytes | None = None
    ) -> ServerVersion:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = NPZ
        answer = await self._ask(method, path, headers=headers, body=body)
        return self._version(self._read(answer))

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpAnswer:
        try:
            answer = await self._call(method, f"{self.address}/api/{path}", headers or {}, body)
        except OSError as error:
            raise LinkError(
                f"The server {self.name} cannot be reached, or does not let this page call it "
                f"({error}); whoever runs it can list the page's site in INKLING_API_ORIGINS."
            ) from error
        if answer.status != 200:
            raise LinkError(f"{self.name}: {_sentence_of(answer)}")
        return answer

    def _read(self, answer: HttpAnswer) -> Any:
        try:
            return json.loads(answer.body)
        except ValueError as error:
            raise LinkError(f"{self.name} answered with something that is no JSON.") from error

    def _version(self, record: Any) -> ServerVersion:
        try:
            return read_version(record)
        except (KeyError, TypeError, ValueError) as error:
            raise LinkError(f"{self.name} is no server of Inkling.") from error


def read_version(record: Any) -> ServerVersion:
    """Read a version as the API shows it; KeyError, TypeError or ValueError if it is none."""
    return ServerVersion(
        int(record["version"]),
        str(record["origin"]),
        str(record["sizes"]),
        float(record["accuracy"]),
    )


def _sentence_of(answer: HttpAnswer) -> str:
    try:
        return str(json.loads(answer.body)["error"])
    except (ValueError, KeyError, TypeError):
        return f"the answer has the status {answer.status}, which says no more."


def server_in(search: str | None) -> str | None:
    """Return the server's address in a page's query (`?api=ADDRESS`); None when there is none.

    Raises
    ------
    LinkError
        When something else than an address is given.
    """
    given = parse_qs((search or "").removeprefix("?")).get("api")
    if not given:
        return None
    address = given[-1].strip().rstrip("/").removesuffix("/api")
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
        parts.port  # noqa: B018 - raises when it is no number
    except ValueError:
        is_address = False
    if not is_address or "@" in address:
        raise LinkError(
            f"“?api=” takes the address of a server, such as http://localhost:5006; found "
            f"“{address[:60]}”."
        )
    return address
