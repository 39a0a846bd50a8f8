"""The weights of the process that serves a page, for that page.

A visitor may change no more through the page than by a request of their own: the same check
decides, by the address that the page was opened from and the token that was typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from dashboard.api.access import check_change, is_local
from dashboard.api.errors import ApiError
from dashboard.api.server import Server
from dashboard.api.weights_formats import read_weights
from dashboard.api.weights_store import StoreError, Version, version_record
from dashboard.digits.server_weights import (
    NPZ,
    ServerWeightsError,
    WeightsVersion,
    read_version,
)

Result = TypeVar("Result")


class LocalServerWeights:
    """The weights of the process itself; see `ServerWeights`.

    Parameters
    ----------
    peer, headers
        Where the page was opened from: the address at the other end of the socket, and what the
        request said.
    """

    name = "this server"

    def __init__(self, server: Server, peer: str, headers: Mapping[str, str]) -> None:
        self._server = server
        self._is_local = is_local(peer, headers)

    async def fetch(self) -> tuple[bytes, int]:
        """Return the weights as `.npz`, and the number of their version."""
        version = await _told(self._server.weights.current())
        written = self._server.weights.written(version, NPZ, zipped=False)
        return await _told(written), version.number

    async def send(self, weights: bytes, token: str) -> WeightsVersion:
        """Replace the weights by those of an `.npz`."""
        self._check(token)
        limit = self._server.settings.body_bytes
        if len(weights) > limit:
            raise ServerWeightsError(f"The weights may have at most {limit:,} bytes.")
        return await self._changed(
            self._server.weights.replace(lambda: read_weights(weights, NPZ, limit), None)
        )

    async def reset(self, token: str) -> WeightsVersion:
        """Replace the weights by those of the pretrained model."""
        self._check(token)
        return await self._changed(self._server.weights.reset(None))

    async def versions(self) -> list[WeightsVersion]:
        """Return the stored versions, the newest first."""
        return [_shown(version) for version in await _told(self._server.weights.history())]

    async def restore(self, number: int, token: str) -> WeightsVersion:
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
                sentence = "A change needs the server's token; type it into the field “Token”."
            raise ServerWeightsError(sentence) from error

    async def _changed(self, change: Awaitable[Version]) -> WeightsVersion:
        return _shown(await _told(change))


def _shown(version: Version) -> WeightsVersion:
    return read_version(version_record(version))


async def _told(work: Awaitable[Result]) -> Result:
    """Wait for something, and turn a refusal into its sentence."""
    try:
        return await work
    except ApiError as error:
        raise ServerWeightsError(error.sentence) from error
    except StoreError as error:
        raise ServerWeightsError(str(error)) from error
