"""Access from a served page to the weights of the server process that serves it.

The same access rules apply as to HTTP requests, by the address from which the page was opened and
the token that was typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from dashboard.api.access import check_change, is_local
from dashboard.api.errors import ApiError
from dashboard.api.server import Server
from dashboard.api.weights_formats import read_weights
from dashboard.api.weights_store import StoreError, Version, version_record
from dashboard.digits.server_link import NPZ, LinkError, ServerVersion, read_version

Result = TypeVar("Result")


class LocalServerLink:
    """The weights of this server process, as a `ServerLink`.

    Parameters
    ----------
    server
        The API's services of this process.
    peer, headers
        The peer address and the headers of the request that opened the page.
    """

    name = "this server"

    def __init__(self, server: Server, peer: str, headers: Mapping[str, str]) -> None:
        self._server = server
        self._is_local = is_local(peer, headers)

    async def fetch(self) -> tuple[bytes, int]:
        """Return the weights as `.npz`, and the number of their version."""
        version = await _translate_errors(self._server.weights.current())
        content = self._server.weights.serialized(version, NPZ, compress=False)
        return await _translate_errors(content), version.number

    async def send(self, weights: bytes, token: str) -> ServerVersion:
        """Replace the weights with those of an `.npz` file."""
        self._check(token)
        limit = self._server.settings.body_bytes
        if len(weights) > limit:
            raise LinkError(f"Expected weights of at most {limit:,} bytes, found {len(weights):,}.")
        return await self._changed(
            self._server.weights.replace(lambda: read_weights(weights, NPZ, limit), None)
        )

    async def reset(self, token: str) -> ServerVersion:
        """Restore the pretrained model."""
        self._check(token)
        return await self._changed(self._server.weights.reset(None))

    async def versions(self) -> list[ServerVersion]:
        """Return the stored versions, the newest first."""
        return [
            _to_server_version(version)
            for version in await _translate_errors(self._server.weights.history())
        ]

    async def restore(self, number: int, token: str) -> ServerVersion:
        """Make an earlier version the newest again."""
        self._check(token)
        return await self._changed(self._server.weights.restore(number, None))

    def _check(self, token: str) -> None:
        try:
            given = f"Bearer {token}" if token else None
            check_change(self._server.settings, given, is_local=self._is_local)
        except ApiError as error:
            sentence = error.sentence
            if error.status == 401:
                sentence = "Changes need the server's token; type it into the field “Token”."
            raise LinkError(sentence) from error

    async def _changed(self, change: Awaitable[Version]) -> ServerVersion:
        return _to_server_version(await _translate_errors(change))


def _to_server_version(version: Version) -> ServerVersion:
    return read_version(version_record(version))


async def _translate_errors(work: Awaitable[Result]) -> Result:
    """Await API work; raise its errors as `LinkError` with the same message."""
    try:
        return await work
    except ApiError as error:
        raise LinkError(error.sentence) from error
    except StoreError as error:
        raise LinkError(str(error)) from error
